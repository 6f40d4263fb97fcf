-- neap.task: structured tasks. A task reads like blocking code and blocks nobody; groups end together.
--
--   spawn(fn, ...) -> task        group(fn) -> ...           timeout(seconds, fn, ...) -> ... | nil, err
--   all(fns) -> results           race(fns) -> ...           map(inputs, options, fn) -> results
--   each(inputs, options, fn) -> iterator                    shield(seconds, fn, ...) -> ...
--   semaphore(n), channel(size)   retry(options, fn)         sleep(seconds), yield(), defer(fn, ...)
--   operation(fn) -> fn with both ways to wait               settle(...)

local core = require "neap_task"
local errors = require "neap_errors"

local settle = core.settle
local select, type, error, unpack, ipairs = select, type, error, unpack, ipairs

local task = { settle = settle }

-- An outcome (see host/task_lua.c) as results; what was raised is raised.
local function finish(ok, a, ...)
  if ok == true then
    return a, ...
  elseif ok == false then
    error(a, 0)
  elseif ok == nil then
    return settle(nil, a)
  end
  return unpack(a, 1, ok)
end

-- The same, but what was returned as nil, err is returned.
local function pass(ok, a, returned, ...)
  if ok == true then
    return a, returned, ...
  elseif ok == false then
    if returned then
      return settle(nil, a)
    end
    error(a, 0)
  elseif ok == nil then
    return settle(nil, a)
  end
  return unpack(a, 1, ok)
end

--- Start a detached task: it has no deadline, and its error goes to on_error unless it is waited for.
---@param fn function
---@param ... any its arguments
---@return neap.Task
task.spawn = core.spawn

--- Wait `seconds`.
---@param seconds number
---@param callback? fun(err?: neap.Error)
---@return true? ok
---@return neap.Error? err
function task.sleep(seconds, ...)
  return settle(core.sleep(seconds, ...))
end

--- Let everything that is ready now run first.
---@return true? ok
---@return neap.Error? err
function task.yield(...)
  return settle(core.yield(...))
end

local function answer(callback, ok, ...)
  if not ok then
    return callback((...))
  end
  local first, err = ...
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
  return function(...)
    local n = select("#", ...)
    local callback = n > 0 and select(n, ...) or nil
    if type(callback) ~= "function" then
      return settle(fn(...))
    end
    core.start(run_for_callback, fn, callback, drop_last(n - 1, ...))
  end
end

--- Run fn after everything that is ready now.
---@param fn function
---@param ... any
function task.defer(fn, ...)
  core.start(fn, ...)
end

-- Task objects

local Task, Group = core["neap.task"], core["neap.group"]

---@class neap.Task

--- Wait for its end: its results. Its error is raised.
Task.wait = task.operation(function(self)
  return finish(core.join(self))
end)

--- Cancel it: its wait returns nil and an ECANCELED error, every later one raises it.
function Task:cancel()
  core.cancel(self)
end

---@class neap.Group

--- Start a task of the group.
Group.spawn = core.group_spawn

--- Cancel all of its tasks.
Group.cancel = core.group_cancel

--- Run fn(group) and wait until all that it spawned is over; the first failure cancels the rest and is
--- raised.
---@param fn fun(group: neap.Group): ...
---@return ... what fn returned
function task.group(fn, ...)
  return finish(core.run(nil, false, true, fn, ...))
end

--- Run fn(...) for at most `seconds`: then it is cancelled, and the result is nil and ETIMEDOUT.
---@param seconds number
---@param fn function
---@param ... any
---@return any ... or nil and the error that fn returned
function task.timeout(seconds, fn, ...)
  return pass(core.run(seconds, false, false, fn, ...))
end

--- Run fn(...) so that no cancellation from outside reaches it, for at most `seconds`: for cleaning up.
---@param seconds number
---@param fn function
---@param ... any
function task.shield(seconds, fn, ...)
  return pass(core.run(seconds, true, false, fn, ...))
end

-- Waiting in turn: a queue of parkers

local function new_queue()
  return { first = 1, last = 0 }
end

local function wait_in(queue, name)
  local parker = core.parker()
  queue.last = queue.last + 1
  local place = queue.last
  queue[place] = parker
  local ok, err = core.park(parker, name)
  if queue[place] == parker then -- cancelled: not taken out by wake_one
    queue[place] = false
  end
  return ok, err
end

