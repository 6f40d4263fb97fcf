-- fs_spec.lua -- what neap.fs promises, on real files.

local errors = require "neap.errors"
local fs = require "neap.fs"
local task = require "neap.task"
local test = require "neap.test"

local describe, it = test.describe, test.it
local equal, fails, raises = test.equal, test.fails, test.raises

local folder

local function at(name) return folder .. "/" .. name end

local function names_in(path)
  local names = {}
  for i, entry in ipairs(assert(fs.list(path))) do names[i] = entry.name end
  return names
end

describe("neap.fs", function()
  test.before(function() folder = assert(fs.mkdtemp "/tmp/neap-fs-") end)
  test.after(function() assert(fs.remove(folder, { recursive = true })) end)

  describe("read_file", function()
    it("gives the whole text, zero bytes and all", function()
      fs.write_file(at "a", "one\0two\n")
      equal(fs.read_file(at "a"), "one\0two\n")
    end)

    it("gives an empty text for an empty file", function()
      fs.write_file(at "a", "")
      equal(fs.read_file(at "a"), "")
    end)

    it("reads what does not know its size", function()
      assert(#fs.read_file "/proc/self/status" > 100)
    end)

    it("reads many megabytes", function()
      local text = ("0123456789abcdef"):rep(300000)
      fs.write_file(at "big", text)
      assert(fs.read_file(at "big") == text)
    end)

    it("says which file is not there", function()
      local err = fails("ENOENT", fs.read_file(at "none"))
      equal(err.path, at "none")
      equal(err.syscall, "open")
      assert(tostring(err):find(at "none", 1, true))
    end)

    it("refuses a folder, and more than the limit", function()
      fs.write_file(at "a", "12345")
      equal(fs.read_file(at "a", { limit = 5 }), "12345")
      fails("EFBIG", fs.read_file(at "a", { limit = 4 }))
      fails("EFBIG", fs.read_file("/proc/self/status", { limit = 4 }))
      fails("EISDIR", fs.read_file(folder))
    end)

    it("takes a callback, with and without options", function()
      local got = task.channel(2)
      fs.write_file(at "a", "text")
      fs.read_file(at "a", test.calls(function(err, text) got:send { err, text } end, 1))
      fs.read_file(at "none", { limit = 9 }, test.calls(function(err) got:send { err.code } end, 1))
      local seen = {}
      for _ = 1, 2 do
        local results = got:receive()
        seen[results[1] or results[2]] = true
      end
      equal(seen, { text = true, ENOENT = true })
    end)

    it("raises when nobody takes its error", function()
      raises(function() fs.read_file(at "none") end, "ENOENT")
    end)

    it("raises for wrong arguments", function()
      raises(function() return fs.read_file() end, "string expected")
      raises(function() return fs.read_file "a\0b" end, "zero byte")
      raises(function() return fs.read_file("a", 1) end, "table expected")
      raises(function() return fs.read_file("a", { limt = 1 }) end, "'limt' of 'read_file' %(options: limit%)")
      raises(function() return fs.read_file("a", { limit = "x" }) end, "bad option 'limit'")
      raises(function() return fs.read_file("a", { limit = -1 }) end, "number from 0 on expected, got %-1")
    end)
  end)

  describe("write_file", function()
    it("replaces a file at once, and keeps its mode", function()
      fs.write_file(at "a", "old", { mode = "640" })
      local old = assert(fs.open(at "a"))
      fs.write_file(at "a", "new")
      equal(old:read(), "old")
      old:close()
      equal(fs.read_file(at "a"), "new")
      equal(fs.stat(at "a").mode, tonumber("640", 8))
      equal(names_in(folder), { "a" })
    end)

    it("appends", function()
      fs.write_file(at "a", "one")
      fs.write_file(at "a", "two", { append = true })
      equal(fs.read_file(at "a"), "onetwo")
    end)

    it("writes in place when asked to", function()
      fs.write_file(at "a", "old text")
      local before = fs.stat(at "a").inode
      fs.write_file(at "a", "new", { atomic = false })
      equal(fs.read_file(at "a"), "new")
      equal(fs.stat(at "a").inode, before)
    end)

    it("leaves what is no regular file in its place", function()
      fs.write_file("/dev/null", "gone")
      equal(fs.stat("/dev/null").type, "char")
    end)

    it("leaves nothing behind when it fails", function()
      fs.mkdir(at "folder")
      fails("EISDIR", fs.write_file(at "folder", "x"))
      fails("ENOENT", fs.write_file(at "none/a", "x"))
      equal(names_in(folder), { "folder" })
    end)

    it("leaves nothing behind, or all of it, when it is cancelled", function()
      local text = ("x"):rep(8000000)
      for i = 1, 10 do
        local writer = task.spawn(function() return fs.write_file(at "a", text) end)
        task.sleep(i / 1000)
        writer:cancel()
        pcall(writer.wait, writer)
        local left = names_in(folder)
        for _ = 1, 200 do
          if (left[1] or "a") == "a" and #left < 2 then break end
          task.sleep(0.005)
          left = names_in(folder)
        end
        assert(#left == 0 or (#left == 1 and left[1] == "a"), "a temporary file is left")
        if left[1] then equal(fs.stat(at "a").size, #text) end
      end
    end)
  end)

  describe("an open file", function()
    it("is read in pieces, then ends", function()
      fs.write_file(at "a", "abcdefgh")
      local file = assert(fs.open(at "a"))
      equal(file:read(3), "abc")
      equal(file:read(3), "def")
      equal(file:read(3), "gh")
      equal(select("#", file:read(3)), 1)
      equal(file:read(3), nil)
      equal(file:read(0), "")
      equal(file:read(2, 1), "bc")
      equal(file:seek("set", 4), 4)
      equal(file:read(), "efgh")
      equal(file:seek("end", -1), 7)
      equal(file:seek(), 7)
      equal(file:stat().size, 8)
      file:close()
    end)

    it("is written, cut and synced", function()
      local file = assert(fs.open(at "a", "w+", { mode = "600" }))
      file:write "hello"
      file:write("J", 0)
      file:truncate(4)
      file:sync()
      file:close()
      equal(fs.read_file(at "a"), "Jell")
      equal(fs.stat(at "a").mode, tonumber("600", 8))
    end)

    it("does things in the order they were asked", function()
      local file = assert(fs.open(at "a", "w"))
      local done = task.channel(1)
      for i = 1, 50 do
        file:write(i .. "\n", i == 50 and function() done:send(true) end or function() end)
      end
      done:receive()
      file:close()
      local expected = {}
      for i = 1, 50 do expected[i] = i .. "\n" end
      equal(fs.read_file(at "a"), table.concat(expected))
    end)

    it("gives ECANCELED to what waits when it is closed", function()
      local file = assert(fs.open(at "a", "w"))
      local codes, done = {}, task.channel(3)
      for i = 1, 3 do
        file:write("x", function(err)
          codes[i] = err and err.code .. " " .. err.syscall or "ok"
          done:send(i)
        end)
      end
      file:close()
      for _ = 1, 3 do done:receive() end
      equal(codes[2], "ECANCELED write")
      equal(codes[3], "ECANCELED write")
      assert(file:is_closed())
      for _, name in ipairs { "read", "seek", "stat", "sync", "truncate" } do
        fails("ECLOSED", file[name], file)
      end
      fails("ECLOSED", file.write, file, "x")
      raises(function() return file.read(io.stdout) end, "neap.file")
      file:close()
    end)

    it("does not wait for the other end of a FIFO when it is closed", function()
      os.execute("mkfifo " .. at "fifo")
      local file, done = assert(fs.open(at "fifo", "r+")), task.channel(1)
      file:read(1, function(err) done:send(err and err.code) end)
      task.sleep(0.02)
      file:close()
      equal(task.timeout(1, done.receive, done), "ECANCELED")
    end)

    it("makes only what is not there with x", function()
      fs.open(at "a", "wx"):close()
      fails("EEXIST", fs.open(at "a", "wx"))
      fails("EISDIR", fs.open(folder, "w"))
      raises(function() return fs.open(at "a", "rw") end, "mode expected")
      raises(function() return fs.open(at "a", "rx") end, "mode expected")
    end)

    it("is closed by the collector", function()
      local function open_some()
        for _ = 1, 20 do assert(fs.open("/dev/null")) end
      end
      local before = #fs.list "/proc/self/fd"
      open_some()
      collectgarbage()
      collectgarbage()
      for _ = 1, 200 do
        if #fs.list "/proc/self/fd" <= before then return end
        task.sleep(0.005)
      end
      error "descriptors are left open"
    end)
  end)

  describe("names", function()
    it("are listed in their order, with types", function()
      fs.write_file(at "b", "")
      fs.mkdir(at "a")
      equal(fs.list(folder), { { name = "a", type = "directory" }, { name = "b", type = "file" } })
      fails("ENOENT", fs.list(at "none"))
      fails("ENOTDIR", fs.list(at "b"))
    end)

    it("are told of by stat", function()
      fs.write_file(at "a", "12345")
      local stat = fs.stat(at "a")
      equal(stat.type, "file")
      equal(stat.size, 5)
      equal(stat.links, 1)
      assert(math.abs(stat.modified - os.time()) < 60)
      equal(fs.stat("/proc/self/exe", { follow = false }).type, "link")
      equal(fs.stat("/proc/self/exe").type, "file")
      fails("ENOENT", fs.stat(at "none"))
    end)

    it("are made, also with all on the way", function()
      fs.mkdir(at "a")
      fails("EEXIST", fs.mkdir(at "a"))
      fails("ENOENT", fs.mkdir(at "b/c/d"))
      fs.mkdir(at "b/c/d", { parents = true })
      fs.mkdir(at "b/c/d/", { parents = true })
      equal(fs.stat(at "b/c/d").type, "directory")
      fs.write_file(at "file", "")
      fails("EEXIST", fs.mkdir(at "file", { parents = true }))
    end)

    it("are removed", function()
      fs.write_file(at "a", "")
      fs.remove(at "a")
      fails("ENOENT", fs.remove(at "a"))
      fs.mkdir(at "b/c", { parents = true })
      fs.write_file(at "b/c/d", "")
      fails("ENOTEMPTY", fs.remove(at "b"))
      fs.remove(at "b", { recursive = true })
      equal(names_in(folder), {})
      fails("EINVAL", fs.remove(at ".."))
    end)

    it("are changed", function()
      fs.write_file(at "a", "a")
      fs.write_file(at "b", "b")
      fs.rename(at "a", at "b")
      equal(names_in(folder), { "b" })
      equal(fs.read_file(at "b"), "a")
      fails("ENOENT", fs.rename(at "a", at "c"))
      local _, err = fs.rename(at "b", at "none/b")
      equal(err.path, at "none/b")
    end)

    it("of temporary folders are each another", function()
      local one, two = assert(fs.mkdtemp(at "t-")), assert(fs.mkdtemp(at "t-"))
      assert(one ~= two and one:sub(1, #at "t-") == at "t-")
      equal(fs.stat(one).mode, tonumber("700", 8))
    end)
  end)

  it("does not wait for a FIFO longer than it is asked to", function()
    os.execute("mkfifo " .. at "fifo")
    fails("ENXIO", fs.write_file(at "fifo", "nobody reads"))
    fails("ETIMEDOUT", task.timeout(0.05, fs.read_file, at "fifo"))
    local reader = task.spawn(function() return fs.read_file(at "fifo") end)
    local fifo
    repeat                                   -- ENXIO, until the reader has opened it
      task.sleep(0.001)
      fifo = fs.open(at "fifo", "a")
    until fifo
    fifo:write "one"
    task.sleep(0.02)
    fifo:write "two"
    fifo:close()
    equal(reader:wait(), "onetwo")
  end)

  it("raises for an option that a call has not, in the caller's line, with and without a callback", function()
    local calls = {
      read_file = function(options, ...) return fs.read_file("a", options, ...) end,
      write_file = function(options, ...) return fs.write_file("a", "", options, ...) end,
      stat = function(options, ...) return fs.stat("a", options, ...) end,
      mkdir = function(options, ...) return fs.mkdir("a", options, ...) end,
      remove = function(options, ...) return fs.remove("a", options, ...) end,
      open = function(options, ...) return fs.open("a", "r", options, ...) end,
    }
    for name, call in pairs(calls) do
      for _, callback in ipairs { false, print } do
        local err = raises(function() call({ colour = 1 }, callback or nil) end, "bad option 'colour' of '" .. name)
        assert(err:find "^[^:]*fs_spec%.lua:%d+: ", err)
      end
    end
    for _, mode in ipairs { "9", "", "10000", "-1", -1, 0.5, 4096, true } do
      raises(function() fs.mkdir("a", { mode = mode }) end, "bad option 'mode' of 'mkdir' %(permission bits")
    end
    raises(function() fs.write_file("a", "", { append = 1 }) end, "boolean expected, got 1")
  end)

  it("works on a hundred files at once", function()
    local numbers = {}
    for i = 1, 100 do numbers[i] = i end
    task.map(numbers, { limit = 100 }, function(i)
      return fs.write_file(at(tostring(i)), tostring(i), { sync = false })
    end)
    local texts = task.map(numbers, { limit = 100 }, function(i) return fs.read_file(at(tostring(i))) end)
    for i = 1, 100 do equal(texts[i], tostring(i)) end
    assert(not errors.is(texts[1]))
  end)
end)
