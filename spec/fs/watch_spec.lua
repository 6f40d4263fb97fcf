-- watch_spec.lua -- what neap.fs promises of watching.

local fs = require "neap.fs"
local native = require "neap_fs"
local support = require "spec.fs.support"
local task = require "neap.task"
local test = require "neap.test"

local describe, it = test.describe, test.it
local equal, fails, raises = test.equal, test.fails, test.raises
local at, make = support.at, support.make

local watcher

local function watch(options, path)
  watcher = assert(fs.watch(path or support.folder, options))
end

-- What is told until `last` is: "created a", sorted when `n` of them may come in any order.
local function told(last)
  local list = {}
  repeat
    local event = assert(watcher:next())
    local path = event.path:sub(#support.folder + 2)
    local text = event.type .. " " .. path .. (event.from and " from " .. event.from:sub(#support.folder + 2) or "")
    list[#list + 1] = text
  until text == last
  return list
end

-- The same, of all that happens up to now. Two files that are made last mark it: what is told with the first of them
-- may come after it.
local marks = 0
local function mark()
  marks = marks + 1
  local name = "~mark" .. marks
  fs.write_file(at(name), "", { atomic = false, sync = false })
  return told("created " .. name)
end

local function told_now()
  local list = mark()
  list[#list] = nil
  for _, text in ipairs(mark()) do
    list[#list + 1] = text
  end
  list[#list] = nil
  return list
end

describe("a watcher", function()
  test.before(support.open)
  test.after(function()
    if watcher then watcher:close() end
    watcher = nil
    support.close()
  end)

  it("tells what comes, changes and goes", function()
    make { old = "1" }
    watch()
    make { new = "", old = "2" }
    local list = told_now()
    table.sort(list)
    equal(list, { "changed old", "created new" })
    fs.remove(at "old")
    equal(told_now(), { "removed old" })
    fs.chmod(at "new", "600")
    equal(told_now(), { "changed new" })
  end)

  it("tells of one that was renamed in one event, also when it was renamed twice", function()
    make { a = "1", ["sub/"] = "" }
    watch { recursive = true }
    fs.rename(at "a", at "b")
    equal(told_now(), { "renamed b from a" })
    fs.rename(at "b", at "c")
    fs.rename(at "c", at "sub/d")
    equal(told_now(), { "renamed sub/d from b" })
    fs.rename(at "sub", at "other")
    equal(told_now(), { "renamed other from sub" })
    make { ["other/e"] = "" }
    equal(told_now(), { "created other/e" })
  end)

  it("sees that a file was replaced as a change of it", function()
    make { a = "1" }
    watch()
    fs.write_file(at "a", "2")
    equal(told_now(), { "changed a" })
    -- as editors do that keep the old one until the new one is there
    fs.rename(at "a", at "a~")
    make { a = "3" }
    fs.remove(at "a~")
    equal(told_now(), { "changed a" })
    fs.rename(at "a", at "a~")
    make { a = "4" }
    equal(told_now(), { "changed a", "created a~" })
  end)

  it("says nothing of what came and went", function()
    watch()
    make { a = "1" }
    fs.rename(at "a", at "b")
    fs.remove(at "b")
    equal(told_now(), {})
    make { a = "1" }
    fs.rename(at "a", at "b")
    equal(told_now(), { "created b" })
  end)

  it("puts together what happens within a moment", function()
    make { a = "" }
    watch { debounce = 0.05 }
    local file = assert(fs.open(at "a", "a"))
    for i = 1, 20 do file:write(tostring(i)) end
    file:close()
    equal(told_now(), { "changed a" })
  end)

  it("hears of what is below, in folders that are made meanwhile too", function()
    make { ["a/b/"] = "" }
    watch { recursive = true }
    make { ["a/b/c"] = "" }
    equal(told_now(), { "created a/b/c" })
    make { ["x/y/z/file"] = "", ["x/other"] = "" }
    local list = told_now()
    table.sort(list)
    equal(list, { "created x", "created x/other", "created x/y", "created x/y/z", "created x/y/z/file" })
    make { ["x/y/z/file"] = "changed" }
    equal(told_now(), { "changed x/y/z/file" })
    fs.remove(at "x/y", { recursive = true })
    list = told_now()
    table.sort(list)
    equal(list, { "removed x/y", "removed x/y/z", "removed x/y/z/file" })
  end)

  it("misses nothing that is made in new folders at once", function()
    watch { recursive = true }
    local expected = { "created many" }
    fs.mkdir(at "many")
    for i = 100, 299 do
      local path = "many/" .. i
      make { [path .. "/file"] = "" }
      expected[#expected + 1] = "created " .. path
      expected[#expected + 1] = "created " .. path .. "/file"
    end
    local seen = {}
    while #seen < #expected do
      local event = assert(watcher:next())
      seen[#seen + 1] = event.type .. " " .. event.path:sub(#support.folder + 2)
    end
    table.sort(seen)
    table.sort(expected)
    equal(seen, expected)
  end)

  it("hears nothing from below unless asked to, nor of what is ignored", function()
    make { ["sub/a"] = "", ["node/a"] = "" }
    watch()
    make { ["sub/b"] = "" }
    equal(told_now(), {})
    watcher:close()
    watch { recursive = true, ignore = function(path) return path:find "/node" ~= nil end }
    make { ["node/b"] = "", ["sub/c"] = "" }
    equal(told_now(), { "created sub/c" })
  end)

  it("follows what is moved in, and forgets what is moved out", function()
    make { ["in/"] = "", ["out/sub/file"] = "" }
    watch({ recursive = true }, at "in")
    fs.rename(at "out/sub", at "in/sub")
    local function next_event()
      local event = assert(watcher:next())
      return event.type .. " " .. event.path:sub(#at "in" + 2)
    end
    local list = { next_event(), next_event() }
    table.sort(list)
    equal(list, { "created sub", "created sub/file" })
    fs.rename(at "in/sub", at "out/sub")
    list = { next_event(), next_event() }
    table.sort(list)
    equal(list, { "removed sub", "removed sub/file" })
    make { ["out/sub/file"] = "changed", ["in/last"] = "" }
    equal(next_event(), "created last")
  end)

  it("watches a folder that got its name before anybody had looked into it", function()
    watch { recursive = true }
    fs.mkdir(at "unpacking")
    fs.rename(at "unpacking", at "package")
    equal(told_now(), { "created package" })
    make { ["package/file"] = "" }
    equal(told_now(), { "created package/file" })
  end)

  it("watches what is moved into a folder that has just been made", function()
    make { ["old/file"] = "" }
    watch { recursive = true }
    fs.mkdir(at "new")
    fs.rename(at "old", at "new/old")
    equal(told_now(), { "created new", "renamed new/old from old" })
    make { ["new/old/other"] = "" }
    equal(told_now(), { "created new/old/other" })
  end)

  it("knows what has the name of something that was moved out", function()
    make { ["in/log"] = "1" }
    watch({ recursive = true }, at "in")
    fs.rename(at "in/log", at "log.1")
    make { ["in/log"] = "2" }
    equal(assert(watcher:next()).type, "changed")
    fs.remove(at "in/log")
    equal(assert(watcher:next()).type, "removed")
  end)

  it("watches a single file through all that replaces it", function()
    make { a = "1", other = "" }
    watch({}, at "a")
    local function next_event()
      local event = assert(watcher:next())
      equal(event.path, at "a")
      return event.type
    end
    make { other = "2" }
    fs.write_file(at "a", "2")
    equal(next_event(), "changed")
    fs.remove(at "a")
    equal(next_event(), "removed")
    make { a = "3" }
    equal(next_event(), "created")
    fs.rename(at "a", at "b")
    equal(next_event(), "removed")
  end)

  it("ends when its folder is removed", function()
    fs.mkdir(at "gone")
    watch({}, at "gone")
    fs.remove(at "gone")
    equal(watcher:next().type, "removed")
    equal(watcher:next(), nil)
  end)

  it("says that events were lost, and finds what came and went", function()
    if native.watch_system() ~= "inotify" then test.skip "the system keeps no events" end
    local limit = tonumber((fs.read_file "/proc/sys/fs/inotify/max_queued_events"))
    if limit > 20000 then test.skip "the system keeps too many events" end
    make { ["sub/gone"] = "" }
    watch { recursive = true }
    -- chmod of two files in turn: equal events in a row would be one
    os.execute(([[cd %s && touch a b && perl -e 'chmod(0600 + ($_ & 1), $_ & 2 ? "a" : "b") for 1 .. %d']])
      :format(support.folder, 3 * limit))
    os.execute(("cd %s && rm sub/gone && mkdir -p new && touch new/file"):format(support.folder))
    local seen, event = {}
    repeat
      event = assert(watcher:next())
      seen[event.type .. " " .. event.path:sub(#support.folder + 2)] = true
    until event.type == "overflow"
    equal(event.path, support.folder)
    for _, text in ipairs { "created new", "created new/file", "removed sub/gone" } do
      while not seen[text] do
        event = assert(watcher:next())
        seen[event.type .. " " .. event.path:sub(#support.folder + 2)] = true
      end
    end
    make { ["new/later"] = "" }
    told "created new/later"
  end)

  it("takes a function, callbacks and a loop", function()
    local got = task.channel(4)
    watcher = assert(fs.watch(support.folder, function(event) got:send(event.type) end))
    make { a = "" }
    equal(got:receive(), "created")
    watcher:close()
    watch()
    watcher:next(function(err, event) got:send(err or event.path) end)
    make { b = "" }
    equal(got:receive(), at "b")
    make { c = "" }
    local paths = {}
    for event in watcher:all() do
      paths[#paths + 1] = event.path
      watcher:close()
    end
    equal(paths, { at "c" })
  end)

  it("can be cancelled and closed while it is waited for", function()
    watch()
    fails("ETIMEDOUT", task.timeout(0.01, watcher.next, watcher))
    make { a = "" }
    equal(watcher:next().type, "created")
    local waiting = task.spawn(watcher.next, watcher)
    task.yield()
    watcher:close()
    raises(function() waiting:wait() end, "ECANCELED")
    fails("ECLOSED", watcher:next())
  end)

  it("refuses what is not there, and options it has not", function()
    fails("ENOENT", fs.watch(at "none"))
    raises(function() return fs.watch(support.folder, { recursiv = true }) end, "bad option 'recursiv'")
    local before = #fs.list "/proc/self/fd"
    for _ = 1, 10 do fs.watch(support.folder) end
    support.wait_until(function()
      collectgarbage()
      return #fs.list "/proc/self/fd" <= before
    end)
  end)
end)
