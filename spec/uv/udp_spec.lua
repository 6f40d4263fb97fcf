-- What uv.udp_… promises, over real sockets of this machine.
local uv = require "uv"
local task = require "neap.task"
local test = require "neap.test"
local support = require "spec.uv.support"

local describe, it, equal, raises = test.describe, test.it, test.equal, test.raises
local keep, wait_until, fails = support.keep, support.wait_until, support.fails

local LOCAL = "127.0.0.1"
test.after(support.close)

local function udp(flags) return keep(uv.new_udp(flags)) end

-- A socket with an address, its port, and the list of what it receives: { data, addr, flags }.
local function receiver(flags)
  local socket, got = udp(flags), {}
  equal(socket:bind(LOCAL, 0), 0)
  equal(socket:recv_start(function(err, data, addr, recv_flags)
    equal(err, nil)
    equal(type(recv_flags), "table")
    if addr then got[#got + 1] = { data, addr, recv_flags } end
  end), 0)
  return socket, socket:getsockname().port, got
end

describe("uv udp", function()
  it("sends and receives", function()
    local server, port, got = receiver()
    local client = udp()
    equal(client:send("hello", LOCAL, port, test.calls(function(err) equal(err, nil) end)), 0)
    equal(client:send({ "a", 1, "b" }, LOCAL, port), 0)
    equal(client:try_send("", LOCAL, port), 0)
    equal(client:try_send({ "x", "yz" }, LOCAL, port), 3)
    equal(client:send({}, LOCAL, port, nil), 0)
    wait_until(function() return #got == 5 end)
    equal({ got[1][1], got[2][1], got[3][1], got[4][1], got[5][1] }, { "hello", "a1b", "", "xyz", "" })
    local from = got[1][2]
    equal({ from.family, from.ip, from.port }, { "inet", LOCAL, client:getsockname().port })
    equal(got[1][3], {})
    equal({ client:get_send_queue_size(), client:get_send_queue_count() }, { 0, 0 })
    assert(tostring(server):find "^uv_udp_t: 0x")
    equal(server:get_type(), "udp")
  end)

  it("tells that there is no more for now", function()
    local socket, pauses = udp(), 0
    socket:bind(LOCAL, 0)
    socket:recv_start(function(...)
      local err, data, addr, flags = ...
      if not addr then
        pauses = pauses + 1
        equal({ select("#", ...), err, data, flags }, { 4, nil, nil, {} })
      end
    end)
    socket:try_send("x", LOCAL, socket:getsockname().port)
    wait_until(function() return pauses > 0 end)
  end)

  it("calls back after the call has returned, in order", function()
    local _, port = receiver()
    local client, order, returned = udp(), {}, false
    for i = 1, 3 do
      client:send("x", LOCAL, port, test.calls(function(err)
        equal({ err, returned }, { nil, true })
        order[#order + 1] = i
      end))
    end
    returned = true
    wait_until(function() return #order == 3 end)
    equal(order, { 1, 2, 3 })
  end)

  it("sends much, none of it changed", function()
    local _, port, got = receiver()
    local client = udp()
    for i = 1, 60 do
      client:send(("%d "):format(i):rep(300), LOCAL, port, test.calls(function(err) equal(err, nil) end))
      if i % 20 == 0 then wait_until(function() return #got == i end) end
    end
    for i = 1, 60 do equal(got[i][1], ("%d "):format(i):rep(300)) end
  end)

  it("reports what cannot be sent", function()
    local _, port = receiver()
    local client = udp()
    equal(client:send(("x"):rep(100000), LOCAL, port, test.calls(function(err) equal(err, "EMSGSIZE") end)), 0)
    fails("EMSGSIZE", udp():try_send(("x"):rep(100000), LOCAL, port))
    fails("EDESTADDRREQ", client:send("x", nil, nil, error))
    fails("EDESTADDRREQ", client:try_send("x", nil, nil))
    task.sleep(0.01)
  end)

  it("receives a datagram of 64 KB", function()
    local _, port, got = receiver()
    local text = ("%06d."):format(7):rep(9357)         -- 65,499 bytes
    equal(udp():try_send(text, LOCAL, port), #text)
    wait_until(function() return got[1] end)
    assert(got[1][1] == text)
  end)

  it("takes several datagrams at once", function()
    local socket, port, got = receiver { mmsgs = 4 }
    local client = udp()
    for i = 1, 10 do client:try_send("m" .. i, LOCAL, port) end
    wait_until(function() return #got == 10 end)
    for i = 1, 10 do
      equal({ got[i][1], got[i][3].mmsg_chunk, got[i][2].ip }, { "m" .. i, true, LOCAL })
    end
    socket:recv_stop()
    local many, many_port, more = receiver(uv.constants.UDP_RECVMMSG)
    for i = 1, 30 do client:try_send(i .. "", LOCAL, many_port) end
    wait_until(function() return #more == 30 end)
    equal(more[30][1], "30")
    many:close()
  end)

  it("stops receiving, and goes on", function()
    local socket, port, got = receiver()
    local client = udp()
    fails("EALREADY", socket:recv_start(function() end))
    equal(socket:recv_stop(), 0)
    equal(socket:is_active(), false)
    client:try_send("kept", LOCAL, port)
    task.sleep(0.01)
    equal(#got, 0)
    socket:recv_start(function(_, data) got[#got + 1] = data end)
    wait_until(function() return got[1] end)
    equal(got[1], "kept")
  end)

  it("receives nothing more when it was closed or stopped in the callback", function()
    for _, flags in ipairs { false, { mmsgs = 8 } } do
      for _, stop in ipairs { "close", "recv_stop" } do
        local socket, n = udp(flags or nil), 0
        socket:bind(LOCAL, 0)
        local port = socket:getsockname().port
        local client = udp()
        for _ = 1, 5 do client:try_send("x", LOCAL, port) end
        socket:recv_start(function()
          n = n + 1
          socket[stop](socket)
        end)
        task.sleep(0.02)
        equal(n, 1)
      end
    end
  end)

  it("connects", function()
    local server, port, got = receiver()
    local client, stranger = udp(), udp()
    equal(client:connect(LOCAL, port), 0)
    local peer = client:getpeername()
    equal({ peer.ip, peer.port }, { LOCAL, port })
    fails("EISCONN", client:connect(LOCAL, port))
    fails("EISCONN", client:send("x", LOCAL, port, error))
    fails("EISCONN", client:try_send("x", LOCAL, port))
    equal(client:send("to whom I know", nil, nil, test.calls(function(err) equal(err, nil) end)), 0)
    wait_until(function() return got[1] end)
    local heard
    client:recv_start(function(_, data) heard = data or heard end)
    stranger:try_send("from a stranger", LOCAL, client:getsockname().port)
    server:try_send("from the server", LOCAL, client:getsockname().port)
    wait_until(function() return heard end)
    equal(heard, "from the server")
    equal(client:connect(nil, nil), 0)
    fails("ENOTCONN", client:connect(nil, nil))
    fails("ENOTCONN", client:getpeername())
  end)

  it("hears that nobody is there", function()
    local gone, client, told = udp(), udp(), nil
    gone:bind(LOCAL, 0)
    local port = gone:getsockname().port
    gone:close()
    client:connect(LOCAL, port)
    client:recv_start(function(err, data, addr, flags)
      if err then told = { err, data or false, addr or false, flags } end
    end)
    client:send("x", nil, nil)
    wait_until(function() return told end)
    equal(told, { "ECONNREFUSED", false, false, {} })
  end)

  it("binds", function()
    local socket, port = receiver()
    fails("EINVAL", socket:bind(LOCAL, 0))
    fails("EADDRINUSE", udp():bind(LOCAL, port))
    fails("EADDRNOTAVAIL", udp():bind("192.0.2.1", 0))
    fails("EINVAL", udp():bind(LOCAL, 0, { ipv6only = true }))
    local one, two = udp(), udp()
    equal(one:bind(LOCAL, 0, { reuseaddr = true }), 0)
    equal(two:bind(LOCAL, one:getsockname().port, { reuseaddr = true }), 0)
    local six = udp()
    if six:bind("::1", 0, { ipv6only = true }) == 0 then equal(six:getsockname().family, "inet6") end
    fails("EBADF", udp():getsockname())
  end)

  it("has a socket at once when its family is named", function()
    for _, flags in ipairs { "inet", uv.constants.AF_INET, { family = "inet" }, { family = uv.constants.AF_INET } } do
      assert(udp(flags):fileno() > 2)
    end
    for _, flags in ipairs { "nosuch", {}, { mmsgs = -1 }, { mmsgs = 1e9 }, { family = "nosuch" } } do
      fails("EBADF", udp(flags):fileno())
    end
    fails("EINVAL", uv.new_udp(99))
    raises(function() uv.new_udp(true) end, "expected table, string, or integer")
    raises(function() uv.new_udp { family = {} } end, "family must be string or integer if set")
    raises(function() uv.new_udp { mmsgs = "x" } end, "mmsgs must be integer if set")
  end)

  it("opens a socket", function()
    local fds = uv.socketpair("dgram", nil, { nonblock = true }, { nonblock = true })
    local near, far = udp(), udp()
    equal({ near:open(fds[1]), far:open(fds[2]) }, { 0, 0 })
    equal(near:fileno(), fds[1])
    fails("EBADF", udp():open(9999))
  end)

  it("joins and leaves groups", function()
    local socket = udp()
    socket:bind("0.0.0.0", 0)
    local group = "239.255.0.1"
    if socket:set_membership(group, LOCAL, "join") ~= 0 then test.skip "no multicast" end
    local port, got = socket:getsockname().port, nil
    socket:recv_start(function(_, data) got = data or got end)
    local client = udp "inet"
    equal(client:set_multicast_interface(LOCAL), 0)
    equal({ client:set_multicast_loop(true), client:set_multicast_ttl(1) }, { 0, 0 })
    client:send("to all", group, port, test.calls(function(err) equal(err, nil) end))
    wait_until(function() return got end)
    equal(got, "to all")
    equal(socket:set_membership(group, LOCAL, "leave"), 0)
    equal(socket:set_source_membership(group, LOCAL, LOCAL, "join"), 0)
    equal(socket:set_source_membership(group, LOCAL, LOCAL, "leave"), 0)
    fails("EINVAL", socket:set_membership("no group", LOCAL, "join"))
    raises(function() socket:set_membership(group, LOCAL, "x") end, "invalid option 'x'")
    raises(function() socket:set_membership(group, {}, "join") end, "expected string or nil")
    raises(function() socket:set_source_membership(group, LOCAL, nil, "join") end, "string expected")
  end)

  it("sets options", function()
    local socket = receiver()
    equal({ socket:set_broadcast(true), socket:set_ttl(5), socket:set_multicast_loop(false) }, { 0, 0, 0 })
    fails("EINVAL", socket:set_ttl(500))
    fails("EINVAL", socket:set_multicast_ttl(500))
    fails("EINVAL", socket:set_multicast_interface "nonsense")
    raises(function() socket:set_broadcast(1) end, "boolean expected")
    raises(function() socket:set_multicast_loop() end, "boolean expected")
    raises(function() socket:set_ttl "x" end, "number expected")
    raises(function() socket:set_multicast_interface() end, "string expected")
  end)

  it("raises for wrong addresses and data", function()
    local socket = udp()
    for _, send in ipairs { uv.udp_send, uv.udp_try_send } do
      raises(function() send(socket, "x", "nowhere", 1) end, "Invalid IP address or port %[nowhere:1%]")
      raises(function() send(socket, "x", LOCAL, nil) end, "Both host and port must be nil if one is nil")
      raises(function() send(socket, "x", nil, 1) end, "Both host and port must be nil if one is nil")
      raises(function() send(socket, "x", 1, 1) end, "Host must be string or nil")
      raises(function() send(socket, "x", LOCAL, "1") end, "Port must be number or nil")
      raises(function() send(socket, true, LOCAL, 1) end, "data must be string or table of strings, got boolean")
      raises(function() send(socket, { {} }, LOCAL, 1) end, "found table in the table")
    end
    raises(function() socket:send("x", LOCAL, 1, 1) end, "function or callable table expected")
    raises(function() socket:recv_start() end, "function or callable table expected")
    raises(function() socket:connect(LOCAL) end, "Port must be number or nil")
    raises(function() socket:bind("x", 1) end, "Invalid IP address or port %[x:1%]")
    raises(function() uv.udp_bind(1, LOCAL, 1) end, "uv_udp expected")
  end)

  it("cancels what waits when it is closed", function()
    local client, told = udp(), 0
    local _, port = receiver()
    for _ = 1, 3 do
      client:send(("x"):rep(100000), LOCAL, port, test.calls(function(err)
        assert(err == "EMSGSIZE" or err == "ECANCELED", err)
        told = told + 1
      end))
    end
    client:close()
    wait_until(function() return told == 3 end)
  end)

  it("answers when it is closed", function()
    local socket = receiver()
    socket:close()
    for _ = 1, 2 do                          -- closing, then closed
      fails("EINVAL", socket:send("x", LOCAL, 9, error))
      fails("EINVAL", socket:try_send("x", LOCAL, 9))
      fails("EINVAL", socket:bind(LOCAL, 0))
      fails("EINVAL", socket:connect(LOCAL, 9))
      fails("EINVAL", socket:open(0))
      fails("EINVAL", socket:recv_start(error))
      fails("EINVAL", socket:set_membership("239.255.0.1", LOCAL, "join"))
      fails("EINVAL", socket:set_source_membership("239.255.0.1", LOCAL, LOCAL, "join"))
      fails("EBADF", socket:set_ttl(1))
      fails("EBADF", socket:getsockname())
      equal({ socket:recv_stop(), socket:get_send_queue_count() }, { 0, 0 })
      task.sleep(0.01)
    end
  end)
end)
