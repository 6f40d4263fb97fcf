-- signal_spec.lua -- what neap.signal promises, with signals that this process sends itself or a child gets.

local process = require "neap.process"
local signal = require "neap.signal"
local system = require "neap.system"
local task = require "neap.task"
local test = require "neap.test"

local describe, it = test.describe, test.it
local equal, fails, raises = test.equal, test.fails, test.raises

local function send(name) assert(process.run { "kill", "-" .. name, tostring(system.pid()) }) end

local function wait_until(condition)
  while not condition() do task.sleep(0.005) end
end

-- A script that says "ready", and is sent a signal then.
local function status_after(name, code)
  local child = assert(process.spawn { "build/neap", "-e", code })
  child.stdout:read_line()
  child:kill(name)
  local output, status = child.stdout:read_all(), child:wait()
  child:close()
  return status, output
end

describe("neap.signal", function()
  it("calls the function whenever the signal comes", function()
    local names = {}
    local watcher = assert(signal.on("USR1", function(name) names[#names + 1] = name end))
    send "USR1"
    wait_until(function() return #names == 1 end)
    send "USR1"
    wait_until(function() return #names == 2 end)
    equal(names, { "USR1", "USR1" })
    watcher:close()
  end)

  it("calls it once", function()
    local calls = 0
    local once = assert(signal.once("USR1", function() calls = calls + 1 end))
    local twice = 0
    local watcher = assert(signal.on("USR1", function() twice = twice + 1 end))
    for n = 1, 2 do
      send "USR1"
      wait_until(function() return twice == n end)
    end
    equal(calls, 1)
    equal(once:is_closed(), true)
    watcher:close()
  end)

  it("waits, and can be cancelled", function()
    local waiting = task.spawn(signal.wait, "SIGUSR2")
    task.yield()
    send "USR2"
    equal(waiting:wait(), "SIGUSR2")
    fails("ETIMEDOUT", task.timeout(0.02, signal.wait, "SIGUSR2"))
  end)

  it("gives a signal its usual effect before and after", function()
    equal(status_after("INT", "print 'ready' io.flush() task.sleep(1000)").signal, "SIGINT")
    local status = status_after("INT",
      "signal.ignore('INT'):close() print 'ready' io.flush() task.sleep(1000)")
    equal(status.signal, "SIGINT")
  end)

  it("lets a program end by itself when nobody waits, and not before when one does", function()
    equal(process.run({ "build/neap", "-e", "signal.on('INT', print)" }).ok, true)
    local status, output = status_after("TERM", [[
      local waiting = task.spawn(signal.wait, "TERM")
      task.yield()
      print "ready"
      io.flush()
      print(waiting:wait())]])
    equal(output, "TERM\n")
    equal(status.code, 0)
  end)

  it("refuses the signal that Neap stops scripts with", function()
    local err = fails("EBUSY", signal.on("URG", print))
    assert(err.message:find("stops scripts", 1, true), err.message)
    fails("EBUSY", signal.once("SIGURG", print))
    fails("EBUSY", signal.ignore "URG")
    fails("EBUSY", signal.wait "URG")
  end)

  it("refuses what cannot be caught, and what is no signal", function()
    fails("EINVAL", signal.on("KILL", print))
    raises(function() signal.on("NONE", print) end, "bad argument #1 to 'on' (no such signal)")
    raises(function() assert(signal.wait "NONE") end, "bad argument #1 to 'wait' (no such signal)")
    raises(function() signal.on("INT") end, "bad argument #2")
  end)

  it("needs the permission process", function()
    local result = assert(process.run { "build/neap", "--sandbox", "-e", "print(signal.ignore 'INT')" })
    assert(result.stdout:find('needs permission "process"', 1, true), result.stdout)
  end)
end)
