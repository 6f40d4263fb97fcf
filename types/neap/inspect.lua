---@meta neap.inspect
-- Made by scripts/reference.lua from lua/neap/inspect.lua: for editors, never run.

---@class neap.inspect.options
---@field depth? integer levels of tables shown (6; at most 100)
---@field items? integer entries shown of one table (100)
---@field width? integer columns of a line; 1 puts every entry on its own (80)
---@field length? integer bytes shown of one string (10,000)
---@field color? boolean ANSI colors (false)
---@field pairs? boolean lazy objects through their __pairs (false)
---@field raw? boolean everything as it is: no __tostring, no __name (false)

---Readable text of any value: keys sorted, cycles marked, long tables broken into lines.
---@param value any
---@param options? neap.inspect.options
---@return string
local function inspect(value, options) end

return inspect
