-- What is typed, as a chunk, and how names are completed. t/25-repl.t is about the rest, at a terminal.

local test = require "neap.test"
local chunk = require "neap.repl.chunk"
local complete = require "neap.repl.complete"
local inspect = require "neap.inspect"
local describe, it = test.describe, test.it

local function shown(text)
  local fn, why = chunk.compile(text)
  local values
  assert(fn, why)(function(...) values = { n = select("#", ...), ... } end)
  return inspect(values)
end

describe("a chunk", function()
  it("that is an expression shows its values", function()
    test.equal(shown "1 + 1", "{ 2, n = 1 }")
    test.equal(shown "= 'a', nil", '{ "a", n = 2 }')
    test.equal(shown "(function() end)()", "{ n = 0 }")
    test.equal(shown "1 -- one", "{ 1, n = 1 }")
    test.equal(shown "-- nothing", "{ n = 0 }")
  end)

  it("that has not ended is neither function nor error", function()
    for _, text in ipairs { "function f()", "f(", "{ 1,", "x = [[", "if x then", "1 +", "--[[ a", "for i = 1" } do
      local fn, why = chunk.compile(text)
      test.equal(fn, nil)
      test.equal(why, nil)
    end
  end)

  it("that is wrong says how", function()
    for _, text in ipairs { "x = = 1", "end", "1 +* 2", "x y", "'a", "f(]" } do
      local fn, why = chunk.compile(text)
      test.equal(fn, nil)
      assert(why:find "^stdin:1:", why)
    end
  end)

  it("sets globals by its outermost locals", function()
    for text, expected in pairs {
      ["local a = 1"] = " a = 1",
      ["local a"] = " a = nil;",
      ["local a, b local c = 2"] = " a, b = nil;  c = 2",
      ["local a == b"] = " a == b",
      ["local function f() local x = 1 end"] = " function f() local x = 1 end",
      ["do local x = 1 end local y = 2"] = "do local x = 1 end  y = 2",
      ["if a then local x end local y = 1"] = "if a then local x end  y = 1",
      ["repeat local x until x local y = 1"] = "repeat local x until x  y = 1",
      ["for i = 1, 2 do local x end"] = "for i = 1, 2 do local x end",
      ["s = 'local x' -- local y"] = "s = 'local x' -- local y",
      ["s = [[local x]] local y = 1"] = "s = [[local x]]  y = 1",
      ["s = [==[ ]] local x ]==]"] = "s = [==[ ]] local x ]==]",
      ["--[[ local x ]] local y = 1"] = "--[[ local x ]]  y = 1",
      ["s = 'it\\'s' local y = 1"] = "s = 'it\\'s'  y = 1",
      ["localx = 1"] = "localx = 1",
      ["local functional = 1"] = " functional = 1",
      ["local\na\n=\n1"] = "\na\n=\n1",
    } do
      test.equal(chunk.globals(text), expected)
    end
  end)
end)

describe("completion", function()
  it("adds what all names have in common", function()
    local rest, names = complete "string.re"
    test.equal(rest, "")
    test.equal(names, { "rep", "reverse" })
    test.equal((complete "math.flo"), "or")
    test.equal((complete "print(math.flo"), "or")
  end)

  it("knows modules by their last names, and within require", function()
    test.equal((complete "inspec"), "t")
    test.equal((complete "require 'neap.inspec"), "t")
    test.equal((complete "fs.read_f"), "ile")
  end)

  it("finds methods, not fields, behind a colon", function()
    test.equal((complete "io.stdout:see"), "k")
    test.equal(select(2, complete "math:p"), { "pow" })
    test.equal(select(2, complete "no.such.thing"), {})
  end)
end)
