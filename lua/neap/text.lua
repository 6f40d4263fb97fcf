-- neap.text: what one does with texts, beyond Lua's string.
--
--   split(text, separator, options) -> list          lines(text) -> iterator
--   trim(text), trim_start, trim_end                 starts_with(text, start), ends_with(text, ending)
--   replace(text, old, new, limit) -> text, count    escape_pattern(text), fold(text)
--
--   length(text), sub(text, first, last), codepoints(text), char(...), is_valid(text), reverse(text),
--   width(text), truncate(text, width, ellipsis)                              UTF-8: text/utf8.lua
--   pad_start(text, width, fill), pad_end, center, wrap(text, options),
--   indent(text, prefix), dedent(text)                                        text/layout.lua
--   distance(a, b, limit), closest(word, candidates)                          text/distance.lua
--   template(source, options) -> render, escape_html(text)                    text/template.lua
--
-- Every function takes time that grows with the text, whatever is in it; patterns of the caller's own excepted.

local options = require "neap.options"

local check = options.argument
local byte, find, gsub, sub = string.byte, string.find, string.gsub, string.sub

local text = {}

-- Ends

local function is_space(char)
  return char == 32 or char and char >= 9 and char <= 13
end

-- From behind: a pattern would look at each run of spaces on the way.
local function last_of(value)
  local last = #value
  while is_space(byte(value, last)) do
    last = last - 1
  end
  return last
end

--- A text without white space at both ends.
---@param value string
---@return string
function text.trim(value)
  check("trim", 1, "string", value)
  return sub(value, find(value, "%S") or 1, last_of(value))
end

--- A text without white space at its beginning.
---@param value string
---@return string
function text.trim_start(value)
  check("trim_start", 1, "string", value)
  return sub(value, find(value, "%S") or #value + 1)
end

--- A text without white space at its end.
---@param value string
---@return string
function text.trim_end(value)
  check("trim_end", 1, "string", value)
  return sub(value, 1, last_of(value))
end

--- Whether a text begins with another, byte for byte.
---@param value string
---@param start string
---@return boolean
function text.starts_with(value, start)
  check("starts_with", 1, "string", value)
  check("starts_with", 2, "string", start)
  return sub(value, 1, #start) == start
end

--- Whether a text ends with another, byte for byte.
---@param value string
---@param ending string
---@return boolean
function text.ends_with(value, ending)
  check("ends_with", 1, "string", value)
  check("ends_with", 2, "string", ending)
  return #ending <= #value and sub(value, #value - #ending + 1) == ending
end

-- Parts

-- Pieces between what `find(value, separator, at, plain)` finds; what is empty divides nothing.
local function split_at(value, separator, plain, limit)
  local pieces, n, start, at = {}, 1, 1, 1
  while n < limit do
    local first, last = find(value, separator, at, plain)
    if not first or first > #value then
      break
    elseif last < first then
      at = first + 1
    else
      pieces[n], n = sub(value, start, first - 1), n + 1
      start, at = last + 1, last + 1
    end
  end
  pieces[n] = sub(value, start)
  return pieces
end

local function split_words(value, limit)
  local words, n, at = {}, 0, 1
  while true do
    local first, last = find(value, "%S+", at)
    if not first then
      return words
    end
    n = n + 1
    if n >= limit then
      words[n] = sub(value, first)
      return words
    end
    words[n], at = sub(value, first, last), last + 1
  end
end

local check_split = options.checker("split", { pattern = "boolean", limit = options.integer(1) })

--- The pieces of a text between separators: one more than there are separators, empty ones too. Without a separator its
--- words, which any white space divides.
---
---     local text = require "neap.text"
---     local key, value = unpack(text.split("path=/a=b", "=", { limit = 2 }))
---     assert(key == "path" and value == "/a=b")
---@param value string
---@param separator? string not empty
---@param given? { pattern?: boolean, limit?: integer } the separator is a pattern; so many pieces at most, of which the
--- last has all the rest
---@return string[]
function text.split(value, separator, given)
  check("split", 1, "string", value)
  check_split(given)
  local limit = given and given.limit or math.huge
  if separator == nil then
    return split_words(value, limit)
  end
  check("split", 2, "string", separator)
  if separator == "" then
    error("bad argument #2 to 'split' (the separator is empty)", 2)
  end
  return split_at(value, separator, not (given and given.pattern), limit)
end

--- The lines of a text, without their ends "\n" or "\r\n". What stands behind the last end is a line if it is not
--- empty.
---@param value string
---@return fun(): string?
function text.lines(value)
  check("lines", 1, "string", value)
  local at = 1
  return function()
    if at > #value then
      return nil
    end
    local first, last = at, find(value, "\n", at, true)
    at = (last or #value) + 1
    last = last and last - 1 or #value
    if at > last + 1 and byte(value, last) == 13 and last >= first then
      last = last - 1
    end
    return sub(value, first, last)
  end
end

--- A text with all (or the first `limit`) of the places where `old` stands replaced. Nothing in either is special.
---@param value string
---@param old string not empty
---@param new string
---@param limit? integer
---@return string text
---@return integer count of what was replaced
function text.replace(value, old, new, limit)
  check("replace", 1, "string", value)
  check("replace", 2, "string", old)
  check("replace", 3, "string", new)
  if limit ~= nil then
    check("replace", 4, "number", limit)
  end
  if old == "" then
    error("bad argument #2 to 'replace' (it is empty)", 2)
  end
  local pieces = split_at(value, old, true, limit and math.max(limit, 0) + 1 or math.huge)
  return table.concat(pieces, new), #pieces - 1
end

-- Forms

--- A text as a pattern that finds it: what is special in patterns is escaped.
---@param value string
---@return string pattern
function text.escape_pattern(value)
  check("escape_pattern", 1, "string", value)
  return (gsub(gsub(value, "[%^%$%(%)%%%.%[%]%*%+%-%?]", "%%%0"), "%z", "%%z"))
end

--- A text with A to Z as small letters, to compare without regard to case: header names, hosts, commands. The locale
--- plays no part, and no other letter changes.
---@param value string
---@return string
function text.fold(value)
  check("fold", 1, "string", value)
  return (gsub(value, "[A-Z]+", string.lower))
end

-- The rest is loaded by the first call of it.
local function on_demand(module, ...)
  for _, name in ipairs { ... } do
    text[name] = function(...)
      local fn = require(module)[name]
      text[name] = fn
      return fn(...)
    end
  end
end

on_demand("neap.text.utf8", "length", "sub", "codepoints", "char", "is_valid", "reverse", "width", "truncate")
on_demand("neap.text.layout", "pad_start", "pad_end", "center", "wrap", "indent", "dedent")
on_demand("neap.text.distance", "distance", "closest")
on_demand("neap.text.template", "template", "escape_html")

return text
