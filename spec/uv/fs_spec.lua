-- What the functions of fs in `uv` promise: luv's answers, over real files.
local uv = require "uv"
local task = require "neap.task"
local test = require "neap.test"
local support = require "spec.uv.support"

local describe, it, equal = test.describe, test.it, test.equal
local refuses, await = support.refuses, support.await

local RW, RWX = tonumber("644", 8), tonumber("755", 8)
local folder                       -- one a test

local function remove(path)
  local scan = uv.fs_scandir(path)
  for name, kind in uv.fs_scandir_next, scan do
    local entry = path .. "/" .. name
    if kind == "directory" then remove(entry) else assert(uv.fs_unlink(entry)) end
  end
  assert(uv.fs_rmdir(path))
end

test.before(function() folder = assert(uv.fs_mkdtemp "/tmp/neap-uv-XXXXXX") end)
test.after(function() remove(folder) end)

local function at(name) return folder .. "/" .. name end

local function write(name, text)
  local fd = assert(uv.fs_open(at(name), "w", RW))
  assert(uv.fs_write(fd, text, 0))
  assert(uv.fs_close(fd))
  return at(name)
end

local function read(path)
  local fd = assert(uv.fs_open(path, "r", 0))
  local text = assert(uv.fs_read(fd, 1e5, 0))
  assert(uv.fs_close(fd))
  return text
end

-- The same of both forms.
local function fails(message, name, fn, ...)
  local value, err, code = fn(...)
  equal(value, nil)
  equal(err, message)
  equal(code, name)
  equal(await(fn, ...), message)
end

local function descriptors()
  collectgarbage()
  collectgarbage()
  local n = 0
  local scan = assert(uv.fs_scandir "/proc/self/fd")
  for _ in uv.fs_scandir_next, scan do n = n + 1 end
  return n
end

describe("uv.fs_open", function()
  it("opens by words, and by constants", function()
    local c = uv.constants
    local path = write("a", "old")
    for _, flags in ipairs { "r", "rs", "sr+", "r+", "a", "a+", c.O_RDONLY, c.O_RDWR, tostring(c.O_RDWR) } do
      assert(uv.fs_close(assert(uv.fs_open(path, flags, RW))))
    end
    equal(read(path), "old")
    assert(uv.fs_close(assert(uv.fs_open(path, "w+", RW))))
    equal(read(path), "")
  end)

  it("does not open what exists with an x", function()
    local path = write("a", "")
    for _, flags in ipairs { "wx", "xw", "wx+", "xw+", "ax", "xa", "ax+", "xa+" } do
      local fd, _, name = uv.fs_open(path, flags, RW)
      equal(fd, nil)
      equal(name, "EEXIST")
    end
  end)

  it("tells the path of what is not there", function()
    local path = at "none"
    fails("ENOENT: no such file or directory: " .. path, "ENOENT", uv.fs_open, path, "r", 0)
  end)

  it("raises for words that mean nothing, and for what is no callback", function()
    refuses("Unknown file open flag 'q'", uv.fs_open, at "a", "q", 0)
    refuses("Expected string or integer for file open mode", uv.fs_open, at "a", {}, 0)
    refuses("number expected, got no value", uv.fs_open, at "a", "r")
    refuses("function or callable table expected, got string", uv.fs_open, at "a", "r", 0, "x")
  end)

  it("gives a descriptor to its callback", function()
    local err, fd = await(uv.fs_open, write("a", "text"), "r", 0)
    equal(err, nil)
    equal(uv.fs_read(fd, 10), "text")
    equal({ await(uv.fs_close, fd) }, { nil, true })
    equal(select(3, uv.fs_close(fd)), "EBADF")
  end)
end)

