---@meta neap.buffer
-- Made by scripts/reference.lua from lua/neap/buffer.lua: for editors, never run.

---@class neap.buffer.Buffer
local neap_buffer_Buffer = {}

--- Append strings, numbers (as text) and other buffers, in turn.
---@param ... string|number|neap.buffer.Buffer
---@return neap.buffer.Buffer self
function neap_buffer_Buffer:append(...) end

--- Drop all bytes. The buffer can be filled again.
---@return neap.buffer.Buffer self
function neap_buffer_Buffer:reset() end

--- Take n bytes from the front.
---
---     local b = require("neap.buffer").new("PING\r\nrest")
---     assert(b:get(4) == "PING" and #b == 6)
---     local none, err = b:get(7)
---     assert(none == nil and err.code == "EOF" and #b == 6)
---@param n? integer all when it is not given
---@return string? text
---@return neap.Error? err EOF when there are fewer; then nothing is taken
function neap_buffer_Buffer:get(n) end

--- Drop n bytes from the front.
---@param n integer
---@return neap.buffer.Buffer? self
---@return neap.Error? err EOF when there are fewer; then nothing is dropped
function neap_buffer_Buffer:skip(n) end

--- Look at n bytes without taking them.
---@param n integer
---@param offset? integer so many bytes are passed over first; 0 if not given
---@return string? text
---@return neap.Error? err EOF when there are fewer
function neap_buffer_Buffer:peek(n, offset) end

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
function neap_buffer_Buffer:find(text, from) end

--- Append values as bytes. When one raises, nothing is appended.
---@param layout string a format, described above
---@param ... number|string|integer one for each letter that has a value
---@return neap.buffer.Buffer self
function neap_buffer_Buffer:pack(layout, ...) end

--- Take values from the front: all that the format names, or nothing.
---
---     local b = require("neap.buffer").new()
---     b:pack("<I4 z d", 7, "seven", 0.5)
---     local n, name, half = b:unpack "<I4 z d"
---     assert(n == 7 and name == "seven" and half == 0.5 and #b == 0)
---@param layout string a format, described above
---@return any ... the values
---@return neap.Error? err behind a nil: EOF when more bytes are needed; EPARSE for what is not of this format
function neap_buffer_Buffer:unpack(layout) end

---Bytes that grow at the end and are taken from the front, and numbers as bytes.
local buffer = {}

--- Values as bytes. One that does not go into its letter raises: a number out of range, a string that is too long.
---
---     local buffer = require "neap.buffer"
---     assert(buffer.pack(">I2 s1 v", 80, "ab", 300) == "\0\80" .. "\2ab" .. "\172\2")
---@param layout string a format, described above
---@param ... number|string|integer one for each letter that has a value
---@return string text
function buffer.pack(layout, ...) end

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
function buffer.unpack(layout, text, at) end

--- A new buffer, with what is given appended.
---@param ... string|number|neap.buffer.Buffer
---@return neap.buffer.Buffer
function buffer.new(...) end

return buffer
