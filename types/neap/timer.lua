---@meta neap.timer
-- Made by scripts/reference.lua from lua/neap/timer.lua: for editors, never run.

---@class neap.timer.Timer
---@field close fun(self: neap.timer.Timer) stop it; may be called again
---@field is_closed fun(self: neap.timer.Timer): boolean

---Functions called later, each time in a task of its own (so they may wait).
local timer = {}

--- Call fn once, `seconds` from now. It happens whether the timer's object is kept or not.
---@param seconds number
---@param fn function
---@return neap.timer.Timer
function timer.after(seconds, fn) end

--- Call fn every `seconds`, without drift, until the timer is closed. A call that is still under way
--- does not hold up the next; of calls that the program was too busy for, one is made.
---@param seconds number
---@param fn function
---@return neap.timer.Timer
function timer.every(seconds, fn) end

return timer
