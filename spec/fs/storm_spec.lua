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

-- All in `known` at a path and below it: taken out.
local function take(known, path)
  local taken = {}
  for name, kind in pairs(known) do
    if name == path or name:sub(1, #path + 1) == path .. "/" then
      taken[name:sub(#path + 1)] = kind
    end
  end
  for rest in pairs(taken) do
    known[path .. rest] = nil
  end
  return taken
end

-- Does to `known` what an event says, which must be possible there.
local function follow(known, event)
  local path, folder = event.path, event.path:match "^(.*)/"
  local says = event.type .. " " .. path .. (event.from and " from " .. event.from or "")
  if event.type == "created" or event.type == "renamed" then
    assert(not known[path] and (folder == support.folder or known[folder] == "directory"), says)
  end
  if event.type == "created" then
    known[path] = event.kind == "directory" and "directory" or "file"
  elseif event.type == "renamed" then
    for rest, kind in pairs(take(known, assert(known[event.from] and event.from, says))) do
      known[path .. rest] = kind
    end
  elseif event.type == "removed" then
    take(known, assert(known[path] and path, says))
  else
    assert(known[path], says)
  end
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
    follow(known, event)
    texts[#texts + 1] = event.type .. " " .. event.path:sub(#support.folder + 2)
  until event.path == at "~over"
  happening:wait()
  while not pcall(equal, known, tree()) do -- what was found out last may come after it
    follow(known, assert(task.timeout(5, watcher.next, watcher)))
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
    equal(told_of(function()
      assert(process.run { "sh", "-ec", "mv x/in x/new; mv x y", cwd = support.folder })
    end), { "renamed y", "renamed y/new", "created ~over" })
  end)
end)
