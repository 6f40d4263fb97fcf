-- lock_spec.lua -- what neap.fs promises of locks and of temporary files.

local fs = require "neap.fs"
local support = require "spec.fs.support"
local task = require "neap.task"
local test = require "neap.test"

local describe, it = test.describe, test.it
local equal, fails, raises = test.equal, test.fails, test.raises
local at = support.at

describe("a lock", function()
  test.before(support.open)
  test.after(support.close)

  it("is had by one at a time", function()
    local inside, most, done = 0, 0, 0
    task.group(function(group)
      for _ = 1, 8 do
        group:spawn(function()
          local lock = assert(fs.lock(at "lock"))
          inside = inside + 1
          most = math.max(most, inside)
          task.yield()
          inside, done = inside - 1, done + 1
          lock:close()
        end)
      end
    end)
    equal({ most, done }, { 1, 8 })
  end)

  it("is refused at once where nobody wants to wait", function()
    local lock = assert(fs.lock(at "lock"))
    fails("EAGAIN", fs.lock(at "lock", { wait = false }))
    fails("EAGAIN", fs.lock(at "lock", { wait = false, shared = true }))
    lock:close()
    equal(lock:is_closed(), true)
    lock = assert(fs.lock(at "lock", { wait = false }))
    lock:close()
  end)

  it("may be shared", function()
    fails("ENOENT", fs.lock(at "lock", { shared = true }))
    fs.write_file(at "lock", "")
    local one = assert(fs.lock(at "lock", { shared = true }))
    local two = assert(fs.lock(at "lock", { shared = true }))
    fails("EAGAIN", fs.lock(at "lock", { wait = false }))
    one:close()
    two:close()
    assert(fs.lock(at "lock", { wait = false })):close()
  end)

  it("is waited for without a thread of the pool, and given up when cancelled", function()
    local lock, waiting = assert(fs.lock(at "lock")), {}
    for i = 1, 20 do waiting[i] = task.spawn(fs.lock, at "lock") end
    equal(fs.exists(at "lock"), true)
    fails("ETIMEDOUT", task.timeout(0.05, fs.lock, at "lock"))
    for i = 1, 20 do
      waiting[i]:cancel()
      pcall(waiting[i].wait, waiting[i])
    end
    lock:close()
    assert(fs.lock(at "lock", { wait = false })):close()
  end)

  it("is let go by the collector, and by a process that is killed", function()
    local function take() assert(fs.lock(at "lock")) end
    take()
    support.wait_until(function()
      collectgarbage()
      local lock = fs.lock(at "lock", { wait = false })
      if lock then lock:close() end
      return lock ~= nil
    end)
    os.execute(("flock %s -c 'echo $$ > %s; exec sleep 100' & "):format(at "lock", at "pid"))
    support.wait_until(function() return (fs.exists(at "pid") and fs.stat(at "pid").size or 0) > 1 end)
    fails("EAGAIN", fs.lock(at "lock", { wait = false }))
    local waiting = task.spawn(fs.lock, at "lock")
    task.yield()
    os.execute("kill -9 " .. fs.read_file(at "pid"))
    waiting:wait():close()
  end)

  it("is on the file that has the name, not on one that was removed", function()
    local lock = assert(fs.lock(at "lock"))
    local waiting = task.spawn(fs.lock, at "lock")
    task.yield()
    fs.remove(at "lock")
    lock:close()
    lock = waiting:wait()
    fails("EAGAIN", fs.lock(at "lock", { wait = false }))
    lock:close()
  end)
end)

describe("a temporary file or folder", function()
  test.before(support.open)
  test.after(support.close)

  it("is there until it is closed, with all that is in it", function()
    local folder = assert(fs.temporary_folder { folder = support.folder, prefix = "t-" })
    assert(folder:path():find(at "t-", 1, true) == 1)
    equal(fs.stat(folder:path()).mode, tonumber("700", 8))
    fs.mkdir(folder:path() .. "/a/b", { parents = true })
    fs.symlink("/", folder:path() .. "/link")
    local file = assert(fs.temporary_file { folder = folder:path() })
    equal(fs.stat(file:path()).mode, tonumber("600", 8))
    fs.write_file(file:path(), "text")
    local kept = file:keep()
    file:close()
    equal(fs.read_file(kept), "text")
    folder:close()
    support.wait_until(function() return #support.names_in(support.folder) == 0 end)
    raises(function() folder:path() end, "closed")
  end)

  it("goes when nobody has it any more, or nobody took it", function()
    local function make() fs.temporary_folder { folder = support.folder } end
    make()
    for _ = 1, 10 do
      local making = task.spawn(fs.temporary_file, { folder = support.folder })
      task.yield()
      making:cancel()
      pcall(making.wait, making)
    end
    support.wait_until(function()
      collectgarbage()
      return #support.names_in(support.folder) == 0
    end)
  end)

  it("is made where the environment says, or where it is told to", function()
    local file = assert(fs.temporary_file())
    assert(file:path():find((os.getenv "TMPDIR" or "/tmp") .. "/neap-", 1, true) == 1)
    file:close()
    local got = task.channel(1)
    fs.temporary_file(function(err, temporary) got:send(err or temporary) end)
    got:receive():close()
    fails("ENOENT", fs.temporary_file { folder = at "none" })
    raises(function() return fs.temporary_file { dir = "/tmp" } end, "bad option 'dir' of 'temporary_file'")
  end)
end)
