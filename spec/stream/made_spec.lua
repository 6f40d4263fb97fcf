-- Streams that are made: of texts, lists and functions, of other streams, and pipelines.
local errors = require "neap.errors"
local stream = require "neap.stream"
local task = require "neap.task"
local support = require "spec.stream.support"
local test = require "neap.test"

local describe, it, equal, fails, raises = test.describe, test.it, test.equal, test.fails, test.raises
local keep, in_memory, from = support.keep, support.in_memory, support.from

test.after(support.close)

describe("from and to", function()
  it("take texts, lists and iterators", function()
    equal(from "abc":read_all(), "abc")
    equal(keep(stream.from { "a", "b", "c" }):read_all(), "abc")
    equal(keep(stream.from(("a b c"):gmatch "%S")):read_all(), "abc")
    equal(keep(stream.from(from "a\nb\n":lines())):read_all(), "ab")
    raises(function() stream.from(5) end, "text, list or iterator expected, got number")
  end)

  it("give a reader what the iterator raised", function()
    local s = keep(stream.from(function() error(errors.new("ENOENT", "no such thing")) end))
    equal(fails("ENOENT", s:read()).message, "no such thing")
  end)

  it("give a writer what the sink raised", function()
    local s = keep(stream.to(function() error "full" end))
    local err
    repeat
      local _, failure = s:write "x"
      err = failure
      task.yield()
    until err
    assert(err.message:find("full", 1, true), err.message)
  end)
end)

describe("transform", function()
  it("gives what its function makes of each chunk, and what is left at the end", function()
    local s = keep(stream.transform(string.upper, function() return "." end))
    s:write "abc"
    equal(s:read(), "ABC")
    s:shutdown()
    equal(s:read_all(), ".")
  end)

  it("ends its task when it is dropped", function()
    stream.transform(string.upper):write "x"
    collectgarbage()
    collectgarbage()
  end)
end)

describe("tee", function()
  it("gives all of the source to each", function()
    local a, b, c = keep(stream.tee(from "abc", 3))
    equal(a:read_all(), "abc")
    equal(b:read_all(), "abc")
    equal(c:read_all(), "abc")
  end)

  it("goes on with those that are left, and closes the source after the last", function()
    local near, far = in_memory()
    local a, b = keep(stream.tee(far))
    a:close()
    near:write "abc"
    equal(b:read(), "abc")
    b:close()
    repeat
      near:write "x"
      task.yield()
    until far:is_closed()
  end)

  it("raises for a number that is none, or too large, and for what is no stream", function()
    local source = keep(from "abc")
    for _, n in ipairs { 0, 65, 1e300, 1.5, 0 / 0, "2" } do
      raises(function() stream.tee(source, n) end, "made_spec.lua:%d+: bad argument #2 to 'tee' %(integer from")
    end
    raises(function() stream.tee({}, 2) end, "made_spec.lua:%d+: bad argument #1 to 'tee' %(open stream expected")
    equal(select("#", keep(stream.tee(source, 64))), 64)
  end)
end)

describe("pipeline", function()
  it("goes through all stages", function()
    local list = {}
    equal(stream.pipeline("abc", string.upper, stream.transform(string.reverse), list), true)
    equal(table.concat(list), "CBA")
  end)

  it("gives the first failure as it was, and closes all", function()
    local near, far = in_memory()
    near:write "x"
    local mine = errors.new("EMINE", "mine", { detail = 5 })
    local sink = keep(stream.to(function() end))
    local err = fails("EMINE", stream.pipeline(far, function() return nil, mine end, sink))
    equal(rawequal(err, mine), true)
    equal(far:is_closed() and sink:is_closed(), true)
  end)

  it("closes all when it is cancelled", function()
    local _, far = in_memory()
    local sink = keep(stream.to(function() end))
    fails("ETIMEDOUT", task.timeout(0.01, stream.pipeline, far, string.upper, sink))
    equal(far:is_closed() and sink:is_closed(), true)
  end)

  it("takes a callback", function()
    local list = {}
    stream.pipeline("abc", list, test.calls(function(err, ok)
      equal(err, nil)
      equal(ok, true)
    end, 1))
  end)
end)
