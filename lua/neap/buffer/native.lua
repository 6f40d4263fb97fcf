-- buffer/native.lua: the bytes of a buffer in LuaJIT's string.buffer. The methods are those of pieces.lua.
--
-- peek and find look at the memory itself: tostring would copy all of it each time, and string.find takes time that
-- grows with both texts' product. The pointers never leave their function.

local ffi = require "ffi"
local string_buffer = require "string.buffer"

ffi.cdef "void *memmem(const void *, size_t, const void *, size_t);"

local C, cast, string_at = ffi.C, ffi.cast, ffi.string
local bytes_type = ffi.typeof "const char *"

local Native = {}
Native.__index = Native

function Native:append(text)
  self.bytes:put(text)
end

function Native:size()
  return #self.bytes
end

function Native:peek(n, offset)
  return string_at(self.bytes:ref() + offset, n)
end

function Native:skip(n)
  self.bytes:skip(n)
end

function Native:find(text, offset)
  local start, size = self.bytes:ref()
  local found = C.memmem(start + offset, size - offset, text, #text)
  if found ~= nil then
    return tonumber(cast(bytes_type, found) - cast(bytes_type, start))
  end
end

function Native:reset()
  self.bytes:reset()
end

local native = {}

function native.new()
  return setmetatable({ bytes = string_buffer.new() }, Native)
end

return native
