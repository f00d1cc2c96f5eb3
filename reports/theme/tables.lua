-- Header cells of tables: columns by scope="col", the first cell of each row by scope="row".
-- Used by both renderers. Row headers stand to the left; column widths are dropped, so that the page
-- decides them, and only long cells ask for some. On a page in a browser short words in a cell and the
-- two ends of an interval are kept on one line.

local SHORT, LONG = 20, 24  -- letters
local is_page = FORMAT:match("html") ~= nil

local function mark(cell, scope)
  cell.attributes["scope"] = scope
  return cell
end

local function widen_long(cell)
  if is_page and utf8.len(pandoc.utils.stringify(cell.contents)) > LONG then
    cell.attr.classes:insert("long")
  end
  return cell
end

local function keep_short(cell)
  local words = pandoc.utils.stringify(cell.contents)
  if is_page and utf8.len(words) <= SHORT and words:find("[ -]") then
    cell.attr.classes:insert(words:find(" ") and "kept" or "whole")
  end
  return widen_long(cell)
end

-- An interval, or a short word with a hyphen.
local function is_one(text)
  return text:find("%d\u{2013}%d") or text:find("%d\u{2026}[%d+\u{2212}]")
    or (#text <= SHORT and text:find("%w%-%w"))
end

local change = {}

function change.Str(word)
  if is_page and is_one(word.text) then
    return pandoc.Span({ word }, { class = "kept" })
  end
end

function change.Table(tbl)
  for index, spec in ipairs(tbl.colspecs) do
    tbl.colspecs[index] = { index == 1 and "AlignLeft" or spec[1] }
  end
  for _, row in ipairs(tbl.head.rows) do
    row.cells = row.cells:map(function(cell) return widen_long(mark(cell, "col")) end)
  end
  for _, body in ipairs(tbl.bodies) do
    body.row_head_columns = 1
    for _, row in ipairs(body.body) do
      row.cells = row.cells:map(keep_short)
      row.cells[1] = mark(row.cells[1], "row")
    end
  end
  return tbl
end

-- The title in the head of a page is text alone, so nothing is changed outside the body.
function Pandoc(doc)
  doc.blocks = doc.blocks:walk(change)
  return doc
end
