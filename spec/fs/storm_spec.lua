-- storm_spec.lua -- who follows the events of a recursive watcher has the tree that there is, whatever has happened.

local fs = require "neap.fs"
local process = require "neap.process"
local support = require "spec.fs.support"
local task = require "neap.task"
local test = require "neap.test"

local describe, it, equal = test.describe, test.it, test.equal
local at = support.at

-- By storm.pl: so many things happen to what is in the folder.
local function storm(seed, count)
  assert(process.run { "perl", "spec/fs/storm.pl", support.folder, tostring(seed), tostring(count) })
end

local function tree()
  local found = {}
  for entry in fs.walk(support.folder) do
    found[entry.path] = entry.type == "directory" and "directory" or "file"
  end
  return found
end

-- What is told while `happen` is called leads from the tree before to the one that there is then; the events.
local function told_of(happen)
  local known, texts = tree(), {}
  local watcher = assert(fs.watch(support.folder, { recursive = true, debounce = 0.005 }))
  local happening = task.spawn(function()
    happen()
    fs.write_file(at "~over", "", { atomic = false, sync = false })
  end)
  repeat
    local event = assert(watcher:next())
    support.follow(known, event, support.folder)
    texts[#texts + 1] = event.type .. " " .. event.path:sub(#support.folder + 2)
  until event.path == at "~over"
  happening:wait()
  while not pcall(equal, known, tree()) do -- what was found out last may come after it
    support.follow(known, assert(task.timeout(5, watcher.next, watcher)), support.folder)
  end
  watcher:close()
  return texts
end

describe("what a watcher tells of a storm", function()
  test.before(support.open)
  test.after(support.close)

  for seed = 1, 12 do
    it("leads to the tree that there is, " .. seed, function()
      storm(1000 + seed, 60)
      told_of(function() storm(seed, 600) end)
    end, { timeout = 30 })
  end
end)

describe("what a watcher tells of folders", function()
  test.before(support.open)
  test.after(support.close)

  local CASES = {
    ["that have changed places"] = "mv x t; mv y x; mv t y",
    ["that have changed places in a round"] = "mv x t; mv y x; mv z y; mv t z",
    ["that each got the name of the next"] = "mv z last; mv y z; mv x y",
    ["of which the inner one is the outer one now"] = "mv x/in t; mv x t/in; mv t x",
    ["that were moved into what got their name"] = "mv x y/x; mv y x",
    ["that were removed and made again"] = "rm -r x; mkdir -p x/in; touch x/in/b x/other",
    ["that were moved out of what was removed"] = "mv x/in t; rm -r x; mv t x",
    ["that became files, and files that became folders"] = "mv x/in/a t; rm -r x; mv t x; rm y/c; mkdir -p y/c/c",
    ["that were moved while they were filled"] = "mkdir n; touch n/1; mv n x/n; touch x/n/2; mv x/n y/m; touch y/m/3",
  }
  for name, commands in pairs(CASES) do
    it(name .. " leads to the tree that there is", function()
      support.make { ["x/in/a"] = "", ["x/in/b"] = "", ["y/c"] = "", ["y/in/d"] = "", ["z/"] = "" }
      told_of(function() assert(process.run { "sh", "-ec", commands, cwd = support.folder }) end)
    end)
  end

  it("that got other names is no more than that", function()
    support.make { ["x/in/a"] = "", ["x/in/b"] = "" }
    local texts = told_of(function()
      assert(process.run { "sh", "-ec", "mv x/in x/new; mv x y", cwd = support.folder })
    end)
    for _, text in ipairs(texts) do
      assert(text:find "^renamed " or text == "created ~over", text)
    end
  end)
end)
