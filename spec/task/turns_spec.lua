-- Waiting in turn: semaphores and channels, also when somebody gives up.

local task = require "neap.task"
local test = require "neap.test"

local describe, it, equal, fails, raises = test.describe, test.it, test.equal, test.fails, test.raises

local function settled(ticks)
  for _ = 1, ticks or 5 do assert(task.yield()) end
end

describe("a semaphore", function()
  it("lets n in at once", function()
    local semaphore, inside, most = task.semaphore(3), 0, 0
    task.map({ 1, 2, 3, 4, 5, 6, 7, 8 }, function()
      semaphore:with(function()
        inside = inside + 1
        most = math.max(most, inside)
        task.sleep(0.001)
        inside = inside - 1
      end)
    end)
    equal(most, 3)
  end)

  it("hands a permit to the first who asked, not to who comes by", function()
    local semaphore, order = task.semaphore(1), {}
    local function take(name)
      return function()
        semaphore:acquire()
        order[#order + 1] = name
        task.yield()
        semaphore:release()
      end
    end
    task.all { take "a", take "b", function() take "c" () take "late" () end, take "d" }
    equal(order, { "a", "b", "c", "d", "late" })
  end)

  it("loses no permit when a waiter is cancelled just after it was given one", function()
    local semaphore = task.semaphore(1)
    semaphore:acquire()
    local t = task.spawn(function() return semaphore:acquire() end)
    task.yield()
    semaphore:release()              -- t has it, but has not run
    t:cancel()
    pcall(t.wait, t)
    equal(task.timeout(0.1, function() return semaphore:acquire() end), true)
  end)

  it("gives its permit back when the function raises, or returns an error, which raises if it is dropped", function()
    local semaphore = task.semaphore(1)
    raises(function() semaphore:with(error, "boom") end, "boom")
    fails("ETIMEDOUT", semaphore:with(task.timeout, 0.001, task.sleep, 1))
    raises(function() semaphore:with(task.timeout, 0.001, task.sleep, 1) end, "ETIMEDOUT")
    equal(semaphore:with(function(...) return select("#", ...) end, nil, nil), 2)
  end)

  it("takes a callback", function()
    local semaphore, order = task.semaphore(1), {}
    semaphore:acquire(function() order[#order + 1] = "first" end)
    semaphore:acquire(function() order[#order + 1] = "second" end)
    settled()
    equal(order, { "first" })
    semaphore:release()
    settled()
    equal(order, { "first", "second" })
  end)

  it("keeps nothing of those who may not wait where they asked", function()
    local semaphore = task.semaphore(1)
    semaphore:acquire()
    for _ = 1, 100 do
      pcall(table.sort, { 1, 2 }, function() semaphore:acquire() end)
    end
    equal(semaphore.queue.last - semaphore.queue.first + 1, 0)
    semaphore:release()
  end)

  it("has a whole number of permits", function()
    raises(function() task.semaphore(1.5) end, "whole number")
  end)

  it("released too often, or of no size, is a mistake", function()
    raises(function() task.semaphore(1):release() end, "more often than acquired")
    raises(function() task.semaphore(0) end, "at least 1")
  end)
end)

describe("a channel", function()
  it("without room: send waits until the value is received", function()
    local channel, order = task.channel(), {}
    task.all {
      function() channel:send(1) order[#order + 1] = "sent" end,
      function() settled() order[#order + 1] = "receiving" equal(channel:receive(), 1) end,
    }
    equal(order, { "receiving", "sent" })
  end)

  it("with room: send waits when it is full", function()
    local channel, sent = task.channel(2), 0
    local t = task.spawn(function() for i = 1, 5 do channel:send(i) sent = i end end)
    settled()
    equal(sent, 2)
    for i = 1, 5 do equal(channel:receive(), i) end
    t:wait()
  end)

  it("serves receivers in turn, also when somebody comes by", function()
    local channel, got = task.channel(), {}
    local function receiver(name)
      return function()
        local value = channel:receive()
        got[#got + 1] = name .. value
      end
    end
    local a, b = task.spawn(receiver "a"), task.spawn(receiver "b")
    settled()
    channel:send(1)
    local c = task.spawn(receiver "c")
    channel:send(2)
    channel:send(3)
    a:wait() b:wait() c:wait()
    table.sort(got)
    equal(got, { "a1", "b2", "c3" })
  end)

  it("keeps values in order over many senders that wait", function()
    local channel, got = task.channel(1), {}
    for i = 1, 6 do task.spawn(function() channel:send(i) end) end
    settled()
    for i = 1, 6 do got[i] = channel:receive() end
    equal(got, { 1, 2, 3, 4, 5, 6 })
  end)

  it("loses no value when its receiver is cancelled with it in hand", function()
    local channel = task.channel()
    local t = task.spawn(function() return channel:receive() end)
    settled()
    channel:send("precious")
    t:cancel()
    pcall(t.wait, t)
    equal(task.timeout(0.1, function() return channel:receive() end), "precious")
  end)

  it("forgets the value of a sender that was cancelled", function()
    local channel = task.channel()
    local t = task.spawn(function() return channel:send("withdrawn") end)
    settled()
    t:cancel()
    pcall(t.wait, t)
    task.spawn(function() channel:send("next") end)
    equal(channel:receive(), "next")
  end)

  it("closed: what is in it can be received, then ECLOSED; senders get it at once", function()
    local channel = task.channel(2)
    channel:send(1)
    channel:send(false)
    local t = task.spawn(function() return fails("ECLOSED", channel:send(3)) end)
    settled()
    channel:close()
    t:wait()
    equal(channel:receive(), 1)
    equal(channel:receive(), false)
    fails("ECLOSED", channel:receive())
    fails("ECLOSED", channel:send(4))
    raises(function() channel:send(4) end, "ECLOSED")
    channel:close()
  end)

  it("closed wakes all that wait to receive", function()
    local channel, codes = task.channel(), {}
    local waiters = {}
    for i = 1, 3 do
      waiters[i] = task.spawn(function() codes[i] = select(2, channel:receive()).code end)
    end
    settled()
    channel:close()
    for i = 1, 3 do waiters[i]:wait() end
    equal(codes, { "ECLOSED", "ECLOSED", "ECLOSED" })
  end)

  it("is iterated until it is closed and empty", function()
    local channel, sum = task.channel(), 0
    task.spawn(function()
      for i = 1, 10 do channel:send(i) end
      channel:close()
    end)
    for value in channel:each() do sum = sum + value end
    equal(sum, 55)
  end)

  it("carries functions like other values; the callback comes after the value", function()
    local channel, sent = task.channel(), false
    channel:send(print, function(err) sent = not err end)
    settled(3)
    equal(channel:receive(), print)
    settled()
    equal(sent, true)
  end)

  it("carries no nil, which would mean the end", function()
    raises(function() task.channel(1):send(nil) end, "nil cannot be sent")
  end)

  it("does not grow with waits that gave up", function()
    local channel = task.channel()
    for _ = 1, 200 do fails("ETIMEDOUT", task.timeout, 0, function() return channel:receive() end) end
    local entries = 0
    for key in pairs(channel.receivers) do entries = entries + (type(key) == "number" and 1 or 0) end
    assert(entries <= 1)
  end)
end)