describe("uv.fs_read and fs_write", function()
  local fd
  test.before(function() fd = assert(uv.fs_open(at "a", "w+", RW)) end)
  test.after(function() uv.fs_close(fd) end)

  it("write a string, a table of strings, numbers", function()
    equal(uv.fs_write(fd, "one", 0), 3)
    equal(uv.fs_write(fd, { "two", 3, "four" }, 3), 8)
    equal(uv.fs_write(fd, 5, 11), 1)
    equal(uv.fs_write(fd, {}, 0), 0)
    equal(uv.fs_read(fd, 100, 0), "onetwo3four5")
  end)

  it("go on where the file is, without an offset", function()
    uv.fs_write(fd, "one")
    uv.fs_write(fd, "two", -1)
    await(uv.fs_write, fd, "three")
    await(uv.fs_write, fd, { "four", "five" }, nil)
    equal(uv.fs_read(fd, 3, 0), "one")
    equal(uv.fs_read(fd, 100, 11), "fourfive")
    equal(uv.fs_read(fd, 100), "")
  end)

  it("leave a table of strings as it is", function()
    local parts = { "a", 1 }
    uv.fs_write(fd, parts, 0)
    equal(type(parts[2]), "number")
  end)

  it("write a copy, whatever happens to the table meanwhile", function()
    local parts = {}
    for i = 1, 100 do parts[i] = ("%3d"):format(i) end
    local channel = task.channel(1)
    uv.fs_write(fd, parts, 0, function(err, n) channel:send(err or n) end)
    for i = 1, 100 do parts[i] = nil end
    collectgarbage()
    equal(channel:receive(), 300)
    equal(uv.fs_read(fd, 6, 294), " 99100")
  end)

  it("read large files whole", function()
    local text = ("0123456789abcdef"):rep(65536)
    equal({ await(uv.fs_write, fd, text, 0) }, { nil, #text })
    equal(uv.fs_read(fd, #text + 10, 0) == text, true)
    local _, data = await(uv.fs_read, fd, #text + 10, 0)
    equal(data == text, true)
  end)

  it("give an empty string at the end, and for no bytes", function()
    equal(uv.fs_read(fd, 10, 0), "")
    equal(uv.fs_read(fd, 0, 0), "")
    equal({ await(uv.fs_read, fd, 10, 0) }, { nil, "" })
  end)

  it("fail with the error alone, of a descriptor that is none", function()
    fails("EBADF: bad file descriptor", "EBADF", uv.fs_read, 9999, 10, 0)
    fails("EBADF: bad file descriptor", "EBADF", uv.fs_write, 9999, "x", 0)
  end)

  it("take a callable table, also in the offset's place", function()
    local channel = task.channel(1)
    local callback = setmetatable({}, { __call = function(_, err, n) channel:send(err or n) end })
    uv.fs_write(fd, "hello", callback)
    equal(channel:receive(), 5)
    uv.fs_read(fd, 3, 0, callback)
    equal(channel:receive(), "hel")
  end)

  it("raise for what is no data, and sizes that cannot be", function()
    refuses("data must be string or table of strings, got boolean", uv.fs_write, fd, true, 0)
    refuses("expected table of strings, found table in the table", uv.fs_write, fd, { "a", {} }, 0)
    refuses("number expected, got string", uv.fs_write, fd, "x", "y")
    refuses("Failure to allocate buffer", uv.fs_read, fd, -1, 0)
  end)
end)

describe("uv.fs_fsync, fs_fdatasync, fs_ftruncate, fs_sendfile", function()
  it("work on an open file", function()
    local fd, out = assert(uv.fs_open(write("a", "0123456789"), "r+", 0)), assert(uv.fs_open(at "b", "w+", RW))
    equal(uv.fs_fsync(fd), true)
    equal(uv.fs_fdatasync(fd), true)
    equal(uv.fs_ftruncate(fd, 6), true)
    equal(uv.fs_sendfile(out, fd, 1, 3), 3)
    equal({ await(uv.fs_fsync, fd) }, { nil, true })
    equal({ await(uv.fs_fdatasync, fd) }, { nil, true })
    equal({ await(uv.fs_ftruncate, fd, 5) }, { nil, true })
    equal({ await(uv.fs_sendfile, out, fd, 4, 100) }, { nil, 1 })
    equal(uv.fs_read(out, 100, 0), "1234")
    fails("EINVAL: invalid argument", "EINVAL", uv.fs_ftruncate, fd, -1)
    uv.fs_close(fd)
    uv.fs_close(out)
  end)
end)

describe("uv.fs_stat", function()
  local fields = { "dev", "mode", "nlink", "uid", "gid", "rdev", "ino", "size", "blksize", "blocks", "flags", "gen" }

  it("tells size, type, mode, times", function()
    local path = write("a", "12345")
    assert(uv.fs_chmod(path, RW))
    assert(uv.fs_utime(path, 1.5, 1000000000.25))
    local stat = assert(uv.fs_stat(path))
    equal(stat.type, "file")
    equal(stat.size, 5)
    equal(stat.mode % 512, RW)
    equal(stat.atime, { sec = 1, nsec = 5e8 })
    equal(stat.mtime, { sec = 1000000000, nsec = 2.5e8 })
    for _, field in ipairs(fields) do equal(type(stat[field]), "number") end
    equal(type(stat.ctime.nsec), "number")
    equal(type(stat.birthtime.sec), "number")
    local err, again = await(uv.fs_stat, path)
    equal(err, nil)
    equal(again, stat)
  end)

  it("follows links where fs_lstat does not, and fs_fstat takes descriptors", function()
    local path, link = write("a", "123"), at "l"
    assert(uv.fs_symlink(path, link))
    equal(uv.fs_stat(link).type, "file")
    equal(uv.fs_lstat(link).type, "link")
    equal(select(2, await(uv.fs_lstat, link)).type, "link")
    equal(uv.fs_stat(folder).type, "directory")
    equal(uv.fs_stat("/dev/null").type, "char")
    local fd = assert(uv.fs_open(path, "r", 0))
    equal(uv.fs_fstat(fd).size, 3)
    equal(select(2, await(uv.fs_fstat, fd)).size, 3)
    uv.fs_close(fd)
  end)

  it("tells the path of what is not there", function()
    for _, name in ipairs { "fs_stat", "fs_lstat", "fs_statfs" } do
      fails("ENOENT: no such file or directory: " .. at "none", "ENOENT", uv[name], at "none")
    end
  end)

  it("has fs_statfs for the file system", function()
    local stat = assert(uv.fs_statfs(folder))
    for _, field in ipairs { "type", "bsize", "blocks", "bfree", "bavail", "files", "ffree" } do
      equal(type(stat[field]), "number")
    end
    equal(select(2, await(uv.fs_statfs, folder)).bsize, stat.bsize)
  end)
end)

describe("uv.fs_chmod, fs_chown, fs_utime and theirs", function()
  it("change a file by its path and by its descriptor", function()
    local path, me = write("a", ""), uv.fs_stat(folder)
    local fd = assert(uv.fs_open(path, "r+", 0))
    equal(uv.fs_chmod(path, tonumber("600", 8)), true)
    equal(uv.fs_fchmod(fd, tonumber("640", 8)), true)
    equal(uv.fs_stat(path).mode % 512, tonumber("640", 8))
    equal(uv.fs_chown(path, me.uid, me.gid), true)
    equal(uv.fs_fchown(fd, -1, -1), true)
    equal(uv.fs_lchown(path, me.uid, me.gid), true)
    equal(uv.fs_futime(fd, 3, 4), true)
    equal(uv.fs_stat(path).mtime.sec, 4)
    for _, call in ipairs { { uv.fs_chmod, path, RW }, { uv.fs_fchmod, fd, RW }, { uv.fs_chown, path, -1, -1 },
      { uv.fs_fchown, fd, -1, -1 }, { uv.fs_lchown, path, -1, -1 }, { uv.fs_utime, path, 5, 6 },
      { uv.fs_futime, fd, 7, 8 }, { uv.fs_lutime, path, 9, 10 } } do
      equal({ await(unpack(call)) }, { nil, true })
    end
    equal(uv.fs_stat(path).mtime.sec, 10)
    uv.fs_close(fd)
  end)

  it("has fs_lutime for a link itself", function()
    local path, link = write("a", ""), at "l"
    assert(uv.fs_symlink(path, link))
    assert(uv.fs_lutime(link, 1, 2))
    equal(uv.fs_lstat(link).mtime.sec, 2)
    equal(uv.fs_stat(link).mtime.sec > 2, true)
  end)
end)

describe("uv.fs_access", function()
  it("says whether one may, and never fails", function()
    local path = write("a", "")
    assert(uv.fs_chmod(path, RW))
    equal(uv.fs_access(path, "r"), true)
    equal(uv.fs_access(path, "RW"), true)
    equal(uv.fs_access(path, ""), true)
    equal(uv.fs_access(path, 4), true)
    equal(uv.fs_access(path, "x"), false)
    equal(select("#", uv.fs_access(at "none", "r")), 1)
    equal({ await(uv.fs_access, path, "rw") }, { nil, true })
    equal({ await(uv.fs_access, at "none", "r") }, { nil, false })
    refuses("Unknown character in access mode string", uv.fs_access, path, "q")
    refuses("Expected string or integer for file access mode check", uv.fs_access, path, true)
  end)
end)

describe("Paths", function()
  it("are made, renamed, linked, read and removed", function()
    local dir = at "d"
    equal(uv.fs_mkdir(dir, RWX), true)
    fails("EEXIST: file already exists: " .. dir, "EEXIST", uv.fs_mkdir, dir, RWX)
    local path = write("d/a", "text")
    equal(uv.fs_rename(path, at "b"), true)
    equal(uv.fs_link(at "b", at "c"), true)
    equal(uv.fs_stat(at "b").nlink, 2)
    equal(uv.fs_symlink("b", at "l"), true)
    equal(uv.fs_readlink(at "l"), "b")
    equal(uv.fs_realpath(at "l"), uv.fs_realpath(folder) .. "/b")
    equal({ await(uv.fs_readlink, at "l") }, { nil, "b" })
    equal({ await(uv.fs_realpath, at "l") }, { nil, uv.fs_realpath(folder) .. "/b" })
    equal(uv.fs_unlink(at "c"), true)
    equal({ await(uv.fs_rmdir, dir) }, { nil, true })
    equal({ await(uv.fs_mkdir, dir, RWX) }, { nil, true })
    equal({ await(uv.fs_rename, at "b", at "c") }, { nil, true })
    equal({ await(uv.fs_link, at "c", at "b") }, { nil, true })
    equal({ await(uv.fs_unlink, at "b") }, { nil, true })
    equal(uv.fs_rmdir(dir), true)
  end)

  it("are both told, where there are two", function()
    local a, b = at "a", at "b"
    fails(("ENOENT: no such file or directory: %s -> %s"):format(a, b), "ENOENT", uv.fs_rename, a, b)
    fails(("ENOENT: no such file or directory: %s -> %s"):format(a, b), "ENOENT", uv.fs_link, a, b)
    fails(("ENOENT: no such file or directory: %s -> %s"):format(a, b), "ENOENT", uv.fs_copyfile, a, b)
  end)

  it("are made of templates", function()
    local path = assert(uv.fs_mkdtemp(at "t-XXXXXX"))
    equal(uv.fs_stat(path).type, "directory")
    local err, other = await(uv.fs_mkdtemp, at "t-XXXXXX")
    equal(err, nil)
    equal(path ~= other, true)
    fails("EINVAL: invalid argument: " .. at "t-XX", "EINVAL", uv.fs_mkdtemp, at "t-XX")

    local fd, file = assert(uv.fs_mkstemp(at "s-XXXXXX"))
    equal(uv.fs_fstat(fd).ino, uv.fs_stat(file).ino)
    uv.fs_close(fd)
    err, fd, file = await(uv.fs_mkstemp, at "s-XXXXXX")
    equal(err, nil)
    equal(uv.fs_fstat(fd).ino, uv.fs_stat(file).ino)
    uv.fs_close(fd)
  end)

  it("are copied, over what is there unless told not to", function()
    local a, b = write("a", "text"), write("b", "other")
    fails(("EEXIST: file already exists: %s -> %s"):format(a, b), "EEXIST", uv.fs_copyfile, a, b, { excl = true })
    equal(select(3, uv.fs_copyfile(a, b, 1)), "EEXIST")
    equal(uv.fs_copyfile(a, b), true)
    equal(read(b), "text")
    equal(uv.fs_copyfile(a, b, { excl = false, ficlone = true }), true)
    equal({ await(uv.fs_copyfile, a, at "c") }, { nil, true })
    equal({ await(uv.fs_copyfile, a, at "c", nil) }, { nil, true })
    equal(select(3, uv.fs_copyfile(a, b, 99)), "EINVAL")
    refuses("table, integer, or nil expected, got string", uv.fs_copyfile, a, b, "x")
  end)

  it("take flags and callbacks of symlinks in any form", function()
    for i, flags in ipairs { {}, { dir = true }, 0 } do equal(uv.fs_symlink("a", at("l" .. i), flags), true) end
    equal({ await(uv.fs_symlink, "a", at "m1") }, { nil, true })
    equal({ await(uv.fs_symlink, "a", at "m2", {}) }, { nil, true })
    equal({ await(uv.fs_symlink, "a", at "m3", nil) }, { nil, true })
  end)
end)

describe("uv.fs_scandir", function()
  local function names(scan)
    local found = {}
    for name, kind in uv.fs_scandir_next, scan do found[#found + 1] = name .. ":" .. kind end
    table.sort(found)
    return table.concat(found, " ")
  end

  local function fill()
    write("a", "")
    uv.fs_mkdir(at "b", RWX)
    uv.fs_symlink("a", at "c")
  end

  it("finds all names and their types, and then nothing", function()
    fill()
    local scan = assert(uv.fs_scandir(folder))
    equal(names(scan), "a:file b:directory c:link")
    equal(select("#", uv.fs_scandir_next(scan)), 0)
    equal(tostring(scan):find "^uv_fs_t: " ~= nil, true)
    equal(uv.req_get_type(scan), "fs")
    equal(scan:get_type(), "fs")
    equal(select(3, uv.cancel(scan)), "EBUSY")
    equal(names(assert(uv.fs_scandir(at "b"))), "")
  end)

  it("gives its callback the request, which has them during it and after", function()
    fill()
    local channel = task.channel(1)
    local request
    request = uv.fs_scandir(folder, function(err, scan)
      equal(err, nil)
      equal(rawequal(scan, request), true)
      channel:send(uv.fs_scandir_next(scan))
    end)
    refuses("Expected uv_fs_t", uv.fs_scandir_next, request)
    local first = channel:receive()
    local rest = { a = "b:directory c:link", b = "a:file c:link", c = "a:file b:directory" }
    equal(names(request), rest[first])
  end)

  it("is collected half-read, and unread", function()
    fill()
    for _ = 1, 10 do
      uv.fs_scandir_next(assert(uv.fs_scandir(folder)))
      assert(uv.fs_scandir(folder))
      await(uv.fs_scandir, folder)
    end
    collectgarbage()
    collectgarbage()
  end)

  it("goes to other threads, whose object takes from the same names", function()
    fill()
    local channel, scan = task.channel(1), assert(uv.fs_scandir(folder))
    local first = uv.fs_scandir_next(scan)
    local work = uv.new_work(function(theirs)
      local taken = require "uv".fs_scandir_next(theirs)
      return taken, tostring(theirs), theirs
    end, function(...) channel:send { ... } end)
    work:queue(scan)
    local second, named, back = unpack(channel:receive())
    assert(named:find "^uv_fs_t: ", named)
    local third = uv.fs_scandir_next(back)
    local all = { first, second, third }
    table.sort(all)
    equal(all, { "a", "b", "c" })
    equal(uv.fs_scandir_next(scan), nil)
    work:queue(assert(uv.fs_scandir(folder)))
    collectgarbage()
    equal(#channel:receive()[1], 1)
    refuses("thread arg not support type 'userdata'", work.queue, work, uv.fs_scandir(folder, function() end))
  end)

  it("is nothing but a scan that is done", function()
    refuses("uv_req expected, got table", uv.fs_scandir_next, {})
    local channel = task.channel(1)
    local request = uv.fs_stat(folder, function() channel:send(true) end)
    channel:receive()
    refuses("Expected uv_fs_t", uv.fs_scandir_next, request)
    fails("ENOENT: no such file or directory: " .. at "none", "ENOENT", uv.fs_scandir, at "none")
  end)
end)

describe("uv.fs_opendir", function()
  local function fill(n)
    for i = 1, n do write("f" .. i, "") end
  end

  it("reads some entries at a time", function()
    fill(5)
    local dir = assert(uv.fs_opendir(folder, nil, 2))
    local found, sizes = {}, {}
    for entries in function() return uv.fs_readdir(dir) end do
      sizes[#sizes + 1] = #entries
      for _, entry in ipairs(entries) do
        equal(entry.type, "file")
        found[#found + 1] = entry.name
      end
    end
    table.sort(found)
    equal(found, { "f1", "f2", "f3", "f4", "f5" })
    equal(sizes, { 2, 2, 1 })
    equal(uv.fs_readdir(dir), nil)
    equal(uv.fs_closedir(dir), true)
  end)

  it("has methods, a name, and one entry at a time unless told", function()
    fill(2)
    local dir = assert(uv.fs_opendir(folder))
    equal(tostring(dir):find "^uv_dir_t: " ~= nil, true)
    equal(#dir:readdir(), 1)
    equal(#dir:readdir(), 1)
    equal(dir:readdir(), nil)
    equal(dir:closedir(), true)
  end)

  it("does the same with callbacks", function()
    fill(3)
    local channel = task.channel(1)
    uv.fs_opendir(folder, function(err, dir) channel:send(err or dir) end, 10)
    local dir = channel:receive()
    local err, entries = await(dir.readdir, dir)
    equal(err, nil)
    equal(#entries, 3)
    equal({ n = select("#", await(dir.readdir, dir)), await(dir.readdir, dir) }, { n = 2 })
    equal({ await(dir.closedir, dir) }, { nil, true })
  end)

  it("reads on in the callback of a read", function()
    fill(4)
    local dir, channel, found = assert(uv.fs_opendir(folder, nil, 1)), task.channel(1), {}
    local function on_entries(err, entries)
      if err or not entries then return channel:send(err or "end") end
      found[#found + 1] = entries[1].name
      assert(dir:readdir(on_entries))
    end
    dir:readdir(on_entries)
    equal(channel:receive(), "end")
    table.sort(found)
    equal(found, { "f1", "f2", "f3", "f4" })
    dir:closedir()
  end)

  it("says EBADF when it is closed, and EBUSY while it is read", function()
    local dir, channel = assert(uv.fs_opendir(folder)), task.channel(1)
    dir:readdir(function() channel:send(true) end)
    equal(select(3, dir:readdir()), "EBUSY")
    equal(select(3, dir:closedir()), "EBUSY")
    channel:receive()
    equal(dir:closedir(), true)
    equal(select(3, dir:closedir()), "EBADF")
    equal(select(3, dir:readdir()), "EBADF")
    equal(select(3, dir:readdir(function() end)), "EBADF")
  end)

  it("is closed when it is collected, also by those who never looked", function()
    local before = descriptors()
    local function open()
      for _ = 1, 5 do
        assert(uv.fs_opendir(folder))
        await(uv.fs_opendir, folder)
        local dir = assert(uv.fs_opendir(folder))
        dir:readdir(function() end)
      end
    end
    open()
    await(uv.fs_stat, folder)
    support.wait_until(function() return descriptors() == before end)
  end)

  it("fails and raises as the others", function()
    fails("ENOENT: no such file or directory: " .. at "none", "ENOENT", uv.fs_opendir, at "none")
    refuses("uv_dir expected, got table", uv.fs_readdir, {})
    refuses("function or callable table expected, got number", uv.fs_opendir, folder, 3)
    refuses("out of range", uv.fs_opendir, folder, nil, -1)
  end)
end)

describe("Requests of fs", function()
  it("are cancelled before they begin, with an error that tells the path", function()
    local channel = task.channel(1)
    local request
    support.while_busy(function()
      request = uv.fs_readlink(folder, function(...) channel:send { n = select("#", ...), ... } end)
      equal(uv.cancel(request), 0)
    end)
    equal(channel:receive(), { n = 1, "ECANCELED: operation canceled: " .. folder })
    refuses("Expected uv_req_t", uv.cancel, request)
  end)

  it("that are cancelled lose nothing: files stay open, folders too", function()
    local before, channel = descriptors(), task.channel(4)
    local dir, fd = assert(uv.fs_opendir(folder)), assert(uv.fs_open(folder, "r", 0))
    local function told(err) channel:send(err:match "^%u+") end
    support.while_busy(function()
      equal(uv.cancel(uv.fs_scandir(folder, told)), 0)
      equal(uv.cancel(uv.fs_opendir(folder, told)), 0)
      equal(uv.cancel(uv.fs_close(fd, told)), 0)
      equal(uv.cancel(dir:closedir(told)), 0)
    end)
    for _ = 1, 4 do equal(channel:receive(), "ECANCELED") end
    equal(uv.fs_close(fd), true)
    equal(dir:readdir(), nil)
    support.while_busy(function() equal(uv.cancel(dir:readdir(told)), 0) end)
    equal(channel:receive(), "ECANCELED")
    equal(dir:closedir(), true)
    equal(descriptors(), before)
  end)

  it("are done in whatever order, and each tells once", function()
    local n = 0
    local count = test.calls(function(err, stat)
      equal(err, nil)
      equal(stat.type, "directory")
      n = n + 1
    end, 100)
    for _ = 1, 100 do uv.fs_stat(folder, count) end
    equal(n, 0)                    -- not before this call has returned
  end)

  it("let their callbacks wait, and open more", function()
    local channel = task.channel(1)
    uv.fs_stat(folder, function()
      task.sleep(0.001)
      channel:send(await(uv.fs_stat, at "none"))
    end)
    equal(channel:receive(), "ENOENT: no such file or directory: " .. at "none")
  end)
end)
