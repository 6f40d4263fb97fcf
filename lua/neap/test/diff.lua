-- neap.test.diff -- where two values differ, for people.
--
--   diff(actual, expected) -> text       "expected: …\n  actual: …", or the lines that differ
--
-- Texts of several lines, and values that take several, are compared by their lines; of long texts in one line the part
-- around the first difference is shown.

local inspect = require "neap.inspect"
local text_of = require "neap.inspect.text"

local max, min = math.max, math.min

local CELLS = 1000000          -- of the table that finds common lines; above it, no line is common
local LINES = 60               -- shown
local AROUND = 2               -- lines, around each change
local LONG, WINDOW = 100, 30   -- bytes of a text that is shown in part; of that part, before the difference

local function lines_of(text)
  local lines = {}
  for text_line in (text .. "\n"):gmatch "(.-)\n" do lines[#lines + 1] = text_line end
  return lines
end

-- lengths[i][j]: how many lines a[i..] and b[j..] have in common, in order, up to their ends
local function common_lengths(a, b, first, a_last, b_last)
  local lengths = { [a_last + 1] = {} }
  for i = a_last, first, -1 do
    local row, below = {}, lengths[i + 1]
    for j = b_last, first, -1 do
      row[j] = a[i] == b[j] and 1 + (below[j + 1] or 0) or max(below[j] or 0, row[j + 1] or 0)
    end
    lengths[i] = row
  end
  return lengths
end

-- What both begin and end with is quickly found, and mostly nearly all.
local function trim(a, b)
  local first, a_last, b_last = 1, #a, #b
  while first <= min(a_last, b_last) and a[first] == b[first] do first = first + 1 end
  while a_last >= first and b_last >= first and a[a_last] == b[b_last] do
    a_last, b_last = a_last - 1, b_last - 1
  end
  return first, a_last, b_last
end

local function add_changes(out, a, b, first, a_last, b_last)
  local cells = (a_last - first + 1) * (b_last - first + 1)
  local lengths = cells <= CELLS and common_lengths(a, b, first, a_last, b_last)
  local i, j = first, first
  while i <= a_last or j <= b_last do
    if lengths and i <= a_last and j <= b_last and a[i] == b[j] then
      out[#out + 1], i, j = "  " .. a[i], i + 1, j + 1
    elseif i <= a_last and (j > b_last or not lengths or (lengths[i + 1][j] or 0) >= (lengths[i][j + 1] or 0)) then
      out[#out + 1], i = "- " .. a[i], i + 1
    else
      out[#out + 1], j = "+ " .. b[j], j + 1
    end
  end
end

local function line_diff(expected, actual)
  local a, b, out = lines_of(expected), lines_of(actual), {}
  local first, a_last, b_last = trim(a, b)
  for i = 1, first - 1 do out[i] = "  " .. a[i] end
  add_changes(out, a, b, first, a_last, b_last)
  for i = a_last + 1, #a do out[#out + 1] = "  " .. a[i] end
  return out
end

-- The changed lines with those around them, the rest left out.
local function shortened(lines)
  local near, out = {}, {}
  for i, text in ipairs(lines) do
    if text:sub(1, 1) ~= " " then
      for k = i - AROUND, i + AROUND do near[k] = true end
    end
  end
  for i, text in ipairs(lines) do
    if #out == LINES then
      out[#out + 1] = "…"
      break
    elseif near[i] then
      out[#out + 1] = text
    elseif near[i - 1] or i == 1 then
      out[#out + 1] = "  …"
    end
  end
  return table.concat(out, "\n")
end

-- Both around their first difference.
local function long_texts(actual, expected)
  local at = 1
  while actual:byte(at) == expected:byte(at) do at = at + 1 end
  local from = max(at - WINDOW, 1)
  while from > 1 and (actual:byte(from) or 0) >= 0x80 and (actual:byte(from) or 0) < 0xc0 do from = from - 1 end
  local function part(text)
    local shown = text:sub(from, from + LONG - 1)
    return (from > 1 and "…" or "") .. text_of.quoted(shown, #shown) .. (#text >= from + LONG and "…" or "")
  end
  local before = text_of.quoted(actual:sub(from, at - 1), LONG)
  local caret = (" "):rep(text_of.columns(before) - 1 + (from > 1 and 1 or 0)) .. "^"
  return ("expected: %s\n  actual: %s\n          %s differ from byte %d on (%d and %d bytes)"):format(part(expected),
    part(actual), caret, at, #expected, #actual)
end

local function texts_of(actual, expected, width)
  if type(actual) == "string" and type(expected) == "string" and width == 1 then return actual, expected end
  local options = { width = width, depth = 20, items = 1000, length = 100000 }
  local actual_text, expected_text = inspect(actual, options), inspect(expected, options)
  if actual_text ~= expected_text then return actual_text, expected_text end
  options.raw = true                             -- the same by __tostring: look inside
  return inspect(actual, options), inspect(expected, options)
end

---@param actual any
---@param expected any
---@return string
return function(actual, expected)
  local strings = type(actual) == "string" and type(expected) == "string"
  local lines = strings and (actual:find "\n" or expected:find "\n") and actual ~= expected
  if strings and not lines and actual ~= expected and max(#actual, #expected) > LONG then
    return long_texts(actual, expected)
  end
  local actual_text, expected_text = texts_of(actual, expected)
  if not lines and not actual_text:find "\n" and not expected_text:find "\n" then
    return ("expected: %s\n  actual: %s"):format(expected_text, actual_text)
  end
  actual_text, expected_text = texts_of(actual, expected, 1)
  return "- expected, + actual\n" .. shortened(line_diff(expected_text, actual_text))
end
