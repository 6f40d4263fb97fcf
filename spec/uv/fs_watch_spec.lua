-- What fs_event and fs_poll in `uv` promise, over real files.
local uv = require "uv"
local task = require "neap.task"
local test = require "neap.test"
local support = require "spec.uv.support"

local describe, it, equal = test.describe, test.it, test.equal
local refuses = support.refuses

local RW = tonumber("644", 8)
local folder, watcher              -- one a test

test.before(function() folder = assert(uv.fs_mkdtemp "/tmp/neap-uv-XXXXXX") end)
test.after(function()
  if watcher and not watcher:is_closing() then watcher:close() end
  watcher = nil
  local scan = uv.fs_scandir(folder)
  for name in uv.fs_scandir_next, scan do uv.fs_unlink(folder .. "/" .. name) end
  uv.fs_rmdir(folder)
end)

local function write(name, text)
  local path = folder .. "/" .. name
  local fd = assert(uv.fs_open(path, "w", RW))
  uv.fs_write(fd, text, 0)
  uv.fs_close(fd)
  return path
end

-- A callback whose calls are received, each as an array with n.
local function collector()
  local channel = task.channel(100)
  return channel, function(...) channel:send { n = select("#", ...), ... } end
end

describe("uv.fs_event", function()
  test.before(function() watcher = assert(uv.new_fs_event()) end)

  it("tells what comes and goes in a folder", function()
    local channel, callback = collector()
    equal(watcher:start(folder, {}, callback), 0)
    local path = write("a", "")
    equal(channel:receive(), { n = 3, nil, "a", { rename = true } })
    uv.fs_unlink(path)
    local last
    repeat last = channel:receive() until last[3].rename
    equal(last[2], "a")
    equal(watcher:stop(), 0)
  end)

  it("tells when a file changes, by its name", function()
    local channel, callback = collector()
    local path = write("a", "")
    equal(uv.fs_event_start(watcher, path, { watch_entry = true, stat = true, recursive = true }, callback), 0)
    write("a", "text")
    equal(channel:receive(), { n = 3, nil, "a", { change = true } })
  end)

  it("knows its path while it watches", function()
    equal(select(3, watcher:getpath()), "EINVAL")
    watcher:start(folder, {}, function() end)
    equal(watcher:getpath(), folder)
    equal(watcher:is_active(), true)
    equal(watcher:get_type(), "fs_event")
    equal(select(3, watcher:start(folder, {}, function() end)), "EINVAL")
    equal(watcher:stop(), 0)
    equal(watcher:stop(), 0)
    equal(select(3, watcher:getpath()), "EINVAL")
    equal(watcher:is_active(), false)
  end)

  it("says ENOENT of what is not there", function()
    equal({ watcher:start(folder .. "/none", {}, function() end) },
      { nil, "ENOENT: no such file or directory", "ENOENT" })
  end)

  it("is stopped and closed in its own callback", function()
    local channel = task.channel(1)
    watcher:start(folder, {}, function()
      watcher:stop()
      watcher:close(function() channel:send(true) end)
    end)
    write("a", "")
    write("b", "")
    equal(channel:receive(), true)
    task.sleep(0.01)
  end)

  it("raises for what is no path, flags, callback", function()
    refuses("string expected, got no value", watcher.start, watcher)
    refuses("table expected, got nil", watcher.start, watcher, folder, nil, print)
    refuses("function or callable table expected, got number", watcher.start, watcher, folder, {}, 1)
    refuses("uv_fs_event expected, got number", uv.fs_event_start, 1)
  end)
end)

describe("uv.fs_poll", function()
  test.before(function() watcher = assert(uv.new_fs_poll()) end)

  it("tells what a file was and is", function()
    local channel, callback = collector()
    local path, size, seen = write("a", "12345"), 5
    equal(watcher:start(path, 5, callback), 0)
    repeat                                   -- it has to look at the file once before that changes
      size = size + 1
      write("a", ("x"):rep(size))
      seen = task.timeout(0.05, channel.receive, channel)
    until seen and seen[2].size ~= seen[3].size
    equal({ seen.n, seen[1] }, { 3, nil })
    equal(seen[2].type, "file")
    equal(seen[3].type, "file")
    equal(seen[3].mtime.sec > 0, true)
  end)

  it("tells once that nothing is there, and when something is", function()
    local channel, callback = collector()
    watcher:start(folder .. "/a", 5, callback)
    local seen = channel:receive()
    equal(seen[1], "ENOENT")
    equal(seen[3].size, 0)
    equal(seen[3].type, nil)
    task.sleep(0.05)
    write("a", "x")
    seen = channel:receive()
    equal(seen[1], nil)
    equal(seen[3].type, "file")
  end)

  it("knows its path while it watches", function()
    equal(select(3, watcher:getpath()), "EINVAL")
    equal(watcher:start(folder, 100, function() end), 0)
    equal(watcher:start(folder .. "/other", 100, function() end), 0)
    equal(watcher:getpath(), folder)
    equal(watcher:is_active(), true)
    equal(watcher:get_type(), "fs_poll")
    equal(watcher:stop(), 0)
    equal(watcher:stop(), 0)
    equal(watcher:is_active(), false)
  end)

  it("is closed in its own callback, and while it asks", function()
    local channel = task.channel(1)
    watcher:start(folder .. "/none", 1, function() watcher:close(function() channel:send(true) end) end)
    equal(channel:receive(), true)
    local other = assert(uv.new_fs_poll())
    other:start(folder, 1, function() end)
    other:close()
  end)

  it("raises for what is no path, interval, callback", function()
    refuses("string expected, got no value", watcher.start, watcher)
    refuses("number expected, got string", watcher.start, watcher, folder, "a", print)
    refuses("function or callable table expected, got no value", watcher.start, watcher, folder, 10)
  end)
end)
