-- Files and folders: every function without a callback and with one.
local uv = require "luv"
local show = require "show"

-- Both forms, one after the other.
local function both(name, ...)
  local fn = uv["fs_" .. name]
  show.call(name, fn, ...)
  local args, n = { ... }, select("#", ...)
  args[n + 1] = show.callback("  " .. name)
  show.call("  later", fn, unpack(args, 1, n + 1))
  uv.run()
end

local function write(name, text)
  local file = assert(io.open(name, "w"))
  file:write(text)
  file:close()
end

-- Opening: every flag, by name and number.
write("f", "0123456789")
for _, flags in ipairs { "r", "rs", "sr", "r+", "rs+", "sr+", "w", "wx", "xw", "w+",
    "wx+", "xw+", "a", "ax", "xa", "a+", "ax+", "xa+", "x", "rw", "", "no" } do
  local ok, fd, message = pcall(uv.fs_open, "f", flags, 420)
  show("open " .. flags, ok, ok and type(fd) or fd, message)
  if ok and fd then uv.fs_close(fd) end
end
show.call("open nothing", uv.fs_open, "nothing", "r", 420)
show.kind("open by number", uv.fs_open, "new", uv.constants.O_CREAT + uv.constants.O_RDWR, 384)
show("mode", uv.fs_stat("new").mode % 512)
uv.fs_open("nothing", "r", 420, show.callback "open nothing")
uv.run()
uv.fs_open("f", "r", 420, function(err, fd) show("open", err, type(fd)) uv.fs_close(fd, show.callback "close") end)
uv.run()

-- Reading and writing.
write("f", "0123456789")
local fd = assert(uv.fs_open("f", "r+", 420))
both("read", fd, 4, 2)
show.call("read on", uv.fs_read, fd, 3, -1)
show.call("read on", uv.fs_read, fd, 3)
show.call("read on", uv.fs_read, fd, 3, nil)
show.call("read to the end", uv.fs_read, fd, 100, 8)
show.call("read past it", uv.fs_read, fd, 100, 100)
show.call("read nothing", uv.fs_read, fd, 0, 0)
show.call("callback as third", uv.fs_read, fd, 2, show.callback "read on")
uv.run()
both("write", fd, "ab", 0)
both("write", fd, { "c", "d", 5 }, 4)
show.call("write on", uv.fs_write, fd, "!", -1)
show.call("callback as third", uv.fs_write, fd, "?", show.callback "write on")
uv.run()
show.call("write a list with a table", uv.fs_write, fd, { {} }, 0)
both("fsync", fd)
both("fdatasync", fd)
both("ftruncate", fd, 5)
both("fstat", fd)
both("fchmod", fd, 384)
both("futime", fd, 1000.5, 2000.25)
show("times", uv.fs_stat("f").atime, uv.fs_stat("f").mtime.sec)
both("fchown", fd, uv.getuid(), uv.getgid())
both("close", fd)
show.call("closed", uv.fs_read, fd, 1, 0)

-- Names.
both("mkdir", "d", 493)
both("mkdir", "d/a/b", 493)
both("rmdir", "d")
uv.fs_mkdir("d", 493)
for _, name in ipairs { "x", "y", "z" } do write("d/" .. name, name) end
uv.fs_symlink("x", "d/link")
uv.fs_mkdir("d/sub", 493)
both("rmdir", "d")
both("rename", "d/x", "d/w")
both("link", "d/y", "d/y2")
both("symlink", "y", "d/y3")
both("symlink", "sub", "d/sub2", { dir = true })
both("symlink", "sub", "d/sub3", 0)
both("readlink", "d/y3")
both("readlink", "d/y")
show("realpath", (uv.fs_realpath("d/y3") or ""):match "[^/]*/[^/]*$")
both("realpath", "no")
both("unlink", "d/y3")
both("chmod", "d/y", 256)
both("access", "d/y", "r")
both("access", "d/y", "rwx")
both("access", "no", "")
both("access", "d/y", 4)
both("utime", "d/y", 1, 2)
both("lutime", "d/sub2", 3, 4)
show("times", uv.fs_lstat("d/sub2").mtime.sec, uv.fs_stat("d/y").mtime.sec)
both("chown", "d/y", uv.getuid(), uv.getgid())
both("lchown", "d/y", uv.getuid(), uv.getgid())
both("copyfile", "d/y", "d/copy")
both("copyfile", "d/y", "d/copy", { excl = true })
both("copyfile", "d/y", "d/copy", 0)
both("copyfile", "d/y", "d/copy2", { ficlone_force = false, ficlone = true })
both("stat", "d/y")
both("lstat", "d/link")
both("stat", "no")
both("stat", "")
show.kind("statfs", uv.fs_statfs, ".")
both("statfs", "no")
show("mkdtemp", uv.fs_mkdtemp("tXXXXXX"):match "^t......$" ~= nil)
both("mkdtemp", "tXX")
show("mkdtemp", select(3, uv.fs_mkdtemp("no/tXXXXXX")))
show("mkstemp", (function(f, name) return type(f), #name end)(uv.fs_mkstemp "sXXXXXX"))
show("mkstemp", select(3, uv.fs_mkstemp("no/sXXXXXX")))

-- Folders, in an order that the file system does not choose.
local function sorted(list)
  table.sort(list)
  return table.concat(list, " ")
end
local function entries(scan)
  local list = {}
  for name, kind in uv.fs_scandir_next, scan do list[#list + 1] = name .. ":" .. kind end
  return sorted(list)
end
show("scandir", entries(assert(uv.fs_scandir "d")))
show("scandir", assert(uv.fs_scandir "d"))
uv.fs_scandir("d", function(err, scan) show("scandir later", err, entries(scan)) end)
uv.run()
both("scandir", "no")
both("scandir", "f")
local scan = uv.fs_scandir "d"
while uv.fs_scandir_next(scan) do end
show.call("after the last", uv.fs_scandir_next, scan)
-- The next of another request crashes luv.

local dir = assert(uv.fs_opendir("d", nil, 3))
show("opendir", dir, type(dir))
local list = {}
while true do
  local some = dir:readdir()
  if not some then break end
  show("readdir", #some, type(some[1].name), type(some[1].type))
  for _, e in ipairs(some) do list[#list + 1] = e.name .. ":" .. e.type end
end
show("readdir", sorted(list))
show.call("closedir", dir.closedir, dir)
-- Closed again, luv frees it twice.
show.call("opendir", uv.fs_opendir, "no")
uv.fs_opendir("no", show.callback "opendir")
uv.run()
uv.fs_opendir("d", function(err, d)
  show("opendir later", err, d)
  d:readdir(function(e, some)
    show("readdir later", e, #some)
    d:closedir(show.callback "closedir later")
  end)
end, 1)
uv.run()

-- From file to file.
write("from", "some bytes to be sent")
local from, to = assert(uv.fs_open("from", "r", 0)), assert(uv.fs_open("to", "w", 420))
both("sendfile", to, from, 5, 5)
show.call("sendfile", uv.fs_sendfile, to, from, 0, 1000)
show("to", uv.fs_stat("to").size)
show.call("to none", uv.fs_sendfile, 9999, from, 0, 10)

-- Order: what is asked for first is not always done first, but each is told once.
local told = 0
for _ = 1, 20 do uv.fs_stat("f", function() told = told + 1 end) end
uv.run()
show("told", told)
show.call("an error in the arguments", uv.fs_stat)
show.call("a number as a path", uv.fs_stat, 12345)
show.call("a path with a zero", uv.fs_stat, "f\0g")
