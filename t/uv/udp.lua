-- UDP: datagrams to and fro, connected and not.
local uv = require "luv"
local show = require "show"
local function run(n) for _ = 1, n or 4 do uv.run "nowait" end end

local server, client = uv.new_udp(), uv.new_udp()
show("new", server, server:get_type())
show.call("name before", server.getsockname, server)
show.call("bind", server.bind, server, "127.0.0.1", 0)
show.call("bind again", server.bind, server, "127.0.0.1", 0)
local address = server:getsockname()
local ip, port = address.ip, address.port
show("name", address)
show.call("recv_start", server.recv_start, server, function(...)
  local err, data, from, flags = ...
  show("received", select("#", ...), err, data, from, flags)
end)
show.call("recv_start again", server.recv_start, server, show.callback "received by the second")
show.call("send", client.send, client, "one", ip, port, show.callback "sent one")
run()
show.call("send a list", client.send, client, { "two", "three" }, ip, port, show.callback "sent two, three")
run()
show.call("try_send", client.try_send, client, "four", ip, port)
show.call("send nothing", client.send, client, "", ip, port, show.callback "sent nothing")
run()
show("queue", client:get_send_queue_size(), client:get_send_queue_count())
show.call("without a callback", client.send, client, "five", ip, port)
run()
show.call("too much", client.try_send, client, ("x"):rep(70000), ip, port)
show.call("too much, later", client.send, client, ("x"):rep(70000), ip, port, show.callback "sent too much")
run()
show.call("connect", client.connect, client, ip, port)
show("peer", client:getpeername().ip == ip, client:getpeername().port == port)
show.call("send to the peer", client.send, client, "six", nil, nil, show.callback "sent six")
show.call("try_send to the peer", client.try_send, client, "seven", nil, nil)
show.call("send to another", client.send, client, "no", "127.0.0.1", 9, show.callback "sent no")
run()
show.call("connect again", client.connect, client, ip, port)
show.call("disconnect", client.connect, client, nil, nil)
show.call("peer", client.getpeername, client)
show.call("recv_stop", server.recv_stop, server)
show.call("recv_stop again", server.recv_stop, server)
show.call("wrong address", client.send, client, "x", "nowhere", 9, print)

-- Options.
for _, on in ipairs { true, false } do
  show.call("broadcast", server.set_broadcast, server, on)
  show.call("multicast_loop", server.set_multicast_loop, server, on)
end
for _, n in ipairs { 0, 1, 255, 256, -1 } do
  show.call("ttl " .. n, server.set_ttl, server, n)
  show.call("multicast_ttl " .. n, server.set_multicast_ttl, server, n)
end
for _, what in ipairs { "join", "leave", "other" } do
  show.call(what, server.set_membership, server, "239.255.0.1", "127.0.0.1", what)
end
show.call("no group", server.set_membership, server, "127.0.0.1", nil, "join")
show.call("interface", server.set_multicast_interface, server, "127.0.0.1")
show.call("no interface", server.set_multicast_interface, server, "x")
show.call("options without a socket", function() return uv.new_udp():set_ttl(1) end)
for _, flags in ipairs { {}, { reuseaddr = true }, { ipv6only = true } } do
  show.call("bind with flags", function() return uv.new_udp():bind("::1", 0, flags) end)
end
for _, family in ipairs { "inet", "inet6", "unix", "x", 2 } do show.call("family", uv.new_udp, family) end
show.call("flags", uv.new_udp, { family = "inet", mmsgs = 4 })
show.call("wrong flags", uv.new_udp, { family = "x" })
show.close()

-- Several at once; closed in the callback; closed with a send under way.
local many = uv.new_udp { mmsgs = 4 }
many:bind("127.0.0.1", 0)
local to = many:getsockname()
many:recv_start(function(err, data, from, flags)
  show("many", err, data, from and from.family, flags)
  if data == "3" then many:close(show.callback "many closed") end
end)
client = uv.new_udp()
for i = 1, 3 do client:send(tostring(i), to.ip, to.port) end
client:send("late", to.ip, to.port, function(...)
  show("late", ...)
  client:send("cancelled", to.ip, to.port)
  client:send("cancelled", to.ip, to.port, show.callback "cancelled")
  client:close(show.callback "client closed")
end)
uv.run()
show("left", show.open())
