local fs = require "neap.fs"
local net = require "neap.net"
local task = require "neap.task"
local test = require "neap.test"
local time = require "neap.time"
local timer = require "neap.timer"

local describe, it = test.describe, test.it

local DAY = 86400

describe("test.clock", function()
  it("lets no time pass by itself", function()
    local clock = test.clock { now = 1000 }
    local before = time.monotonic()
    for _ = 1, 100 do task.yield() end
    test.equal({ time.now(), time.monotonic(), os.time() }, { 1000, before, 1000 })
    test.equal(os.date("!%H:%M:%S"), "00:16:40")
    clock:advance(DAY)
    test.equal({ time.now(), os.time(), time.monotonic() - before }, { 1000 + DAY, 1000 + DAY, DAY })
    test.equal(os.time { year = 2000, month = 1, day = 2, hour = 12 }
      - os.time { year = 2000, month = 1, day = 1, hour = 12 }, DAY)
  end)

  it("lets what is due happen in its order, each at its time, with what follows from it", function()
    local clock, happened = test.clock { now = 0 }, {}
    local function note(what) happened[#happened + 1] = what .. time.now() end
    local ticks = timer.every(20, function() note "tick" end)
    timer.after(30, function()
      note "after"
      task.sleep(15)
      note "slept"
    end)
    clock:advance(44)
    test.equal(happened, { "tick20", "after30", "tick40" })
    clock:advance(1)
    test.equal(happened[4], "slept45")
    ticks:close()
    clock:advance(100)
    test.equal(#happened, 4)
  end)

  it("fires timers of the same time in the order they were started", function()
    local clock, happened = test.clock(), {}
    for i = 1, 50 do timer.after(5, function() happened[i] = #happened + 1 end) end
    clock:advance(5)
    for i = 1, 50 do test.equal(happened[i], i) end
  end)

  it("goes for timeouts and deadlines", function()
    local clock, err = test.clock(), nil
    task.group(function(group)
      group:spawn(function() err = select(2, task.timeout(60, task.sleep, 3600)) end)
      clock:advance(59.9)
      test.equal(err, nil)
      clock:advance(0.1)
      test.equal(err.code, "ETIMEDOUT")
    end)
  end)

  it("does not stop what is due at once", function()
    local clock = test.clock()
    task.sleep(0)
    timer.after(0, test.calls())
    clock:advance(0)
  end)

  it("waits for files before time goes on", function()
    local clock, read = test.clock(), 0
    task.group(function(group)
      group:spawn(function()
        for _ = 1, 10 do
          assert(fs.read_file("/dev/null"))
          task.sleep(1)
          read = read + 1
        end
      end)
      clock:advance(10)
      test.equal(read, 10)
    end)
  end)

  it("waits for sockets before time goes on", function()
    local clock = test.clock { now = 0 }
    local server = net.listen({ host = "127.0.0.1", port = 0 }, function(stream)
      local text = stream:read()
      task.sleep(3600)
      stream:write(text .. " at " .. time.now())
    end)
    test.finally(function() server:close() end)
    local answer
    task.group(function(group)
      group:spawn(function()
        local stream = assert(net.connect("127.0.0.1", server.port))
        stream:write "asked"
        answer = stream:read()
        stream:close()
      end)
      clock:advance(3600)
    end)
    test.equal(answer, "asked at 3600")
  end)

  it("goes on by itself when it is automatic: hours are over at once", function()
    test.clock { now = 0, automatic = true }
    for _ = 1, 100 do task.sleep(3600) end
    test.fails("ETIMEDOUT", task.timeout(3600, task.sleep, 7200))
    test.equal(time.now(), 101 * 3600)
  end)

  it("goes on to the first timer", function()
    local clock = test.clock { now = 0 }
    test.equal(clock:next(), false)
    timer.after(10, test.calls())
    timer.after(20, test.calls())
    test.equal({ clock:next(), time.now() }, { true, 10 })
    test.equal({ clock:next(), time.now() }, { true, 20 })
    test.equal(clock:next(), false)
  end)

  it("fires each of many timers at its time", function()
    local clock, late = test.clock { now = 0 }, 0
    for i = 1, 2000 do
      timer.after((i * 7919) % 1000, function()
        if time.now() ~= (i * 7919) % 1000 then late = late + 1 end
      end)
    end
    for i = 1, 500 do timer.after(i, error):close() end
    clock:advance(1000)
    test.equal({ late, clock:next() }, { 0, false })
  end)

  it("does not come to what lasts for ever", function()
    local clock, fired = test.clock(), false
    local endless = task.spawn(function()
      task.sleep(math.huge)
      fired = true
    end)
    test.equal(clock:next(), false)
    timer.after(1, function() end)
    test.equal({ clock:next(), clock:next(), fired }, { true, false, false })
    clock:advance(1e9)
    test.equal(fired, false)
    endless:cancel()
  end)

  it("lets only one task at a time make it go on", function()
    local clock = test.clock()
    clock:advance(1, test.calls(function(err) test.equal(err and err.code, "EBUSY") end))
    clock:advance(1)
  end)

  it("may be stopped on its way", function()
    local clock = test.clock()
    local busy = timer.every(1, function() end)
    test.fails("ETIMEDOUT", task.timeout(5, clock.advance, clock, 1e9))
    busy:close()
    clock:advance(1)
  end)

  it("is taken once", function()
    test.clock()
    test.raises(function() test.clock() end, "taken already")
  end)

  it("takes no other option, and no time that goes back", function()
    test.raises(function() test.clock { automatc = true } end, "bad option 'automatc'")
    local clock = test.clock()
    for _, wrong in ipairs { -1, math.huge, 0 / 0 } do
      test.raises(function() clock:advance(wrong) end, "clock_spec.lua:%d+: bad argument #1 to 'advance' %(seconds")
    end
  end)
end)

describe("after test.clock", function()
  local before

  it("time", function()
    before = time.monotonic()
    test.clock { now = 0 }:advance(1000)
  end)

  it("is real, and monotonic time has not gone back", function()
    assert(time.now() > 1e9 and os.time() > 1e9)
    assert(time.monotonic() >= before + 1000)
    local began = time.monotonic()
    task.sleep(0.001)
    local slept = time.monotonic() - began
    assert(slept >= 0.001 and slept < 60, slept)
  end)

  local fired

  it("a timer that is left", function()
    local clock = test.clock()
    timer.after(10.001, function() fired = true end)
    clock:advance(10)
    test.equal(fired, nil)
  end)

  it("goes by the real one", function()
    test.equal(fired, true)
  end)

  describe("in a hook", function()
    local clock
    test.before(function() clock = test.clock() end)

    it("the test's deadline is real", function()
      clock:advance(1000)
    end)
  end)
end)
