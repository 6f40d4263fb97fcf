---@meta neap.signal
-- Made by scripts/reference.lua from lua/neap/signal.lua: for editors, never run.

---@class neap.signal.Watcher
---@field close fun(self: neap.signal.Watcher) ends it
---@field is_closed fun(self: neap.signal.Watcher): boolean

---The signals that this process gets.
local signal = {}

--- Calls fn(name) in a task of its own whenever the signal comes, which has no other effect.
---@param name string "SIGINT" or "INT"
---@param fn fun(name: string)
---@return neap.signal.Watcher? watcher
---@return neap.Error? err EINVAL: it cannot be caught (KILL, STOP); EBUSY: Neap stops scripts with it (URG)
function signal.on(name, fn) end

--- Calls fn(name) the first time that the signal comes.
---@param name string
---@param fn fun(name: string)
---@return neap.signal.Watcher? watcher
---@return neap.Error? err
function signal.once(name, fn) end

--- Lets the signal have no effect, until the watcher is closed.
---@param name string
---@return neap.signal.Watcher? watcher
---@return neap.Error? err
function signal.ignore(name) end

--- Waits until the signal comes, which has no other effect then.
---@param name string
---@param callback? fun(err?: neap.Error, name?: string)
---@return string? name
---@return neap.Error? err
function signal.wait(name, callback) end

return signal
