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

describe("what a watcher tells of a storm", function()
  test.before(support.open)
  test.after(support.close)

  for seed = 1, 12 do
    it("leads to the tree that there is, " .. seed, function()
      storm(1000 + seed, 60)
      local known = tree()
      local watcher = assert(fs.watch(support.folder, { recursive = true, debounce = 0.005 }))
      local storming = task.spawn(function()
        storm(seed, 600)
        fs.write_file(at "~over", "", { atomic = false, sync = false })
      end)
      repeat
        local event = assert(watcher:next())
        follow(known, event)
      until event.path == at "~over"
      storming:wait()
      -- what was found out last may come after it
      while not pcall(equal, known, tree()) do
        follow(known, assert(task.timeout(5, watcher.next, watcher)))
      end
      watcher:close()
      equal(known, tree())
    end, { timeout = 30 })
  end
end)
