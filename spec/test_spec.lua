local host = require "neap.host"
local support = require "spec.test.support"
local test = require "neap.test"

local describe, it = test.describe, test.it
local run, assert_has = support.run, support.assert_has

describe("neap.test reports", function()
  it("TAP 14 with a plan at the end", function()
    local passed, report = run 'describe("a", function() describe("b", function() it("c", function() end) end) end)'
    test.same(passed, true)
    local version = os.getenv "HARNESS_ACTIVE" and 13 or 14
    test.equal(report, "TAP version " .. version .. "\n# inner_spec.lua\nok 1 - a > b > c\n1..1\n")
  end)

  it("a failure with message, line and traceback", function()
    local passed, report = run 'it("x", function()\n\n error("no\\nv", 0)\n end)'
    test.same(passed, false)
    assert_has(report, "not ok 1 - x\n  ---\n    message: |2-\n      no\n      v\n", '    at: "inner_spec.lua:3"\n',
      "    traceback: |2-\n      stack traceback:\n", "  ...\n1..1\n")
    assert(not report:find "xpcall")
  end)

  it("names that TAP would misread, escaped", function()
    local _, report = run [[it("a # SKIP \\ \n1", function() end)]]
    assert_has(report, [[ok 1 - a \# SKIP \\  1]])
  end)

  it("control characters of a message in a form YAML allows", function()
    local _, report = run [[it("x", function() error("\27[0m\0", 0) end)]]
    assert_has(report, [[\x1b[0m\x00]])
  end)

  it("a file that does not load, and goes on", function()
    local passed, report = run "syntax error here"
    test.same(passed, false)
    assert_has(report, "not ok 1 - inner_spec.lua", "1..1")
    passed, report = run 'describe("a", function() error "broken" end)'
    test.same(passed, false)
    assert_has(report, "not ok 1 - inner_spec.lua", "broken")
  end)

  it("a run without tests as failed", function()
    local passed, report = run ""
    test.same(passed, false)
    assert_has(report, "1..0")
  end)

  it("only tests whose name holds the filter, without the hooks of others", function()
    local passed, report = run([[
      describe("a", function() test.before_all(function() error "ran" end) it("one", function() end) end)
      describe("b", function() it("one", function() end) it("two", function() end) end)]], { filter = "b > o" })
    test.same(passed, true)
    assert_has(report, "ok 1 - b > one\n1..1")
  end)

  it("a skipped test with its reason", function()
    local passed, report = run 'it("x", function() test.skip "no curl" end)'
    test.same(passed, true)
    assert_has(report, "ok 1 - x # SKIP no curl\n")
  end)

  it("a skipped test with any reason, and without", function()
    local passed, report = run 'it("x", function() test.skip(404) end) it("y", function() test.skip() end)'
    test.same(passed, true)
    assert_has(report, "ok 1 - x # SKIP 404\n", "ok 2 - y # SKIP no reason given\n")
  end)

  it("a name that is none as an error of the file", function()
    local passed, report = run 'it("x", function() end) it(1, function() end)'
    test.same(passed, false)
    assert_has(report, "not ok 1 - inner_spec.lua",
      "inner_spec.lua:1: bad argument #1 to 'it' (string expected, got number)")
    passed, report = run 'describe({}, function() end)'
    test.same(passed, false)
    assert_has(report, "bad argument #1 to 'describe' (string expected, got table)")
  end)
end)

describe("neap.test fails a test", function()
  it("that returns nil and an error", function()
    local _, report = run 'it("x", function() return nil, require "neap.errors".new("ENOENT", "gone") end)'
    assert_has(report, "not ok 1 - x", "ENOENT: gone")
  end)

  it("that raises a table, shown readably", function()
    local _, report = run 'it("x", function() error { 1, a = 2 } end)'
    assert_has(report, "{ 1, a = 2 }")
  end)

  it("that overflows the stack", function()
    local passed, report = run 'it("x", function() local function f() return 1 + f() end f() end)'
    test.same(passed, false)
    assert_has(report, "not ok 1 - x", "stack overflow")
  end)

  it("that takes longer than its timeout, naming the line where it waits", function()
    local _, report = run([[
      it("slow", function()
        require "neap.task".sleep(10)
      end)
      it("slower", function() require "neap.task".sleep(0.05) end, { timeout = 1 })]], { timeout = 0.02 })
    assert_has(report, "not ok 1 - slow\n", "timed out after 0.02 s", 'at: "inner_spec.lua:2"', "ok 2 - slower\n")
  end)

  it("but names its own ETIMEDOUT as such", function()
    local _, report = run 'it("x", function() error(require "neap.errors".new("ETIMEDOUT", "the peer is slow")) end)'
    assert_has(report, "ETIMEDOUT: the peer is slow")
  end)

  it("for an error in a task it left to itself", function()
    local _, report = run [[it("x", function()
      local task = require "neap.task"
      task.spawn(function() error "lost" end)
      task.sleep(0.01)
    end)]]
    assert_has(report, "not ok 1 - x", "in a callback or task: inner_spec.lua:3: lost")
  end)

  it("that leaves a task running", function()
    local passed, report = run [[
      it("x", function() local t = require "neap.task" package.loaded.left_running = t.spawn(t.sleep, 60) end)]]
    test.same(passed, false)
    assert_has(report, "left running: 1 task\n", "in task.sleep, spawned at inner_spec.lua:1\n")
    package.loaded.left_running:cancel()
    package.loaded.left_running = nil
  end)

  it("that leaves a handle open, naming it, and not the next test", function()
    local opened = {}
    package.loaded.inner_opened = opened
    local passed, report = run [[
      local opened = require "inner_opened"
      it("x", function() opened[1] = assert(require "neap.net".listen { host = "127.0.0.1", port = 0 }) end)
      it("y", function() end)]]
    package.loaded.inner_opened = nil
    opened[1]:close()
    test.same(passed, false)
    assert_has(report, "not ok 1 - x", "left open: ", "ok 2 - y\n")
  end)

  it("whose counted function is called too rarely or too often", function()
    local _, report = run([[
      it("never", function() test.calls() end)
      it("twice", function() local f = test.calls(function() end) f() f() end)
      it("right", function() local f = test.calls(function() end, 2) f() f() end)
      local task = require "neap.task"
      it("later", function() task.spawn(test.calls(function() task.sleep(0.01) end)) end)
      ]], { timeout = 0.3 })
    assert_has(report, "not ok 1 - never", "called 0 times, not 1", 'at: "inner_spec.lua:1"', "not ok 2 - twice",
      "called 2 times, not 1", "ok 3 - right", "ok 4 - later")
  end)
end)

describe("neap.test hooks", function()
  local order

  local function run_in_order(text)
    order = {}
    package.loaded.inner_order = function(name) order[#order + 1] = name end
    local passed, report = run('local log = require "inner_order"; ' .. text)
    package.loaded.inner_order = nil
    return passed, report, table.concat(order, " ")
  end

  it("run outside in before, inside out after, each test", function()
    local passed, _, ran = run_in_order [[
      for _, hook in ipairs { "before", "after", "before_all", "after_all" } do
        test[hook](function() log("outer " .. hook) end)
      end
      describe("g", function()
        for _, hook in ipairs { "before", "after", "before_all", "after_all" } do
          test[hook](function() log("inner " .. hook) end)
        end
        it("1", function() log "1" end)
        it("2", function() log "2" end)
      end)]]
    test.same(passed, true)
    test.equal(ran, "outer before_all inner before_all outer before inner before 1 inner after outer after "
      .. "outer before inner before 2 inner after outer after inner after_all outer after_all")
  end)

  it("after run for a test that failed, and fail it themselves", function()
    local passed, report, ran = run_in_order [[
      test.after(function() log "after" end)
      it("x", function() error "first" end)
      describe("g", function() test.after(function() error "second" end) it("y", function() end) end)]]
    test.same(passed, false)
    assert_has(report, "not ok 1 - x", "not ok 2 - g > y", "second")
    test.equal(ran, "after after")
  end)

  it("before_all that fails stands in for its tests", function()
    local passed, report = run [[describe("g", function()
      test.before_all(function() error "no server" end)
      it("x", function() end)
    end)]]
    test.same(passed, false)
    assert_has(report, "not ok 1 - g > before_all", "no server", "1..1")
  end)

  it("of a group may keep a task for all its tests", function()
    local passed = run [[describe("g", function()
      local task = require "neap.task"
      local stop, kept = false, nil
      test.before_all(function()
        kept = task.spawn(function() while not stop do task.sleep(0.001) end end)
      end)
      test.after_all(function() stop = true kept:wait() end)
      it("x", function() task.sleep(0.01) end)
    end)]]
    test.same(passed, true)
  end)
end)
describe("neap.test's surroundings", function()
  it("leave no handle behind between tests", function()
    test.equal(#host.handles(), host.stats().handles)
  end)
end)
