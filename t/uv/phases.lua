-- Prepare, check and idle, and the order of a turn of the loop.
local uv = require "luv"
local show = require "show"

for _, kind in ipairs { "prepare", "check", "idle" } do
  local h = uv["new_" .. kind]()
  show.call(kind, function() return h, h:get_type() end)
  show.call("active", h.is_active, h)
  show.call("stop", h.stop, h)
  show.call("start", h.start, h, show.callback(kind))
  show.call("start again", h.start, h, show.callback(kind .. " again"))
  show.call("active", h.is_active, h)
  show.call("run", uv.run, "nowait")
  show.call("stop", h.stop, h)
  show.call("stop again", h.stop, h)
  show.call("run", uv.run, "nowait")
  h:close(show.callback "closed")
  uv.run()
end

-- The order of a turn, twice.
local timer, prepare, check, idle = uv.new_timer(), uv.new_prepare(), uv.new_check(), uv.new_idle()
local turn = 0
check:start(function() show("check", turn) end)
idle:start(function() show("idle", turn) end)
prepare:start(function() turn = turn + 1 show("prepare", turn) end)
timer:start(0, 0, show.callback "timer")
uv.run "nowait"
uv.run "nowait"

-- Several of a kind: which first.
local others = {}
for i = 1, 3 do
  others[i] = { uv.new_prepare(), uv.new_check(), uv.new_idle() }
  for j, h in ipairs(others[i]) do h:start(function() show(({ "prepare", "check", "idle" })[j] .. " " .. i) end) end
end
uv.run "nowait"

-- Stopped and closed in their own callbacks.
prepare:stop()
prepare:start(function() prepare:stop() show "prepare stops" end)
check:stop()
check:start(function() check:close(show.callback "check closed") show "check closes" end)
idle:start(function() show "idle does not start twice" end)
idle:stop()
idle:start(function() idle:stop() show "idle stops" end)
for _, list in ipairs(others) do for _, h in ipairs(list) do h:stop() end end
uv.run "nowait"
uv.run "nowait"
show.close()
show("left", show.open())
