-- The rule that no error is lost: taken, nil and the error come back; dropped, it raises. In whatever way a call
-- is made, interpreted and compiled.

local errors = require "neap.errors"
local fs = require "neap.fs"
local host = require "neap.host"
local task = require "neap.task"
local test = require "neap.test"

local describe, it, equal, raises = test.describe, test.it, test.equal, test.raises

local NONE = "/none/such"

-- On a foreign LuaJIT the rule is off.
local function needs_internals()
  if not host.features().internals then test.skip "this LuaJIT's inside is not known" end
end

describe("dropped results raise", function()
  test.before(needs_internals)

  it("in a statement, whether it waited or not", function()
    raises(function() fs.read_file(NONE) end, "ENOENT")
    raises(function() task.timeout(0.001, task.sleep, 1) end, "ETIMEDOUT")
    raises(function() local channel = task.channel(1) channel:close() channel:send(1) end, "ECLOSED")
  end)

  it("and the very error object, with the script's line in its traceback when nobody catches it", function()
    local err = raises(function() fs.read_file(NONE) end)
    assert(errors.is(err, "ENOENT"))
    equal(err.path, NONE)
  end)

  it("through pcall, which passes a function's own results on", function()
    local ok, err = pcall(function() fs.read_file(NONE) end)
    equal({ ok, err.code }, { false, "ENOENT" })
    local called, value, given = pcall(fs.read_file, NONE)
    equal({ called, value, given.code }, { true, nil, "ENOENT" })
  end)

  it("in coroutines", function()
    raises(coroutine.wrap(function() fs.read_file(NONE) end), "ENOENT")
    local value, err = coroutine.wrap(function() return fs.read_file(NONE) end)()
    equal({ value, err.code }, { nil, "ENOENT" })
  end)

  it("in a method call, a vararg call, and one in the middle of a block", function()
    local object = { read = function(_, ...) return fs.read_file(...) end }
    raises(function() object:read(NONE) end, "ENOENT")
    raises(function(...) fs.read_file(NONE, ...) end, "ENOENT")
    raises(function() fs.read_file(NONE) error "too late" end, "ENOENT")
  end)

  it("in operations of one's own", function()
    local refuse = task.operation(function() return nil, errors.new("ENO", "no") end)
    raises(function() refuse() end, "ENO")
    local value, err = refuse()
    equal({ value, err.code }, { nil, "ENO" })
  end)

  it("in a compiled loop at the round it happens, and only then", function()
    local refuse_at = 0
    local step = task.operation(function(i)
      if i == refuse_at then return nil, errors.new("ENO", "no") end
      return true
    end)
    for _, at in ipairs { 1, 57, 58, 500, 9999 } do
      refuse_at = at
      local reached = 0
      local err = raises(function()
        for i = 1, 10000 do
          reached = i
          step(i)
        end
      end)
      equal({ err.code, reached }, { "ENO", at })
    end
  end)

  it("in a compiled loop that waits", function()
    local reached = 0
    raises(function()
      for i = 1, 500 do
        reached = i
        task.yield()
        if i == 400 then fs.read_file(NONE) end
      end
    end, "ENOENT")
    equal(reached, 400)
  end)
end)

describe("taken results come back", function()
  it("by one variable, two, a table, an argument, a condition", function()
    local one = fs.read_file(NONE)
    equal(one, nil)
    local two, err = fs.read_file(NONE)
    equal({ two, err.code }, { nil, "ENOENT" })
    equal(({ fs.read_file(NONE) })[2].code, "ENOENT")
    equal(select("#", fs.read_file(NONE)), 2)
    equal((fs.read_file(NONE)), nil)
    if fs.read_file(NONE) then error "a condition takes one" end
    equal(not fs.read_file(NONE) and "or" or "and", "or")
  end)

  it("by a return, from any depth", function()
    local function deep(n)
      if n == 0 then return fs.read_file(NONE) end
      return deep(n - 1)
    end
    local value, err = deep(5)
    equal({ value, err.code }, { nil, "ENOENT" })
    local function first_of() return (fs.read_file(NONE)) end
    first_of()                                   -- that function took one
  end)

  it("in a compiled loop", function()
    local failures = 0
    local refuse = task.operation(function() return nil, errors.new("ENO", "no") end)
    for _ = 1, 5000 do
      local value, err = refuse()
      if value == nil and err.code == "ENO" then failures = failures + 1 end
    end
    equal(failures, 5000)
  end)
end)

describe("only nil and an error object are a failure", function()
  it("other values may be dropped", function()
    for _, results in ipairs { { n = 0 }, { n = 1 }, { n = 2, nil, "text" }, { n = 2, false, errors.new("E", "x") } } do
      local give = task.operation(function() return unpack(results, 1, results.n) end)
      give()
    end
  end)

  it("of a task too: one that returns nil and text has not failed", function()
    equal({ task.spawn(function() return nil, "text" end):wait() }, { nil, "text" })
    local _, err = pcall(function() task.spawn(function() return nil, errors.new("ENO", "no") end):wait() end)
    equal(err.code, "ENO")
  end)
end)

describe("an error nobody takes", function()
  it("of a task that is waited for in the same turn goes to the waiter only", function()
    local t = task.spawn(function() error("mine", 0) end)
    raises(function() t:wait() end, "mine")
  end)
end)

describe("error objects", function()
  it("have fields, one line of text, and can be joined to text", function()
    local _, err = fs.read_file(NONE)
    equal({ err.code, err.syscall, err.path }, { "ENOENT", "open", NONE })
    equal(tostring(err), "ENOENT: no such file or directory, open '" .. NONE .. "'")
    equal("failed: " .. err, "failed: " .. tostring(err))
    equal(err .. " (" .. 1 .. ")", tostring(err) .. " (1)")
    raises(function() return err .. {} end, "concatenate")
  end)

  it("can be made and asked", function()
    local err = errors.new("ENOTEA", "no tea", { path = "/kitchen", cups = 2 })
    equal({ err.code, err.message, err.path, err.cups }, { "ENOTEA", "no tea", "/kitchen", 2 })
    equal({ errors.is(err), errors.is(err, "ENOTEA"), errors.is(err, "EX"), errors.is("ENOTEA"), errors.is(nil) },
      { true, true, false, false, false })
    equal(getmetatable(err).__name, "neap.error")
  end)

  it("of an address say it as it is written", function()
    local err = errors.new("ECONNREFUSED", "connection refused", { syscall = "connect", address = "::1", port = 80 })
    equal(tostring(err), "ECONNREFUSED: connection refused, connect [::1]:80")
  end)

  it("reach the callback of a Lua operation as objects, whatever was raised", function()
    local told
    task.operation(function() error("a text", 0) end)(function(err) told = err end)
    task.yield()
    task.yield()
    equal({ errors.is(told), told.code, told.message }, { true, "ESCRIPT", "a text" })
  end)

  it("keep a script's own error values as they were, across tasks and groups", function()
    local Mine = setmetatable({}, { __tostring = function() return "mine" end })
    for _, run in ipairs {
      function() task.spawn(error, Mine):wait() end,
      function() task.group(function(group) group:spawn(error, Mine) end) end,
      function() task.timeout(1, error, Mine) end,
      function() task.shield(1, error, Mine) end,
      function() task.map({ 1 }, function() error(Mine) end) end,
    } do
      local _, err = pcall(run)
      test.same(err, Mine)
    end
  end)
end)
