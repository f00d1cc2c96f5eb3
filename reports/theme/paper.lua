-- The constructs of the page subset on paper: typst for PDF, and Word. Read by page.lua, which has
-- checked the document, numbered its figures and tables, and tied its folds to their figures.
-- Folds stand open in small type; everything keeps the order that it has in the markdown.

return function(page)
  local is_word = FORMAT == "docx"
  local paper = {}
  local filter = { traverse = "topdown" }
  local special
  local PAGE_MM = 172

  local function code(text)
    return pandoc.RawBlock("typst", text)
  end

  local function inline_code(text)
    return pandoc.RawInline("typst", text)
  end

  -- A string of typst; everything that could end it is escaped.
  local function quoted(text)
    return '"' .. text:gsub("\\", "\\\\"):gsub('"', '\\"'):gsub("%s+", " ") .. '"'
  end

  local function call(name, inlines)
    local result = pandoc.Inlines({ inline_code("#" .. name .. "[") })
    result:extend(inlines)
    result:insert(inline_code("]"))
    return result
  end

  local function written(inlines)
    return (pandoc.write(pandoc.Pandoc({ pandoc.Plain(inlines) }), "typst"):gsub("%s+$", ""))
  end

  local function styled(blocks, style, identifier)
    local attributes = pandoc.Attr(identifier or "", {}, { ["custom-style"] = style })
    return pandoc.Div(blocks, attributes)
  end

  local WORD_SPANS = {
    quiet = "Quiet", withheld = "Withheld", label = "Label", number = "Quiet",
    ["card-number"] = "Key Figure Number", ["card-unit"] = "Key Figure Unit",
    ["card-note"] = "Quiet", source = "Quiet",
  }
  local TYPST_SPANS = {
    quiet = "quiet", withheld = "withheld", label = "pill", number = "quiet",
    ["card-number"] = "card-number", ["card-unit"] = "card-unit", ["card-note"] = "card-note",
    source = "source",
  }
  local WORD_DIVS = {
    lead = "Lead", quiet = "Source", source = "Source", withheld = "Withheld Paragraph",
  }
  local TYPST_DIVS = { lead = "lead", quiet = "aside", source = "aside", withheld = "aside" }

  function filter.Span(span)
    local class = span.classes[1]
    if is_word and class == "label" then  -- its frame must not break over lines
      local unbroken = pandoc.Str((pandoc.utils.stringify(span):gsub(" ", "\u{a0}")))
      return pandoc.Span({ unbroken }, { ["custom-style"] = WORD_SPANS.label })
    elseif is_word and WORD_SPANS[class] then
      return pandoc.Span(span.content, { ["custom-style"] = WORD_SPANS[class] })
    elseif TYPST_SPANS[class] then
      return call(TYPST_SPANS[class], span.content)
    end
  end

  -- 1. Figures ---------------------------------------------------------------------------------

  -- Number, finding and the rest stand on lines of their own, as on the screen.
  local function caption_lines(identifier, caption)
    local lines = page.numbered(identifier, pandoc.Inlines({}))
    lines:remove()  -- the space after the number
    local finding = caption[1] and caption[1].t == "Strong"
    for index, inline in ipairs(caption) do
      if index == 1 or (finding and index == 2) then
        lines[#lines + 1] = pandoc.LineBreak()
      end
      if not (finding and index == 2 and inline.t == "Space") then
        lines:insert(inline)
      end
    end
    return lines
  end

  function paper.figure(div, image, alt, caption, source)
    local lines = caption_lines(div.identifier, caption):walk(filter)
    if is_word then
      lines = lines:walk({ Strong = function(strong)
        return pandoc.Span(strong.content, { ["custom-style"] = "Finding" })
      end })
      local picture = pandoc.Image({ pandoc.Str(alt) }, image.src)
      return pandoc.Blocks({
        styled({ pandoc.Para(lines) }, "Image Caption", div.identifier),
        styled({ pandoc.Para({ picture }) }, "Figure"),
      }) .. pandoc.Blocks(source):map(function(block) return styled({ block }, "Source") end)
    end
    local below = source[1] and written(source[1].content:walk(filter)) or ""
    return code(string.format("#chart(%s, %s, alt: %s, caption: [%s], source: [%s])",
      quoted(div.identifier), quoted(image.src), quoted(alt), written(lines), below))
  end

  -- 2. Tables ----------------------------------------------------------------------------------

  local function cells_of(row)
    return row.cells:map(function(cell) return pandoc.utils.blocks_to_inlines(cell.contents) end)
  end

  local SIMPLE = { Str = true, Space = true, SoftBreak = true }

  -- Most cells are plain text, which needs no second run of a writer.
  local function typst_cell(inlines)
    for _, inline in ipairs(inlines) do
      if not SIMPLE[inline.t] then
        return "[" .. written(inlines) .. "]"
      end
    end
    return quoted(pandoc.utils.stringify(inlines))
  end

  -- A row whose first cell alone says something heads the rows below it.
  local function heads_group(cells)
    local rest = pandoc.List({ table.unpack(cells, 2) })
    return #rest > 0 and not rest:find_if(function(cell) return #cell > 0 end)
  end

  local function typst_row(row, may_head)
    local cells = cells_of(row)
    if may_head and heads_group(cells) then
      return string.format("group(%d, %s)", #cells, typst_cell(cells[1]))
    end
    return table.concat(cells:map(typst_cell), ", ")
  end

  local LAST_ROWS = 2  -- stay with the notes below them

  local function typst_table(tbl, caption)
    local aligns = tbl.colspecs:map(function(spec)
      return spec[1] == "AlignRight" and "right" or "left"
    end)
    local lines = {
      string.format("#datatable(%s, (%s,), caption: [%s],", quoted(tbl.identifier),
        table.concat(aligns, ", "), written(caption:walk(filter))),
      string.format("  header: (%s,),", typst_row(tbl.head.rows[1])),
    }
    local rows = tbl.bodies[1].body
    for index, row in ipairs(rows) do
      table.insert(lines, "  " .. typst_row(row, index <= #rows - LAST_ROWS) .. ",")
    end
    return table.concat(lines, "\n")
  end

  local function is_note(block)
    local only = block and block.t == "Para" and #block.content == 1 and block.content[1]
    return only and only.t == "Span" and (only.classes[1] == "quiet" or only.classes[1] == "source")
  end

  -- A table and the notes and the source below it become one.
  local function join_notes(blocks)
    if is_word then
      return blocks
    end
    local joined = pandoc.Blocks({})
    for index, block in ipairs(blocks) do
      local last = joined[#joined]
      if is_note(block) and last and last.t == "Div" and last.classes[1] == "noted" then
        last.content:insert(block)
      elseif block.t == "Table" and is_note(blocks[index + 1]) then
        joined:insert(pandoc.Div({ block }, pandoc.Attr("", { "noted" })))
      else
        joined:insert(block)
      end
    end
    return joined
  end

  local function word_cells(row, style)
    for index, cell in ipairs(row.cells) do
      local inlines = pandoc.utils.blocks_to_inlines(cell.contents)
      cell.contents = { styled({ pandoc.Para(inlines) }, style) }
      row.cells[index] = cell
    end
  end

  local function longest_word(text)
    local longest = 0
    for word in text:gmatch("%S+") do
      longest = math.max(longest, pandoc.text.len(word))
    end
    return longest
  end

  -- Letters of the longest word of a column, and of its longest cell; a heading may take two lines.
  local function letters_of(tbl, column)
    local heading = pandoc.utils.stringify(cells_of(tbl.head.rows[1])[column])
    local word, cell = longest_word(heading) + 1, pandoc.text.len(heading) / 2 + 2
    for _, row in ipairs(tbl.bodies[1].body) do
      local text = pandoc.utils.stringify(cells_of(row)[column])
      word, cell = math.max(word, longest_word(text)), math.max(cell, pandoc.text.len(text))
    end
    return math.max(word, 4), math.max(math.min(cell, 44), word, 4)
  end

  -- Millimetres of a letter and beside it, wide enough for any font that may stand in.
  local LETTER_MM, SMALL_LETTER_MM, BESIDE_MM = 1.9, 1.68, 3

  -- Columns as wide as their longest cell where the page has room, else as their longest word and
  -- a share of what is left: Word and its kin do not agree on what an automatic width is. The
  -- second result tells whether the table is set in the smaller type for that.
  local word_widths
  function word_widths(tbl, letter)
    local least, wanted, sum_least, sum_wanted = {}, {}, 0, 0
    for column = 1, #tbl.colspecs do
      local word, cell = letters_of(tbl, column)
      least[column], wanted[column] = word * letter + BESIDE_MM, cell * letter + BESIDE_MM
      sum_least, sum_wanted = sum_least + least[column], sum_wanted + wanted[column]
    end
    if sum_wanted > PAGE_MM and letter > SMALL_LETTER_MM then
      return word_widths(tbl, SMALL_LETTER_MM), true
    end
    local share = 1
    if sum_wanted > PAGE_MM then
      share = math.max(PAGE_MM - sum_least, 0) / math.max(sum_wanted - sum_least, 1)
    end
    local widths = {}
    for column = 1, #wanted do
      local width = least[column] + share * (wanted[column] - least[column])
      widths[column] = width / math.max(PAGE_MM, sum_least)
    end
    return widths, false
  end

  local function word_table(tbl, caption)
    local share, is_small = word_widths(tbl, LETTER_MM)
    local size = is_small and " Small" or ""
    for _, row in ipairs(tbl.head.rows) do
      word_cells(row, "Table Heading" .. size)
    end
    for _, row in ipairs(tbl.bodies[1].body) do
      word_cells(row, "Table Text" .. size)
    end
    local identifier = tbl.identifier
    tbl.attr = pandoc.Attr()
    tbl.caption.long = {}
    for index, spec in ipairs(tbl.colspecs) do
      tbl.colspecs[index] = { spec[1], share[index] }
    end
    if #caption == 0 then
      return { tbl }
    end
    return { styled({ pandoc.Para(caption:walk(filter)) }, "Table Caption", identifier), tbl }
  end

  local function caption_of(tbl)
    local caption = tbl.caption.long[1] and tbl.caption.long[1].content or pandoc.Inlines({})
    return tbl.identifier ~= "" and page.numbered(tbl.identifier, caption) or caption
  end

  function filter.Table(tbl)
    if is_word then
      return word_table(tbl, caption_of(tbl)), false
    end
    return code(typst_table(tbl, caption_of(tbl)) .. "\n)"), false
  end

  local function noted_table(div)
    local tbl = div.content:remove(1)
    local opening = typst_table(tbl, caption_of(tbl)) .. "\n  notes: ["
    return pandoc.Blocks({ code(opening) }) .. div.content:walk(filter) .. { code("])") }
  end

  -- 3. Folds and cards -------------------------------------------------------------------------

  -- The name of a fold says which figure it belongs to, where it holds its numbers.
  function paper.fold(div, title, rest)
    local rows = 0
    rest:walk({ Table = function(tbl) rows = rows + #tbl.bodies[1].body end })
    local holds_table = rows > 0
    local name = pandoc.Inlines(title)
    if holds_table and div.attributes["about"] then
      name:extend({ pandoc.Str(","), pandoc.Space(), pandoc.Str(page.named(div.attributes["about"])) })
    end
    local content = join_notes(rest):walk(filter)
    if is_word then
      local small = content:map(function(block)
        return block.t == "Para" and styled({ block }, holds_table and "Source" or "Fold Text") or block
      end)
      return pandoc.Blocks({ styled({ pandoc.Para(name) }, "Fold Title") }) .. small
    end
    local opening = code(string.format("#fold([%s], rows: %d)[", written(name), rows))
    return pandoc.Blocks({ opening }) .. content .. pandoc.Blocks({ code("]") })
  end

  local function card(div)
    local inlines = pandoc.Inlines({})
    for index, block in ipairs(div.content) do
      if index > 1 then  -- number and unit share a line
        inlines:insert(index == 2 and #div.content > 2 and pandoc.Space() or pandoc.LineBreak())
      end
      inlines:extend(block.content:walk(filter))
    end
    return styled({ pandoc.Para(inlines) }, "Key Figure")
  end

  -- A table that lays out, in as many columns as there are cards; read from left to right.
  local function word_cards(div)
    local row = div.content:map(function(inner) return { card(inner) } end)
    local aligns, widths = pandoc.List({}), pandoc.List({})
    for column = 1, #row do
      aligns[column], widths[column] = "AlignLeft", 1 / #row
    end
    return pandoc.utils.from_simple_table(pandoc.SimpleTable({}, aligns, widths, {}, { row }))
  end

  local function cards(div)
    if is_word then
      return word_cards(div)
    end
    local blocks = pandoc.Blocks({ code("#cards(") })
    for _, inner in ipairs(div.content) do
      blocks:insert(code("["))
      blocks:extend(inner.content:walk(filter))
      blocks:insert(code("],"))
    end
    blocks:insert(code(")"))
    return blocks
  end

  function filter.Div(div)
    local class = div.classes[1]
    local found = special(div)
    if found then
      return class == "content-visible" and pandoc.Blocks(found):walk(filter) or found, false
    elseif class == "noted" then
      return noted_table(div), false
    elseif class == "cards" then
      return cards(div), false
    elseif is_word and WORD_DIVS[class] then
      return styled(div.content:walk(filter), WORD_DIVS[class]), false
    elseif TYPST_DIVS[class] then
      local blocks = pandoc.Blocks({ code("#" .. TYPST_DIVS[class] .. "[") })
      blocks:extend(div.content:walk(filter))
      blocks:insert(code("]"))
      return blocks, false
    end
  end

  -- 4. The whole -------------------------------------------------------------------------------

  local PROSE = { Para = true, Plain = true, BulletList = true, OrderedList = true }

  local function depth_change(block)
    local text = block.t == "RawBlock" and block.text or ""
    if text:match("[%[%(]$") then
      return 1
    end
    return text:match("^[%]%)]+,?$") and -1 or 0
  end

  -- Running text keeps to a line length that can be read; figures and tables take the full width.
  local function typst_prose(blocks)
    local result, open, depth = pandoc.Blocks({}), false, 0
    for _, block in ipairs(blocks) do
      local is_prose = PROSE[block.t] and depth == 0 or false
      if is_prose ~= open then
        result:insert(code(open and "]" or "#prose["))
      end
      open, depth = is_prose, depth + depth_change(block)
      result:insert(block)
    end
    if open then
      result:insert(code("]"))
    end
    return result
  end

  local FIGURES_OF_LONG = 10

  -- A report of many figures, and so of many pages, lists its chapters after the first of them.
  local function list_chapters(blocks)
    local figures = blocks:filter(function(block)
      return block.t == "RawBlock" and block.text:match("^#chart%(")
    end)
    local chapters = 0
    for index, block in ipairs(#figures > FIGURES_OF_LONG and blocks or {}) do
      chapters = chapters + (block.t == "Header" and block.level == 1 and 1 or 0)
      if chapters == 2 then
        blocks:insert(index, code("#contents"))
        break
      end
    end
    return blocks
  end

  -- A paragraph that is nothing but a source, a note or a reason is set as such.
  local function word_prose(blocks)
    return blocks:map(function(block)
      local only = block.t == "Para" and #block.content == 1 and block.content[1]
      local style = only and only.t == "Span" and only.attributes["custom-style"]
      return style == "Quiet" and styled({ block }, "Source") or block
    end)
  end

  local function word_frame(doc)
    local frame = doc.meta.page or {}
    doc.meta.subtitle = frame.subtitle
    doc.meta.date = nil
    if frame.mark then
      doc.blocks:insert(1, styled({ pandoc.Para(frame.mark) }, "Mark"))
    end
    for _, line in ipairs(frame.colophon or {}) do
      doc.blocks:insert(styled({ pandoc.Para(line) }, "Colophon"))
    end
    return doc
  end

  function paper.finish(doc, find_special)
    special = find_special
    doc.blocks = join_notes(doc.blocks)
    local built = doc:walk(filter):walk({ Header = function(header)
      header.level = header.level - 1  -- the title is none of the headings
      return header
    end })
    built.blocks = is_word and word_prose(built.blocks) or typst_prose(list_chapters(built.blocks))
    return is_word and word_frame(built) or built
  end

  return paper
end
