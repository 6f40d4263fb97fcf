-- neap.host: the program or the plugin host around this script: its events, what it may call, what
-- survives a reload, what is going on.

local native = require "neap_host"
local task = require "neap.task"

local host = {}

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
  local listeners = native.listeners()
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
  local list = native.listeners()[name] or {}
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
  local list = native.listeners()[name] or {}
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
  native.exports()[name] = fn
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

local handler

--- fn(err) gets every error that nobody took, instead of ending the program. nil: as before.
---@param fn? fun(err: neap.Error)
---@return fun(err: neap.Error)? previous
function host.on_error(fn)
  local previous = handler
  native.on_error(fn)
  handler = fn
  return previous
end

---@class neap.host.Stats
---@field memory integer bytes, of Lua and C together
---@field memory_peak integer the most it has been
---@field memory_limit integer 0: none
---@field lua_memory integer bytes of Lua alone
---@field tasks integer that have not ended
---@field pooled_tasks integer ended, kept for the next
---@field operations integer that have not ended
---@field handles integer open: sockets, files, timers of libuv
---@field timers integer started, on the whole loop
---@field pool_jobs integer on the thread pool, or waiting for it
---@field overrun number seconds that scripts went on after their time (a turn's budget, a step's) was up, at most: in C
--- that cannot be stopped, such as the atomic phase of a collection

--- What this runtime holds.
---@type fun(): neap.host.Stats
host.stats = native.stats

--- What is open, by its kind: "neap.stream"; under `neap test` with the line that made it: "server.lua:12".
---@type fun(): { kind: string, where?: string }[]
host.handles = native.handles

---@class neap.host.Task
---@field state "ready"|"running"|"waiting"|"preempted"|"ended"|"dropped"
---@field waits? string what for: "stream.read"
---@field where? string where it was spawned: "server.lua:12"
---@field traceback? string where it is; not of the running task

--- The tasks of this runtime.
---@type fun(): neap.host.Task[]
host.tasks = native.tasks

---@class neap.host.Features
---@field internals boolean this LuaJIT's inside is known: dropped errors raise
---@field jit boolean code is compiled
---@field checkhook boolean compiled code keeps to its limits
---@field lua52compat boolean pairs and # work on lazy objects

--- What this build and its LuaJIT can do.
---@type fun(): neap.host.Features
host.features = native.features

return host
