-- uv: what newer libuvs have. Which of it is there is chosen when Neap is built; what is not there is not tested.
local task = require "neap.task"
local test = require "neap.test"
local uv = require "uv"
local support = require "spec.uv.support"

local describe, equal, raises = test.describe, test.equal, test.raises
local await, fails, refuses = support.await, support.fails, support.refuses

-- A test of what came with a version.
local function it(version, name, fn)
  if uv.version() >= version then test.it(name, fn) end
end

-- A folder of its own, until the file is over.
local folders = {}
local function folder()
  local path = assert(uv.fs_mkdtemp(uv.os_tmpdir() .. "/neap-spec-XXXXXX"))
  folders[#folders + 1] = path
  return path
end
test.after(function()
  for _, path in ipairs(folders) do os.execute("rm -rf " .. path) end
  folders = {}
end)

describe("uv, since libuv 1.45", function()
  it(0x012d00, "tells a thread's processor, and those that it may have", function()
    local size, self = uv.cpumask_size(), uv.thread_self()
    local cpu, mask = uv.thread_getcpu(), assert(self:getaffinity())
    assert(size >= 1 and cpu >= 1 and cpu <= size)
    equal({ #mask, mask[cpu] }, { size, true })
    equal(self:setaffinity(mask), true)
    equal(self:setaffinity({ [cpu] = true }, true), mask)
    equal(uv.thread_getaffinity(self)[cpu], true)
    assert(self:setaffinity(mask))
    refuses("cpumask size must be >= " .. size .. " %(from cpumask_size%(%)%), got 0", self.getaffinity, self, 0)
    refuses("table expected", self.setaffinity, self, 1)
  end)

  it(0x012d00, "has clocks, memory and counts of the loop", function()
    local monotonic, real = uv.clock_gettime "monotonic", uv.clock_gettime "realtime"
    assert(math.abs(real.sec - os.time()) <= 2 and real.nsec < 1e9 and monotonic.nsec < 1e9)
    assert(uv.get_available_memory() > 0)
    refuses("invalid option 'text'", uv.clock_gettime, "text")
    local before = uv.metrics_info()
    for _ = 1, 3 do task.sleep(0.001) end
    assert(uv.metrics_info().loop_count >= before.loop_count + 3)
    equal({ type(before.events), type(before.events_waiting) }, { "number", "number" })
  end)
end)

describe("uv, since libuv 1.46", function()
  -- Listens at a name, connects to it, and says what came.
  local function talk(name, ...)
    local server, client, accepted = uv.new_pipe(), uv.new_pipe(), uv.new_pipe()
    equal(server:bind2(name, ...), 0)
    assert(server:listen(1, function() server:accept(accepted) accepted:write "hello" end))
    equal(await(client.connect2, client, name, ...), nil)
    local channel = task.channel(1)
    client:read_start(function(_, data) channel:send(data) end)
    equal(channel:receive(), "hello")
    for _, handle in ipairs { server, client, accepted } do handle:close() end
  end

  it(0x012e00, "binds and connects pipes at names of any kind", function()
    talk(folder() .. "/socket", 0)
    if uv.os_uname().sysname == "Linux" then talk("\0neap-spec-" .. uv.os_getpid(), nil) end
    talk(folder() .. "/socket", { no_truncate = true })
  end)

  it(0x012e00, "does not cut names, when told", function()
    local pipe, long = uv.new_pipe(), ("x"):rep(300)
    fails("EINVAL", pipe:bind2(long, uv.constants.PIPE_NO_TRUNCATE))
    fails("EINVAL", pipe:bind2(long, { no_truncate = true }))
    fails("EINVAL", pipe:connect2(long, { no_truncate = true }, print))
    fails("EINVAL", pipe:bind2("name", 77))
    refuses("expected nil, integer, or table", pipe.bind2, pipe, "name", true)
    pipe:close()
  end)
end)

describe("uv, since libuv 1.47", function()
  it(0x012f00, "makes UTF-16 of WTF-8, and back", function()
    for _, text in ipairs { "", "abc", "\xc3\xa9", "\xf0\x9f\x90\xb1", "\xed\xa0\x80" } do
      local units = uv.wtf8_to_utf16(text)
      equal(uv.utf16_to_wtf8(units), text)
      equal(uv.wtf8_length_as_utf16(text), #units / 2)
      equal(uv.utf16_length_as_wtf8(units), #text)
    end
    raises(function() uv.utf16_to_wtf8 "odd" end, "an even number of bytes")
    fails("EINVAL", uv.wtf8_to_utf16 "\xff")
    fails("EINVAL", uv.wtf8_length_as_utf16 "\xff")
  end)
end)

describe("uv, since libuv 1.48", function()
  it(0x013000, "tells and sets a thread's priority", function()
    local self = uv.thread_self()
    equal(type(self:getpriority()), "number")
    local ok, _, name = uv.thread_setpriority(self, uv.constants.THREAD_PRIORITY_NORMAL)
    assert(ok or name == "EPERM" or name == "EACCES", name)
    refuses("number expected", self.setpriority, self)
  end)
end)

describe("uv, since libuv 1.49", function()
  it(0x013100, "lets several sockets have a port", function()
    local tcp, udp = { uv.new_tcp(), uv.new_tcp() }, { uv.new_udp(), uv.new_udp() }
    for _, kind in ipairs { tcp, udp } do
      local port = 0
      for _, handle in ipairs(kind) do
        equal(handle:bind("127.0.0.1", port, { reuseport = true }), 0)
        if kind == tcp then equal(handle:listen(1, print), 0) end
        port = handle:getsockname().port
      end
      for _, handle in ipairs(kind) do handle:close() end
    end
  end)
end)

describe("uv, since libuv 1.50", function()
  it(0x013200, "names threads, and lets them go", function()
    local thread = assert(uv.new_thread(function() require "uv".thread_setname "worker" require "uv".sleep(30) end))
    support.wait_until(function() return thread:getname() == "worker" end)
    equal(thread:detach(), true)
    fails("EINVAL", thread:join())
    fails("ESRCH", uv.thread_detach(uv.thread_self()))
    equal(type(uv.getrusage_thread().utime.sec), "number")
  end)

  it(0x013200, "sends many datagrams at once", function()
    local receiver, sender, channel = uv.new_udp(), uv.new_udp(), task.channel(10)
    receiver:bind("127.0.0.1", 0)
    sender:bind("127.0.0.1", 0)
    receiver:recv_start(function(_, data) if data then channel:send(data) end end)
    local to = { ip = "127.0.0.1", port = receiver:getsockname().port }
    equal(sender:try_send2({ { data = "one", addr = to }, { data = { "t", "wo" }, addr = to } }), 2)
    equal({ channel:receive(), channel:receive() }, { "one", "two" })
    sender:connect(to.ip, to.port)
    equal(sender:try_send2({ { data = "three" } }, {}), 1)
    equal(channel:receive(), "three")
    equal(sender:try_send2({ { data = "four" } }, 0), 1)
    equal(channel:receive(), "four")
    fails("EINVAL", sender:try_send2({ { data = "five" } }, 1))
    refuses("table expected", sender.try_send2, sender, "text")
    receiver:close()
    sender:close()
  end)
end)

describe("uv, since libuv 1.51", function()
  it(0x013300, "sets a file's times to now, or not at all", function()
    local path = folder() .. "/file"
    local fd = assert(uv.fs_open(path, "w", 420))
    local function times(fn, ...)
      assert(uv.fs_utime(path, 1000, 2000))
      assert(fn(...))
      local stat = uv.fs_stat(path)
      local now = function(time, old) return time == old and old or math.abs(time - os.time()) < 60 and "now" end
      return { now(stat.atime.sec, 1000), now(stat.mtime.sec, 2000) }
    end
    equal(times(uv.fs_utime, path, "now", "omit"), { "now", 2000 })
    equal(times(uv.fs_utime, path, nil, "now"), { 1000, "now" })
    equal(times(uv.fs_utime, path, uv.constants.FS_UTIME_NOW, uv.constants.FS_UTIME_OMIT), { "now", 2000 })
    equal(times(uv.fs_futime, fd, "omit", "now"), { 1000, "now" })
    equal(times(uv.fs_lutime, path, "now", nil), { "now", 2000 })
    equal(times(function() return await(uv.fs_utime, path, "now", "omit") == nil end), { "now", 2000 })
    refuses("invalid option 'soon'", uv.fs_utime, path, "soon", 1)
    uv.fs_close(fd)
  end)
end)

-- Both ends of a stream.
local function pair()
  local fds = assert(uv.socketpair())
  local a, b = uv.new_tcp(), uv.new_tcp()
  a:open(fds[1])
  b:open(fds[2])
  return a, b
end

describe("uv.cancel of a write", function()
  it(0, "says that it cannot, before libuv 1.53; one that has gone is told to have", function()
    local a, b = pair()
    local got = task.channel(1)
    local write = a:write("gone", function(...) got:send { select("#", ...), ... } end)
    local ok, _, name = write:cancel()
    equal({ ok, name }, uv.version() >= 0x013500 and { 0 } or { nil, "EINVAL" })
    equal(got:receive(), { 1 })
    raises(function() write:cancel() end, "Expected uv_req_t")
    a:close()
    b:close()
  end)

  it(0x013500, "cancels what still waits", function()
    local a, b = pair()
    local ends, read = {}, 0
    local big = a:write(("x"):rep(8e6), function(err) ends[#ends + 1] = err end)
    local small = a:write("behind", function(err) ends[#ends + 1] = err end)
    equal({ small:cancel(), big:cancel() }, { 0, 0 })
    support.wait_until(function() return #ends == 2 end)
    equal(ends, { "ECANCELED", "ECANCELED" })
    b:read_start(function(_, data) read = data and read + #data or -1 - read end)
    a:shutdown()
    support.wait_until(function() return read < 0 end)
    assert(-1 - read < 8e6)
    a:close()
    b:close()
  end)

  it(0, "may come when the stream closes", function()
    local a, b = pair()
    local err
    local write = a:write(("x"):rep(8e6), function(e) err = e end)
    a:close()
    local ok, _, name = write:cancel()
    equal({ ok, name }, uv.version() >= 0x013500 and { 0 } or { nil, "EINVAL" })
    support.wait_until(function() return err end)
    equal(err, "ECANCELED")
    b:close()
  end)
end)
