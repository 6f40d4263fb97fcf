-- Streams: reading, writing, ending, over the two ends of a socketpair.
local uv = require "luv"
local show = require "show"

local function run(n) for _ = 1, n or 3 do uv.run "nowait" end end

local a, b = show.pair()
show("states", a:is_readable(), a:is_writable(), a:get_write_queue_size())
show.call("read_start", b.read_start, b, show.callback "b reads")
show.call("read_start again", b.read_start, b, show.callback "b reads again")
show.call("write", a.write, a, "one", show.callback "written one")
show.call("write", a.write, a, { "two", "three", 4 }, show.callback "written two, three, 4")
show.call("write nothing", a.write, a, "", show.callback "written nothing")
run()
show.call("try_write", a.try_write, a, "five")
show.call("try_write a list", a.try_write, a, { "six", "seven" })
run()
show.call("read_stop", b.read_stop, b)
show.call("read_stop again", b.read_stop, b)
a:write "later"
run()
b:read_start(show.callback "b reads")
run()

-- More than the kernel takes.
local big = ("x"):rep(4 * 1024 * 1024)
b:read_stop()
a:write(big, show.callback "written all")
show("queue", a:get_write_queue_size() > 0, a:get_write_queue_size() < #big)
show.call("try_write behind it", a.try_write, a, "no")
a:write("end", show.callback "written end")
local got = 0
b:read_start(function(_, data) got = got + #data end)
while got < #big + 3 do uv.run "once" end
run()
show("got", got, a:get_write_queue_size())

-- The end.
b:read_stop()
b:read_start(show.callback "b reads")
a:write("last", show.callback "written last")
show.call("shutdown", a.shutdown, a, show.callback "shutdown")
show.call("write after it", a.write, a, "no", show.callback "written")
show.call("shutdown again", a.shutdown, a, show.callback "shutdown again")
run()
show("states", a:is_readable(), a:is_writable())
b:close(show.callback "b closed")
a:read_start(show.callback "a reads")
run()
show.close()

-- Closed with writes under way, and in the callback of a read.
a = show.pair()
a:write(big, show.callback "big")
a:write("small", show.callback "small")
a:shutdown(show.callback "shutdown")
a:close(show.callback "closed")
run()
a, b = show.pair()
b:read_start(function(...)
  show("closes", ...)
  b:write("answer", show.callback "answered")
  b:close(show.callback "b closed")
end)
a:write "hello"
a:read_start(show.callback "a reads")
run()
-- Written to when the other end is gone: that kills a process with luv which does not handle the signal.
local broken = uv.new_signal()
broken:start("sigpipe", function() end)
broken:unref()
a:write("nobody", show.callback "to nobody")
run()
a:write("nobody", show.callback "to nobody")
run()
show.close()

-- Two callbacks in one turn; writes from a callback of a write.
a, b = show.pair()
local n = 0
local function more(err)
  n = n + 1
  show("more", n, err)
  if n < 3 then a:write("more", more) end
end
a:write("more", more)
b:read_start(show.callback "b reads")
run(6)
a:write "no callback"
run()
show.call("set_blocking", a.set_blocking, a, true)
show.call("set_blocking", a.set_blocking, a, false)
show.call("write a table of other things", a.write, a, { "a", {} })
show.call("write a table with a hole", a.write, a, { "a", nil, "c" })
show.call("accept without listen", a.accept, a, uv.new_tcp())
show.call("write to one that is not connected", function() return uv.new_tcp():write("x", show.callback "written") end)
show.call("read from one that is not connected", function() return uv.new_tcp():read_start(print) end)
show.call("shut down one that is not connected", function() return uv.new_tcp():shutdown(print) end)
show.call("listen on a timer", uv.listen, uv.new_timer(), 1, print)
show.close()
