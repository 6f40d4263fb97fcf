local support = require "spec.test.support"
local test = require "neap.test"

local describe, it = test.describe, test.it
local results, assert_has = support.results, support.assert_has

describe("an option of a test", function()
  it("that there is not is an error of the file", function()
    local passed, _, report = results 'it("x", function() end, { timout = 1 })'
    test.same(passed, false)
    assert_has(report, "inner_spec.lua:1: bad option 'timout' of 'it'")
  end)

  it("skip runs nothing of it, and hooks only for others", function()
    local passed, found = results [[
      it("a", function() error "ran" end, { skip = "no peer" })
      describe("g", function()
        test.before_all(function() error "ran" end)
        it("b", function() error "ran" end)
      end, { skip = true })
      it("c", function() end, { skip = false })]]
    test.equal({ passed, found }, { true, "+a # SKIP no peer,+g > b # SKIP no reason given,+c" })
  end)

  it("of a group holds for its tests, unless they say otherwise", function()
    local _, found = results [[
      describe("g", function()
        it("a", function() error "known" end)
        describe("h", function() it("b", function() error "known" end) end)
        it("c", function() end, { todo = false })
      end, { todo = "issue 1" })
      describe("t", function() it("d", function() require "neap.task".sleep(10) end) end, { timeout = 0.02 })]]
    test.equal(found, "-g > a # TODO issue 1,-g > h > b # TODO issue 1,+g > c,-t > d")
  end)

  it("todo fails when it passes", function()
    local passed, found, report = results [[
      it("a", function() end, { todo = "write that" }) it("b", function() end, { todo = true })]]
    test.equal({ passed, found }, { false, "-a,-b" })
    assert_has(report, "it passes: write that is done", "it passes: nothing is left to do")
  end)

  it("only leaves out the others of its file, and the run has failed", function()
    local passed, found = results [[
      it("a", function() error "ran" end)
      describe("g", function() it("b", function() end) it("c", function() end) end, { only = true })]]
    test.equal({ passed, found }, { false, "+g > b,+g > c,-inner_spec.lua" })
  end)
end)

describe("selecting", function()
  local TEXT = [[

    describe("g", function()
      it("a", function()
      end)
      for _, name in ipairs { "b", "c" } do it(name, function() end) end
    end)
    it("d", function() end)]]

  it("a line is the innermost thing around it, or several", function()
    for line, expected in pairs { [3] = "+g > a", [5] = "+g > b,+g > c", [2] = "+g > a,+g > b,+g > c", [7] = "+d" } do
      local _, found = results(TEXT, { line = line })
      test.equal(found, expected)
    end
  end)

  it("the name of a hook that failed is its group's tests", function()
    local text = [[
      describe("g", function() it("a", function() end) describe("h", function() it("b", function() end) end) end)
      it("c", function() end) it("d", function() end)]]
    for name, expected in pairs {
      ["g > before_all"] = "+g > a,+g > h > b", ["g > h > after_all"] = "+g > h > b", d = "+d",
      before_all = "+g > a,+g > h > b,+c,+d",
    } do
      test.equal(select(2, results(text, { names = { [name] = true } })), expected)
    end
  end)

  it("the same seed gives the same order, whatever is left out and whatever tests draw", function()
    local text = 'for i = 1, 20 do it("t" .. i, function() math.randomseed(i) end) end'
    local function order(options)
      return select(2, results(text, options))
    end
    local all = order { shuffle = 7 }
    assert(all ~= order {} and all ~= order { shuffle = 8 })
    test.equal(order { shuffle = 7 }, all)
    local some = order { shuffle = 7, filter = "t1" }
    test.equal(some, (all:gsub("%+t[2-9]%d?,?", ""):gsub(",$", "")))
  end)
end)

