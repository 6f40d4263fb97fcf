-- all, race, map, each and retry beyond the ordinary: leaving early, failures, wrong arguments.

local errors = require "neap.errors"
local task = require "neap.task"
local test = require "neap.test"
local time = require "neap.time"

local describe, it, equal, fails, raises = test.describe, test.it, test.equal, test.fails, test.raises

local function refuse()
  return nil, errors.new("ENOTEA", "there is no tea")
end

describe("all", function()
  it("of nothing is nothing", function() equal(task.all {}, { n = 0 }) end)

  it("keeps nil and false at their places", function()
    local results = task.all { function() end, function() return false end, function() return 3 end }
    equal(results, { n = 3, [2] = false, [3] = 3 })
  end)

  it("takes nil and an error returned for a failure", function()
    local ended = "no"
    raises(function()
      task.all { refuse, function() ended = task.sleep(5) and "late" or "cancelled" end }
    end, "ENOTEA")
    assert(ended ~= "late")
  end)

  it("is cancelled whole", function()
    local stopped = 0
    fails("ETIMEDOUT", task.timeout, 0.002, task.all, {
      function() if not task.sleep(5) then stopped = stopped + 1 end end,
      function() if not task.sleep(5) then stopped = stopped + 1 end end,
    })
    equal(stopped, 2)
  end)
end)

describe("race", function()
  it("gives all results of the first, also nil and an error, which raises if it is dropped", function()
    equal({ task.race { function() return 1, nil, 3 end, function() task.sleep(5) end } }, { 1, nil, 3 })
    fails("ENOTEA", task.race { refuse, function() task.sleep(5) end })
    raises(function() task.race { refuse } end, "ENOTEA")
  end)

  it("raises what the first raised", function()
    raises(function() task.race { function() error("lost") end, function() task.sleep(5) end } end, "lost")
  end)

  it("waits for the losers to clean up", function()
    local clean = false
    task.race {
      function() task.sleep(0.001) return 1 end,
      function()
        local _ = task.sleep(5)
        task.shield(1, task.sleep, 0.002)
        clean = true
      end,
    }
    equal(clean, true)
  end)

  it("of nothing is a mistake", function()
    raises(function() task.race {} end, "bad argument #1 to 'race'")
  end)
end)

describe("map", function()
  it("keeps inputs' places whatever ends first, and counts them", function()
    local results = task.map({ 3, 1, 2 }, function(n)
      task.sleep(n / 1000)
      return n ~= 1 and n * 10 or nil
    end)
    equal(results, { n = 3, [1] = 30, [3] = 20 })
  end)

  it("runs at most limit at once; timeouts are no failures", function()
    local running, most = 0, 0
    local results = task.map({ 1, 2, 3, 4, 5, 6 }, { limit = 2, timeout = 0.5 }, function(n)
      running = running + 1
      most = math.max(most, running)
      task.sleep(n == 3 and 10 or 0.001)
      running = running - 1
      return n * n
    end)
    equal({ most, results[1], results[3], results[6], results.n }, { 2, 1, nil, 36, 6 })
  end)

  it("raises the first failure, starts no more, and cancels the rest", function()
    local started = 0
    raises(function()
      task.map({ 1, 2, 3, 4, 5, 6 }, { limit = 2 }, function(n)
        started = started + 1
        if n == 2 then return refuse() end
        task.sleep(5)
      end)
    end, "ENOTEA")
    equal(started, 2)
  end)

  it("starts as many a second as rate says, without a burst after a pause", function()
    local times = {}
    task.map({ 1, 2, 3, 4, 5 }, { rate = 200, limit = 1 }, function(n)
      times[n] = time.monotonic()
      if n == 1 then task.sleep(0.02) end
    end)
    assert(times[5] - times[2] >= 0.009, "five starts in " .. times[5] - times[2])
  end)

  it("refuses wrong options, naming the caller's line", function()
    for _, options in ipairs { { limit = 0 }, { rate = -1 }, { timeout = "1" } } do
      local err = raises(function() task.map({}, options, print) end, "bad option")
      assert(err:find "many_spec%.lua")
    end
    raises(function() task.map({}, {}) end, "bad argument #3 to 'map' %(function expected, got nil%)")
    raises(function() task.map(5, print) end, "bad argument #1 to 'map' %(table expected, got number%)")
  end)

  it("refuses an option that it has not, and says which it has", function()
    local pace = "%(options: limit, rate, timeout%)"
    local err = raises(function() task.map({}, { limt = 1 }, print) end, "bad option 'limt' of 'map' " .. pace)
    assert(err:find "many_spec%.lua")
    raises(function() task.each({}, { limt = 1 }, print) end, "bad option 'limt' of 'each' " .. pace)
    raises(function() task.retry({ tries = 1 }, print) end, "'tries' of 'retry' %(options: delay, most, times%)")
    raises(function() task.retry({ times = 0 }, print) end, "bad option 'times' of 'retry'")
    raises(function() task.map({}, { limit = 1.5 }, print) end, "integer from 1 on expected, got 1.5")
    raises(function() task.retry {} end, "bad argument #2 to 'retry'")
  end)
end)

