-- The page subset of Quarto's markdown, made into html by pandoc alone: numbered figures and
-- tables with their cross-references, folds, conditional content, and nothing else. What it becomes
-- on paper stands in paper.lua.
-- Whatever lies outside the subset is an error, never passed through.

local CLASSES = {
  quiet = true, lead = true, kept = true, cards = true, card = true, ["card-number"] = true,
  ["card-unit"] = true, ["card-note"] = true, withheld = true, label = true, source = true,
}
local REFERENCE_WORDS = {
  sv = { fig = "Figur", tbl = "Tabell" },
  fi = { fig = "Kuva", tbl = "Taulukko" },
  en = { fig = "Figure", tbl = "Table" },
}
local NBSP = "\u{a0}"

local words = REFERENCE_WORDS.en
local is_fragment = false
local numbers = {}

local function refuse(message)
  error("page subset: " .. message, 0)
end

local function kind_of(identifier)
  local kind = identifier:match("^(%a+)%-")
  return (kind == "fig" or kind == "tbl") and kind or nil
end

local function named(identifier)
  return words[kind_of(identifier)] .. NBSP .. numbers[identifier]
end

local function numbered_caption(identifier, inlines)
  if is_fragment then
    return inlines
  end
  -- The number of a figure has a line of its own, that of a table stands before its caption.
  local mark = kind_of(identifier) == "tbl" and ":" or ""
  local number = pandoc.Span({ pandoc.Str(named(identifier) .. mark) }, { class = "number" })
  return pandoc.Inlines({ number, pandoc.Space() }) .. inlines
end

local PAPER = { typst = "pdf", docx = "docx" }
local paper = PAPER[FORMAT] and dofile(
  pandoc.path.join({ pandoc.path.directory(PANDOC_SCRIPT_FILE), "paper.lua" })
)({ named = named, numbered = numbered_caption })

local function escaped(text)
  return (text:gsub("&", "&amp;"):gsub('"', "&quot;"):gsub("<", "&lt;"):gsub(">", "&gt;"))
end

local function raw(html)
  return pandoc.RawBlock("html", html)
end

-- 1. What the document says of itself --------------------------------------------------------

local function read_settings(meta)
  local language = pandoc.utils.stringify(meta.lang or "en"):sub(1, 2)
  words = REFERENCE_WORDS[language] or refuse("no reference words in language " .. language)
  is_fragment = meta.fragment ~= nil
end

-- 2. Only the subset --------------------------------------------------------------------------

local function check_classes(element)
  for _, class in ipairs(element.classes) do
    if not CLASSES[class] then
      refuse("class " .. class .. " is not known to the theme")
    end
  end
end

local FORBIDDEN = {
  "RawBlock", "CodeBlock", "RawInline", "Math", "Note", "LineBlock", "BlockQuote",
  "DefinitionList", "HorizontalRule",
}

local check = { Span = check_classes }
for _, name in ipairs(FORBIDDEN) do
  check[name] = function() refuse(name .. " is not part of it") end
end

function check.Image(image)
  if not image.src:match("^figures/[%w._-]+%.png$") then
    refuse("an image that is not a file figures/NAME.png")
  end
end

function check.Div(div)
  local special = div.classes[1] == "callout-note" or div.classes[1] == "content-visible"
  if not special then
    check_classes(div)
  end
end

-- Every table outside a fold says what it holds.
local function check_captions(blocks)
  for _, block in ipairs(blocks) do
    if block.t == "Table" and #block.caption.long == 0 then
      refuse("a table without a caption outside a fold")
    elseif block.t == "Div" and not block.classes:includes("callout-note") then
      check_captions(block.content)
    end
  end
end

-- 3. Numbers in the order of the document ------------------------------------------------------

local function give_numbers(doc)
  local count = { fig = 0, tbl = 0 }
  local function number(element)
    local kind = kind_of(element.identifier)
    if kind then
      if numbers[element.identifier] then
        refuse("two things are called " .. element.identifier)
      end
      count[kind] = count[kind] + 1
      numbers[element.identifier] = count[kind]
    end
  end
  doc:walk({ traverse = "topdown", Div = number, Table = number })
