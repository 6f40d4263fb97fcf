-- What uv's poll, signal, async, prepare, check, idle and tty handles promise.
local ffi = require "ffi"
local uv = require "uv"
local task = require "neap.task"
local test = require "neap.test"
local support = require "spec.uv.support"

local describe, it, equal, raises = test.describe, test.it, test.equal, test.raises
local keep, wait_until, fails = support.keep, support.wait_until, support.fails

ffi.cdef [[
int close(int fd);
int open(const char *path, int flags, ...);
int posix_openpt(int flags);
int grantpt(int fd);
int unlockpt(int fd);
char *ptsname(int fd);
struct neap_spec_winsize { unsigned short rows, columns, x, y; };
int ioctl(int fd, unsigned long request, ...);
]]

local fds = {}

test.after(function()
  support.close()
  task.sleep(0.005)
  for _, fd in ipairs(fds) do ffi.C.close(fd) end
  fds = {}
end)

local function own(fd)
  fds[#fds + 1] = fd
  return fd
end

local function pipe()
  local ends = uv.pipe({ nonblock = true }, { nonblock = true })
  return own(ends.read), own(ends.write)
end

local function pid() return tonumber(uv.fs_readlink "/proc/self") end

describe("uv poll", function()
  it("tells what can be read and written", function()
    local read, write = pipe()
    local reader, writer, told = keep(uv.new_poll(read)), keep(uv.new_socket_poll(write)), {}
    equal(writer:start("w", function(...)
      told.write = { select("#", ...), ... }
      writer:stop()
    end), 0)
    equal(reader:start("r", function(err, events)
      told.read = { err or false, events }
      equal(reader:stop(), 0)
    end), 0)
    wait_until(function() return told.write end)
    equal({ told.write[1], told.write[3], told.read }, { 2, "w", nil })
    uv.fs_write(write, "x", -1)
    wait_until(function() return told.read end)
    equal(told.read, { false, "r" })
    equal({ reader:is_active(), reader:get_type(), reader:fileno() }, { false, "poll", read })
  end)

  it("waits for both by default", function()
    local sockets, told = uv.socketpair(), nil
    own(sockets[1])
    own(sockets[2])
    uv.fs_write(sockets[2], "x", -1)
    local poll = keep(uv.new_poll(sockets[1]))
    poll:start(nil, function(_, events)
      told = events
      poll:stop()
    end)
    wait_until(function() return told end)
    equal(told, "rw")
  end)

  it("tells when the other side has gone", function()
    local sockets, told = uv.socketpair(), nil
    own(sockets[1])
    local poll = keep(uv.new_poll(sockets[1]))
    poll:start("d", function(err, events)
      told = { err or false, events }
      poll:stop()
    end)
    ffi.C.close(sockets[2])
    wait_until(function() return told end)
    equal(told, { false, "d" })
  end)

  it("tells when it cannot wait", function()
    local read, write = pipe()
    local poll, told = keep(uv.new_poll(write)), nil
    ffi.C.close(read)
    table.remove(fds, 1)
    poll:start("wd", function(err, events) told = { err, events } end)
    wait_until(function() return told end)
    equal(told, { "EBADF", "" })
    equal(poll:is_active(), false)
  end)

  it("takes all combinations, in one order", function()
    local poll = keep(uv.new_poll((pipe())))
    for events in ("r w rw d rd wd rwd p rp wp rwp dp rdp wdp rwdp"):gmatch "%S+" do
      equal(poll:start(events, function() end), 0)
    end
    for _, events in ipairs { "", "wr", "x", 1 } do
      raises(function() poll:start(events, function() end) end, "invalid option")
    end
    raises(function() poll:start "r" end, "function or callable table expected")
    raises(function() uv.poll_start(1, "r", print) end, "uv_poll expected")
    raises(function() uv.new_poll() end, "number expected")
    fails("EBADF", uv.new_poll(9999))
    local file = own(ffi.C.open("/dev/null", 0))
    fails("EPERM", uv.new_poll(file))
  end)

  it("answers when it is closed", function()
    local poll = keep(uv.new_poll((pipe())))
    poll:close()
    for _ = 1, 2 do
      fails("EINVAL", poll:start("r", error))
      equal(poll:stop(), 0)
      task.sleep(0.005)
    end
  end)
end)

describe("uv signal", function()
  it("does not take the signal that Neap stops scripts with", function()
    local signal = keep(uv.new_signal())
    local result, message, name = signal:start("sigurg", print)
    equal({ result, name }, { nil, "EBUSY" })
    assert(message:find "^EBUSY: ", message)
    equal(select(3, signal:start_oneshot("sigurg", print)), "EBUSY")
    equal(signal:is_active(), false)
  end)

  it("tells of signals by name, again and again", function()
    local signal, told = keep(uv.new_signal()), {}
    equal(signal:start("sigusr1", function(...)
      equal(select("#", ...), 1)
      told[#told + 1] = ...
    end), 0)
    for i = 1, 3 do
      uv.kill(pid(), "sigusr1")
      wait_until(function() return #told == i end)
    end
    equal(told, { "sigusr1", "sigusr1", "sigusr1" })
    equal(signal:stop(), 0)
    equal(signal:is_active(), false)
  end)

  it("tells of one, when one is wanted", function()
    local signal, told = keep(uv.new_signal()), {}
    equal(uv.signal_start_oneshot(signal, "sigusr2", function(name) told[#told + 1] = name end), 0)
    local other = keep(uv.new_signal())
    other:start(12, function() end)          -- so that the second has no other effect
    uv.kill(pid(), 12)
    wait_until(function() return #told == 1 end)
    equal(signal:is_active(), false)
    uv.kill(pid(), 12)
    task.sleep(0.02)
    equal(told, { "sigusr2" })
  end)

  it("takes numbers, with and without a name", function()
    local signal, told = keep(uv.new_signal()), {}
    for _, number in ipairs { 10, "12", 34 } do
      signal:start(number, function(name) told[#told + 1] = name or "none" end)
      local n = #told
      uv.kill(pid(), number)
      wait_until(function() return #told > n end)
    end
    equal(told, { "sigusr1", "sigusr2", "none" })
  end)

  it("keeps its callback when it gets none", function()
    local signal, told = keep(uv.new_signal()), nil
    signal:start("sigusr1", function(name) told = name end)
    equal(signal:start "sigusr2", 0)
    uv.kill(pid(), "sigusr2")
    wait_until(function() return told end)
    equal(told, "sigusr2")
  end)

  it("tells all that wait for the same", function()
    local n = 0
    for _ = 1, 3 do keep(uv.new_signal()):start("sighup", function() n = n + 1 end) end
    uv.kill(pid(), "sighup")
    wait_until(function() return n == 3 end)
  end)

  it("refuses what is none, or cannot be caught", function()
    local signal = keep(uv.new_signal())
    for _, start in ipairs { uv.signal_start, uv.signal_start_oneshot } do
      fails("EINVAL", start(signal, "sigkill", error))
      fails("EINVAL", start(signal, 0, error))
      fails("EINVAL", start(signal, 99, error))
      raises(function() start(signal, "SIGHUP", error) end, "Invalid Signal name")
      raises(function() start(signal, true, error) end, "Missing Signal name")
      raises(function() start(signal) end, "Missing Signal name")
      raises(function() start(signal, "sighup", 1) end, "function or callable table expected")
    end
    signal:close()
    for _ = 1, 2 do
      fails("EINVAL", signal:start("sighup", error))
      equal(signal:stop(), 0)
      task.sleep(0.005)
    end
  end)
end)

describe("uv async", function()
  local function async(fn) return keep(uv.new_async(fn)) end

  it("calls back, later, with what was sent", function()
    local told
    local handle = async(function(...) told = { n = select("#", ...), ... } end)
    equal(handle:send(1, nil, true, "a\0b", 2.5, nil), 0)
    equal(told, nil)
    wait_until(function() return told end)
    equal(told, { n = 6, 1, nil, true, "a\0b", 2.5, nil })
    told = nil
    uv.async_send(handle)
    wait_until(function() return told end)
    equal(told, { n = 0 })
    assert(tostring(handle):find "^uv_async_t: 0x")
  end)

  it("calls once for several, with the last", function()
    local told = {}
    local handle = async(function(...) told[#told + 1] = { ... } end)
    handle:send(1)
    handle:send("lost")
    handle:send(3, 4)
    task.sleep(0.02)
    equal(told, { { 3, 4 } })
    handle:send(5)
    handle:send()
    task.sleep(0.02)
    equal(told[2], {})
  end)

  it("leaves out what cannot go, and what follows", function()
    local told
    local handle = async(function(...) told = { n = select("#", ...), ... } end)
    equal(handle:send(1, {}, 3), 0)
    wait_until(function() return told end)
    equal(told, { n = 1, 1 })
  end)

  it("passes handles as themselves", function()
    local timer, told = keep(uv.new_timer()), nil
    local handle = async(function(...) told = { ... } end)
    handle:send(timer, handle)
    wait_until(function() return told end)
    assert(told[1] == timer and told[2] == handle)
  end)

  it("may be sent from its own callback, and closed there", function()
    local n, handle = 0, nil
    handle = async(function(i)
      n = i
      if i < 5 then equal(handle:send(i + 1), 0) else handle:close() end
    end)
    handle:send(1)
    wait_until(function() return n == 5 end)
  end)

  it("calls nobody when it was closed", function()
    local handle = async(error)
    handle:send "x"
    handle:close()
    equal(handle:send "y", 0)
    task.sleep(0.01)
    equal(handle:send "z", 0)
  end)

  it("is sent to from other threads", function()
    if not uv.new_thread then test.skip "no threads" end
    local told = {}
    local handle = async(function(...) told[#told + 1] = { ... } end)
    local thread = uv.new_thread(function(remote) remote:send("from a thread", 1) end, handle)
    wait_until(function() return told[1] end)
    equal(told, { { "from a thread", 1 } })
    thread:join()
  end)

  it("raises for what is no function", function()
    raises(function() uv.new_async() end, "function expected")
    raises(function() uv.new_async(1) end, "function expected, got number")
    raises(function() uv.new_async {} end, "function or callable table expected")
    raises(function() uv.async_send(1) end, "uv_async expected")
  end)
end)

describe("uv prepare, check and idle", function()
  it("run in every turn, in their order", function()
    local idle, prepare, check, log = keep(uv.new_idle()), keep(uv.new_prepare()), keep(uv.new_check()), {}
    local turns = 0
    local function note(name)
      return function(...)
        log[#log + 1] = name .. select("#", ...)
        if name == "check" then turns = turns + 1 end
        if turns == 3 then
          equal({ idle:stop(), prepare:stop(), check:stop() }, { 0, 0, 0 })
        end
      end
    end
    equal({ idle:start(note "idle"), prepare:start(note "prepare"), check:start(note "check") }, { 0, 0, 0 })
    wait_until(function() return turns == 3 end)
    while log[1] ~= "idle0" do table.remove(log, 1) end
    local text = table.concat(log, " ")
    assert(text:find "^idle0 prepare0 check0 idle0 prepare0 check0", text)
    task.sleep(0.01)
    equal(turns, 3)
  end)

  for _, name in ipairs { "prepare", "check", "idle" } do
    it("start, stop and close: " .. name, function()
      local handle, n = keep(uv["new_" .. name]()), 0
      assert(tostring(handle):find("^uv_" .. name .. "_t: 0x"))
      equal(handle:get_type(), name)
      equal(handle:is_active(), false)
      equal(handle:start(function() error "replaced" end), 0)
      equal(handle:start(setmetatable({}, { __call = function()
        n = n + 1
        if n == 3 then handle:close() end
      end })), 0)
      equal(handle:is_active(), true)
      wait_until(function() return n == 3 end)
      for _ = 1, 2 do
        fails("EINVAL", handle:start(error))
        equal(handle:stop(), 0)
        task.sleep(0.005)
      end
      equal(n, 3)
      raises(function() handle:start() end, "function or callable table expected")
      raises(function() uv[name .. "_start"](1, print) end, "uv_" .. name .. " expected")
    end)
  end

  it("let an idle one keep the loop awake", function()
    local idle, n, enough = keep(uv.new_idle()), 0, task.channel(1)
    idle:start(function()
      n = n + 1
      if n == 20 then enough:send(true) end
    end)
    enough:receive()
    idle:stop()
  end)
end)

describe("uv tty", function()
  -- A terminal: the program's side, and the other.
  local function terminal()
    local master = own(ffi.C.posix_openpt(2))
    ffi.C.grantpt(master)
    ffi.C.unlockpt(master)
    local O_NOCTTY = uv.constants.O_NOCTTY
    local slave = own(ffi.C.open(ffi.C.ptsname(master), 2 + O_NOCTTY))
    if master < 0 or slave < 0 then test.skip "no pseudo-terminals" end
    return slave, master
  end

  it("reads and writes", function()
    local slave, master = terminal()
    local tty, got = keep(uv.new_tty(slave, true)), nil
    assert(tostring(tty):find "^uv_tty_t: 0x")
    equal({ tty:get_type(), tty:is_readable(), tty:is_writable() }, { "tty", true, true })
    equal(tty:read_start(function(_, data) got = data or got end), 0)
    uv.fs_write(master, "line\n", -1)
    wait_until(function() return got end)
    equal(got, "line\n")
    tty:write("out", test.calls(function(err) equal(err, nil) end))
    local seen = ""
    wait_until(function()
      if not seen:find "out" then seen = seen .. uv.fs_read(master, 100, -1) end
      return seen:find "out"
    end)
  end)

  it("has modes", function()
    local slave, master = terminal()
    local tty, got = keep(uv.new_tty(slave, true)), nil
    equal(tty:set_mode(1), 0)
    tty:read_start(function(_, data) got = data end)
    uv.fs_write(master, "k\3", -1)           -- no line, and control-C is a key
    wait_until(function() return got end)
    equal(got, "k\3")
    equal({ tty:set_mode "normal", tty:set_mode "raw", tty:set_mode(2), tty:set_mode(0) }, { 0, 0, 0, 0 })
    equal(uv.tty_reset_mode(), 0)
    raises(function() tty:set_mode() end, "number expected")
    raises(function() tty:set_mode "nosuch" end, "tty mode")
  end)

  it("has a size", function()
    local slave, master = terminal()
    local TIOCSWINSZ = 0x5414
    ffi.C.ioctl(master, TIOCSWINSZ, ffi.new("struct neap_spec_winsize", 30, 101, 0, 0))
    local tty = keep(uv.new_tty(slave, false))
    equal({ tty:get_winsize() }, { 101, 30 })
    tty:close()
    fails("EBADF", tty:get_winsize())
  end)

  it("is made of a terminal only", function()
    fails("EINVAL", uv.new_tty(own(ffi.C.open("/dev/null", 0)), true))
    fails("EINVAL", uv.new_tty(9999, true))
    raises(function() uv.new_tty(1) end, "boolean expected")
    raises(function() uv.new_tty() end, "number expected")
  end)

  it("has console states on Windows only", function()
    equal(select("#", uv.tty_set_vterm_state "supported"), 0)
    raises(function() uv.tty_set_vterm_state "x" end, "invalid option 'x'")
    fails("ENOTSUP", uv.tty_get_vterm_state())
  end)
end)
