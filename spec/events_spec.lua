local errors = require "neap.errors"
local events = require "neap.events"
local host = require "neap.host"
local task = require "neap.task"
local test = require "neap.test"

local describe, it, equal, fails, raises = test.describe, test.it, test.equal, test.fails, test.raises

-- What goes to host.on_error because of fn, which are n errors.
local function reported(n, fn)
  local got = {}
  local previous = host.on_error(function(err) got[#got + 1] = err end)
  local ok, err = pcall(fn)
  while ok and #got < n do task.sleep(0.001) end
  host.on_error(previous)
  assert(ok, err)
  return got
end

describe("an emitter", function()
  it("calls its listeners at once, in order, with what the event carries", function()
    local emitter, got = events.new(), {}
    emitter:on("hit", function(...) got[#got + 1] = { "first", ... } end)
    emitter:on("hit", function(...) got[#got + 1] = { "second", ... } end)
    equal(emitter:emit("hit", 1, nil, 3), true)
    equal(got, { { "first", 1, nil, 3 }, { "second", 1, nil, 3 } })
    equal(emitter:emit("miss"), false)
  end)

  it("calls a function of once a single time, also when it emits the same event itself", function()
    local emitter, calls = events.new(), 0
    emitter:once("hit", function()
      calls = calls + 1
      emitter:emit "hit"
    end)
    emitter:emit "hit"
    equal(calls, 1)
    equal(emitter:event_names(), {})
  end)

  it("removes the latest of equal listeners, and says whether there was one", function()
    local emitter, order = events.new(), ""
    local function a() order = order .. "a" end
    emitter:on("hit", a)
    emitter:on("hit", function() order = order .. "b" end)
    equal(emitter:on("hit", a), a)
    equal(emitter:off("hit", a), true)
    emitter:emit "hit"
    equal(order, "ab")
    equal({ emitter:off("hit", a), emitter:off("hit", a), emitter:off("none", a) }, { true, false, false })
  end)

  it("does not call during an event who was added in it, nor who was removed in it", function()
    local emitter, order = events.new(), ""
    local function last() order = order .. "l" end
    local function added() order = order .. "n" end
    emitter:on("hit", function()
      order = order .. "f"
      emitter:off("hit", last)
      emitter:on("hit", added)
    end)
    emitter:on("hit", last)
    emitter:emit "hit"
    equal(order, "f")
    emitter:emit "hit"
    equal(order, "ffn")
    emitter:on("all", function() emitter:remove_all() end)
    emitter:on("all", last)
    emitter:emit "all"
    equal(order, "ffn")
    equal(emitter:event_names(), {})
  end)

  it("counts listeners and waiting tasks, and forgets names without any", function()
    local emitter = events.new()
    local fn = emitter:on("hit", function() end)
    emitter:wait("hit", function() end)
    task.yield()
    equal(emitter:listener_count "hit", 2)
    equal(emitter:listener_count "none", 0)
    equal(emitter:event_names(), { "hit" })
    emitter:emit "hit"
    task.yield()
    equal(emitter:listener_count "hit", 1)
    emitter:off("hit", fn)
    equal(next(emitter._listeners), nil)
  end)

  it("makes emit wait for a listener that waits", function()
    local emitter, order = events.new(), ""
    emitter:on("hit", function() task.sleep(0.001) order = order .. "1" end)
    emitter:on("hit", function() order = order .. "2" end)
    emitter:emit "hit"
    equal(order, "12")
  end)

  it("raises for wrong arguments in the caller's line", function()
    local emitter = events.new()
    raises(function() emitter:on("x", 1) end, "events_spec.lua:%d+: bad argument #2 to 'on' %(function expected")
    raises(function() emitter:on(nil, print) end, "#1 to 'on' %(an event's name expected, got nil%)")
    raises(function() emitter:emit() end, "events_spec.lua:%d+: bad argument #1 to 'emit'")
    raises(function() events.mixin(1) end, "table expected, got number")
  end)
end)

describe("a listener that fails", function()
  it("does not stop the others, and its error goes to on_error with a traceback", function()
    local emitter, called = events.new(), 0
    local got = reported(3, function()
      emitter:on("hit", function() error "broken" end)
      emitter:on("hit", function() return nil, errors.new("ENOTEA", "none") end)
      emitter:on("hit", function() error(errors.new("EBAD", "bad"), 0) end)
      emitter:on("hit", function() called = called + 1 end)
      equal(emitter:emit "hit", true)
    end)
    equal(called, 1)
    equal(#got, 3)
    equal({ got[1].code, got[2].code, got[3].code }, { "ESCRIPT", "ENOTEA", "EBAD" })
    assert(got[1].message:find "events_spec.lua:%d+: broken")
    assert(got[1].traceback:find "events_spec.lua")
  end)

  it("is no failure when its task was cancelled: emit raises that", function()
    local emitter, second = events.new(), false
    emitter:on("hit", function() assert(task.sleep(5)) end)
    emitter:on("hit", function() second = true end)
    local got = reported(1, function()
      fails("ETIMEDOUT", task.timeout, 0.001, function() emitter:emit "hit" end)
      task.spawn(error, "the only one", 0)
    end)
    equal({ #got, got[1].message }, { 1, "the only one" })
    equal(second, true)
  end)
end)

describe("the event 'error'", function()
  it("is raised by emit when nobody listens", function()
    local emitter = events.new()
    local err = errors.new("ENOTEA", "there is none")
    test.same(raises(function() emitter:emit("error", err) end), err)
    raises(function() emitter:emit("error", "plain") end, "events_spec.lua:%d+: plain")
    raises(function() emitter:emit "error" end, "without a listener")
    local value = { 1 }
    test.same(raises(function() emitter:emit("error", value) end), value)
  end)

  it("goes to its listeners, and to who waits for it", function()
    local emitter, got = events.new(), nil
    emitter:once("error", function(err) got = err end)
    emitter:emit("error", "one")
    equal(got, "one")
    emitter:wait("error", function(_, value) got = value end)
    task.yield()
    emitter:emit("error", "two")
    task.yield()
    equal(got, "two")
    raises(function() emitter:emit("error", "three") end, "three")
  end)

  it("ends the waits for other events", function()
    local emitter = events.new()
    task.defer(function() emitter:emit("error", errors.new("ENOTEA", "none")) end)
    fails("ENOTEA", emitter:wait "ready")
    task.defer(function() emitter:emit("error", "text") end)
    equal(fails("ESCRIPT", emitter:wait "ready").value, "text")
  end)
end)

describe("emitter:wait", function()
  it("gives what the event carries, to every task that waits", function()
    local emitter = events.new()
    local function first() return { emitter:wait "hit" } end
    local function tell()
      while emitter:listener_count "hit" < 2 do task.yield() end
      emitter:emit("hit", 1, nil, false)
    end
    local results = task.all { first, first, tell }
    equal(results[1], { 1, nil, false })
    equal(results[2], { 1, nil, false })
  end)

  it("takes a callback", function()
    local emitter = events.new()
    local done = test.calls(function(err, a, b) equal({ err, a, b }, { nil, 1, 2 }) end, 1)
    emitter:wait("hit", done)
    task.yield()
    emitter:emit("hit", 1, 2)
  end)

  it("is cancelled without a trace", function()
    local emitter = events.new()
    fails("ETIMEDOUT", task.timeout, 0.001, emitter.wait, emitter, "hit")
    equal(emitter:listener_count "hit", 0)
    equal(next(emitter._listeners), nil)
    equal(emitter:emit "hit", false)
  end)

  it("leaves nothing behind where nothing can wait", function()
    local emitter = events.new()
    raises(function() table.sort({ 1, 2 }, function() emitter:wait "hit" end) end, "EWAIT")
    equal(emitter:listener_count "hit", 0)
  end)

  it("misses no event that is told right after the one it waited for", function()
    local emitter, got = events.new(), {}
    local reader = task.spawn(function()
      for _ = 1, 3 do got[#got + 1] = emitter:wait "n" end
    end)
    for n = 1, 3 do
      task.yield()
      emitter:emit("n", n)
    end
    reader:wait()
    equal(got, { 1, 2, 3 })
  end)
end)

describe("events.mixin", function()
  it("makes a class's objects emitters of their own, without a constructor", function()
    local Job = events.mixin { off = "mine" }
    Job.__index = Job
    local a, b, got = setmetatable({}, Job), setmetatable({}, Job), {}
    a:on("done", function(name) got[#got + 1] = name end)
    a:emit("done", "a")
    b:emit("done", "b")
    equal(got, { "a" })
    equal(Job.off, "mine")
    equal(rawget(b, "_listeners"), nil)
  end)
end)