describe("hooks that fail", function()
  it("before keeps its test from running, and after runs still", function()
    local passed, found, report = results [[
      local log = {}
      test.before(function() error "no server" end)
      test.after(function() log[#log + 1] = "after" end)
      test.after_all(function() error(table.concat(log, " ")) end)
      it("x", function() log[#log + 1] = "ran" end)]]
    test.equal({ passed, found }, { false, "-x,-after_all" })
    assert_has(report, "no server", ": after\n")
  end)

  it("after_all runs though before_all failed", function()
    local _, found, report = results [[describe("g", function()
      test.before_all(function() error "first" end)
      test.after_all(function() error "last" end)
      it("x", function() end)
    end)]]
    test.equal(found, "-g > before_all,-g > after_all")
    assert_has(report, "last")
  end)
end)

describe("test.finally", function()
  local order = {}

  it("takes functions", function()
    test.finally(function() order[#order + 1] = "first" end)
    test.finally(function() order[#order + 1] = "second" end)
    test.raises(function() test.finally() end, "function expected, got nil")
    test.equal(order, {})
  end)

  it("which run when the test is over, the last first", function()
    test.equal(order, { "second", "first" })
  end)

  it("runs after a failure, after the hooks, and may fail itself", function()
    local _, found, report = results [[
      local log = {}
      test.after(function() log[#log + 1] = "after" end)
      it("x", function()
        test.finally(function() log[#log + 1] = "finally" error(table.concat(log, " ")) end)
        error "failed"
      end)]]
    test.equal(found, "-x")
    assert_has(report, "failed\n", ": after finally\n")
  end)

  it("is over before leaks are looked for", function()
    test.same(support.run [[it("x", function()
      local listener = require "neap.net".listen { host = "127.0.0.1", port = 0 }
      test.finally(function() listener:close() end)
    end)]], true)
  end)

  it("of before_all, and of the file, runs when the last of their tests is over", function()
    package.loaded.inner_log = {}
    local passed = support.run [[
      local log = require "inner_log"
      test.finally(function() log[#log + 1] = "file" end)
      describe("g", function()
        test.before_all(function() test.finally(function() log[#log + 1] = "group" end) end)
        test.after_all(function() log[#log + 1] = "after_all" end)
        it("1", function() log[#log + 1] = "1" end)
        it("2", function() log[#log + 1] = "2" end)
      end)
      it("3", function() log[#log + 1] = "3" end)]]
    test.equal({ passed, table.concat(package.loaded.inner_log, " ") }, { true, "1 2 after_all group 3 file" })
    package.loaded.inner_log = nil
  end)
end)

describe("test.spy_on and test.replace", function()
  local subject = { add = function(a, b) return a + b end }
  local add = subject.add

  describe("of before_all", function()
    test.before_all(function() test.replace(subject, "kept", 1) end)
    it("last", function() test.equal(subject.kept, 1) end)
    it("for all tests of the group", function() test.equal(subject.kept, 1) end)
  end)

  it("and no longer", function()
    test.equal(subject.kept, nil)
  end)

  it("have what was there again, however often it was replaced", function()
    test.spy_on(subject, "add", function() return 0 end)
    test.spy_on(subject, "add", function() return 1 end)
    test.equal(subject.add(1, 1), 1)
  end)

  it("indeed", function()
    test.same(subject.add, add)
  end)

  it("leave an inherited function where it is", function()
    local object = setmetatable({}, { __index = subject })
    test.spy_on(object, "add", function() return 0 end)
    test.equal({ object.add(1, 1), subject.add(1, 1) }, { 0, 2 })
  end)

  it("want a table, and a function that there is", function()
    test.raises(function() test.replace(1, "x", 2) end, "table expected, got number")
    test.raises(function() test.spy_on(subject, "sub") end, "no function 'sub'")
  end)
end)

describe("the excerpt of a failure", function()
  it("underlines the line, without its indent", function()
    local _, _, report = results 'it("x", function()\n\tlocal a\n\terror "é"\nend)'
    assert_has(report, "      > 3 |     error \"é\"\n          |     ^^^^^^^^^\n")
  end)

  it("is of what failed in a callback, too", function()
    local _, _, report = results [[it("x", function()
      require "neap.timer".after(0, function() error "lost" end)
      require "neap.task".sleep(0.01)
    end)]]
    assert_has(report, "in a callback or task: inner_spec.lua:2: lost", "      > 2 |       require \"neap.timer\"")
  end)

  it("of a long line ends within it", function()
    local _, _, report = results('\nit("x", function() error "' .. ("é"):rep(100) .. '" end)')
    assert_has(report, "éé…\n")
  end)

  it("is of a file that does not load, too", function()
    local _, _, report = results "\nlocal = 1"
    assert_has(report, "      > 2 | local = 1\n")
  end)
end)
