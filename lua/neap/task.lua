-- neap.task: structured tasks. A task reads like blocking code and blocks nobody; groups end together.
--
--   spawn(fn, ...) -> task        group(fn) -> ...           timeout(seconds, fn, ...) -> ... | nil, err
--   all(fns) -> results           race(fns) -> ...           map(inputs, options, fn) -> results
--   each(inputs, options, fn) -> iterator                    shield(seconds, fn, ...) -> ...
--   semaphore(n), channel(size)   retry(options, fn)         sleep(seconds), yield(), defer(fn, ...)
--   operation(fn) -> fn with both ways to wait               settle(...)
--
-- neap/task/ holds what is built on these: queue.lua (waiting in turn), semaphore.lua, channel.lua, many.lua
-- (all, race, map, each, retry).

local errors = require "neap_errors"
local native = require "neap_task"

local settle = native.settle
local select, type, error, unpack, rawget = select, type, error, unpack, rawget

local task = {}

--- Returns its arguments. When they are nil and an error, and whoever called the function that ends in
--- `return settle(...)` takes no results, the error raises: so none is lost. The last line of a function that can fail.
---@param ... any
---@return any ... the same
task.settle = settle

local function check(name, index, expected, value)
  if type(value) ~= expected then
    error(("bad argument #%d to '%s' (%s expected, got %s)"):format(index, name, expected, type(value)), 3)
  end
end

-- A failure that crosses tasks is an error object; a value of the script's own kind is raised as it was.
local function raise(err)
  local value = rawget(err, "value")
  if value == nil or type(value) == "string" then
    value = err
  end
  error(value, 0)
end

-- What is no success: what was raised is raised. `a` is the error, or all results when they are many.
local function unsettled(ok, a)
  if ok == false then
    raise(a)
  elseif ok == nil then
    return settle(nil, a)
  end
  return unpack(a, 1, ok)
end

-- An outcome (see host/task_lua.c) as results.
local function finish(ok, ...)
  if ok == true then
    return ...
  end
  return unsettled(ok, ...)
end

-- The same, but what was returned as nil, err is returned.
local function pass(ok, ...)
  local _, returned = ...
  if ok == true then
    return ...
  elseif ok == false and returned then
    return settle(nil, (...))
  end
  return unsettled(ok, ...)
end

--- Start a detached task: it has no deadline, and its error goes to on_error unless it is waited for.
---@param fn function
---@param ... any its arguments
---@return neap.task.Task
task.spawn = native.spawn

--- Wait `seconds`.
---@param seconds number
---@param callback? fun(err?: neap.Error)
---@return true? ok
---@return neap.Error? err
function task.sleep(seconds, ...)
  return settle(native.sleep(seconds, ...))
end

--- Let everything that is ready now run first.
---@param callback? fun(err?: neap.Error)
---@return true? ok
---@return neap.Error? err
function task.yield(...)
  return settle(native.yield(...))
end

local function answer(callback, ok, ...)
  local first, err = ...
  if not ok then
    return callback(errors.is(first) and first or errors.new("ESCRIPT", tostring(first)))
  end
  if first == nil and errors.is(err) then
    return callback(err)
  end
  return callback(nil, ...)
end

local function run_for_callback(fn, callback, ...)
  return answer(callback, pcall(fn, ...))
end

local function drop_last(n, ...)
  local arguments = { ... }
  return unpack(arguments, 1, n)
end

--- Give a Lua function that waits both ways to wait: with a function as last argument passed it
--- returns at once, and that function is called with (err, ...).
---@param fn function
---@return function
function task.operation(fn)
  check("operation", 1, "function", fn)
  return function(...)
    local n = select("#", ...)
    local callback = n > 0 and select(n, ...) or nil
    if type(callback) ~= "function" then
      return settle(fn(...))
    end
    native.start(run_for_callback, fn, callback, drop_last(n - 1, ...))
  end
end

--- Run fn after everything that is ready now.
---@param fn function
---@param ... any
function task.defer(fn, ...)
  check("defer", 1, "function", fn)
  native.start(fn, ...)
end

-- Task objects

local Task, Group = native["neap.task"], native["neap.group"]

---@class neap.task.Task

--- Wait for its end: its results. Its error is raised.
---@param self neap.task.Task
---@param callback? fun(err?: neap.Error, ...: any)
---@return any ... what its function returned
Task.wait = task.operation(function(self)
  return finish(native.join(self))
end)

--- Cancel it: its wait returns nil and an ECANCELED error, every later one raises it.
function Task:cancel()
  native.cancel(self)
end

---@class neap.task.Group

--- Start a task of the group.
---@param self neap.task.Group
---@param fn function
---@param ... any its arguments
---@return neap.task.Task
Group.spawn = native.group_spawn

--- Cancel all of its tasks.
---@param self neap.task.Group
Group.cancel = native.group_cancel

--- Run fn(group, ...) and wait until all that it spawned is over; the first failure cancels the rest and is
--- raised.
---@param fn fun(group: neap.task.Group, ...): ...
---@param ... any
---@return any ... what fn returned
function task.group(fn, ...)
  check("group", 1, "function", fn)
  return finish(native.run(nil, false, true, fn, ...))
end

--- Run fn(...) for at most `seconds`: then it is cancelled, and the result is nil and ETIMEDOUT.
---@param seconds number below 0 is 0
---@param fn function
---@param ... any
---@return any ... or nil and the error that fn returned
function task.timeout(seconds, fn, ...)
  check("timeout", 1, "number", seconds)
  check("timeout", 2, "function", fn)
  return pass(native.run(seconds > 0 and seconds or 0, false, false, fn, ...))
end

--- Run fn(...) so that no cancellation from outside reaches it, for at most `seconds`: for cleaning up.
---@param seconds number below 0 is 0
---@param fn function
---@param ... any
---@return any ... what fn returned; nil and ETIMEDOUT when the time is up
function task.shield(seconds, fn, ...)
  check("shield", 1, "number", seconds)
  check("shield", 2, "function", fn)
  return pass(native.run(seconds > 0 and seconds or 0, true, false, fn, ...))
end

-- What is built on these is loaded by the first call of it: a plugin that uses none has none.
local function on_demand(module, ...)
  for _, name in ipairs { ... } do
    local fn
    task[name] = function(...)
      fn = fn or require(module)[name]
      return fn(...)
    end
  end
end

on_demand("neap.task.semaphore", "semaphore")
on_demand("neap.task.channel", "channel")
on_demand("neap.task.many", "all", "race", "map", "each", "retry")

return task
