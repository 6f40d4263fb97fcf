-- neap.buffer: bytes that grow at the end and are taken from the front, and numbers as bytes.
--
--   buffer.new(...) -> b                    b:append(...) -> b                  b:reset() -> b
--   b:get(n) -> text                        b:skip(n) -> b                      b:peek(n, offset) -> text
--   b:find(text, from) -> first, last       #b                                  tostring(b)
--   b:pack(format, ...) -> b                b:unpack(format) -> ...
--   buffer.pack(format, ...) -> text        buffer.unpack(format, text, at) -> ..., next
--
-- For protocols: append what comes, take what is complete. Where more bytes are needed than there are the answer is
-- nil and an error (EOF), and nothing is taken: append more and ask again.
--
-- A format is a text of letters, those of Lua 5.3's string.pack:
--
--   b B          integer of 1 byte, signed and unsigned        h H          of 2 bytes
--   i[n] I[n]    of n bytes, 1 to 8; 4 without n               l L j J T    of 8 bytes; T is unsigned
--   v V          varint (LEB128), unsigned; signed as zigzag   f d n        IEEE 754, of 4, 8 and 8 bytes
--   s[n]         string behind its length in n bytes, 8        z            string that a zero byte ends
--   c<n>         string of n bytes, filled with zeros          x            a byte of zero, without a value
--   < > =        from here on little, big, little endian       ![n]         from here on align, to n (8) at most
--   X<letter>    align as that letter would be                 a space      nothing
--
-- Without < or > numbers are little endian and nothing is aligned. Integers of 64 bits are plain numbers up to 2^53 in
-- either direction, beyond it LuaJIT's int64_t (9007199254740993LL) or, for unsigned letters, uint64_t.
--
-- The bytes are in LuaJIT's string.buffer; in a restricted runtime, which has none, in a list of strings.

local errors = require "neap.errors"
local format = require "neap.buffer.format"
local options = require "neap.options"
local pieces = require "neap.buffer.pieces"
local settle = require "neap.task".settle

local check = options.argument
local find, sub, tostring, type, unpack = string.find, string.sub, tostring, type, unpack
local getmetatable, select, setmetatable = getmetatable, select, setmetatable

-- Not by pcall(require): in a restricted runtime that would look for files of these names.
local store = package.preload["string.buffer"] and package.preload.ffi and require "neap.buffer.native" or pieces

local buffer = {}

---@class neap.buffer.Buffer
local Buffer = { __name = "neap.buffer" }
Buffer.__index = Buffer

local function check_count(name, index, value, lowest)
  if type(value) ~= "number" or value < lowest or value % 1 ~= 0 or value > 2 ^ 53 then
    local got = type(value) == "number" and tostring(value) or type(value)
    error(("bad argument #%d to '%s' (integer from %d on expected, got %s)"):format(index, name, lowest, got), 3)
  end
end

