-- neap.host: the program or the plugin host around this script: its events, what it may call, what
-- survives a reload, what is going on.

local core = require "neap_host"
local task = require "neap.task"

local host = {
  stats = core.stats,
  handles = core.handles,
  tasks = core.tasks,
  features = core.features,
}

local kept = {}

local function check_function(name, fn)
  if type(fn) ~= "function" then
    error(("bad argument #2 to '%s' (function expected, got %s)"):format(name, type(fn)), 3)
  end
end

--- Call fn for every event of that name, each time in a task of its own.
---@param name string
---@param fn fun(...)
function host.on(name, fn)
  check_function("on", fn)
  local listeners = core.listeners()
  local list = listeners[name]
  if not list then
    list = {}
    listeners[name] = list
  end
  list[#list + 1] = fn
end

--- Do not call fn any more.
---@param name string
---@param fn fun(...)
---@return boolean was_listening
function host.off(name, fn)
  local list = core.listeners()[name] or {}
  for i = #list, 1, -1 do
    if list[i] == fn then
      table.remove(list, i)
      return true
    end
  end
  return false
end

--- Hand an event to this script's own listeners.
---@param name string
---@param ... any
---@return integer how many listen
function host.emit(name, ...)
  local list = core.listeners()[name] or {}
  for i = 1, #list do
    task.spawn(list[i], ...)
  end
  return #list
end

--- Make a function callable by the program around (neap_call), beside its globals.
---@param name string
---@param fn function
function host.export(name, fn)
  check_function("export", fn)
  core.exports()[name] = fn
end

--- The value kept under that name, first set to `default`: it survives a reload of the script.
---@generic T
---@param name string
---@param default T
---@return T
function host.keep(name, default)
  if kept[name] == nil then
    kept[name] = default
  end
  return kept[name]
end

--- fn(err) gets every error that nobody took, instead of ending the program. nil: as before.
---@param fn? fun(err: neap.Error)
function host.on_error(fn)
  core.on_error(fn)
end

return host
