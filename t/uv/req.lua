-- Requests: what they are, how they are cancelled, what is left of them.
local uv = require "luv"
local show = require "show"

local tcp = uv.new_tcp()
local connect = tcp:connect("127.0.0.1", 1, show.callback "connect")
show("connect", connect, connect:get_type())
show.call("cancel", connect.cancel, connect)
uv.run()
show.call("cancel when it is over", function() return (pcall(connect.cancel, connect)) end)

local a, b = show.pair()
local write = a:write("data", show.callback "write")
show("write", write, write:get_type())
show.call("cancel", uv.cancel, write)
local shutdown = a:shutdown(show.callback "shutdown")
show("shutdown", shutdown, shutdown:get_type())
show.call("cancel", uv.cancel, shutdown)
b:read_start(show.callback "read")
uv.run "nowait"
uv.run "nowait"
show.close()

local stat = uv.fs_stat(".", function(err, found) show("stat", err, type(found)) end)
show("fs", stat, stat:get_type())
uv.run()
local lookup = uv.getaddrinfo("127.0.0.1", nil, { socktype = "stream" }, show.callback "getaddrinfo")
show("getaddrinfo", lookup, lookup:get_type())
uv.run()
local name = uv.getnameinfo({ ip = "127.0.0.1", port = 80 }, function(err, host)
  show("getnameinfo", err, type(host))
end)
show("getnameinfo", name, name:get_type())
uv.run()

-- The pool's threads are busy: the last ones have not begun.
local busy = uv.new_work(function() require("luv").sleep(200) end, function() end)
for _ = 1, 8 do busy:queue() end
local waiting = uv.fs_stat(".", show.callback "cancelled stat")
show.call("cancel", waiting.cancel, waiting)
local resolving = uv.getaddrinfo("127.0.0.1", nil, nil, show.callback "cancelled getaddrinfo")
show.call("cancel", resolving.cancel, resolving)
uv.run()

-- Dropped requests go on.
uv.fs_stat(".", function(err) show("dropped stat", err) end)
collectgarbage()
uv.run()
show("methods", table.concat((function(list)
  for key in pairs(getmetatable(connect).__index) do list[#list + 1] = key end
  table.sort(list)
  return list
end) {}, " "))