local function too_few(self, needed)
  return nil, errors.new("EOF", ("bytes needed: %.0f, there: %d"):format(needed, #self))
end

-- Growing and emptying

local function text_of(value)
  local kind = type(value)
  if kind == "string" then
    return value
  elseif kind == "number" or getmetatable(value) == Buffer then
    return tostring(value)
  end
end

--- Append strings, numbers (as text) and other buffers, in turn.
---@param ... string|number|neap.buffer.Buffer
---@return neap.buffer.Buffer self
function Buffer:append(...)
  for i = 1, select("#", ...) do
    local value = select(i, ...)
    local text = text_of(value)
    if not text then
      error(("bad argument #%d to 'append' (string expected, got %s)"):format(i, type(value)), 2)
    end
    self.bytes:append(text)
  end
  return self
end

--- Drop all bytes. The buffer can be filled again.
---@return neap.buffer.Buffer self
function Buffer:reset()
  self.bytes:reset()
  return self
end

-- Taking

local function get(self, n)
  if n > #self then
    return too_few(self, n)
  end
  local text = self.bytes:peek(n, 0)
  self.bytes:skip(n)
  return text
end

--- Take n bytes from the front.
---
---     local b = require("neap.buffer").new("PING\r\nrest")
---     assert(b:get(4) == "PING" and #b == 6)
---     local none, err = b:get(7)
---     assert(none == nil and err.code == "EOF" and #b == 6)
---@param n? integer all when it is not given
---@return string? text
---@return neap.Error? err EOF when there are fewer; then nothing is taken
function Buffer:get(n)
  if n == nil then
    n = #self
  end
  check_count("get", 1, n, 0)
  return settle(get(self, n))
end

local function skip(self, n)
  if n > #self then
    return too_few(self, n)
  end
  self.bytes:skip(n)
  return self
end

--- Drop n bytes from the front.
---@param n integer
---@return neap.buffer.Buffer? self
---@return neap.Error? err EOF when there are fewer; then nothing is dropped
function Buffer:skip(n)
  check_count("skip", 1, n, 0)
  return settle(skip(self, n))
end

local function peek(self, n, offset)
  if n + offset > #self then
    return too_few(self, n + offset)
  end
  return self.bytes:peek(n, offset)
end

--- Look at n bytes without taking them.
---@param n integer
---@param offset? integer so many bytes are passed over first; 0 if not given
---@return string? text
---@return neap.Error? err EOF when there are fewer
function Buffer:peek(n, offset)
  if offset == nil then
    offset = 0
  end
  check_count("peek", 1, n, 0)
  check_count("peek", 2, offset, 0)
  return settle(peek(self, n, offset))
end

--- Where a text stands. Nothing in it is special.
---
---     local b = require("neap.buffer").new("GET / HTTP/1.1\r\nHost: a\r\n")
---     local first, last = b:find("\r\n")
---     assert(b:get(first - 1) == "GET / HTTP/1.1")
---     b:skip(last - first + 1)
---@param text string not empty
---@param from? integer the first byte at which it may begin; 1 if not given
---@return integer? first nil when it is not there
---@return integer? last
function Buffer:find(text, from)
  if from == nil then
    from = 1
  end
  check("find", 1, "string", text)
  check_count("find", 2, from, 1)
  if text == "" then
    error("bad argument #1 to 'find' (it is empty)", 2)
  end
  local at = from - 1 + #text <= #self and self.bytes:find(text, from - 1)
  if at then
    return at + 1, at + #text
  end
end

function Buffer:__len()
  return self.bytes:size()
end

function Buffer:__tostring()
  return self.bytes:peek(self.bytes:size(), 0)
end

-- Packing

local function compile(name, text, level)
  if type(text) ~= "string" then
    error(("bad argument #1 to '%s' (string expected, got %s)"):format(name, type(text)), level)
  end
  local items, why = format.compile(text)
  if not items then
    error(("bad argument #1 to '%s' (%s)"):format(name, why), level)
  end
  return items
end

-- The bytes of each value, and how many there are.
local function pack(layout, ...)
  local parts, n, why = format.pack(compile("pack", layout, 4), ...)
  if not parts then
    error(("bad argument #%d to 'pack' (%s)"):format(n + 1, why), 3)
  end
  return parts, n
end

--- Values as bytes. One that does not go into its letter raises: a number out of range, a string that is too long.
---
---     local buffer = require "neap.buffer"
---     assert(buffer.pack(">I2 s1 v", 80, "ab", 300) == "\0\80" .. "\2ab" .. "\172\2")
---@param layout string a format, described above
---@param ... number|string|integer one for each letter that has a value
---@return string text
function buffer.pack(layout, ...)
  local parts, n = pack(layout, ...)
  return table.concat(parts, "", 1, n)
end

--- Append values as bytes. When one raises, nothing is appended.
---@param layout string a format, described above
---@param ... number|string|integer one for each letter that has a value
---@return neap.buffer.Buffer self
function Buffer:pack(layout, ...)
  local parts, n = pack(layout, ...)
  for i = 1, n do
    self.bytes:append(parts[i])
  end
  return self
end

-- Unpacking

local Text = {} -- a string with the methods of a store
Text.__index = Text

function Text:size()
  return #self.text
end

function Text:peek(n, offset)
  return sub(self.text, offset + 1, offset + n)
end

function Text:find(text, offset)
  local at = find(self.text, text, offset + 1, true)
  return at and at - 1
end

local function unpack_text(items, text, at)
  local values, after, message = format.unpack(items, setmetatable({ text = text }, Text), at - 1)
  if not values then
    return nil, errors.new(after, message)
  end
  values[values.n + 1] = after + 1
  return unpack(values, 1, values.n + 1)
end

--- The values that stand in a text as bytes, and where the next one would begin.
---
---     local buffer = require "neap.buffer"
---     local port, name, next = buffer.unpack(">I2 s1", "\0\80\2ab")
---     assert(port == 80 and name == "ab" and next == 6)
---@param layout string a format, described above
---@param text string
---@param at? integer where to begin; 1 if not given; -1 is the last byte
---@return any ... the values, and where what follows begins
---@return neap.Error? err behind a nil: EOF when the text ends too early; EPARSE for what is not of this format
function buffer.unpack(layout, text, at)
  local items = compile("unpack", layout, 3)
  check("unpack", 2, "string", text)
  if at == nil then
    at = 1
  end
  check_count("unpack", 3, at, -2 ^ 53)
  if at < 0 then
    at = #text + at + 1
  end
  if at < 1 or at > #text + 1 then
    error("bad argument #3 to 'unpack' (it is outside of the text)", 2)
  end
  return settle(unpack_text(items, text, at))
end

local function unpack_front(self, items)
  local values, after, message = format.unpack(items, self.bytes, 0)
  if not values then
    return nil, errors.new(after, message)
  end
  self.bytes:skip(after)
  return unpack(values, 1, values.n)
end

--- Take values from the front: all that the format names, or nothing.
---
---     local b = require("neap.buffer").new()
---     b:pack("<I4 z d", 7, "seven", 0.5)
---     local n, name, half = b:unpack "<I4 z d"
---     assert(n == 7 and name == "seven" and half == 0.5 and #b == 0)
---@param layout string a format, described above
---@return any ... the values
---@return neap.Error? err behind a nil: EOF when more bytes are needed; EPARSE for what is not of this format
function Buffer:unpack(layout)
  return settle(unpack_front(self, compile("unpack", layout, 3)))
end

-- Making

--- A new buffer, with what is given appended.
---@param ... string|number|neap.buffer.Buffer
---@return neap.buffer.Buffer
function buffer.new(...)
  for i = 1, select("#", ...) do
    local value = select(i, ...)
    if not text_of(value) then
      error(("bad argument #%d to 'new' (string expected, got %s)"):format(i, type(value)), 2)
    end
  end
  return setmetatable({ bytes = store.new() }, Buffer):append(...)
end

return buffer
