-- tree_spec.lua -- what neap.fs promises of copying, moving and removing, of files and whole folders.

local fs = require "neap.fs"
local support = require "spec.fs.support"
local task = require "neap.task"
local test = require "neap.test"

local describe, it = test.describe, test.it
local equal, fails, raises = test.equal, test.fails, test.raises
local at, make, names_in = support.at, support.make, support.names_in

-- All that is in a folder: path -> text, or the link's target behind "->".
local function contents(path)
  local found = {}
  for entry in fs.walk(path) do
    local name = entry.path:sub(#path + 2)
    found[name] = entry.type == "file" and fs.read_file(entry.path) or
      entry.type == "link" and "-> " .. fs.readlink(entry.path) or entry.type
  end
  return found
end

describe("copy", function()
  test.before(support.open)
  test.after(support.close)

  it("copies a file, its bytes and its mode", function()
    fs.write_file(at "a", "a\0text", { mode = "640" })
    fs.copy(at "a", at "b")
    equal(fs.read_file(at "b"), "a\0text")
    equal(fs.stat(at "b").mode, tonumber("640", 8))
    fs.copy(at "a", at "plain", { mode = false })
    assert(fs.stat(at "plain").mode ~= tonumber("640", 8))
    equal(names_in(support.folder), { "a", "b", "plain" })
  end)

  it("keeps times when asked to, and no set-uid bit", function()
    fs.write_file(at "a", "", { mode = "4755" })
    fs.set_times(at "a", 100, 200)
    fs.copy(at "a", at "b", { times = true })
    local stat = fs.stat(at "b")
    equal({ stat.modified, stat.mode }, { 200, tonumber("755", 8) })
    fs.copy(at "a", at "c")
    assert(fs.stat(at "c").modified > 200)
    fs.copy(at "a", at "d", { owner = true })
    equal(fs.stat(at "d").mode, tonumber("4755", 8))
  end)

  it("copies many megabytes, holes as holes, and what does not know its size", function()
    local text = ("0123456789abcdef"):rep(1000000)
    fs.write_file(at "big", text, { sync = false })
    fs.copy(at "big", at "copy")
    assert(fs.read_file(at "copy") == text)
    local file = assert(fs.open(at "sparse", "w"))
    file:write("middle", 3000000)
    file:truncate(9000000)
    file:close()
    fs.copy(at "sparse", at "holes")
    assert(fs.read_file(at "holes") == fs.read_file(at "sparse"))
    fs.copy("/proc/self/status", at "status")
    assert(fs.read_file(at "status"):find "^Name:")
  end)

  it("replaces, skips or refuses what is there", function()
    make { a = "new", b = "old" }
    fails("EEXIST", fs.copy(at "a", at "b", { existing = "fail" }))
    fs.copy(at "a", at "b", { existing = "skip" })
    equal(fs.read_file(at "b"), "old")
    local open = assert(fs.open(at "b"))
    fs.copy(at "a", at "b")
    equal(fs.read_file(at "b"), "new")
    equal(open:read(), "old") -- it was replaced, not written over
    open:close()
    fails("EINVAL", fs.copy(at "a", at "a"))
    fs.mkdir(at "folder")
    fails("EISDIR", fs.copy(at "a", at "folder"))
    raises(function() return fs.copy(at "a", at "b", { existing = "maybe" }) end, '"replace", "skip" or "fail"')
    equal(names_in(support.folder), { "a", "b", "folder" })
  end)

  it("copies a folder only when told to, then with all that is in it", function()
    make { ["from/a"] = "1", ["from/sub/b"] = "2", ["from/sub/deep/c"] = "3", ["from/empty/"] = "" }
    fs.symlink("a", at "from/link")
    fs.symlink("nowhere", at "from/broken")
    fs.chmod(at "from/sub", "700")
    fails("EISDIR", fs.copy(at "from", at "to"))
    fs.copy(at "from", at "to", { recursive = true })
    equal(contents(at "to"), contents(at "from"))
    equal(contents(at "to").link, "-> a")
    equal(fs.stat(at "to/sub").mode, tonumber("700", 8))
  end)

  it("adds to a folder that is there", function()
    make { ["from/a"] = "new", ["from/sub/b"] = "2", ["to/a"] = "old", ["to/keep"] = "kept" }
    fs.copy(at "from", at "to", { recursive = true, existing = "skip" })
    equal(contents(at "to"), { a = "old", keep = "kept", sub = "directory", ["sub/b"] = "2" })
    fails("EEXIST", fs.copy(at "from", at "to", { recursive = true, existing = "fail" }))
    fs.copy(at "from", at "to/", { recursive = true })
    equal(fs.read_file(at "to/a"), "new")
    fs.remove(at "to/a")
    fs.mkdir(at "to/a")
    local err = fails("EISDIR", fs.copy(at "from", at "to", { recursive = true }))
    equal(err.path, at "from/a")
  end)

  it("follows links or keeps them, as asked", function()
    make { ["from/a"] = "1", ["other/b"] = "2" }
    fs.symlink("../other", at "from/folder")
    fs.symlink("a", at "from/file")
    fs.copy(at "from", at "kept", { recursive = true })
    equal(contents(at "kept"), { a = "1", file = "-> a", folder = "-> ../other" })
    fs.copy(at "from", at "followed", { recursive = true, follow = true })
    equal(contents(at "followed"), { a = "1", file = "1", folder = "directory", ["folder/b"] = "2" })
    fs.symlink("from", at "way")
    fs.copy(at "way", at "by way", { recursive = true })
    equal(contents(at "by way").a, "1")
    fs.copy(at "way", at "itself", { follow = false })
    equal(fs.readlink(at "itself"), "from")
    fs.copy(at "way", at "itself", { follow = false, existing = "skip" })
    fs.copy(at "way", at "itself", { follow = false })
    fails("EEXIST", fs.copy(at "way", at "itself", { follow = false, existing = "fail" }))
  end)

  it("does not copy a folder into itself, nor go round in circles", function()
    make { ["from/sub/a"] = "1" }
    for _, to in ipairs { "from/to", "from/sub/to", "from/sub/../sub/to" } do
      fails("EINVAL", fs.copy(at "from", at(to), { recursive = true }))
    end
    fs.symlink("from/sub", at "way")
    fails("EINVAL", fs.copy(at "from", at "way/to", { recursive = true }))
    equal(contents(at "from"), { sub = "directory", ["sub/a"] = "1" })
    fs.symlink("..", at "from/sub/up")
    fails("ELOOP", fs.copy(at "from", at "to", { recursive = true, follow = true }))
    fs.remove(at "to", { recursive = true })
    make { ["outer/"] = "", ["inner/"] = "" }
    fs.symlink("../inner", at "outer/way")
    fails("EINVAL", fs.copy(at "outer", at "inner/to", { recursive = true, follow = true }))
  end)

  it("refuses what is neither file, folder nor link", function()
    os.execute("mkfifo " .. at "fifo")
    local err = fails("ENOTSUP", fs.copy(at "fifo", at "copy"))
    equal({ err.path, err.message }, { at "fifo", "operation not supported" })
    fails("ENOTSUP", fs.copy("/dev/null", at "copy"))
    fails("ENOENT", fs.copy(at "none", at "copy"))
    fails("ENOENT", fs.copy(at "fifo", at "none/copy"))
    equal(names_in(support.folder), { "fifo" })
  end)

  it("leaves no half file when it is cancelled", function()
    local file = assert(fs.open(at "big", "w"))
    file:writev { ("x"):rep(30000000) }
    file:close()
    for i = 1, 5 do
      local copier = task.spawn(fs.copy, at "big", at "copy")
      task.sleep(i / 1000)
      copier:cancel()
      pcall(copier.wait, copier)
      support.wait_until(function()
        local names = names_in(support.folder)
        return #names == 1 or (names[2] or names[1]) == "copy" or names[1] == "big" and names[2] == "copy"
      end)
      equal(fs.exists(at "copy") and fs.stat(at "copy").size or 30000000, 30000000)
    end
  end)

  it("goes deep, and wide", function()
    local path = at "from"
    for _ = 1, 60 do path = path .. "/d" end
    fs.mkdir(path, { parents = true })
    for i = 1, 200 do fs.write_file(at("from/" .. i), tostring(i), { sync = false, atomic = false }) end
    fs.copy(at "from", at "to", { recursive = true })
    equal(contents(at "to"), contents(at "from"))
  end)
end)

describe("move", function()
  test.before(support.open)
  test.after(support.close)

  it("renames where it can", function()
    make { ["from/a"] = "1" }
    local inode = fs.stat(at "from/a").inode
    fs.move(at "from", at "to")
    equal(fs.stat(at "to/a").inode, inode)
    fails("ENOENT", fs.move(at "from", at "to"))
  end)

  it("copies to another file system, and removes the original when all is there", function()
    if not fs.exists "/dev/shm" or fs.stat("/dev/shm").device == fs.stat(support.folder).device then
      test.skip "there is one file system"
    end
    local there = assert(fs.temporary_folder { folder = "/dev/shm" })
    make { ["from/a"] = "1", ["from/sub/b"] = "2" }
    fs.symlink("a", at "from/link")
    fs.set_times(at "from/a", 100, 200)
    local before = contents(at "from")
    fails("EXDEV", fs.rename(at "from", there:path() .. "/to"))
    fs.move(at "from", there:path() .. "/to")
    equal(fs.exists(at "from"), false)
    equal(contents(there:path() .. "/to"), before)
    equal(fs.stat(there:path() .. "/to/a").modified, 200)
    equal(names_in(there:path()), { "to" })
    fs.write_file(at "file", "text")
    fs.move(at "file", there:path() .. "/to/a")
    equal(fs.read_file(there:path() .. "/to/a"), "text")
    make { ["full/x"] = "" }
    local err = fails("ENOTEMPTY", fs.move(at "full", there:path() .. "/to"))
    equal(err.path, there:path() .. "/to") -- what was named, not what it is called meanwhile
    equal(fs.exists(at "full/x"), true)
    equal(names_in(there:path()), { "to" })
    there:close()
  end)

  it("leaves no half of it there when it is cancelled", function()
    if not fs.exists "/dev/shm" or fs.stat("/dev/shm").device == fs.stat(support.folder).device then
      test.skip "there is one file system"
    end
    local there = assert(fs.temporary_folder { folder = "/dev/shm" })
    local function is_moving()
      return (names_in(there:path())[1] or ""):find(".moving-", 1, true) ~= nil
    end
    fs.write_file(at "big", ("x"):rep(2 ^ 26), { atomic = false, sync = false })
    local moving = task.spawn(fs.move, at "big", there:path() .. "/big")
    support.wait_until(function() return names_in(there:path())[1] end)
    collectgarbage "stop" -- it would do it some day
    moving:cancel()
    pcall(moving.wait, moving)
    support.wait_until(function() return not is_moving() end)
    collectgarbage "restart"
    equal(fs.exists(at "big") or fs.exists(there:path() .. "/big"), true)
    there:close()
  end)
end)

describe("remove", function()
  test.before(support.open)
  test.after(support.close)

  it("removes links, and leaves what they lead to", function()
    make { ["keep/a"] = "1", ["gone/b"] = "2" }
    fs.symlink("../keep", at "gone/folder")
    fs.symlink("../keep/a", at "gone/file")
    fs.symlink("gone", at "link")
    fails("ENOTDIR", fs.remove(at "link/", { recursive = true }))
    fs.remove(at "link", { recursive = true })
    equal(fs.exists(at "gone/b"), true)
    fs.remove(at "gone", { recursive = true })
    equal(contents(at "keep"), { a = "1" })
  end)

  it("keeps nobody else's files waiting, however many trees it removes", function()
    local removed = 0
    for i = 1, 4 do
      os.execute(("mkdir -p %s && cd %s && seq 15000 | xargs -n 5000 touch"):format(at(i .. "/sub"), at(i .. "/sub")))
    end
    make { file = "text" }
    task.group(function(group)
      for i = 1, 4 do
        group:spawn(function()
          fs.remove(at(tostring(i)), { recursive = true })
          removed = removed + 1
        end)
      end
      task.yield()
      for _ = 1, 3 do
        equal(fs.read_file(at "file"), "text")
        equal(removed, 0)
      end
    end)
    equal(names_in(support.folder), { "file" })
  end, { timeout = 60 })

  it("stops when it is cancelled", function()
    os.execute(("mkdir -p %s && cd %s && seq 30000 | xargs -n 5000 touch"):format(at "many", at "many"))
    local removing = task.spawn(fs.remove, at "many", { recursive = true })
    support.wait_until(function() return #fs.list(at "many") < 30000 end)
    removing:cancel()
    pcall(removing.wait, removing)
    local left
    support.wait_until(function() -- what was under way when it was told
      local before = left
      left = #fs.list(at "many")
      return left == before
    end)
    assert(left > 0)
  end, { timeout = 60 })

  it("removes a folder of 100,000 files, which can be listed before", function()
    os.execute(("mkdir %s && cd %s && seq 100000 | xargs -n 5000 touch"):format(at "many", at "many"))
    equal(#fs.list(at "many"), 100000)
    local count = 0
    for _ in fs.walk(at "many") do count = count + 1 end
    equal(count, 100000)
    equal(#fs.glob(at "many/*99"), 1000)
    fs.remove(at "many", { recursive = true })
    equal(fs.exists(at "many"), false)
  end, { timeout = 60 })
end)
