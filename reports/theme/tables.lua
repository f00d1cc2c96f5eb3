-- Header cells of tables: columns by scope="col", the first cell of each row by scope="row".
-- Used by both renderers. Row headers stand to the left; column
-- widths are dropped, so that the page decides them.

local function mark(cell, scope)
  cell.attributes["scope"] = scope
  return cell
end

function Table(tbl)
  for index, spec in ipairs(tbl.colspecs) do
    tbl.colspecs[index] = { index == 1 and "AlignLeft" or spec[1] }
  end
  for _, row in ipairs(tbl.head.rows) do
    row.cells = row.cells:map(function(cell) return mark(cell, "col") end)
  end
  for _, body in ipairs(tbl.bodies) do
    body.row_head_columns = 1
    for _, row in ipairs(body.body) do
      row.cells[1] = mark(row.cells[1], "row")
    end
  end
  return tbl
end
