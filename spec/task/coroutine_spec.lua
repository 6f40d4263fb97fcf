-- Waits inside coroutines, and everything else through which a call can pass on its way to a wait.

local host = require "neap.host"
local task = require "neap.task"
local test = require "neap.test"

local describe, it, equal, raises = test.describe, test.it, test.equal, test.raises

describe("a coroutine that waits", function()
  it("gives its resumer what it yields, never what it waits for", function()
    local co = coroutine.create(function(a)
      for i = 1, 3 do
        task.sleep(0.001)
        a = coroutine.yield(a + i)
      end
      return "end"
    end)
    equal({ coroutine.resume(co, 10) }, { true, 11 })
    equal({ coroutine.resume(co, 20) }, { true, 22 })
    equal({ coroutine.resume(co, 30) }, { true, 33 })
    equal({ coroutine.resume(co, 40) }, { true, "end" })
    equal(coroutine.status(co), "dead")
    equal({ coroutine.resume(co) }, { false, "cannot resume dead coroutine" })
  end)

  it("works as a generator of generators", function()
    local function numbers(n)
      return coroutine.wrap(function()
        for i = 1, n do
          task.yield()
          coroutine.yield(i)
        end
      end)
    end
    local function pairs_of(n)
      return coroutine.wrap(function()
        for i in numbers(n) do
          for j in numbers(i) do
            task.yield()
            coroutine.yield(i, j)
          end
        end
      end)
    end
    local seen = {}
    for i, j in pairs_of(3) do seen[#seen + 1] = i * 10 + j end
    equal(seen, { 11, 21, 22, 31, 32, 33 })
  end)

  it("may fail after its wait: resume and wrap tell as always", function()
    local function fail() task.sleep(0.001) error("late", 0) end
    equal({ coroutine.resume(coroutine.create(fail)) }, { false, "late" })
    raises(coroutine.wrap(fail), "late")
    local value = {}
    local _, err = pcall(coroutine.wrap(function() task.yield() error(value) end))
    test.same(err, value)
  end)

  it("is normal meanwhile, and can be resumed by nobody else", function()
    local co = coroutine.create(function() task.sleep(0.004) return "own" end)
    local t = task.spawn(function() return select(2, coroutine.resume(co)) end)
    task.yield()
    equal(coroutine.status(co), "normal")
    equal({ coroutine.resume(co) }, { false, "cannot resume normal coroutine" })
    equal(t:wait(), "own")
    equal(coroutine.status(co), "dead")
  end)

  it("may be passed from task to task between its yields", function()
    local next_number = coroutine.wrap(function()
      for i = 1, 4 do
        task.sleep(0.001)
        coroutine.yield(i)
      end
    end)
    equal(task.spawn(next_number):wait(), 1)
    equal(next_number(), 2)
    equal(task.spawn(next_number):wait(), 3)
    equal(next_number(), 4)
  end)

  it("may start callbacks and tasks of its own", function()
    local order = {}
    coroutine.wrap(function()
      task.yield(function() order[#order + 1] = "callback" end)
      task.spawn(function() order[#order + 1] = "task" end):wait()
    end)()
    equal(order, { "callback", "task" })
  end)
end)

describe("a task's own level", function()
  it("is no coroutine", function()
    equal(coroutine.running(), nil)
    equal(coroutine.isyieldable(), false)
    raises(coroutine.yield, "attempt to yield from outside a coroutine")
    task.spawn(function() equal(coroutine.running(), nil) end):wait()
    local callback_running = "not called"
    task.yield(function() callback_running = coroutine.running() end)
    task.sleep(0.001)
    equal(callback_running, nil)
  end)

  it("has coroutines that know themselves", function()
    local co
    co = coroutine.create(function()
      task.yield()
      return coroutine.running() == co and coroutine.isyieldable(), coroutine.status(co)
    end)
    equal({ coroutine.resume(co) }, { true, true, "running" })
  end)
end)

describe("a wait", function()
  it("passes through pcall and xpcall, with results, errors and handlers in order", function()
    equal({ pcall(function() task.yield() return 1, nil end) }, { true, 1, nil })
    local function fail() task.yield() error("e", 0) end
    equal({ pcall(fail) }, { false, "e" })
    equal({ xpcall(fail, function(e) return e .. "!" end) }, { false, "e!" })
    equal({ pcall(pcall, pcall, fail) }, { true, true, false, "e" })
  end)

  it("passes through metamethods", function()
    local slow = setmetatable({}, {
      __index = function(_, key) task.yield() return key .. "?" end,
      __add = function(_, n) task.yield() return n end,
      __call = function(_, n) task.yield() return n * 2 end,
      __eq = function() task.yield() return true end,
      __lt = function() task.yield() return true end,
      __concat = function(_, text) task.yield() return text end,
      __len = function() task.yield() return 9 end,
    })
    equal({ slow.x, slow + 3, slow(4), slow .. "y", #slow }, { "x?", 3, 8, "y", 9 })
    equal(slow == setmetatable({}, getmetatable(slow)), true)
    equal(slow < slow, true)
  end)

  it("passes through iterators of for", function()
    local sum = 0
    for i in function(_, last) task.yield() return last < 5 and last + 1 or nil end, nil, 0 do sum = sum + i end
    equal(sum, 15)
  end)

  it("in compiled loops: ten thousand in a row, and never a wrong value", function()
    local function double(n)
      if n % 7 == 0 then task.yield() end
      return n * 2
    end
    local sum = 0
    for i = 1, 10000 do sum = sum + double(i) end
    equal(sum, 10000 * 10001)
  end)

  it("costs no memory that stays, however many there are", function()
    local function wait(n) for _ = 1, n do coroutine.wrap(task.yield)() end end
    local function used() collectgarbage() collectgarbage() return host.stats().memory end
    wait(2000)
    local before = used()
    wait(20000)
    assert(used() < before + 64 * 1024, used() - before)
  end)

  it("in sort, gsub and the like raises EWAIT that names the script's line, and harms nothing", function()
    local cases = {
      function() table.sort({ 2, 1 }, function(a, b) task.sleep(0) return a < b end) end,
      function() return (("x"):gsub("x", function() task.sleep(0) end)) end,
      function() coroutine.wrap(function() table.sort({ 2, 1 }, function() task.sleep(0) end) end)() end,
      function() table.sort({ 2, 1 }, function() coroutine.wrap(function() task.sleep(0) end)() end) end,
      function() return ("%s"):format(setmetatable({}, { __tostring = function() task.sleep(0) return "" end })) end,
    }
    for i, case in ipairs(cases) do
      local ok, err = pcall(case)
      assert(not ok, i)
      equal(err.code, "EWAIT")
      assert(err.message:find "^[^:]*coroutine_spec%.lua:%d+: ", i .. ": " .. err.message)
      assert(task.yield())
    end
  end)

  it("in sort is possible as a callback", function()
    local called = 0
    table.sort({ 3, 2, 1 }, function(a, b)
      task.yield(function() called = called + 1 end)
      return a < b
    end)
    equal(called, 0)
    task.sleep(0.001)
    assert(called > 0)
  end)

  it("may be no coroutine at all where nothing may wait: an error, and waits go on elsewhere", function()
    local ok, err = pcall(table.sort, { 1, 2, 3 }, function() coroutine.resume(5) end)
    equal({ ok, err:find("coroutine expected, got number", 1, true) ~= nil }, { false, true })
    equal(task.sleep(0), true)
  end)
end)
