-- level.lua: the levels, and their order.

local options = require "neap.options"

local level = {}

local NUMBERS = { trace = 1, debug = 2, info = 3, warn = 4, error = 5, off = 6 }

--- The kind of an option that is one.
level.kind = options.kind("trace, debug, info, warn, error or off", function(value)
  return NUMBERS[value] ~= nil
end)

---@param name string
---@return integer? number higher is more serious; nil: it is none
function level.number(name)
  return NUMBERS[name]
end

return level
