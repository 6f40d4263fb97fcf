-- neap.fs.mode: permission bits, as a number or as the text of their octal digits.
--
--   mode.kind            of an option, for neap.options
--   mode.bits(value, name, index) -> integer     of an argument: what is none raises in the caller's caller

local options = require "neap.options"

local type, tonumber = type, tonumber

local mode = {}

mode.kind = options.kind("permission bits or their octal digits", function(value)
  if type(value) == "string" then
    return value:find "^[0-7]+$" ~= nil and tonumber(value, 8) <= 4095
  end
  return type(value) == "number" and value % 1 == 0 and value >= 0 and value <= 4095
end)

---@param value any
---@param name string of the function
---@param index integer of the argument
---@return integer
function mode.bits(value, name, index)
  if not mode.kind.holds(value) then
    error(("bad argument #%d to '%s' (%s expected)"):format(index, name, mode.kind.expected), 3)
  end
  return type(value) == "string" and tonumber(value, 8) or value
end

return mode
