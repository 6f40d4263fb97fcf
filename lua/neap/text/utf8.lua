-- neap.text.utf8: UTF-8 (RFC 3629) in neap.text: length, codepoints, sub, char, is_valid, reverse, width, truncate.
--
-- A byte that belongs to no character stands for itself, as one character: so these functions are defined for every
-- text, take one pass, and lose no byte. is_valid tells whether there are any.

local check = require "neap.options".argument

local byte, concat, select, sub = string.byte, table.concat, select, string.sub

local utf8 = {}

local JOINER, SKIN_FIRST, SKIN_LAST = 0x200D, 0x1F3FB, 0x1F3FF

-- Reading
-- RFC 3629 4: no longer form than needed, no surrogates, nothing above U+10FFFF.

local function tail(b)
  return b and b >= 0x80 and b <= 0xBF
end

local function three(a, b, c)
  if not tail(b) or not tail(c) or a == 0xE0 and b < 0xA0 or a == 0xED and b > 0x9F then
    return nil
  end
  return (a - 0xE0) * 4096 + (b - 0x80) * 64 + c - 0x80
end

local function four(a, b, c, d)
  if not tail(b) or not tail(c) or not tail(d) or a == 0xF0 and b < 0x90 or a == 0xF4 and b > 0x8F then
    return nil
  end
  return (a - 0xF0) * 262144 + (b - 0x80) * 4096 + (c - 0x80) * 64 + d - 0x80
end

-- The character at `at`, or nil for a byte that belongs to none; and where the next begins.
local function decode(text, at)
  local a, b, c, d = byte(text, at, at + 3)
  if a < 0x80 then
    return a, at + 1
  elseif a >= 0xC2 and a <= 0xDF and tail(b) then
    return (a - 0xC0) * 64 + b - 0x80, at + 2
  end
  local codepoint, length
  if a >= 0xE0 and a <= 0xEF then
    codepoint, length = three(a, b, c), 3
  elseif a >= 0xF0 and a <= 0xF4 then
    codepoint, length = four(a, b, c, d), 4
  end
  return codepoint, at + (codepoint and length or 1)
end

--- Whether a text is UTF-8 all through.
---@param text string
---@return boolean valid
---@return integer? position of the first byte that is not
function utf8.is_valid(text)
  check("is_valid", 1, "string", text)
  local at = 1
  while at <= #text do
    local codepoint, following = decode(text, at)
    if not codepoint then
      return false, at
    end
    at = following
  end
  return true
end

--- How many characters (code points) a text has.
---@param text string
---@return integer
function utf8.length(text)
  check("length", 1, "string", text)
  local at, count, _ = 1, 0, nil
  while at <= #text do
    _, at = decode(text, at)
    count = count + 1
  end
  return count
end

--- The characters of a text, one after the other: where each begins, and its code point; false for a byte that belongs
--- to none.
---
---     local text = require "neap.text"
---     for position, codepoint in text.codepoints "né" do
---       print(position, codepoint)
---     end
---@param text string
---@return fun(): integer?, integer|false
function utf8.codepoints(text)
  check("codepoints", 1, "string", text)
  local at = 1
  return function()
    if at > #text then
      return nil
    end
    local position, codepoint, following = at, decode(text, at)
    at = following
    return position, codepoint or false
  end
end

-- Where the n-th character begins, counted from `at`; behind the end when there are fewer.
local function forward(text, at, n)
  local _
  while n > 0 and at <= #text do
    _, at = decode(text, at)
    n = n - 1
  end
  return at
end

-- A position counted from the end as one from the beginning.
local function from_start(text, index)
  return index < 0 and utf8.length(text) + index + 1 or index
end

--- The characters from `first` to `last`, both counted as string.sub counts bytes.
---@param text string
---@param first integer below 0: from the end
---@param last? integer default -1
---@return string
function utf8.sub(text, first, last)
  check("sub", 1, "string", text)
  check("sub", 2, "number", first)
  if last ~= nil then
    check("sub", 3, "number", last)
  end
  first = math.max(from_start(text, first), 1)
  local from = forward(text, 1, first - 1)
  if last == nil or last == -1 then
    return sub(text, from)
  end
  last = from_start(text, last)
  return sub(text, from, forward(text, from, last - first + 1) - 1)
end

-- Writing

