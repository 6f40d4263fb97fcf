-- neap.events: objects that say what happens to them, and who listens.
--
--   events.new() -> emitter                events.mixin(class) -> class, whose objects are emitters too
--   emitter:on(name, fn) -> fn             emitter:once(name, fn) -> fn          emitter:off(name, fn) -> boolean
--   emitter:emit(name, ...) -> boolean     emitter:wait(name) -> ...             emitter:remove_all(name)
--   emitter:listener_count(name) -> n      emitter:event_names() -> names
--
-- An event is told at once: emit calls the listeners itself, in the order in which they were added, and returns when
-- the last one has. One that waits makes emit and those behind it wait; what should not is put into task.spawn. Who
-- is added meanwhile hears the next event, who is removed meanwhile nothing more.
--
-- A listener that raises (or returns nil and an error) does not stop the others: its error goes where a callback's
-- goes, to host.on_error or the end of the program. The event "error" must be taken by somebody: emit raises what it
-- carries when nobody listens.
--
-- The listeners are in the object's field `_listeners`, made with the first of them, so that a class needs no
-- constructor of ours.

local errors = require "neap.errors"
local native = require "neap_task"
local options = require "neap.options"
local queue = require "neap.task.queue"
local task = require "neap.task"

local check = options.argument
local select, type, unpack, xpcall = select, type, unpack, xpcall
local trace = debug and debug.traceback -- absent in a restricted runtime

local events = {}

---@class neap.events.Emitter
local Emitter = { __name = "neap.emitter" }
Emitter.__index = Emitter

local function check_name(name, value)
  if value == nil or value ~= value then
    error(("bad argument #1 to '%s' (an event's name expected, got %s)"):format(name, tostring(value)), 3)
  end
end

-- Listeners
-- By event: a list of { fn =, once =, removed = }. It is only appended to; a removal makes a new one, so that an emit
-- that is under way can go on along the old one. `waiters` is a queue of neap.task.queue.

local function entry_of(self, name)
  local all = rawget(self, "_listeners")
  if not all then
    all = {}
    rawset(self, "_listeners", all)
  end
  if not all[name] then
    all[name] = { list = {}, waiters = queue.new(), waiting = 0 }
  end
  return all[name]
end

local function find_entry(self, name)
  local all = rawget(self, "_listeners")
  return all and all[name]
end

-- An event without listeners leaves nothing behind: names may be as many as there are requests.
local function drop_if_empty(self, name, entry)
  if #entry.list == 0 and entry.waiting == 0 and find_entry(self, name) == entry then
    self._listeners[name] = nil
  end
end

