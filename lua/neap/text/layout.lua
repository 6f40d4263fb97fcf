-- neap.text.layout: text on a page or a terminal, in neap.text: pad_start, pad_end, center, wrap, indent, dedent.
--
-- Widths are columns of a terminal, as text.width counts them.

local options = require "neap.options"
local utf8 = require "neap.text.utf8"

local check = options.argument
local concat, find, match, rep, sub, type = table.concat, string.find, string.match, string.rep, string.sub, type

local layout = {}

-- Padding

-- `fill` repeated to so many columns; one that does not go into them is cut.
local function filling(columns, fill)
  local width = utf8.width(fill)
  if columns <= 0 or width == 0 then
    return ""
  end
  return utf8.truncate(rep(fill, math.ceil(columns / width)), columns, "")
end

local function missing(name, text, width, fill)
  check(name, 1, "string", text, 4)
  check(name, 2, "number", width, 4)
  if fill ~= nil then
    check(name, 3, "string", fill, 4)
  end
  return width - utf8.width(text)
end

--- A text with as much before it that it takes `width` columns; one that takes more stays.
---@param text string
---@param width integer columns
---@param fill? string default " "
---@return string
function layout.pad_start(text, width, fill)
  return filling(missing("pad_start", text, width, fill), fill or " ") .. text
end

--- A text with as much behind it that it takes `width` columns; one that takes more stays.
---@param text string
---@param width integer columns
---@param fill? string default " "
---@return string
function layout.pad_end(text, width, fill)
  return text .. filling(missing("pad_end", text, width, fill), fill or " ")
end

--- A text with as much on both sides that it takes `width` columns; what is odd goes behind it.
---@param text string
---@param width integer columns
---@param fill? string default " "
---@return string
function layout.center(text, width, fill)
  local columns = missing("center", text, width, fill)
  local before = math.floor(columns / 2)
  return filling(before, fill or " ") .. text .. filling(columns - before, fill or " ")
end

-- Lines

local check_wrap = options.checker("wrap", {
  width = options.integer(1), first = "string", prefix = "string", break_words = "boolean",
})

-- The word in pieces that have room, one character at least.
local function pieces_of(word, room)
  local pieces, at = {}, 1
  repeat
    local following = utf8.fit(word, room, at)
    following = following > at and following or utf8.next(word, at)
    pieces[#pieces + 1], at = sub(word, at, following - 1), following
  until at > #word
  return pieces
end

-- Puts word after word on the last of the lines, or on a new one.
local function fill_lines(lines, words, width, first, prefix)
  local line, used, start = { first }, utf8.width(first), utf8.width(prefix)
  for i, word in ipairs(words) do
    local columns = utf8.width(word)
    local empty = #line == 1
    if not empty and used + 1 + columns > width then
      lines[#lines + 1] = concat(line)
      line, used, empty = { prefix }, start, true
    end
    line[#line + 1] = (empty and "" or " ") .. word
    used = used + columns + (empty and 0 or 1)
    words[i] = nil
  end
  lines[#lines + 1] = concat(line)
end

local function words_of(paragraph, room, break_words)
  local words = {}
  for word in paragraph:gmatch "%S+" do
    for _, piece in ipairs(break_words and pieces_of(word, room) or { word }) do
      words[#words + 1] = piece
    end
  end
  return words
end

local function paragraphs_of(text)
  local list, at = {}, 1
  while true do
    local first, last = find(text, "\n[ \t\r]*\n%s*", at)
    list[#list + 1] = sub(text, at, first and first - 1)
    if not first then
      return list
    end
    at = last + 1
  end
end

---@class neap.text.WrapOptions
---@field width? integer columns of a line (72)
---@field first? string before the first line of a paragraph (as `prefix`)
---@field prefix? string before every line, counted in its width ("")
---@field break_words? boolean a word that is wider than a line is cut (false: it stands out)

--- A text in lines of at most `width` columns, broken between words. Any space between words is one; empty lines divide
--- paragraphs.
---
---     local text = require "neap.text"
---     print(text.wrap("A long help text for an option", { width = 20, first = "  --x ", prefix = "      " }))
---@param text string
---@param given? neap.text.WrapOptions
---@return string
function layout.wrap(text, given)
  check("wrap", 1, "string", text)
  check_wrap(given)
  given = given or {}
  local width, prefix = given.width or 72, given.prefix or ""
  local room = math.max(1, width - utf8.width(prefix))
  local out = {}
  for i, paragraph in ipairs(paragraphs_of(text)) do
    local lines = {}
    fill_lines(lines, words_of(paragraph, room, given.break_words), width, given.first or prefix, prefix)
    out[i] = concat(lines, "\n")
  end
  return concat(out, "\n\n")
end

local function each_line(text, change)
  local out, at = {}, 1
  repeat
    local last = find(text, "\n", at, true)
    out[#out + 1] = change(sub(text, at, (last or 0) - 1))
    at = (last or 0) + 1
  until not last
  return concat(out, "\n")
end

--- A prefix before every line but empty ones.
---@param text string
---@param prefix string|integer that text, or so many spaces
---@return string
function layout.indent(text, prefix)
  check("indent", 1, "string", text)
  if type(prefix) == "number" then
    prefix = rep(" ", prefix)
  end
  check("indent", 2, "string", prefix)
  return each_line(text, function(line)
    return find(line, "%S") and prefix .. line or line
  end)
end

local function shared_start(a, b)
  local n = 0
  while n < #a and a:byte(n + 1) == b:byte(n + 1) do
    n = n + 1
  end
  return sub(a, 1, n)
end

--- A text without the spaces and tabs that all its lines begin with; of lines of nothing else nothing stays.
---
---     local text = require "neap.text"
---     local usage = text.dedent [[
---       usage: tool [options]
---         -h  help
---     ]]
---@param text string
---@return string
function layout.dedent(text)
  check("dedent", 1, "string", text)
  local margin
  each_line(text, function(line)
    if find(line, "[^ \t\r]") then
      local start = match(line, "^[ \t]*")
      margin = margin and shared_start(margin, start) or start
    end
    return line
  end)
  local skipped = #(margin or "")
  return each_line(text, function(line)
    return find(line, "[^ \t\r]") and sub(line, skipped + 1) or ""
  end)
end

return layout
