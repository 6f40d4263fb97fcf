-- file_spec.lua -- what neap.fs promises of open files and of streams on them.

local fs = require "neap.fs"
local net = require "neap.net"
local support = require "spec.fs.support"
local task = require "neap.task"
local test = require "neap.test"

local describe, it = test.describe, test.it
local equal, fails, raises = test.equal, test.fails, test.raises
local at = support.at

-- A text in which every place is another.
local function long_text(lines)
  local list = {}
  for i = 1, lines do list[i] = ("line %d of a text\n"):format(i) end
  return table.concat(list)
end

describe("an open file", function()
  test.before(support.open)
  test.after(support.close)

  it("reads pieces of known sizes at once", function()
    fs.write_file(at "a", "headbody!")
    local file = assert(fs.open(at "a"))
    equal(file:readv({ 4, 0, 4 }), { "head", "", "body" })
    equal(file:readv({ 4, 4 }), { "!" })
    equal(file:readv({ 4 }), nil)
    equal(file:readv({}), {})
    equal(file:readv({ 2, 2 }, 1), { "ea", "db" })
    file:close()
    raises(function() return file:readv({ "x" }) end, "list of sizes")
    raises(function() return file:readv({ -1 }) end, "list of sizes")
    fails("ECLOSED", file:readv { 1 })
  end)

  it("writes many texts at once", function()
    local file = assert(fs.open(at "a", "w+"))
    file:writev { "one", "", "two" }
    file:writev({ "O", "N" }, 0)
    file:writev {}
    equal(file:read(10, 0), "ONetwo")
    raises(function() return file:writev { "a", {} } end, "list of strings")
    file:close()
  end)

  it("changes what is known of it", function()
    local file = assert(fs.open(at "a", "w"))
    file:write "text"
    file:datasync()
    file:chmod "604"
    file:set_times(1, 2)
    local stat = file:stat()
    equal({ stat.mode, stat.accessed, stat.modified }, { tonumber("604", 8), 1, 2 })
    if stat.uid == 0 then
      file:chown(12, nil)
      equal(file:stat().uid, 12)
    end
    file:close()
    fails("ECLOSED", file:datasync())
    fails("ECLOSED", file:chmod "600")
    fails("ECLOSED", file:stream())
  end)

  it("appends at the end, wherever it is", function()
    fs.write_file(at "a", "old")
    local file = assert(fs.open(at "a", "a+"))
    file:write "new"
    file:seek("set", 0)
    file:write "er"
    equal(file:read(20, 0), "oldnewer")
    file:close()
  end)

  it("holds more than four gigabytes", function()
    local beyond = 5 * 1024 ^ 3 + 7
    local file = assert(fs.open(at "sparse", "w+"))
    file:write("end", beyond)
    equal(file:stat().size, beyond + 3)
    equal(file:read(10, beyond - 2), "\0\0end")
    equal(file:seek("end", -3), beyond)
    equal(file:read(), "end")
    fs.copy(at "sparse", at "copy")
    local stream = assert(fs.stream(at "copy", "r", { offset = beyond }))
    equal(stream:read_all(), "end")
    stream:close()
    file:close()
    fails("EFBIG", fs.read_file(at "sparse"))
  end)

  it("gives its lines and pieces, from where it is, and stays there", function()
    fs.write_file(at "a", "skip\none\r\n\nlast")
    local file, lines = assert(fs.open(at "a")), {}
    file:seek("set", 5)
    for line in file:lines() do lines[#lines + 1] = line end
    equal(lines, { "one", "", "last" })
    equal(file:seek(), 5)
    for chunk in file:chunks(4) do lines[#lines + 1] = chunk end
    equal(table.concat(lines, "|", 4), "one\r|\n\nla|st")
    raises(function() for _ in file:lines(2) do end end, "ELIMIT")
    file:close()
  end)

  it("gives all of so many bytes, or says that there are fewer", function()
    fs.write_file(at "a", "abcde")
    local file = assert(fs.open(at "a"))
    equal(file:read_exactly(3), "abc")
    fails("EOF", file:read_exactly(3))
    equal(file:read_exactly(3), nil)
    file:close()
  end)
end)

describe("a file's stream", function()
  test.before(support.open)
  test.after(support.close)

  it("gives what is in it, in order, then ends", function()
    local text = long_text(20000)
    fs.write_file(at "a", text)
    local stream = assert(fs.stream(at "a"))
    equal(stream:read_line(), "line 1 of a text")
    equal(stream:read_until " of", "line 2")
    equal(stream:read_exactly(8), " a text\n")
    assert(stream:read_all() == text:sub(#"line 1 of a text\nline 2 of a text\n" + 1))
    equal(stream:read(), nil)
    stream:close()
  end)

  it("begins and ends where it is told to, and leaves the file where it is", function()
    fs.write_file(at "a", "0123456789")
    local file = assert(fs.open(at "a"))
    local stream = assert(file:stream { offset = 2, length = 5 })
    file:close()
    equal(stream:read_all(), "23456")
    stream:close()
    stream = assert(fs.stream(at "a", "r", { length = 0 }))
    equal(stream:read(), nil)
    stream:close()
    raises(function() return fs.stream(at "a", "r", { ofset = 1 }) end, "bad option 'ofset'")
    raises(function() return file:stream { offset = -1 } end, "bad option 'offset'")
    fails("ENOENT", fs.stream(at "none"))
  end)

  it("writes in order, and all of it before its shutdown is over", function()
    local stream = assert(fs.stream(at "a", "w", { sync = true }))
    for i = 1, 20000 do stream:write("line ", i .. " of", " a text\n") end
    stream:shutdown()
    assert(fs.read_file(at "a") == long_text(20000))
    stream:close()
  end)

  it("writes what came before its close", function()
    local stream = assert(fs.stream(at "a", "w"))
    for i = 1, 2000 do stream:write(("line %d of a text\n"):format(i), function() end) end
    stream:close()
    local text = long_text(2000)
    support.wait_until(function() return fs.stat(at "a").size == #text end)
    equal(fs.read_file(at "a"), text)
  end)

  it("makes who writes faster than the disk wait", function()
    local stream, waits = assert(fs.stream(at "a", "w")), 0
    local piece = ("x"):rep(40000)
    stream:write(piece, function() waits = waits + 1 end)
    stream:write(piece, function() waits = waits + 1 end)
    equal(waits, 0)
    stream:shutdown()
    equal(waits, 2)
    stream:close()
  end)

  it("says what could not be written, and writes nothing after it", function()
    local stream = assert(fs.stream("/dev/full", "w"))
    stream:write "lost"
    fails("ENOSPC", stream:shutdown())
    fails("ENOSPC", stream:write "more")
    stream:close()
    stream = assert(fs.stream(at "a", "w"))
    fails("EBADF", stream:read())
    stream:close()
  end)

  it("is piped into another, and to a socket", function()
    local text = long_text(30000)
    fs.write_file(at "a", text)
    local from, to = assert(fs.stream(at "a")), assert(fs.stream(at "b", "w"))
    equal(from:pipe(to), #text)
    assert(fs.read_file(at "b") == text)
    from:close()
    to:close()
    local server = net.listen({ host = "127.0.0.1", port = 0 }, function(peer)
      local source = assert(fs.stream(at "a"))
      source:pipe(peer)
      source:close()
    end)
    local client = assert(net.connect("127.0.0.1", server.port))
    assert(client:read_all() == text)
    client:close()
    server:close()
  end)

  it("keeps what a cancelled read did not take", function()
    fs.write_file(at "a", "text")
    local stream = assert(fs.stream(at "a"))
    local reader = task.spawn(stream.read, stream)
    task.yield()
    reader:cancel()
    pcall(reader.wait, reader)
    equal(stream:read_all(), "text")
    stream:close()
  end)

  it("closes in the middle, and when it is collected", function()
    fs.write_file(at "a", ("x"):rep(1000000))
    local before = #fs.list "/proc/self/fd"
    for _ = 1, 20 do
      local stream = assert(fs.stream(at "a"))
      stream:read(1)
      local waiting = task.spawn(stream.read_all, stream)
      task.yield()
      stream:close()
      pcall(waiting.wait, waiting)
      fs.stream(at "a"):read(1)
    end
    support.wait_until(function()
      collectgarbage()
      return #fs.list "/proc/self/fd" <= before
    end)
  end)

  it("on a FIFO waits without a thread of the pool", function()
    os.execute("mkfifo " .. at "fifo")
    local keep = assert(fs.open(at "fifo", "r+"))
    local streams, readers = {}, {}
    for i = 1, 10 do
      streams[i] = assert(fs.stream(at "fifo"))
      readers[i] = task.spawn(streams[i].read, streams[i])
    end
    equal(fs.exists(at "fifo"), true) -- the pool is free
    keep:write(("x"):rep(10))
    support.wait_until(function()
      for i = 1, 10 do streams[i]:close() end
      return true
    end)
    for i = 1, 10 do pcall(readers[i].wait, readers[i]) end
    keep:close()
  end)
end)