local function add(self, name, fn, once)
  local list = entry_of(self, name).list
  list[#list + 1] = { fn = fn, once = once, removed = false }
  return fn
end

local function remove(self, name, entry, listener)
  local left = {}
  for _, other in ipairs(entry.list) do
    if other ~= listener then
      left[#left + 1] = other
    end
  end
  listener.removed, entry.list = true, left
  drop_if_empty(self, name, entry)
end

--- Call fn at every event of that name. Added twice it is called twice.
---
---     local task = require "neap.task"
---     local jobs = require("neap.events").new()
---     jobs:on("done", function(name, seconds)
---       print(name .. " took " .. seconds .. " s")
---     end)
---     jobs:emit("done", "backup", 12)
---@param name any but nil: mostly a string
---@param fn fun(...)
---@return fun(...) fn the same, to be given to `off`
function Emitter:on(name, fn)
  check_name("on", name)
  check("on", 2, "function", fn)
  return add(self, name, fn, false)
end

--- Call fn at the next event of that name only.
---@param name any
---@param fn fun(...)
---@return fun(...) fn the same, to be given to `off`
function Emitter:once(name, fn)
  check_name("once", name)
  check("once", 2, "function", fn)
  return add(self, name, fn, true)
end

--- Do not call fn any more. Of one that was added several times the latest goes.
---@param name any
---@param fn fun(...)
---@return boolean was_listening
function Emitter:off(name, fn)
  check_name("off", name)
  check("off", 2, "function", fn)
  local entry = find_entry(self, name)
  for i = entry and #entry.list or 0, 1, -1 do
    if entry.list[i].fn == fn then
      remove(self, name, entry, entry.list[i])
      return true
    end
  end
  return false
end

--- Remove all listeners of an event, or of every one. Tasks that wait go on waiting.
---@param name? any
function Emitter:remove_all(name)
  local names = name ~= nil and { name } or self:event_names()
  for _, each in ipairs(names) do
    local entry = find_entry(self, each)
    for _, listener in ipairs(entry and entry.list or {}) do
      listener.removed = true
    end
    if entry then
      entry.list = {}
      drop_if_empty(self, each, entry)
    end
  end
end

--- How many listen to an event: functions, and tasks that wait for it.
---@param name any
---@return integer
function Emitter:listener_count(name)
  local entry = find_entry(self, name)
  return entry and #entry.list + entry.waiting or 0
end

--- The events that somebody listens to or waits for, in no order.
---@return any[]
function Emitter:event_names()
  local names = {}
  for name in pairs(rawget(self, "_listeners") or {}) do
    names[#names + 1] = name
  end
  return names
end

-- Telling

-- The error as an object, with where it was raised.
local function on_raise(err)
  local traceback = trace and trace("", 2)
  if not errors.is(err) then
    return errors.new("ESCRIPT", tostring(err), { value = err, traceback = traceback })
  end
  err.traceback = err.traceback or traceback
  return err
end

-- Raised by every wait of a task that has been cancelled; it is not the listener's fault.
local function own_cancellation(err)
  local may, why = pcall(native.may_park)
  return not may and why == err
end

local function failure_of(ok, value, err)
  if not ok then
    return value
  elseif value == nil and errors.is(err) then
    return err
  end
end

-- Calls the first n of a list. The error that cancelled the task meanwhile, or nil.
local function call_all(self, name, entry, ...)
  local list, cancelled = entry.list, nil
  for i = 1, #list do
    local listener = list[i]
    if not listener.removed then
      if listener.once then
        remove(self, name, entry, listener)
      end
      local err = failure_of(xpcall(listener.fn, on_raise, ...))
      if err and own_cancellation(err) then
        cancelled = err
      elseif err then
        task.spawn(error, err, 0)
      end
    end
  end
  return cancelled
end

-- Whoever waits now gets what `...` is; they run later, so none of them is met twice.
local function wake_all(entry, failed, ...)
  local values, place = { n = select("#", ...), failed = failed, ... }, entry.waiters:wake()
  local any = place ~= nil
  while place do
    place.values = values
    place = entry.waiters:wake()
  end
  return any
end

-- Who waits for anything else gets the error.
local function fail_waiters(self, ...)
  local any = false
  for _, name in ipairs(self:event_names()) do
    if name ~= "error" then
      any = wake_all(find_entry(self, name), true, ...) or any
    end
  end
  return any
end

local function raise(value)
  if value == nil then
    value = "an 'error' event without an error, and without a listener"
  end
  error(value, type(value) == "string" and 3 or 0)
end

--- Tell everybody: call the listeners in turn, wake the tasks that wait. Nobody listens to an "error": it is raised.
--- An "error" also wakes who waits for any other event, with that error.
---@param name any
---@param ... any what the listeners get
---@return boolean heard whether anybody listened
function Emitter:emit(name, ...)
  check_name("emit", name)
  local entry = find_entry(self, name)
  local heard = entry ~= nil and (wake_all(entry, false, ...) or #entry.list > 0)
  if name == "error" then
    heard = fail_waiters(self, ...) or heard
    if not heard then
      raise((...))
    end
  end
  local cancelled = entry and call_all(self, name, entry, ...)
  if cancelled then
    error(cancelled, 0)
  end
  return heard
end

-- Waiting

local function as_error(value)
  return errors.is(value) and value or errors.new("ESCRIPT", tostring(value), { value = value })
end

local function wait(self, name)
  check_name("wait", name)
  local entry = entry_of(self, name)
  entry.waiting = entry.waiting + 1
  local returned, ok, err, place = pcall(entry.waiters.wait, entry.waiters, "event.wait")
  entry.waiting = entry.waiting - 1
  drop_if_empty(self, name, entry)
  if not returned then
    error(ok, 0)
  elseif not ok then
    return nil, err
  elseif place.values.failed then
    return nil, as_error(place.values[1])
  end
  return unpack(place.values, 1, place.values.n)
end

--- Wait for the next event of that name: what it carries. task.timeout bounds the wait.
---
---     local task = require "neap.task"
---     local server = require("neap.events").new()
---     task.defer(server.emit, server, "ready", 8080)
---     local port = server:wait("ready")
---@param self neap.events.Emitter
---@param name any
---@param callback? fun(err?: neap.Error, ...: any)
---@return any ... what was given to emit
---@return neap.Error? err that an "error" event carried meanwhile, unless that is what is waited for
Emitter.wait = task.operation(wait)

-- Making

--- A new emitter.
---@return neap.events.Emitter
function events.new()
  return setmetatable({}, Emitter)
end

local METHODS = { "on", "once", "off", "emit", "wait", "remove_all", "listener_count", "event_names" }

--- Give a class (the table that is its objects' `__index`) an emitter's methods; those it has stay.
---
---     local Job = require("neap.events").mixin {}
---     Job.__index = Job
---     local job = setmetatable({}, Job)
---     job:on("done", print)
---     job:emit("done", "well")
---@generic T: table
---@param class T
---@return T|neap.events.Emitter class the same
function events.mixin(class)
  check("mixin", 1, "table", class)
  for _, name in ipairs(METHODS) do
    if rawget(class, name) == nil then
      class[name] = Emitter[name]
    end
  end
  return class
end

return events
