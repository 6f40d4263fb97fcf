-- uv: the loop, where Neap runs it. What uv.run does in a main script is in t/40-uv.t and t/uv.
local host = require "neap.host"
local task = require "neap.task"
local test = require "neap.test"
local uv = require "uv"
local support = require "spec.uv.support"

local wait_until = support.wait_until

local describe, it, equal, raises = test.describe, test.it, test.equal, test.raises

local function soon(fn)
  local t = uv.new_timer()
  t:start(0, 0, function()
    t:close()
    fn()
  end)
end

describe("the uv module", function()
  it("is luv too", function()
    equal(uv, require "luv")
    equal(type(uv.constants.SIGINT), "number")
  end)
end)

describe("uv.run", function()
  it("raises in a task and in a callback: the loop runs already", function()
    raises(uv.run, "the loop is running already")
    raises(function() uv.run "always" end, "invalid option")
    local ok, err
    soon(function() ok, err = pcall(uv.run, "nowait") end)
    task.sleep(0.01)
    equal(ok, false)
    assert(tostring(err):find "running already")
  end)

  it("is not under way here, so that there is no mode", function()
    equal(uv.loop_mode(), nil)
  end)
end)

describe("uv callbacks", function()
  it("may wait on neap", function()
    local done = task.channel()
    soon(function()
      local channel = task.channel()
      task.spawn(function() task.sleep(0.002) channel:send "value" end)
      done:send(channel:receive())
    end)
    equal(done:receive(), "value")
  end)

  it("start at once: what one stops is not called any more, though it was due", function()
    local first, second, called = uv.new_timer(), uv.new_timer(), {}
    first:start(1, 0, function() called[1] = true second:stop() end)
    second:start(1, 0, function() called[2] = true end)
    uv.sleep(3)
    wait_until(function() return called[1] end)
    task.sleep(0.005)
    equal(called, { true })
    first:close()
    second:close()
  end)

  it("that raise, or return nil and an error, go to host.on_error, and the program goes on", function()
    local text, status = support.run [[
      local uv, host, left = require "uv", require "neap.host", 4
      host.on_error(function(err)
        print("told", tostring(err):match "[^:]*$")
        left = left - 1
        if left == 0 then uv.new_timer():start(0, 0, function() print "goes on" end) end
      end)
      uv.new_timer():start(0, 0, function() error "in a timer" end)
      uv.fs_stat("/", function() error "in a request" end)
      uv.new_timer():close(function() error {} end)
      uv.new_async(function() return nil, (select(2, require "neap.fs".read_file "/none")) end):send()
      uv.walk(function(handle) handle:unref() end)
      uv.run()
    ]]
    local lines = {}
    for line in text:gmatch "[^\n]+" do lines[#lines + 1] = line end
    table.sort(lines)
    equal({ lines, status }, { {
      "goes on", "told\t in a request", "told\t in a timer", "told\t no such file or directory, open '/none'",
      "told\ta table value was raised as an error",
    }, "0" })
  end)

  it("may call collectgarbage", function()
    local ok
    soon(function()
      for _ = 1, 3 do collectgarbage() end
      ok = true
    end)
    task.sleep(0.01)
    equal(ok, true)
  end)
end)

describe("uv.walk", function()
  it("shows the handles of scripts, in the order they were made, and none of Neap's", function()
    local neaps = require("neap.timer").after(10, print)
    local a, b = uv.new_timer(), uv.new_tcp()
    local seen = {}
    uv.walk(function(handle) seen[#seen + 1] = handle end)
    equal({ #seen, seen[1] == a, seen[2] == b }, { 2, true, true })
    neaps:close()
    a:close()
    b:close()
  end)

  it("may close and make handles meanwhile", function()
    for _ = 1, 3 do uv.new_timer() end
    local calls = 0
    uv.walk(function(handle)
      calls = calls + 1
      handle:close()
      uv.new_timer():close()
    end)
    equal(calls, 3)
  end)

  it("takes a callable table", function()
    local t, got = uv.new_timer(), nil
    uv.walk(setmetatable({}, { __call = function(_, handle) got = handle end }))
    equal(got, t)
    t:close()
  end)

  it("raises what its function raises", function()
    local t = uv.new_timer()
    raises(function() uv.walk {} end, "function or callable table expected, got table")
    raises(function() uv.walk(function() error "stop" end) end, "stop")
    raises(function() uv.walk() end, "function expected, got no value")
    t:close()
  end)
end)

describe("the loop", function()
  it("is alive while a task waits", function()
    equal(uv.loop_alive(), true)
  end)

  it("is closed only when no handle is open, and stays Neap's", function()
    local t = uv.new_timer()
    local _, message, name = uv.loop_close()
    equal({ message, name }, { "EBUSY: resource busy or locked", "EBUSY" })
    t:close()
    task.sleep(0.005)
    equal(uv.loop_close(), 0)
    uv.new_timer():close()
  end)

  it("has a time that stands still until it is updated", function()
    local before = uv.now()
    local clock = require("neap.time").monotonic
    local began = clock()
    while clock() - began < 0.003 do end
    equal(uv.now(), before)
    uv.update_time()
    assert(uv.now() >= before + 3)
  end)

  it("has a descriptor, and a timeout", function()
    assert(uv.backend_fd() > 2)
    equal(type(uv.backend_timeout()), "number")
  end)

  it("is configured", function()
    equal(uv.loop_configure "metrics_idle_time", 0)
    while uv.metrics_idle_time() == 0 do task.sleep(0.005) end
    raises(function() uv.loop_configure "other" end, "invalid option 'other'")
    raises(function() uv.loop_configure("block_signal", {}) end, "expected signal as string or number")
    local _, _, name = uv.loop_configure("block_signal", "sigint")
    equal(name, "EINVAL")
  end)

  it("counts its handles among those of the host", function()
    local before = host.stats().handles
    local t = uv.new_timer()
    equal(host.stats().handles, before + 1)
    t:close()
    task.sleep(0.005)
    equal(host.stats().handles, before)
  end)
end)
