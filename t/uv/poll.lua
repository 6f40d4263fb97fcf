-- Polls on the ends of a socketpair.
local uv = require "luv"
local show = require "show"

local fds = uv.socketpair()
local a, b = uv.new_poll(fds[1]), uv.new_tcp()
b:open(fds[2])
show("new", a, a:get_type(), a:is_active())
show("fileno", a:fileno() == fds[1])
show.call("a second on the same", uv.new_poll, fds[1])
show.call("start w", a.start, a, "w", function(...) show("writable", ...) a:stop() end)
uv.run "once"
show.call("start r", a.start, a, "r", function(...) show("readable", ...) a:stop() end)
uv.run "nowait"
b:try_write "x"
uv.run "once"
show.call("start rw", a.start, a, "rw", function(...) show("both", ...) a:stop() end)
uv.run "once"
show.call("start rwd", a.start, a, "rwd", function(...) show("after the end", ...) a:stop() end)
b:close()
uv.run "once"
for _, events in ipairs { "d", "p", "rp", "rwdp", "wr", "x", "" } do
  show.call("events " .. events, a.start, a, events, print)
end
show.call("start again with others", a.start, a, "r", show.callback "r")
a:stop()
a:close(show.callback "closed")
uv.run()
show.call("fileno when closed", a.fileno, a)
show.call("a file that cannot be polled", uv.new_poll, uv.fs_open("/etc/passwd", "r", 0))
show.close()