-- Wake the first that still waits: true if there was one.
local function wake_one(queue)
  while queue.first <= queue.last do
    local parker = queue[queue.first]
    queue[queue.first] = nil
    queue.first = queue.first + 1
    if parker and core.unpark(parker) then
      return true
    end
  end
  queue.first, queue.last = 1, 0
  return false
end

local function wake_all(queue)
  while wake_one(queue) do
  end
end

-- Semaphores

---@class neap.Semaphore
local Semaphore = {}
Semaphore.__index = Semaphore

--- n permits. `with` takes one for the time of a call.
---@param n integer
---@return neap.Semaphore
function task.semaphore(n)
  if type(n) ~= "number" or n < 1 then
    error("bad argument #1 to 'semaphore' (a number of at least 1 expected)", 2)
  end
  return setmetatable({ free = n, queue = new_queue() }, Semaphore)
end

local function acquire(self)
  if self.free > 0 then
    self.free = self.free - 1
    return true
  end
  return wait_in(self.queue, "semaphore.acquire") -- release hands its permit over
end

Semaphore.acquire = task.operation(acquire)

function Semaphore:release()
  if not wake_one(self.queue) then
    self.free = self.free + 1
  end
end

local function release_after(self, ok, ...)
  self:release()
  if not ok then
    error((...), 0)
  end
  return ...
end

function Semaphore:with(fn, ...)
  local ok, err = acquire(self)
  if not ok then
    return settle(nil, err)
  end
  return release_after(self, pcall(fn, ...))
end

-- Channels

---@class neap.Channel
local Channel = {}
Channel.__index = Channel

--- A queue of values between tasks: send waits while `size` values (default 0: until one receives) are
--- in it, receive while there are none.
---@param size? integer
---@return neap.Channel
function task.channel(size)
  return setmetatable({
    size = size or 0, first = 1, last = 0, senders = new_queue(), receivers = new_queue(),
    waiting = 0, values = {}, closed = false,
  }, Channel)
end

local function closed_error()
  return nil, errors.new("ECLOSED", "the channel is closed")
end

local function send(self, value)
  if self.closed then
    return closed_error()
  end
  while self.last - self.first + 1 >= self.size + self.waiting do
    local ok, err = wait_in(self.senders, "channel.send")
    if not ok then
      return nil, err
    elseif self.closed then
      return closed_error()
    end
  end
  self.last = self.last + 1
  self.values[self.last] = value
  wake_one(self.receivers)
  return true
end

local function receive(self)
  while self.first > self.last do
    if self.closed then
      return closed_error()
    end
    self.waiting = self.waiting + 1
    wake_one(self.senders)
    local ok, err = wait_in(self.receivers, "channel.receive")
    self.waiting = self.waiting - 1
    if not ok then
      if self.first <= self.last then
        wake_one(self.receivers) -- it was woken for a value: another may have it
      end
      return nil, err
    end
  end
  local value = self.values[self.first]
  self.values[self.first] = nil
  self.first = self.first + 1
  wake_one(self.senders)
  return value
end

Channel.send = task.operation(send)
Channel.receive = task.operation(receive)

--- No more is sent; what is in it can still be received, then receive gives nil and ECLOSED.
function Channel:close()
  self.closed = true
  wake_all(self.senders)
  wake_all(self.receivers)
end

--- for value in channel:values() do
function Channel:each()
  return function()
    local value, err = receive(self)
    if value == nil and errors.is(err, "ECLOSED") then
      return nil
    elseif value == nil and err then
      error(err, 0)
    end
    return value
  end
end

-- Many at once

local function collect(results, i, ...)
  results[i] = (...)
end

