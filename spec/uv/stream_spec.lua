-- What uv.tcp_… and the functions of all streams promise, over real sockets of this machine.
local uv = require "uv"
local task = require "neap.task"
local test = require "neap.test"
local support = require "spec.uv.support"

local describe, it, equal, raises = test.describe, test.it, test.equal, test.raises
local keep, wait_until, fails = support.keep, support.wait_until, support.fails

local LOCAL = "127.0.0.1"
test.after(support.close)

local function tcp(family) return keep(uv.new_tcp(family)) end

-- A server, and its port; on_connection(server) is called for each connection.
local function listen(on_connection)
  local server = tcp()
  equal(server:bind(LOCAL, 0), 0)
  equal(server:listen(128, function(err)
    equal(err, nil)
    on_connection(server)
  end), 0)
  return server, server:getsockname().port
end

local function accept(server)
  local stream = tcp()
  equal(server:accept(stream), 0)
  return stream
end

-- Both ends of a connection.
local function pair()
  local near, far, connected = tcp(), nil, nil
  local server, port = listen(function(server) far = accept(server) end)
  near:connect(LOCAL, port, function(err)
    equal(err, nil)
    connected = true
  end)
  wait_until(function() return far and connected end)
  server:close()
  return near, far
end

-- Reads into a table, until the end or an error, which is its `err`.
local function gather(stream)
  local got = {}
  equal(stream:read_start(function(err, data)
    got[#got + 1] = data
    if not data then got.ended, got.err = true, err end
  end), 0)
  return got
end

local function pattern(n)          -- bytes that show when some are lost or out of order
  local parts = {}
  for i = 1, n / 64 do parts[i] = ("%064d"):format(i) end
  return table.concat(parts)
end

describe("uv streams: reading and writing", function()
  it("echo", function()
    local near, far = pair()
    far:read_start(function(err, data)
      equal(err, nil)
      if data then far:write(data) else far:close() end
    end)
    local got = gather(near)
    near:write "ping"
    wait_until(function() return got[1] end)
    equal(got[1], "ping")
    near:shutdown()
    wait_until(function() return got.ended end)
    equal({ #got, got.err }, { 1, nil })
  end)

  it("take the methods' functions, too", function()
    local near, far = pair()
    local got = gather(far)
    uv.write(near, "a", test.calls(function(err) equal(err, nil) end))
    wait_until(function() return got[1] end)
    equal(got[1], "a")
    equal(uv.read_stop(far), 0)
    equal({ uv.is_readable(far), uv.is_writable(far) }, { true, true })
    equal(uv.handle_get_type(far), "tcp")
    assert(tostring(far):find "^uv_tcp_t: 0x")
  end)

  it("call back in the order of the writes, and after they have returned", function()
    local near, far = pair()
    gather(far)
    local order, returned = {}, false
    for i = 1, 3 do
      local request = near:write("x", test.calls(function(err)
        equal({ err, returned }, { nil, true })
        order[#order + 1] = i
      end))
      assert(tostring(request):find "^uv_write_t: ")
    end
    near:shutdown(test.calls(function(err)
      equal(err, nil)
      order[#order + 1] = "end"
    end))
    returned = true
    wait_until(function() return #order == 4 end)
    equal(order, { 1, 2, 3, "end" })
  end)

  it("queue what the kernel does not take, and keep its order", function()
    local near, far = pair()
    local data, written = pattern(8 * 1024 * 1024), false
    near:write(data, test.calls(function(err)
      equal(err, nil)
      written = true
    end))
    near:write "the end"
    local queued = near:get_write_queue_size()
    assert(queued > 0 and queued < #data + 8, queued)
    equal(near:write_queue_size(), queued)
    fails("EAGAIN", near:try_write "too early")
    local got = gather(far)
    near:shutdown()
    wait_until(function() return got.ended end)
    assert(table.concat(got) == data .. "the end")
    equal({ written, near:get_write_queue_size() }, { true, 0 })
  end, { timeout = 30 })

  it("try to write at once", function()
    local near, far = pair()
    local got = gather(far)
    equal(near:try_write "abc", 3)
    equal(near:try_write { "d", "ef" }, 3)
    wait_until(function() return #table.concat(got) == 6 end)
    equal(table.concat(got), "abcdef")
  end)

  it("write tables of strings, and leave them as they are", function()
    local near, far = pair()
    local got, list, many = gather(far), { "a", 12, "", "b" }, {}
    for i = 1, 1000 do many[i] = i % 7 end
    near:write(list)
    near:write({}, test.calls(function(err) equal(err, nil) end))
    near:write("", test.calls(function(err) equal(err, nil) end))
    near:write(many)
    near:write(3.5)
    near:shutdown()
    wait_until(function() return got.ended end)
    equal(table.concat(got), "a12b" .. table.concat(many) .. "3.5")
    equal({ list[2], many[3] }, { 12, 3 })
  end)

  it("raise for what is no data", function()
    local near, far = pair()
    for _, write in ipairs { uv.write, uv.try_write } do
      raises(function() write(near, true) end, "data must be string or table of strings, got boolean")
      raises(function() write(near) end, "data must be string or table of strings, got n")
      raises(function() write(near, { "a", {} }) end, "expected table of strings, found table in the table")
      raises(function() write(near, { "a", false }) end, "expected table of strings, found boolean in the table")
      raises(function() write(1, "x") end, "Expected uv_stream userdata")
    end
    local got = gather(far)
    raises(function() near:write("x", 1) end, "function or callable table expected, got number")
    task.sleep(0.01)
    equal(got, {})                           -- nothing was sent
    raises(function() near:read_start() end, "function or callable table expected")
    raises(function() near:listen(1) end, "function or callable table expected")
  end)

  it("stop reading, and go on", function()
    local near, far = pair()
    local first
    equal(far:read_start(function(_, data)
      first = data
      equal(far:read_stop(), 0)
    end), 0)
    near:write "one"
    wait_until(function() return first end)
    near:write "two"
    task.sleep(0.02)
    equal({ first, far:is_active() }, { "one", false })
    gather(far)
    fails("EALREADY", far:read_start(function() end))
    far:read_stop()
    local got = gather(far)
    wait_until(function() return got[1] end)
    equal(got[1], "two")
  end)

  it("take callable tables", function()
    local near, far = pair()
    local got
    local callback = setmetatable({}, { __call = function(self, err, data) got = { self, err, data } end })
    far:read_start(callback)
    near:write("x", setmetatable({}, { __call = test.calls(function(_, err) equal(err, nil) end) }))
    wait_until(function() return got end)
    equal(got[3], "x")
    assert(got[1] == callback)
  end)

  it("live while they are open, without a reference", function()
    local got
    do
      local near, far = pair()
      support.forget()
      far:read_start(function(_, data)
        got = data
        far:close()
      end)
      near:write("late", function() near:close() end)
    end
    collectgarbage()
    collectgarbage()
    wait_until(function() return got end)
    equal(got, "late")
    task.sleep(0.01)
  end)
end)

describe("uv streams: the end", function()
  it("shut one half down, and still receive on the other", function()
    local near, far = pair()
    local request = near:shutdown(test.calls(function(err) equal(err, nil) end))
    assert(tostring(request):find "^uv_shutdown_t: ")
    local got, answer = gather(far), gather(near)
    wait_until(function() return got.ended end)
    equal(near:is_writable(), false)
    far:write "answer"
    far:shutdown()
    wait_until(function() return answer.ended end)
    equal(answer[1], "answer")
    fails("ENOTCONN", near:shutdown())
  end)

  it("refuse to shut down, read and write what is not connected", function()
    local stream = tcp()
    fails("ENOTCONN", stream:shutdown(error))
    fails("EBADF", stream:write("x", error))
    fails("EBADF", stream:try_write "x")
    fails("ENOTCONN", stream:read_start(error))
    equal({ stream:is_readable(), stream:is_writable(), stream:get_write_queue_size() }, { false, false, 0 })
  end)

  it("tell a reader that the peer has reset, and a writer", function()
    local near, far = pair()
    local got = gather(near)
    far:close_reset()
    wait_until(function() return got.ended end)
    equal(got.err, "ECONNRESET")
    fails("EPIPE", near:write("x", error))   -- and no SIGPIPE
    fails("EPIPE", near:try_write "x")
  end)

  it("fail what is queued when the peer resets", function()
    local near, far = pair()
    local told
    near:write(("x"):rep(20000000), test.calls(function(err) told = err end))
    far:close_reset()
    wait_until(function() return told end)
    assert(told == "EPIPE" or told == "ECONNRESET", told)
  end)

  it("close by a reset, and call back", function()
    local near, far = pair()
    local got = gather(near)
    equal(far:close_reset(test.calls(function() equal(far:is_closing(), true) end)), 0)
    equal(far:is_closing(), true)
    wait_until(function() return got.ended end)
    equal(got.err, "ECONNRESET")
  end)
end)

describe("uv streams: closing", function()
  it("cancels what waits, in order, and then calls back", function()
    local near = pair()
    local told = {}
    near:write(("x"):rep(20000000), test.calls(function(err) told[#told + 1] = err end))
    near:shutdown(test.calls(function(err) told[#told + 1] = err end))
    near:close(test.calls(function() told[#told + 1] = "closed" end))
    equal(#told, 0)
    wait_until(function() return #told == 3 end)
    equal(told, { "ECANCELED", "ECANCELED", "closed" })
  end)

  it("cancels a connect", function()
    local stream = tcp()
    local _, port = listen(function() end)
    stream:connect(LOCAL, port, test.calls(function(err) equal(err, "ECANCELED") end))
    stream:close()
  end)

  it("is possible in every callback", function()
    local closed = 0
    local function close(stream)
      stream:close(function() closed = closed + 1 end)
    end
    local near = tcp()
    local server, port = listen(function(server)
      local far = accept(server)
      close(server)
      far:read_start(function(_, data)
        equal(data, "x")
        close(far)
      end)
    end)
    near:connect(LOCAL, port, function(err)
      equal(err, nil)
      near:write("x", function() close(near) end)
    end)
    wait_until(function() return closed == 3 end)
    local other = tcp()
    local again, again_port = listen(function() end)
    other:connect(LOCAL, again_port, function() close(other) end)
    wait_until(function() return closed == 4 end)
    close(again)
    local last = tcp()
    last:close(test.calls(function() raises(function() last:close() end, "already closing") end))
    raises(function() last:close() end, "already closing")
    equal(server:is_closing(), true)
  end)

  it("ends the callbacks", function()
    local near, far = pair()
    far:read_start(function() error "called after close" end)
    near:write "x"
    far:close()
    task.sleep(0.02)
  end)

  it("leaves an object that answers", function()
    local near, far = pair()
    local _, port = listen(function() end)
    far:close()
    for _ = 1, 2 do                          -- closing, then closed
      fails("EBADF", far:write("x", error))
      fails("EBADF", far:try_write "x")
      fails("ENOTCONN", far:shutdown(error))
      equal(far:read_stop(), 0)
      fails("EINVAL", far:read_start(error))
      fails("EINVAL", far:bind(LOCAL, 0))
      fails("EINVAL", far:listen(1, error))
      fails("EINVAL", far:connect(LOCAL, port, error))
      fails("EINVAL", far:open(0))
      fails("EAGAIN", far:accept(near))
      fails("EBADF", far:getsockname())
      fails("EBADF", far:fileno())
      equal({ far:is_active(), far:is_readable(), far:is_writable() }, { false, false, false })
      task.sleep(0.01)
    end
    local server, closed = listen(function() end), tcp()
    closed:close()
    fails("EINVAL", server:accept(closed))
    task.sleep(0.01)
  end)
end)

describe("uv.listen and uv.accept", function()
  it("take many connections", function()
    local n, streams = 0, {}
    local _, port = listen(function(server)
      n = n + 1
      streams[n] = accept(server)
    end)
    for i = 1, 50 do
      local stream = tcp()
      stream:connect(LOCAL, port, function() stream:write(i .. "") end)
    end
    wait_until(function() return n == 50 end)
    local seen, sum = 0, 0
    for _, stream in ipairs(streams) do
      stream:read_start(function(_, data) seen, sum = seen + 1, sum + data end)
    end
    wait_until(function() return seen == 50 end)
    equal(sum, 1275)
  end)

  it("have nothing to take when nobody has come", function()
    local server = listen(function() end)
    fails("EAGAIN", server:accept(tcp()))
    raises(function() server:accept() end, "Expected uv_stream userdata")
  end)

  it("refuse an address that is taken", function()
    local _, port = listen(function() end)
    local second = tcp()
    equal(second:bind(LOCAL, port), 0)       -- it is told later
    fails("EADDRINUSE", second:listen(1, error))
  end)
end)

describe("what is closed", function()
  it("takes no callback, and keeps none", function()
    local stream, timer = tcp(), keep(uv.new_timer())
    stream:close()
    timer:close()
    local function callback() end
    local kept = setmetatable({ callback }, { __mode = "v" })
    fails("EINVAL", stream:read_start(callback))
    fails("EINVAL", stream:listen(1, callback))
    fails("EINVAL", timer:start(1, 0, callback))
    callback = nil -- luacheck: ignore
    task.sleep(0.005)
    collectgarbage()
    collectgarbage()
    equal(kept[1], nil)
  end)

  it("is still there for who has sent it along", function()
    local fds = uv.socketpair()
    local near, far = keep(uv.new_pipe(true)), keep(uv.new_pipe(true))
    near:open(fds[1])
    far:open(fds[2])
    near:write(("x"):rep(4e6))
    local told
    do
      local sent = uv.new_tcp()
      sent:bind(LOCAL, 0)
      near:write2("y", sent, function(err) told = err or "sent" end)
      sent:close()
    end
    for _ = 1, 20 do uv.new_tcp():close() end
    task.sleep(0.005)
    collectgarbage()
    collectgarbage()
    far:read_start(function() end)
    wait_until(function() return told end)
    equal(told, "EBADF")
  end)
end)

describe("uv tcp", function()
  it("tells the addresses of both ends", function()
    local near, far = pair()
    local address = near:getsockname()
    equal({ address.family, address.ip }, { "inet", LOCAL })
    equal(far:getpeername(), address)
    equal(near:getpeername(), far:getsockname())
    fails("EBADF", tcp():getsockname())
  end)

  it("has a socket at once when its family is named", function()
    assert(tcp("inet"):fileno() > 2)
    assert(tcp(uv.constants.AF_INET6):fileno() > 2)
    fails("EBADF", tcp():fileno())
    raises(function() uv.new_tcp "inetx" end, "invalid or unknown address family: 'inetx'")
    raises(function() uv.new_tcp {} end)
    fails("EINVAL", uv.new_tcp(999))
  end)

  it("sets options", function()
    local near = pair()
    equal({ near:nodelay(true), near:nodelay(false) }, { 0, 0 })
    equal({ near:keepalive(true, 60), near:keepalive(false) }, { 0, 0 })
    equal(near:simultaneous_accepts(true), 0)
    equal(near:set_blocking(true), 0)
    equal(near:set_blocking(false), 0)
    raises(function() near:nodelay(1) end, "boolean expected")
    raises(function() near:set_blocking() end, "boolean expected")
    equal(near:send_buffer_size(50000), 0)
    assert(near:send_buffer_size() >= 50000)
  end)

  it("binds IPv6 alone", function()
    local six, four = tcp(), tcp()
    if six:bind("::", 0, { ipv6only = true }) ~= 0 then test.skip "no IPv6" end
    equal(six:listen(1, function() end), 0)
    equal(four:bind("0.0.0.0", six:getsockname().port), 0)
    equal(four:listen(1, function() end), 0)
    equal(six:getsockname().family, "inet6")
  end)

  it("is refused where nobody listens", function()
    local server, port = listen(function() end)
    server:close()
    tcp():connect(LOCAL, port, test.calls(function(err) equal(err, "ECONNREFUSED") end))
  end)

  it("connects once at a time", function()
    local _, port = listen(function() end)
    local stream = tcp()
    local request = stream:connect(LOCAL, port, test.calls(function(err) equal(err, nil) end))
    assert(tostring(request):find "^uv_connect_t: ")
    fails("EALREADY", stream:connect(LOCAL, port, error))
  end)

  it("raises for what is no address", function()
    local stream = tcp()
    for _, call in ipairs { stream.bind, stream.connect } do
      raises(function() call(stream, "localhost", 1) end, "Invalid IP address or port %[localhost:1%]")
      raises(function() call(stream) end, "string expected")
      raises(function() call(stream, LOCAL) end, "number expected")
    end
    raises(function() uv.tcp_bind(uv.new_timer and keep(uv.new_timer()), LOCAL, 0) end, "uv_tcp expected")
  end)

  it("opens a socket of a pair", function()
    local fds = uv.socketpair("stream", nil, { nonblock = true }, { nonblock = true })
    local near, far = tcp(), tcp()
    equal({ near:open(fds[1]), far:open(fds[2]) }, { 0, 0 })
    equal(near:fileno(), fds[1])
    local got = gather(far)
    near:write "x"
    wait_until(function() return got[1] end)
    equal(got[1], "x")
    fails("EBADF", tcp():open(9999))
    raises(function() uv.socketpair "x" end, "invalid socket type: x")
  end)
end)
