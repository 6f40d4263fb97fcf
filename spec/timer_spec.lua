-- neap.timer: functions called later.

local task = require "neap.task"
local test = require "neap.test"
local time = require "neap.time"
local timer = require "neap.timer"
local describe, it, equal = test.describe, test.it, test.equal

describe("after", function()
  it("calls once, in a task that may wait, kept or not", function()
    local calls = task.channel(2)
    timer.after(0.002, function() task.sleep(0.001) calls:send "called" end)
    collectgarbage()
    equal(calls:receive(), "called")
    test.fails("ETIMEDOUT", task.timeout(0.01, calls.receive, calls))
  end)

  it("calls in the order of time, and of starting when that is the same", function()
    local seen = {}
    for i, seconds in ipairs { 0.006, 0.001, 0.003 } do
      timer.after(seconds, function() seen[#seen + 1] = i end)
    end
    task.sleep(0.02)
    equal(seen, { 2, 3, 1 })
  end)

  it("does not call when it was closed, which may be done twice", function()
    local called = false
    local t = timer.after(0.001, function() called = true end)
    equal(t:is_closed(), false)
    t:close()
    t:close()
    task.sleep(0.005)
    equal({ called, t:is_closed() }, { false, true })
  end)

  it("may be closed by its own function, or by another's that is due with it", function()
    local calls, b = 0, nil
    local a = timer.after(0.001, function() calls = calls + 1 b:close() end)
    b = timer.after(0.001, function() calls = calls + 1 a:close() end)
    task.sleep(0.01)
    equal(calls, 1)
  end)

  it("raises for what is no time and no function", function()
    test.raises(function() timer.after(-1, print) end, "seconds")
    test.raises(function() timer.after(0 / 0, print) end, "seconds")
    test.raises(function() timer.after(math.huge, print) end, "seconds")
    test.raises(function() timer.after(1) end, "function")
    test.raises(function() timer.after("soon", print) end, "number")
  end)
end)

describe("every", function()
  it("takes the shortest time for one that can be counted", function()
    local calls, twice = 0, task.channel(1)
    local t
    t = timer.every(5e-324, function()
      calls = calls + 1
      if calls == 2 then
        t:close()
        twice:send(true)
      end
    end)
    equal(task.timeout(5, twice.receive, twice), true)
  end)

  it("leaves out what it missed, and keeps its beat", function()
    local began, calls = time.monotonic(), task.channel(1)
    local n = 0
    local t = timer.every(0.05, function()
      n = n + 1
      while n == 1 and time.monotonic() < began + 0.175 do end
      if n == 3 then calls:send(time.monotonic() - began) end
    end)
    local third = task.timeout(2, calls.receive, calls)
    t:close()
    assert(third > 0.199, third)
  end)
  it("calls until it is closed, without drift", function()
    local times, closed, t = {}, task.channel(1), nil
    local began = time.monotonic()
    t = timer.every(0.005, function()
      times[#times + 1] = time.monotonic() - began
      if #times == 4 then
        t:close()
        closed:send(true)
      end
    end)
    closed:receive()
    task.sleep(0.02)
    equal(#times, 4)
    assert(times[4] >= 0.019)
  end)

  it("makes one call for those that a busy program missed", function()
    local calls = 0
    local t = timer.every(0.001, function() calls = calls + 1 end)
    local clock = require("neap.time").monotonic
    local start = clock()
    while clock() - start < 0.02 do end
    task.yield()
    task.yield()
    t:close()
    assert(calls <= 2)
  end)
end)
