-- buffer/item.lua: what one letter of a format does with a value and with bytes.
--
--   integer(size, signed, big) -> item       varint(signed) -> item          float(size, big) -> item
--   prefixed(size, big) -> item              terminated, padding: items      fixed(size) -> item
--   too_few(source, at, needed) -> nil, code, message
--
-- An item is a table with two functions: `write(item, value)` gives the bytes, or nil and what was expected;
-- `read(item, source, at)` gives where it ends and the value, or nil, code and message. A source is what pieces.lua
-- describes. Nothing is taken out of it, and nothing made that is longer than what is there.

local floats = require "neap.buffer.float"
local integers = require "neap.buffer.integer"

local find, rep = string.find, string.rep
local tostring, type = tostring, type

local item = {}

local function shown(value)
  return type(value) == "number" and tostring(value) or type(value)
end

local function too_few(source, at, needed)
  return nil, "EOF", ("bytes needed: %s, there: %d"):format(needed, source:size() - at)
end

item.too_few = too_few

-- Integers

local function range_text(size, signed)
  if size == 8 then
    return signed and "from -2^63 to 2^63 - 1" or "from 0 to 2^64 - 1"
  elseif signed then
    return ("from %.0f to %.0f"):format(-2 ^ (8 * size - 1), 2 ^ (8 * size - 1) - 1)
  end
  return ("from 0 to %.0f"):format(2 ^ (8 * size) - 1)
end

local function write_integer(self, value)
  local high, low = integers.halves(value)
  if not high or not integers.fits(high, low, self.size, self.signed) then
    return nil, ("integer %s expected, got %s"):format(range_text(self.size, self.signed), shown(value))
  end
  return integers.to_bytes(high, low, self.size, self.big)
end

local function read_integer(self, source, at)
  local after = at + self.size
  if after > source:size() then
    return too_few(source, at, self.size)
  end
  return after, integers.from_bytes(source:peek(self.size, at), self.size, self.big, self.signed)
end

function item.integer(size, signed, big)
  return { size = size, signed = signed, big = big, align = size, write = write_integer, read = read_integer }
end

local function write_varint(self, value)
  local high, low = integers.halves(value)
  if not high or not integers.fits(high, low, 8, self.signed) then
    return nil, ("integer %s expected, got %s"):format(range_text(8, self.signed), shown(value))
  end
  return integers.to_varint(high, low, self.signed)
end

local function read_varint(self, source, at)
  local there = source:size() - at
  local text = source:peek(there < integers.MOST_VARINT and there or integers.MOST_VARINT, at)
  local value, size = integers.from_varint(text, self.signed)
  if value ~= nil then
    return at + size, value
  elseif size then
    return nil, "EPARSE", "a varint of more than 64 bits"
  end
  return too_few(source, at, "more")
end

function item.varint(signed)
  return { signed = signed, write = write_varint, read = read_varint }
end

-- Numbers

local function write_float(self, value)
  if type(value) ~= "number" then
    return nil, ("number expected, got %s"):format(type(value))
  end
  local text = floats.to_bytes(value, self.size)
  return self.big and text:reverse() or text
end

local function read_float(self, source, at)
  local after = at + self.size
  if after > source:size() then
    return too_few(source, at, self.size)
  end
  local text = source:peek(self.size, at)
  return after, floats.from_bytes(self.big and text:reverse() or text, self.size)
end

function item.float(size, big)
  return { size = size, big = big, align = size, write = write_float, read = read_float }
end

-- Strings

local function write_prefixed(self, value)
  if type(value) ~= "string" then
    return nil, ("string expected, got %s"):format(type(value))
  end
  local length, expected = self.length:write(#value)
  if not length then
    return nil, ("string whose length is an %s"):format(expected)
  end
  return length .. value
end

local function read_prefixed(self, source, at)
  local start, size, message = self.length:read(source, at)
  if not start then
    return nil, size, message
  elseif type(size) ~= "number" then
    return nil, "EPARSE", "a string longer than any memory"
  elseif start + size > source:size() then
    return too_few(source, start, ("%.0f"):format(size))
  end
  return start + size, source:peek(size, start)
end

--- Behind its length, an integer of `size` bytes.
function item.prefixed(size, big)
  return { align = size, length = item.integer(size, false, big), write = write_prefixed, read = read_prefixed }
end

local function write_terminated(_, value)
  if type(value) ~= "string" or find(value, "\0", 1, true) then
    return nil, ("string without a zero expected, got %s"):format(type(value) == "string" and "one" or type(value))
  end
  return value .. "\0"
end

local function read_terminated(_, source, at)
  local zero = source:find("\0", at)
  if not zero then
    return too_few(source, at, "more")
  end
  return zero + 1, source:peek(zero - at, at)
end

item.terminated = { write = write_terminated, read = read_terminated }

local function write_fixed(self, value)
  if type(value) ~= "string" or #value > self.size then
    local got = type(value) == "string" and #value or type(value)
    return nil, ("string of at most %d bytes expected, got %s"):format(self.size, got)
  end
  return value .. rep("\0", self.size - #value)
end

local function read_fixed(self, source, at)
  if at + self.size > source:size() then
    return too_few(source, at, self.size)
  end
  return at + self.size, source:peek(self.size, at)
end

function item.fixed(size)
  return { size = size, write = write_fixed, read = read_fixed }
end

local function write_padding()
  return "\0"
end

local function read_padding(_, source, at)
  if at >= source:size() then
    return too_few(source, at, 1)
  end
  return at + 1
end

item.padding = { no_value = true, write = write_padding, read = read_padding }

return item
