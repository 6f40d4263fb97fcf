-- neap.signal: the signals that this process gets.
--
--   on(name, fn) -> watcher          fn(name) whenever it comes; watcher:close() ends that
--   once(name, fn) -> watcher        the first time
--   ignore(name) -> watcher          it has no effect
--   wait(name) -> name               an operation: the next time it comes
--
-- A signal that nobody watches any more has its usual effect again, as Ctrl-C has at the start. To watch one does not
-- keep the program alive; to wait for one does. All need the permission "process". Names are as in "SIGINT" or "INT".
--
--     signal.once("INT", function() server:close() end)

local native = require "neap_signal"
local number_of = require "neap_process".signal_number
local task = require "neap.task"

local settle = task.settle
local error, pcall, type = error, pcall, type

local signal = {}

-- The number of the signal. What is wrong raises in the line that calls `name`.
local function check(name, given, fn, level)
  local known, number = pcall(number_of, given)
  level = level or 3
  if type(given) ~= "string" then
    error(("bad argument #1 to '%s' (name of a signal expected, got %s)"):format(name, type(given)), level)
  elseif not known then
    error(("bad argument #1 to '%s' (no such signal)"):format(name), level)
  elseif type(fn) ~= "function" then
    error(("bad argument #2 to '%s' (function expected, got %s)"):format(name, type(fn)), level)
  end
  return number
end

---@class neap.signal.Watcher
---@field close fun(self: neap.signal.Watcher) ends it
---@field is_closed fun(self: neap.signal.Watcher): boolean

--- Calls fn(name) in a task of its own whenever the signal comes, which has no other effect.
---@param name string "SIGINT" or "INT"
---@param fn fun(name: string)
---@return neap.signal.Watcher? watcher
---@return neap.Error? err EINVAL: it cannot be caught (KILL, STOP); EBUSY: Neap stops scripts with it (URG)
function signal.on(name, fn)
  local number = check("on", name, fn)
  return settle(native.watch(number, function()
    return fn(name)
  end))
end

--- Calls fn(name) the first time that the signal comes.
---@param name string
---@param fn fun(name: string)
---@return neap.signal.Watcher? watcher
---@return neap.Error? err
function signal.once(name, fn)
  local number = check("once", name, fn)
  local watcher, err
  watcher, err = native.watch(number, function()
    watcher:close()
    return fn(name)
  end)
  return settle(watcher, err)
end

--- Lets the signal have no effect, until the watcher is closed.
---@param name string
---@return neap.signal.Watcher? watcher
---@return neap.Error? err
function signal.ignore(name)
  local number = check("ignore", name, error)
  return settle(native.watch(number, function() end))
end

--- Waits until the signal comes, which has no other effect then.
---@param name string
---@param callback? fun(err?: neap.Error, name?: string)
---@return string? name
---@return neap.Error? err
signal.wait = task.operation(function(name)
  local watcher, err = native.watch(check("wait", name, error, 4))
  if not watcher then
    return nil, err
  end
  local came, failure = watcher:wait()
  watcher:close()
  if not came then
    return nil, failure
  end
  return name
end)

return signal
