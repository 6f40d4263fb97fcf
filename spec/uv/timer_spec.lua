-- uv: timers, and what becomes of handles: closed, closed twice, used after that, collected while active.
local task = require "neap.task"
local test = require "neap.test"
local uv = require "uv"
local wait_until = require "spec.uv.support".wait_until

local describe, it, equal, raises = test.describe, test.it, test.equal, test.raises

local function open()
  local n = 0
  uv.walk(function(handle) if not handle:is_closing() then n = n + 1 end end)
  return n
end

describe("uv timers", function()
  it("fire once, or until they are stopped", function()
    local once, often, calls = uv.new_timer(), uv.new_timer(), { 0, 0 }
    equal(once:start(1, 0, function() calls[1] = calls[1] + 1 end), 0)
    equal(uv.timer_start(often, 0, 2, function()
      calls[2] = calls[2] + 1
      if calls[2] == 3 then often:stop() end
    end), 0)
    wait_until(function() return calls[1] > 0 and calls[2] > 2 end)
    task.sleep(0.005)
    equal(calls, { 1, 3 })
    equal({ once:is_active(), often:is_active() }, { false, false })
    once:close()
    often:close()
  end)

  it("fire in the order of their times, then of their starts", function()
    local seen, timers = {}, {}
    for i, timeout in ipairs { 9, 3, 6, 3 } do
      timers[i] = uv.new_timer()
      timers[i]:start(timeout, 0, function() seen[#seen + 1] = i timers[i]:close() end)
    end
    task.sleep(0.03)
    equal(seen, { 2, 4, 3, 1 })
  end)

  it("tell when they are due, and repeat", function()
    local t = uv.new_timer()
    equal({ t:get_repeat(), t:get_due_in() }, { 0, 0 })
    local _, message, name = t:again()
    equal({ message, name }, { "EINVAL: invalid argument", "EINVAL" })
    t:start(1000, 50, function() end)
    assert(t:get_due_in() > 900 and t:get_due_in() <= 1000)
    equal(t:get_repeat(), 50)
    t:set_repeat(70)
    equal(t:again(), 0)
    assert(t:get_due_in() <= 70)
    t:close()
  end)

  it("take a callable table", function()
    local got
    local t = uv.new_timer()
    t:start(0, 0, setmetatable({}, { __call = function(self, ...) got = { type(self), select("#", ...) } end }))
    task.sleep(0.01)
    equal(got, { "table", 0 })
    t:close()
  end)

  it("raise for wrong arguments, with luv's words", function()
    local t = uv.new_timer()
    raises(function() t:start() end, "number expected, got no value")
    raises(function() t:start(1, 0) end, "function or callable table expected, got no value")
    raises(function() t:start(1, 0, {}) end, "function or callable table expected, got table")
    raises(function() uv.timer_start(uv) end, "uv_timer expected, got table")
    raises(function() uv.timer_stop() end, "uv_timer expected, got no value")
    t:close()
  end)

  it("wait in their callback, in which others fire", function()
    local order = {}
    local a, b = uv.new_timer(), uv.new_timer()
    a:start(0, 0, function()
      order[#order + 1] = "a waits"
      task.sleep(0.01)
      order[#order + 1] = "a goes on"
      a:close()
    end)
    b:start(2, 0, function() order[#order + 1] = "b" b:close() end)
    wait_until(function() return #order == 3 end)
    equal(order, { "a waits", "b", "a goes on" })
  end)
end)

describe("uv handles", function()
  it("live until they are closed, when nobody refers to them", function()
    local fired
    uv.new_timer():start(5, 0, function() fired = true end)
    for _ = 1, 3 do collectgarbage() end
    task.sleep(0.02)
    equal(fired, true)
    equal(open(), 1)
    uv.walk(function(handle) handle:close() end)
  end)

  it("are closed once: then they answer, and raise when they are closed again", function()
    local t, closed = uv.new_timer(), 0
    t:start(1, 1, function() end)
    t:close(function() closed = closed + 1 end)
    equal({ t:is_closing(), t:is_active() }, { true, false })
    raises(function() t:close() end, "already closing")
    task.sleep(0.01)
    equal(closed, 1)
    equal({ t:is_closing(), t:is_active(), t:has_ref() }, { true, false, false })
    raises(function() t:close() end, "already closing")
    local _, _, name = t:start(1, 0, function() end)
    equal(name, "EINVAL")
    equal(t:stop(), 0)
    equal(tostring(t):match "^uv_timer_t: 0x%x+$" ~= nil, true)
  end)

  it("are closed in their own callback, and in each other's close callback", function()
    local order = {}
    local a, b = uv.new_timer(), uv.new_tcp()
    a:start(0, 1, function()
      order[#order + 1] = "fired"
      a:close(function()
        order[#order + 1] = "a closed"
        b:close(function() order[#order + 1] = "b closed" end)
      end)
    end)
    wait_until(function() return #order == 3 end)
    equal(order, { "fired", "a closed", "b closed" })
  end)

  it("are collected when they are closed, and not before", function()
    local weak = setmetatable({}, { __mode = "v" })
    weak[1] = uv.new_timer()
    weak[2] = uv.new_timer()
    weak[2]:close()
    task.sleep(0.005)
    collectgarbage()
    collectgarbage()
    equal({ weak[1] ~= nil, weak[2] == nil }, { true, true })
    weak[1]:close()
  end)

  it("do not keep the program running when they are unref'ed", function()
    local t = uv.new_timer()
    equal(t:has_ref(), true)
    t:unref()
    equal(t:has_ref(), false)
    t:ref()
    equal(t:has_ref(), true)
    t:close()
  end)

  it("of other types are refused", function()
    local t = uv.new_timer()
    raises(function() uv.tcp_bind(t, "127.0.0.1", 0) end, "uv_tcp expected, got userdata")
    raises(function() uv.write(t, "x") end, "Expected uv_stream userdata")
    raises(function() uv.close(io.stdout) end, "Expected uv_handle userdata")
    raises(function() uv.close {} end, "Expected uv_handle userdata")
    t:close()
  end)

  it("10,000 times opened and closed leave nothing", function()
    for _ = 1, 10 do
      for _ = 1, 1000 do uv.new_timer():close() end
      task.sleep(0)
    end
    task.sleep(0.01)
    equal(open(), 0)
  end)
end)