--- Run every function at once and wait for all; the first failure cancels the rest and is raised.
---@param fns function[]
---@return table results the first result of each, at its index; `n` is their count
function task.all(fns)
  local results = { n = #fns }
  local ok, err = task.group(function(group)
    for i, fn in ipairs(fns) do
      group:spawn(function()
        collect(results, i, fn())
      end)
    end
    return true
  end)
  if not ok then
    return settle(nil, err)
  end
  return results
end

--- Run every function at once; the results of the first that ends, the rest are cancelled.
---@param fns function[]
---@return any ...
function task.race(fns)
  local winner
  local ok, err = task.group(function(group)
    for _, fn in ipairs(fns) do
      group:spawn(function()
        local results = { n = 0 }
        local function keep(...)
          results.n = select("#", ...)
          for i = 1, results.n do
            results[i] = (select(i, ...))
          end
        end
        keep(fn())
        if not winner then
          winner = results
          group:cancel()
        end
      end)
    end
    return true
  end)
  if winner then
    return unpack(winner, 1, winner.n)
  end
  return settle(ok, err)
end

-- Starts one more input when limit and rate allow. options: limit, rate (starts a second), timeout.
local function pace(options)
  local limit = options.limit and task.semaphore(options.limit)
  local interval = options.rate and 1 / options.rate
  local monotonic = require("neap_time").monotonic
  local due = monotonic()
  return function()
    if limit then
      assert(acquire(limit))
    end
    if interval then
      local now = monotonic()
      if due > now then
        assert(core.sleep(due - now))
      end
      due = math.max(due, now - interval) + interval
    end
  end, function()
    if limit then
      limit:release()
    end
  end
end

local function bounded(options, fn)
  if not options.timeout then
    return fn
  end
  return function(...)
    return task.timeout(options.timeout, fn, ...)
  end
end

local function arguments(name, options, fn)
  if fn == nil and type(options) == "function" then
    options, fn = {}, options
  end
  if type(fn) ~= "function" then
    error(("bad argument #3 to '%s' (function expected, got %s)"):format(name, type(fn)), 3)
  end
  return options or {}, fn
end

--- fn(input) for every input, at most `limit` at once, `rate` started a second, each for `timeout`
--- seconds (a timeout gives no result and is no failure). The first failure cancels the rest.
---@param inputs any[]
---@param options? {limit?: integer, rate?: number, timeout?: number}
---@param fn fun(input: any): any
---@return table results at their inputs' indexes; `n` is the count of inputs
function task.map(inputs, options, fn)
  options, fn = arguments("map", options, fn)
  local results, n = {}, #inputs
  local start, stop = pace(options)
  local call = bounded(options, fn)
  local ok, err = task.group(function(group)
    for i = 1, n do
      start()
      group:spawn(function()
        local value, failure = call(inputs[i])
        stop()
        if value == nil and errors.is(failure) and not (options.timeout and failure.code == "ETIMEDOUT") then
          return nil, failure
        end
        results[i] = value
      end)
    end
    return true
  end)
  if not ok then
    return settle(nil, err)
  end
  results.n = n
  return results
end

--- for input, value, err in task.each(inputs, options, fn): the results as they come; a failure is that
--- input's err and stops nothing. Leaving the loop early cancels what still runs when the iterator is
--- collected.
---@param inputs any[]
---@param options? {limit?: integer, rate?: number, timeout?: number}
---@param fn fun(input: any): any
---@return fun(): any, any, neap.Error?
function task.each(inputs, options, fn)
  options, fn = arguments("each", options, fn)
  local done, n, taken = task.channel(#inputs), #inputs, 0
  local start, stop = pace(options)
  local call = bounded(options, fn)
  local feeder = task.spawn(function()
    return task.group(function(group)
      for i = 1, n do
        start()
        group:spawn(function()
          local ok, value, err = pcall(call, inputs[i])
          stop()
          if not ok then
            value, err = nil, value
          end
          send(done, { inputs[i], value, err })
        end)
      end
    end)
  end)
  return function()
    if taken == n then
      return nil
    end
    local item, err = receive(done)
    if not item then
      feeder:cancel()
      error(err, 0)
    end
    taken = taken + 1
    return item[1], item[2], item[3]
  end
end

--- Call fn until it succeeds: at most `times` (3), with pauses of `delay` (0.1) seconds that double up to
--- `most` (10). Its last failure is returned.
---@param options? {times?: integer, delay?: number, most?: number}
---@param fn fun(attempt: integer): any
function task.retry(options, fn)
  options, fn = arguments("retry", options, fn)
  local delay, times = options.delay or 0.1, options.times or 3
  for attempt = 1, times do
    local results = { pcall(fn, attempt) }
    local failed = not results[1] or (results[2] == nil and errors.is(results[3]))
    if not failed then
      return unpack(results, 2, table.maxn(results))
    end
    if attempt == times then
      if not results[1] then
        error(results[2], 0)
      end
      return settle(nil, results[3])
    end
    local ok, err = core.sleep(delay)
    if not ok then
      return settle(nil, err)
    end
    delay = math.min(delay * 2, options.most or 10)
  end
end

return task
