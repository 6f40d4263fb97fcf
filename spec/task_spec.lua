-- What neap.task promises: waiting, groups, time, order. spec/task has cancelling, coroutines, dropped errors, the
-- functions over many inputs, and waiting in turn.

local errors = require "neap.errors"
local fs = require "neap.fs"
local host = require "neap.host"
local task = require "neap.task"
local test = require "neap.test"
local describe, it = test.describe, test.it
local same = test.equal

local function code(err)
  return errors.is(err) and err.code or tostring(err)
end

describe("a task", function()
  it("gives its results to whoever waits, as often as asked", function()
    local t = task.spawn(function(a, b) task.sleep(0.001) return a, nil, b end, 1, 3)
    same({ t:wait() }, { 1, nil, 3 })
    same(select("#", t:wait()), 3)
  end)

  it("gives many results too", function()
    local list = {}
    for i = 1, 100 do list[i] = i end
    same({ task.spawn(function() task.yield() return unpack(list) end):wait() }, list)
  end)

  it("raises its error where it is waited for, whatever kind it is", function()
    local t = task.spawn(function() task.yield() error({ 1 }) end)
    local ok, err = pcall(t.wait, t)
    same({ ok, err }, { false, { 1 } })
    ok, err = pcall(function() task.spawn(function() error("boom") end):wait() end)
    assert(not ok and tostring(err):find "task_spec.lua:%d+: boom")
  end)

  it("can be waited for by a callback", function()
    local got
    task.spawn(function() return 7 end):wait(function(err, value) got = { err, value } end)
    task.sleep(0.005)
    same(got, { nil, 7 })
  end)

  it("cannot wait for itself", function()
    local t, ok
    t = task.spawn(function() ok = pcall(t.wait, t) end)
    t:wait()
    same(ok, false)
  end)

  it("leaves nothing behind, a hundred thousand times", function()
    local function body() task.yield() end
    for _ = 1, 1000 do
      for _ = 1, 100 do task.spawn(body) end
      task.yield()
      task.yield()
    end
    collectgarbage()
    assert(host.stats().tasks <= 3)
    assert(collectgarbage("count") < 4000)
  end)
end)

describe("a group", function()
  it("ends when all of its tasks have ended, and gives what its function returned", function()
    local done = 0
    local a, b = task.group(function(group)
      for i = 1, 5 do group:spawn(function() task.sleep(0.001 * i) done = done + 1 end) end
      return "x", "y"
    end)
    same({ a, b, done }, { "x", "y", 5 })
  end)

  it("is cancelled by the first failure, which it raises", function()
    local other
    local ok, err = pcall(task.group, function(group)
      group:spawn(function() other = select(2, task.sleep(10)) end)
      group:spawn(function() task.sleep(0.001) error("boom") end)
      task.sleep(10)
    end)
    same(ok, false)
    assert(tostring(err):find "boom")
    same(code(other), "ECANCELED")
  end)

  it("takes nil and an error that a task returns as a failure", function()
    local ok, err = pcall(task.group, function(group)
      group:spawn(function() return fs.read_file("/does/not/exist") end)
      task.sleep(10)
    end)
    same({ ok, code(err) }, { false, "ENOENT" })
  end)

  it("waits for callbacks that its tasks started", function()
    local called = false
    task.group(function() task.sleep(0.005, function() called = true end) end)
    assert(called)
  end)

  it("takes no task once it is over", function()
    local kept
    task.group(function(group) kept = group end)
    test.raises(function() kept:spawn(print) end, "over")
  end)

  it("holds groups", function()
    local n = 0
    task.group(function(outer)
      for _ = 1, 3 do
        outer:spawn(function()
          task.group(function(inner)
            for _ = 1, 3 do inner:spawn(function() task.yield() n = n + 1 end) end
          end)
        end)
      end
    end)
    same(n, 9)
  end)
end)

describe("timeout", function()
  it("gives the results in time", function()
    same({ task.timeout(1, function(a) task.sleep(0.001) return a, 2 end, 1) }, { 1, 2 })
  end)

  it("gives nil and ETIMEDOUT when the time is up, and cancels", function()
    local inside
    local value, err = task.timeout(0.005, function() inside = select(2, task.sleep(10)) end)
    same({ value, code(err), code(inside) }, { nil, "ETIMEDOUT", "ETIMEDOUT" })
  end)

  it("gives nil, err that the function returned, and raises what it raised", function()
    same(code(select(2, task.timeout(1, fs.read_file, "/does/not/exist"))), "ENOENT")
    test.raises(function() task.timeout(1, error, "boom", 0) end, "boom")
  end)

  it("nests: the nearest counts", function()
    local outer_err
    local inner, inner_err = task.timeout(10, function()
      return task.timeout(0.002, task.sleep, 10)
    end)
    same({ inner, code(inner_err) }, { nil, "ETIMEDOUT" })
    local value
    value, outer_err = task.timeout(0.002, function() return task.timeout(10, task.sleep, 10) end)
    same({ value, code(outer_err) }, { nil, "ETIMEDOUT" })
  end)

  it("does not reach into a shield, which has its own", function()
    local cleaned
    local _, err = task.timeout(0.002, function()
      local _ = task.sleep(10)
      task.shield(1, function() task.sleep(0.01) cleaned = true end)
    end)
    same({ cleaned, code(err) }, { true, "ETIMEDOUT" })
    same(code(select(2, task.shield(0.002, task.sleep, 10))), "ETIMEDOUT")
  end)
end)

describe("a semaphore", function()
  it("is passed on in order, and survives a cancelled waiter", function()
    local s, order = task.semaphore(1), {}
    assert(s:acquire())
    local waiters = {}
    for i = 1, 3 do
      waiters[i] = task.spawn(function()
        if s:acquire() then order[#order + 1] = i s:release() end
      end)
    end
    task.yield()
    waiters[2]:cancel()
    s:release()
    for i = 1, 3 do pcall(waiters[i].wait, waiters[i]) end
    same(order, { 1, 3 })
    same(s:with(function(x) return x end, 5), 5)
  end)
end)

describe("order", function()
  it("is first in, first out; callbacks come after the call has returned", function()
    local seen = {}
    local function say(x) seen[#seen + 1] = x end
    task.spawn(say, 1)
    task.defer(say, 2)
    task.spawn(say, 3)
    task.yield(function() say(4) end)
    say(0)
    task.sleep(0.002)
    same(seen, { 0, 1, 2, 3, 4 })
  end)
end)

describe("operation", function()
  local add = task.operation(function(a, b) task.sleep(0.001) return a + b end)

  it("waits without a callback", function() same(add(1, 2), 3) end)

  it("calls one that is given, later", function()
    local got, called = nil, task.channel(1)
    same(select("#", add(1, 2, function(err, sum) got = { err, sum } called:send(true) end)), 0)
    same(got, nil)
    called:receive()
    same(got, { nil, 3 })
  end)

  it("gives what it raised to the callback", function()
    local called = task.channel(1)
    add({}, 2, function(err) called:send(tostring(err)) end)
    assert(called:receive():find "arithmetic")
  end)
end)