end

-- 4. Each construct ----------------------------------------------------------------------------

-- The finding stands above the picture, the source below it.
local function split_source(inlines)
  local last = inlines[#inlines]
  if last and last.t == "Span" and last.classes:includes("source") then
    local rest = pandoc.Inlines({ table.unpack(inlines, 1, #inlines - 1) })
    while #rest > 0 and (rest[#rest].t == "Space" or rest[#rest].t == "SoftBreak") do
      rest:remove()
    end
    return rest, { pandoc.Para({ last }) }
  end
  return inlines, {}
end

-- A number of a caption stands on one line with what it counts.
local function keep_counts(inlines)
  return inlines:walk({ Inlines = function(words)
    for index = 2, #words do
      local number = words[index - 1].t == "Str" and words[index - 1].text:find("^[(]?[%d.,]+$")
      if number and words[index].t == "Space" then
        words[index] = pandoc.Str(NBSP)
      end
    end
    return words
  end })
end

local function figure(div)
  local image = #div.content == 2 and div.content[1].content[1]
  if not image or image.t ~= "Image" then
    refuse(div.identifier .. " must hold one image and one caption paragraph")
  end
  local alt = image.attributes["fig-alt"] or ""
  if alt == "" then
    refuse(div.identifier .. " has no alternative text (fig-alt)")
  end
  local picture = pandoc.Image({ pandoc.Str(alt) }, image.src)
  picture.attributes["style"] = image.attributes["style"]
  local caption, source = split_source(keep_counts(div.content[2].content))
  if paper then
    return paper.figure(div, image, alt, caption, source)
  end
  return pandoc.Blocks({
    raw('<figure id="' .. escaped(div.identifier) .. '">'),
    raw("<figcaption>"),
    pandoc.Plain(numbered_caption(div.identifier, caption)),
    raw("</figcaption>"),
    -- It scrolls on a phone, so the keyboard must reach it.
    pandoc.Div({ pandoc.Plain({ picture }) }, pandoc.Attr("", { "picture" }, {
      { "tabindex", "0" }, { "role", "group" },
      { "aria-label", is_fragment and words[kind_of(div.identifier)] or named(div.identifier) },
    })),
  }) .. source .. pandoc.Blocks({ raw("</figure>") })
end

-- A table without a caption is named by the fold that holds it and the figure that it belongs to.
local function name_tables(blocks, div)
  local about = div.attributes["about"]
  local name = pandoc.utils.stringify(div.content[1].content)
  if about and not is_fragment then
    name = name .. ", " .. named(about)
  end
  return blocks:walk({ Div = function(inner)
    if inner.classes:includes("table") and not inner.attributes["aria-label"] then
      inner.attributes["aria-label"] = name
      return inner
    end
  end })
end

local function fold(div)
  local title = div.content[1]
  if not title or title.t ~= "Header" then
    refuse("a callout without a title")
  elseif paper then
    return paper.fold(div, title.content, pandoc.Blocks({ table.unpack(div.content, 2) }))
  end
  local rest = name_tables(pandoc.Blocks({ table.unpack(div.content, 2) }), div)
  if div.attributes["collapse"] ~= "true" then
    return { raw('<div class="note"><p class="note-title">'), pandoc.Plain(title.content),
      raw("</p>") } .. rest .. { raw("</div>") }
  end
  local opening = pandoc.Blocks({ raw("<details>"), raw("<summary>"),
    pandoc.Plain(title.content), raw("</summary>"), raw('<div class="fold">') })
  return opening .. rest .. pandoc.Blocks({ raw("</div>"), raw("</details>") })
end

local function conditional(div)
  return div.attributes["when-format"] == (PAPER[FORMAT] or "html") and div.content or {}
end

local build = {}

-- Folds, figures and conditional content; nil for any other div.
local function special(div)
  if div.classes:includes("callout-note") then
    return fold(div)
  elseif div.classes:includes("content-visible") then
    return conditional(div)
  elseif kind_of(div.identifier) == "fig" then
    return figure(div)
  end
end

function build.Div(div)
  if div.classes:includes("cards") then
    div.attributes["role"] = "list"
    return div
  elseif div.classes:includes("card") then
    div.attributes["role"] = "listitem"
    return div
  end
  return special(div)
end

function build.Table(tbl)
  local caption = tbl.caption.long[1] and tbl.caption.long[1].content or pandoc.Inlines({})
  -- A list of pairs: the order of a Lua table's keys differs from run to run.
  local attributes = { { "tabindex", "0" }, { "role", "region" } }
  if kind_of(tbl.identifier) == "tbl" then
    caption = numbered_caption(tbl.identifier, caption)
  end
  if #caption > 0 then
    tbl.caption.long = { pandoc.Plain({ pandoc.Span(caption, { class = "caption" }) }) }
    table.insert(attributes, { "aria-label", pandoc.utils.stringify(caption) })
  end
  return pandoc.Div({ tbl }, pandoc.Attr("", { "table" }, attributes))
end

function build.Cite(cite)
  local links = cite.citations:map(function(citation)
    local identifier = citation.id
    if not kind_of(identifier) then
      refuse("a reference to " .. identifier .. ": only figures and tables can be referred to")
    elseif numbers[identifier] and not is_fragment then
      return pandoc.Link({ pandoc.Str(named(identifier)) }, "#" .. identifier)
    elseif is_fragment then
      return pandoc.Str(identifier)
    end
    refuse("a reference to " .. identifier .. ", which is not on the page")
  end)
  local inlines = pandoc.Inlines({})
  for index, link in ipairs(links) do
    if index > 1 then
      inlines:extend({ pandoc.Str(","), pandoc.Space() })
    end
    inlines:insert(link)
  end
  return inlines
end

-- A quiet line before the first heading belongs under the title.
local function lift_subtitle(doc)
  local first = doc.blocks[1]
  local quiet = first and first.t == "Para" and #first.content == 1 and first.content[1]
  if quiet and quiet.t == "Span" and quiet.classes:includes("quiet") and doc.meta.page then
    doc.meta.page.subtitle = pandoc.MetaInlines(quiet.content)
    doc.blocks:remove(1)
  end
  return doc
end

-- A table with a caption is one of its own, not the numbers of a figure.
local function holds_own_table(div)
  for _, block in ipairs(div.content) do
    if block.t == "Table" and #block.caption.long > 0 then
      return true
    end
  end
  return false
end

-- Folds learn which figure of their chapter stands before them.
local function tie_folds(blocks, latest)
  for _, block in ipairs(blocks) do
    if block.t == "Header" then
      latest = nil
    elseif block.t == "Div" and kind_of(block.identifier) == "fig" then
      latest = block.identifier
    elseif block.t == "Div" and block.classes:includes("callout-note") then
      block.attributes["about"] = not holds_own_table(block) and latest or nil
    elseif block.t == "Div" then
      latest = tie_folds(block.content, latest)
    end
  end
  return latest
end

-- 5. Headings without a skipped level ----------------------------------------------------------

local function check_headings(doc)
  local before = 1
  doc:walk({ Header = function(header)
    if header.level == 1 then
      refuse("a heading of level 1: the title is the only one")
    elseif header.level > before + 1 then
      refuse("a heading of level " .. header.level .. " below one of level " .. before)
    end
    before = header.level
  end })
end

function Pandoc(doc)
  read_settings(doc.meta)
  doc:walk(check)
  check_captions(doc.blocks)
  give_numbers(doc)
  tie_folds(doc.blocks)
  local lifted = lift_subtitle(doc)
  if not is_fragment then
    check_headings(lifted)
  end
  if paper then
    return paper.finish(lifted:walk({ Cite = build.Cite }), special)
  end
  return lifted:walk(build)
end