describe("each", function()
  it("gives inputs with values as they finish, errors with theirs", function()
    local got = {}
    for input, value, err in task.each({ 3, 1, 2 }, function(n)
      task.sleep(n * 0.003)
      if n == 2 then return refuse() end
      if n == 3 then error("three", 0) end
      return n * 10
    end) do
      got[#got + 1] = { input, value, err and tostring(err) }
    end
    equal(got, { { 1, 10 }, { 2, nil, "ENOTEA: there is no tea" }, { 3, nil, "three" } })
  end)

  it("gives a timeout as that input's error", function()
    for _, value, err in task.each({ 1 }, { timeout = 0.001 }, function() task.sleep(5) end) do
      equal({ value, err.code }, { nil, "ETIMEDOUT" })
    end
  end)

  it("left early stops what still runs, once the iterator is collected", function()
    local started, stopped = 0, 0
    local function work(n)
      started = started + 1
      if n == 1 then return n end
      if not task.sleep(5) then stopped = stopped + 1 end
    end
    local function first() return (task.each({ 1, 2, 3, 4, 5, 6 }, { limit = 3 }, work)()) end
    equal(first(), 1)
    for _ = 1, 20 do
      collectgarbage()
      task.yield()
    end
    equal(stopped, started - 1)
    assert(started < 6)
  end)

  it("is cancelled with the task that iterates", function()
    local stopped = 0
    fails("ETIMEDOUT", task.timeout, 0.003, function()
      for _ in task.each({ 1, 2 }, function() if not task.sleep(5) then stopped = stopped + 1 end end) do
        error "nothing ends"
      end
    end)
    task.sleep(0.001)
    equal(stopped, 2)
  end)

  it("of nothing ends at once", function()
    for _ in task.each({}, print) do error "something" end
  end)
end)

describe("retry", function()
  it("gives all results of the first success, with the attempt's number passed", function()
    equal({ task.retry({ delay = 0.001 }, function(attempt)
      if attempt < 3 then return refuse() end
      return attempt, nil, "yes"
    end) }, { 3, nil, "yes" })
  end)

  it("gives the last failure, returned or raised as it was", function()
    local calls = 0
    fails("ENOTEA", task.retry({ times = 2, delay = 0.001 }, function() calls = calls + 1 return refuse() end))
    equal(calls, 2)
    raises(function() task.retry({ times = 2, delay = 0.001 }, function() error("no", 0) end) end, "no")
  end)

  it("ends with its task, not with its attempts", function()
    local calls = 0
    fails("ETIMEDOUT", task.timeout, 0.01, task.retry, { times = 1000, delay = 0.004 }, function()
      calls = calls + 1
      return refuse()
    end)
    assert(calls < 5)
  end)
end)
