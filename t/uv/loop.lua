-- The loop: its modes, what keeps it alive, stopping it, walking over handles.
local uv = require "luv"
local show = require "show"

show.call("mode outside", uv.loop_mode)
show.call("alive", uv.loop_alive)
show.call("run with nothing", uv.run)
show.call("run once with nothing", uv.run, "once")
show.call("run nowait with nothing", uv.run, "nowait")
show.call("a wrong mode", uv.run, "always")
show.call("stop outside", uv.stop)

local t = uv.new_timer()
show.call("alive with one that is not active", uv.loop_alive)
t:start(100, 0, function() -- not due in the first run, even if that comes late
  show("mode inside", uv.loop_mode())
  show("alive inside", uv.loop_alive())
end)
show.call("alive with a timer", uv.loop_alive)
show.call("nowait", uv.run, "nowait")
show.call("once", uv.run, "once")
show.call("alive again", uv.loop_alive)

for _, mode in ipairs { "default", "once", "nowait" } do
  t:start(0, 0, function() show("mode", uv.loop_mode()) end)
  uv.run(mode)
end

-- Stopped: what is due in the same turn still comes.
local u = uv.new_timer()
t:start(1, 0, function() show "stops" uv.stop() end)
u:start(1, 0, show.callback "due with it")
uv.sleep(3)
u:start(1, 1, function() show "repeats" u:stop() end)
show.call("run", uv.run)
show.call("run again", uv.run)

-- Only the scripts' handles, in the order they were made.
local made = { uv.new_tcp(), uv.new_prepare(), uv.new_timer() }
local seen = {}
uv.walk(function(handle) seen[#seen + 1] = handle:get_type() end)
show("walk", seen)
made[2]:close()
uv.walk(function(handle) show("walk", handle:is_closing()) end)
uv.run "nowait"
show("left", show.open())

-- The time stands still while a script runs.
local before = uv.now()
uv.sleep(3)
show("stands still", uv.now() == before)
uv.update_time()
show("updated", uv.now() >= before + 3)
show.kind("now", uv.now)
show("backend_fd", type(uv.backend_fd()))
u:start(1000, 0, print)
show("backend_timeout", uv.backend_timeout() > 900 and uv.backend_timeout() <= 1000)
u:stop()

show.call("configure", uv.loop_configure, "metrics_idle_time")
t:start(50, 0, function() end)
uv.run()
show("idle time", uv.metrics_idle_time() > 1e6)
show.call("block_signal", uv.loop_configure, "block_signal", "sigprof")
show.call("block_signal by number", uv.loop_configure, "block_signal", uv.constants.SIGPROF)
show.call("block_signal of another", uv.loop_configure, "block_signal", "sigint")
show.call("a wrong option", uv.loop_configure, "no such")

show.call("close while handles are open", uv.loop_close)
show.close()
show("left", show.open())
