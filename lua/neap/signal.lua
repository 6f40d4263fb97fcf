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
local error, type = error, type

local signal = {}

local function check(name, given, fn)
  if type(given) ~= "string" then
    error(("bad argument #1 to '%s' (name of a signal expected, got %s)"):format(name, type(given)), 3)
  elseif type(fn) ~= "function" then
    error(("bad argument #2 to '%s' (function expected, got %s)"):format(name, type(fn)), 3)
  end
end

---@class neap.signal.Watcher
---@field close fun(self: neap.signal.Watcher) ends it
---@field is_closed fun(self: neap.signal.Watcher): boolean

--- Calls fn(name) in a task of its own whenever the signal comes, which has no other effect.
---@param name string "SIGINT" or "INT"
---@param fn fun(name: string)
---@return neap.signal.Watcher? watcher
---@return neap.Error? err EINVAL: it cannot be caught (KILL, STOP)
function signal.on(name, fn)
  check("on", name, fn)
  return settle(native.watch(number_of(name), function()
    return fn(name)
  end))
end

--- Calls fn(name) the first time that the signal comes.
---@param name string
---@param fn fun(name: string)
---@return neap.signal.Watcher? watcher
---@return neap.Error? err
function signal.once(name, fn)
  check("once", name, fn)
  local watcher, err
  watcher, err = native.watch(number_of(name), function()
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
  check("ignore", name, error)
  return settle(native.watch(number_of(name), function() end))
end

--- Waits until the signal comes, which has no other effect then.
---@param name string
---@param callback? fun(err?: neap.Error, name?: string)
---@return string? name
---@return neap.Error? err
signal.wait = task.operation(function(name)
  check("wait", name, error)
  local watcher, err = native.watch(number_of(name))
  if not watcher then
    return nil, err
  end
  local number, failure = watcher:wait()
  watcher:close()
  if not number then
    return nil, failure
  end
  return name
end)

return signal
