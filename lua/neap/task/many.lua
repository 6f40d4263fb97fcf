-- neap.task.many: task.all, race, map, each and retry.

local errors = require "neap.errors"
local monotonic = require "neap_time".monotonic
local native = require "neap_task"
local options = require "neap.options"
local task = require "neap.task"

local settle, unpack, ipairs, type = task.settle, unpack, ipairs, type

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

local PACE = { limit = options.integer(1), rate = options.above(0), timeout = options.above(0) }
local checks = {
  map = options.checker("map", PACE),
  each = options.checker("each", PACE),
  retry = options.checker("retry", {
    times = options.integer(1), delay = options.number(0), most = options.number(0),
  }),
}

-- The arguments that end in options, which may be left out, and a function. Called by the public function `name`.
local function check_last(name, given, fn, index)
  if fn == nil and type(given) == "function" then
    return {}, given
  end
  checks[name](given, 4)
  if type(fn) ~= "function" then
    error(("bad argument #%d to '%s' (function expected, got %s)"):format(index, name, type(fn)), 3)
  end
  return given or {}, fn
end

local function check_inputs(name, inputs)
  if type(inputs) ~= "table" then
    error(("bad argument #1 to '%s' (table expected, got %s)"):format(name, type(inputs)), 3)
  end
end

---@class neap.task.Pace
---@field limit? integer how many at once
---@field rate? number how many are started a second
---@field timeout? number seconds for each

-- Two functions: before one more input is started, which waits as limit and rate say; when it is over.
local function pace(given)
  local limit = given.limit and task.semaphore(given.limit)
  local interval = given.rate and 1 / given.rate
  local due = monotonic()
  return function()
    if limit then
      assert(limit:acquire())
    end
    if interval then
      local now = monotonic()
      if due > now then
        assert(native.sleep(due - now))
      end
      due = math.max(due, now - interval) + interval
    end
  end, function()
    if limit then
      limit:release()
    end
  end
end

local function bounded(seconds, fn)
  if not seconds then
    return fn
  end
  return function(...)
    return task.timeout(seconds, fn, ...)
  end
end

--- fn(input) for every input, at most `limit` at once, `rate` started a second, each for `timeout`
--- seconds (a timeout gives no result and is no failure). The first failure cancels the rest and is raised.
---@param inputs any[]
---@param given? neap.task.Pace
---@param fn fun(input: any): any
---@return table results at their inputs' indexes; `n` is the count of inputs
local function map(inputs, given, fn)
  check_inputs("map", inputs)
  given, fn = check_last("map", given, fn, 3)
  local results = { n = #inputs }
  local start, stop = pace(given)
  local call = bounded(given.timeout, fn)
  local ok, err = task.group(function(group)
    for i = 1, results.n do
      start()
      group:spawn(function()
        local value, failure = call(inputs[i])
        stop()
        if value == nil and errors.is(failure) and not (given.timeout and failure.code == "ETIMEDOUT") then
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
---@param given? neap.task.Pace
---@param fn fun(input: any): any
---@return fun(): any, any, neap.Error?
local function each(inputs, given, fn)
  check_inputs("each", inputs)
  given, fn = check_last("each", given, fn, 3)
  local n, taken = #inputs, 0
  local done = task.channel(n)
  local start, stop = pace(given)
  local lease = native.lease(feed, inputs, start, stop, bounded(given.timeout, fn), done)
  return function()
    if taken == n then
      return nil
    end
    local item, err = done:receive()
    if not item then
      native.lease_end(lease)
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
---@param given? {times?: integer, delay?: number, most?: number}
---@param fn fun(attempt: integer): ...
---@return any ... its results; nil and an error: of the last attempt
local function retry(given, fn)
  given, fn = check_last("retry", given, fn, 2)
  local delay, times = given.delay or 0.1, given.times or 3
  for attempt = 1, times do
    local results = pack(pcall(fn, attempt))
    if succeeded(results[1], results[2], results[3]) then
      return unpack(results, 2, results.n)
    elseif attempt == times and not results[1] then
      error(results[2], 0)
    elseif attempt == times then
      return settle(nil, results[3])
    end
    local ok, err = native.sleep(delay)
    if not ok then
      return settle(nil, err)
    end
    delay = math.min(delay * 2, given.most or 10)
  end
end

return { all = all, race = race, map = map, each = each, retry = retry }
