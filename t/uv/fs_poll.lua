-- Polling a path.
local uv = require "luv"
local show = require "show"

local function write(name, text)
  local file = assert(io.open(name, "w"))
  file:write(text)
  file:close()
end
write("f", "a")
local p = uv.new_fs_poll()
show("new", p, p:get_type(), p:is_active())
show.call("path before", p.getpath, p)
local calls = 0
show.call("start", p.start, p, "f", 10, function(err, before, now)
  calls = calls + 1
  show("changed", err, type(before), type(now), before and before.size, now and now.size)
  p:stop()
end)
show.call("path", p.getpath, p)
show("active", p:is_active())
local t = uv.new_timer()
t:start(400, 0, function() -- the first look at it has been by then; at once, so that nobody sees it half written
  write("new", "longer")
  os.rename("new", "f")
end)
uv.run()
show("calls", calls)
show.call("start anew", p.start, p, "f", 10, function(err, before, now)
  show("gone", err, type(before), type(now))
  p:stop()
end)
t:start(400, 0, function() os.remove "f" end)
uv.run()
show.call("nothing there", p.start, p, "no", 10, function(err, before, now)
  show("not there", err, type(before), type(now))
  p:close(show.callback "closed")
end)
uv.run()
show.call("path when closed", p.getpath, p)
show.call("stop when closed", p.stop, p)
show.close()
