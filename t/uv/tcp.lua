-- TCP: servers, clients, addresses, what goes wrong.
local uv = require "luv"
local show = require "show"

local server = uv.new_tcp()
show("new", server, server:get_type())
show.call("getsockname before", server.getsockname, server)
show.call("bind", server.bind, server, "127.0.0.1", 0)
show.call("bind again", server.bind, server, "127.0.0.1", 0)
show.call("name", server.getsockname, server)
local port = server:getsockname().port
show.call("getpeername", server.getpeername, server)
local accepted = {}
show.call("listen", server.listen, server, 8, function(...)
  show("connection", ...)
  local peer = uv.new_tcp()
  show.call("accept", server.accept, server, peer)
  show.call("accept again", server.accept, server, uv.new_tcp())
  accepted[#accepted + 1] = peer
  peer:read_start(function(...)
    show("server reads", ...)
    if (select(2, ...)) then
      peer:write("answer", show.callback "server wrote")
    else
      peer:close(show.callback "server closed")
    end
  end)
end)
local client = uv.new_tcp()
show.call("connect", client.connect, client, "127.0.0.1", port, function(...)
  show("connected", ...)
  show("peer", client:getpeername().port == port, client:getsockname().ip)
  client:nodelay(true)
  client:read_start(function(...)
    show("client reads", ...)
    client:shutdown(function(...)
      show("client shut down", ...)
      client:close(function() show "client closed" server:close() end)
    end)
  end)
  client:write("question", show.callback "client wrote")
end)
show.call("connect again", client.connect, client, "127.0.0.1", port, print)
uv.run()
show.close()

-- Refused; wrong addresses; used addresses.
client = uv.new_tcp()
client:connect("127.0.0.1", 1, function(...) show("refused", ...) end)
uv.run()
for _, address in ipairs { "localhost", "256.1.1.1", "", "::g" } do
  show.call("connect " .. address, function() return uv.new_tcp():connect(address, 80, print) end)
end
show.call("an address that is not ours", function() return uv.new_tcp():bind("192.0.2.1", 0) end)
local a, b = uv.new_tcp(), uv.new_tcp()
a:bind("127.0.0.1", 0)
a:listen(1, print)
show.call("bind a used one", b.bind, b, "127.0.0.1", a:getsockname().port)
show.call("listen on it", b.listen, b, 1, print)
local six = uv.new_tcp()
show.call("IPv6", six.bind, six, "::1", 0, { ipv6only = true })
show("name", six:getsockname().family, six:getsockname().ip)
local any = uv.new_tcp "inet6"
show.call("any", any.bind, any, "::", 0)
show.call("other family", function() return uv.new_tcp("inet"):bind("::1", 0) end)
for _, family in ipairs { "inet", "inet6", "unix", 2, 10, 99, "INET", "x" } do
  show.call("family " .. family, uv.new_tcp, family)
end
for _, p in ipairs { -1, 65535, 65536, 1.5 } do
  show.call("port " .. p, function() return uv.new_tcp():bind("127.0.0.1", p) end)
end
show.close()

-- Options.
local t = uv.new_tcp()
show.call("nodelay without a socket", t.nodelay, t, true)
show.call("keepalive without a socket", t.keepalive, t, true, 10)
t:bind("127.0.0.1", 0)
for _, on in ipairs { true, false } do
  show.call("nodelay", t.nodelay, t, on)
  show.call("keepalive", t.keepalive, t, on, 30)
  show.call("simultaneous_accepts", t.simultaneous_accepts, t, on)
end
show.call("keepalive of no seconds", t.keepalive, t, true, 0)
show.call("write_queue_size", t.write_queue_size, t)
show.call("open a wrong one", function() return uv.new_tcp():open(-1) end)
show.close()

-- A reset; closed while it connects; closed while it listens.
server = uv.new_tcp()
server:bind("127.0.0.1", 0)
server:listen(8, function()
  local peer = uv.new_tcp()
  server:accept(peer)
  show.call("reset", peer.close_reset, peer, show.callback "reset closed")
  show.call("reset again", function() return (pcall(peer.close_reset, peer)) end)
  server:close()
end)
client = uv.new_tcp()
client:connect("127.0.0.1", server:getsockname().port, function()
  client:read_start(function(...) show("after a reset", ...) client:close() end)
end)
uv.run()
local connecting = uv.new_tcp()
connecting:connect("127.0.0.1", 1, show.callback "connect of a closed one")
connecting:close(show.callback "closed")
uv.run()

for _, args in ipairs { {}, { "stream" }, { "dgram" }, { "seqpacket" }, { "raw" }, { "stream", "tcp" },
    { nil, 0, {}, { nonblock = true } } } do
  show.kind("socketpair", uv.socketpair, unpack(args, 1, 4))
end
show.close()
