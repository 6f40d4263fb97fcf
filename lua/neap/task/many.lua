-- neap.task.many: task.all, race, map, each and retry.

local core = require "neap_task"
local task, errors = require "neap.task", require "neap.errors"
local monotonic = require "neap_time".monotonic

local settle, unpack, ipairs = core.settle, unpack, ipairs

local function pack(...)
  return { n = select("#", ...), ... }
end

local function check_functions(name, fns)
  if type(fns) ~= "table" or type(fns[1]) ~= "function" then
    error(("bad argument #1 to '%s' (a table of functions expected)"):format(name), 3)
  end
end

local function keep(results, i, ...)
  results[i] = (...)
  return ...
end

--- Run every function at once and wait for all; the first failure cancels the rest and is raised.
---@param fns function[]
---@return table results the first result of each, at its index; `n` is their count
local function all(fns)
  if #fns > 0 then
    check_functions("all", fns)
  end
  local results = { n = #fns }
  local ok, err = task.group(function(group)
    for i, fn in ipairs(fns) do
      group:spawn(function()
        return keep(results, i, fn())
      end)
    end
    return true
  end)
  if not ok then
    return settle(nil, err)
  end
  return results
end

--- Run every function at once: the results of the first that ends, the rest are cancelled.
---@param fns function[]
---@return any ...
local function race(fns)
  check_functions("race", fns)
  local winner
  local ok, err = task.group(function(group)
    for _, fn in ipairs(fns) do
      group:spawn(function()
        local results = pack(fn())
        if not winner then
          winner = results
          group:cancel()
        end
      end)
    end
    return true
  end)
  if winner then
    return settle(unpack(winner, 1, winner.n))
  end
  return settle(ok, err)
end

local function check_options(name, options, fn)
  if fn == nil and type(options) == "function" then
    options, fn = {}, options
  end
  options = options or {}
  if type(fn) ~= "function" then
    error(("bad argument #3 to '%s' (function expected, got %s)"):format(name, type(fn)), 3)
  end
  for _, key in ipairs { "limit", "rate", "timeout" } do
    local value = options[key]
    if value ~= nil and not (type(value) == "number" and value > 0) then
      error(("bad option '%s' of '%s' (a number above 0 expected)"):format(key, name), 3)
    end
  end
  return options, fn
end

-- Two functions: before one more input is started, which waits as limit and rate say; when it is over.
local function pace(options)
  local limit = options.limit and task.semaphore(options.limit)
  local interval = options.rate and 1 / options.rate
  local due = monotonic()
  return function()
    if limit then
      assert(limit:acquire())
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

--- fn(input) for every input, at most `limit` at once, `rate` started a second, each for `timeout`
--- seconds (a timeout gives no result and is no failure). The first failure cancels the rest and is raised.
---@param inputs any[]
---@param options? {limit?: integer, rate?: number, timeout?: number}
---@param fn fun(input: any): any
---@return table results at their inputs' indexes; `n` is the count of inputs
local function map(inputs, options, fn)
  options, fn = check_options("map", options, fn)
  local results = { n = #inputs }
  local start, stop = pace(options)
  local call = bounded(options, fn)
  local ok, err = task.group(function(group)
    for i = 1, results.n do
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
  return results
end

-- Runs all of them and sends { input, value, err } for each.
local function feed(inputs, start, stop, call, done)
  return task.group(function(group)
    for i = 1, #inputs do
      start()
      group:spawn(function()
        local ok, value, err = pcall(call, inputs[i])
        stop()
        if not ok then
          value, err = nil, value
        end
        done:send({ inputs[i], value, err })
      end)
    end
  end)
end

--- for input, value, err in task.each(inputs, options, fn): the results as they come; a failure is that
--- input's err and stops nothing. What still runs is cancelled with the task that called each, and, after
--- the loop was left early, when the iterator is collected.
---@param inputs any[]
---@param options? {limit?: integer, rate?: number, timeout?: number}
---@param fn fun(input: any): any
---@return fun(): any, any, neap.Error?
local function each(inputs, options, fn)
  options, fn = check_options("each", options, fn)
  local n, taken = #inputs, 0
  local done = task.channel(n)
  local start, stop = pace(options)
  local lease = core.lease(feed, inputs, start, stop, bounded(options, fn), done)
  return function()
    if taken == n then
      return nil
    end
    local item, err = done:receive()
    if not item then
      core.lease_end(lease)
      error(err, 0)
    end
    taken = taken + 1
    return item[1], item[2], item[3]
  end
end

local function succeeded(ok, value, err)
  return ok and not (value == nil and errors.is(err))
end

--- Call fn until it succeeds: at most `times` (3), with pauses of `delay` (0.1) seconds that double up to
--- `most` (10). Its last failure is returned, or raised if it was.
---@param options? {times?: integer, delay?: number, most?: number}
---@param fn fun(attempt: integer): any
local function retry(options, fn)
  options, fn = check_options("retry", options, fn)
  local delay, times = options.delay or 0.1, options.times or 3
  for attempt = 1, times do
    local results = pack(pcall(fn, attempt))
    if succeeded(results[1], results[2], results[3]) then
      return unpack(results, 2, results.n)
    elseif attempt == times and not results[1] then
      error(results[2], 0)
    elseif attempt == times then
      return settle(nil, results[3])
    end
    local ok, err = core.sleep(delay)
    if not ok then
      return settle(nil, err)
    end
    delay = math.min(delay * 2, options.most or 10)
  end
end

return { all = all, race = race, map = map, each = each, retry = retry }
