-- What require and dofile promise: chunks may wait, one task loads, others wait for it, cycles are told.

local fs = require "neap.fs"
local task = require "neap.task"
local test = require "neap.test"

local describe, it, equal, raises = test.describe, test.it, test.equal, test.raises

local names = {}

-- Preloads a module for the time of a test.
local function module(name, fn)
  names[#names + 1] = name
  package.preload[name] = fn
end

test.after(function()
  for _, name in ipairs(names) do package.preload[name], package.loaded[name] = nil, nil end
  names = {}
end)

local function message_of(fn, ...)
  local ok, err = pcall(fn, ...)
  assert(not ok, "raised nothing")
  return tostring(err)
end

describe("require", function()
  it("runs a chunk once, with its name, and keeps what it returns", function()
    local calls = 0
    module("one", function(name) calls = calls + 1 return { name = name } end)
    local first = require "one"
    equal(first.name, "one")
    test.same(require "one", first)
    equal(calls, 1)
  end)

  it("gives true for a chunk that returns nothing, and what the chunk put in package.loaded", function()
    module("nothing", function() end)
    module("itself", function(name) package.loaded[name] = "set" end)
    equal(require "nothing", true)
    equal(require "itself", "set")
  end)

  it("lets a chunk wait, also in a coroutine", function()
    module("slow", function() task.sleep(0.001) return "slow" end)
    equal(coroutine.wrap(function() return require "slow" end)(), "slow")
  end)

  it("makes the second that wants a module wait for the first", function()
    local calls = 0
    module("slow", function() calls = calls + 1 task.sleep(0.005) return { calls } end)
    local results = task.all { function() return require "slow" end, function() return require "slow" end }
    test.same(results[1], results[2])
    equal(calls, 1)
  end)

  it("leaves no entry after a failure: the second tries again", function()
    local calls = 0
    module("shaky", function()
      calls = calls + 1
      task.sleep(0.002)
      if calls == 1 then error("the first time", 0) end
      return "good"
    end)
    local first = task.spawn(function() return message_of(require, "shaky") end)
    local second = task.spawn(function() return require "shaky" end)
    equal(first:wait(), "the first time")
    equal(second:wait(), "good")
    equal(calls, 2)
  end)

  it("raises a module's error as it was", function()
    local value = {}
    module("bad", function() error(value) end)
    local _, err = pcall(require, "bad")
    test.same(err, value)
    equal(package.loaded.bad, nil)
  end)

  it("names the chain of a cycle", function()
    module("a", function() require "b" end)
    module("b", function() require "c" end)
    module("c", function() require "a" end)
    assert(message_of(require, "a"):find("module 'a' requires itself: a -> b -> c -> a", 1, true))
    module("self", function() require "self" end)
    assert(message_of(require, "self"):find("self -> self", 1, true))
  end)

  it("names the chain of a cycle between two tasks, and no deadlock comes of it", function()
    module("a", function() task.sleep(0.002) require "b" return "a" end)
    module("b", function() task.sleep(0.004) require "a" return "b" end)
    local function try(name) return (select(2, pcall(require, name))) end
    local first, second = task.spawn(try, "a"), task.spawn(try, "b")
    assert(tostring(first:wait()):find("a -> b -> a", 1, true) or tostring(second:wait()):find("a -> b -> a", 1, true))
  end)

  it("takes two modules that want a third for no cycle", function()
    module("base", function() task.sleep(0.002) return "base" end)
    module("left", function() return require "base" .. " left" end)
    module("right", function() return require "base" .. " right" end)
    equal(task.all { function() return require "left" end, function() return require "right" end },
      { n = 2, "base left", "base right" })
  end)

  it("gives up waiting when it is cancelled", function()
    module("slow", function() task.sleep(0.02) return 1 end)
    local loader = task.spawn(require, "slow")
    task.yield()
    local _, err = task.timeout(0.002, require, "slow")
    equal(err.code, "ETIMEDOUT")
    equal(loader:wait(), 1)
  end)

  it("says where it looked, and the line that asked", function()
    local message = message_of(function() require "no.such.module" end)
    assert(message:find "^[^\n]*require_spec%.lua:%d+: module 'no%.such%.module' not found:")
    assert(message:find("no field package.preload['no.such.module']", 1, true))
    assert(message:find("no/such/module.lua", 1, true))
  end)

  it("asks loaders that were added, which may wait", function()
    local function loader(name)
      if name ~= "from.afar" then return "\n\tnot from afar" end
      task.sleep(0.001)
      return function(asked, extra) return { asked, extra } end, "extra"
    end
    table.insert(package.loaders, loader)
    local value, message = require "from.afar", message_of(require, "from.nowhere")
    table.remove(package.loaders)
    package.loaded["from.afar"] = nil
    equal(value, { "from.afar", "extra" })
    assert(message:find("not from afar", 1, true))
  end)

  it("refuses what is no name", function()
    raises(function() require {} end, "bad argument #1 to 'require' (string expected, got table)")
  end)

  it("has cjson built in", function()
    if not package.preload.cjson then test.skip "this build has no lua-cjson" end
    local json = require "cjson"
    equal(json.decode '{"a":[1,null]}', { a = { 1, json.null } })
    local value, why = require "cjson.safe".decode "{"
    equal(value, nil)
    equal(type(why), "string")
    assert(pcall(require, "cjson.safe"))
  end)
end)

describe("a file", function()
  local folder = os.tmpname()
  local path_before = package.path

  test.before(function()
    os.remove(folder)
    package.path = folder .. "-?.lua"
  end)

  test.after(function() package.path = path_before end)

  local function with_file(text, fn)
    local path = folder .. "-module.lua"
    assert(fs.write_file(path, text))
    local ok, err = pcall(fn, path)
    os.remove(path)
    package.loaded.module = nil
    if not ok then error(err, 0) end
  end

  it("is found on package.path, gets its name and path, and may wait", function()
    with_file('require("neap.task").sleep(0.001) return { ... }', function(path)
      equal(require "module", { "module", path })
    end)
  end)

  it("with a syntax error says which and where", function()
    with_file("return\n\n= 1", function(path)
      local message = message_of(require, "module")
      assert(message:find("error loading module 'module' from file '" .. path .. "'", 1, true), message)
      assert(message:find(":3:", 1, true), message)
      assert(not message:find("neap/boot.lua", 1, true), message)
    end)
  end)

  it("run by dofile may wait, and gives all it returns", function()
    with_file('require("neap.task").sleep(0.001) return 1, nil, 3', function(path)
      equal({ dofile(path) }, { 1, nil, 3 })
    end)
    raises(function() dofile(folder .. "-none.lua") end, "No such file")
  end)
end)
