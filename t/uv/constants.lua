-- The constants, and the names of functions.
local uv = require "luv"

local list = {}
for name, value in pairs(uv.constants) do list[#list + 1] = name .. " = " .. value end
table.sort(list)
print(table.concat(list, "\n"))
local names = {}
for name, value in pairs(uv) do
  if type(value) == "function" then names[#names + 1] = name end
end
table.sort(names)
print(table.concat(names, "\n"))