local function encode(codepoint)
  local char, floor = string.char, math.floor
  if codepoint < 0x80 then
    return char(codepoint)
  elseif codepoint < 0x800 then
    return char(0xC0 + floor(codepoint / 64), 0x80 + codepoint % 64)
  elseif codepoint < 0x10000 then
    return char(0xE0 + floor(codepoint / 4096), 0x80 + floor(codepoint / 64) % 64, 0x80 + codepoint % 64)
  end
  return char(0xF0 + floor(codepoint / 262144), 0x80 + floor(codepoint / 4096) % 64,
    0x80 + floor(codepoint / 64) % 64, 0x80 + codepoint % 64)
end

--- The text of code points.
---@param ... integer from 0 to 0x10FFFF, no surrogates
---@return string
function utf8.char(...)
  local out = {}
  for i = 1, select("#", ...) do
    local codepoint = select(i, ...)
    check("char", i, "number", codepoint)
    local is_one = codepoint % 1 == 0 and codepoint >= 0 and codepoint <= 0x10FFFF
    if not is_one or codepoint >= 0xD800 and codepoint <= 0xDFFF then
      error(("bad argument #%d to 'char' (no code point of a character)"):format(i), 2)
    end
    out[i] = encode(codepoint)
  end
  return concat(out)
end

-- What is seen

local width_of

-- How many columns a character takes that follows the character `before`.
local function columns(codepoint, before)
  if not codepoint then
    return 1
  elseif codepoint < 0x300 then
    return (codepoint < 0x20 or codepoint >= 0x7F and codepoint < 0xA0) and 0 or 1
  elseif before == JOINER then
    return 0
  end
  width_of = width_of or require "neap.text.widths"
  local width = width_of(codepoint)
  if codepoint >= SKIN_FIRST and codepoint <= SKIN_LAST and before and width_of(before) == 2 then
    return 0
  end
  return width
end

--- How many columns of a terminal a text takes: two for an ideograph and most emoji, none for what combines with the
--- character before it (accents, skin tones, what is joined by U+200D) and for control characters.
---@param text string
---@return integer
function utf8.width(text)
  check("width", 1, "string", text)
  local at, sum, before = 1, 0, nil
  while at <= #text do
    local codepoint, following = decode(text, at)
    sum = sum + columns(codepoint, before)
    at, before = following, codepoint
  end
  return sum
end

-- The position behind the part from `at` on that takes at most `width` columns; behind the end when all of it does.
local function fit(text, width, at)
  local sum, before = 0, nil
  while at <= #text do
    local codepoint, following = decode(text, at)
    sum = sum + columns(codepoint, before)
    if sum > width then
      return at
    end
    at, before = following, codepoint
  end
  return at
end

-- For layout.lua.
utf8.fit = fit

function utf8.next(text, at)
  return select(2, decode(text, at))
end

--- A text cut to as many columns of a terminal, with an ellipsis for what is left out. No character loses what combines
--- with it, and none is cut in two.
---@param text string
---@param width integer columns
---@param ellipsis? string default "…"; left out itself where it has no room
---@return string
function utf8.truncate(text, width, ellipsis)
  check("truncate", 1, "string", text)
  check("truncate", 2, "number", width)
  ellipsis = ellipsis == nil and "…" or ellipsis
  check("truncate", 3, "string", ellipsis)
  if fit(text, width, 1) > #text then
    return text
  end
  local room = width - utf8.width(ellipsis)
  if room < 0 then
    return sub(text, 1, fit(text, width, 1) - 1)
  end
  return sub(text, 1, fit(text, room, 1) - 1) .. ellipsis
end

--- A text backwards; what combines with a character stays with it.
---@param text string
---@return string
function utf8.reverse(text)
  check("reverse", 1, "string", text)
  local parts, n, at, before = {}, 0, 1, nil
  while at <= #text do
    local codepoint, following = decode(text, at)
    local joins = n > 0 and codepoint and codepoint >= 0x300 and columns(codepoint, before) == 0
    if joins then
      parts[n].last = following - 1
    else
      n = n + 1
      parts[n] = { first = at, last = following - 1 }
    end
    at, before = following, codepoint
  end
  local out = {}
  for i = n, 1, -1 do
    out[n - i + 1] = sub(text, parts[i].first, parts[i].last)
  end
  return concat(out)
end

return utf8
