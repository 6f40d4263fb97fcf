-- Signals to this process.
local uv = require "luv"
local show = require "show"

local pid = uv.os_getpid()
local keep = uv.new_timer()
keep:start(5000, 0, print)
local function send(name)
  show.call("kill " .. name, uv.kill, pid, name)
  for _ = 1, 3 do uv.run "nowait" end
end

local a, b = uv.new_signal(), uv.new_signal()
show("new", a, a:get_type(), a:is_active())
show.call("stop", a.stop, a)
show.call("start", a.start, a, "sigusr1", show.callback "a")
show.call("start", b.start, b, uv.constants.SIGUSR1, show.callback "b")
show("active", a:is_active(), b:is_active())
send "sigusr1"
show.call("start with another", a.start, a, "sigusr2", show.callback "a, anew")
send "sigusr1"
send "sigusr2"
show.call("oneshot", uv.signal_start_oneshot, b, "sigusr2", show.callback "b, once")
send "sigusr2"
send "sigusr2"
show("active", b:is_active())
show.call("stop", a.stop, a)
show("active", a:is_active())
for _, name in ipairs { "sigkill", "sigstop", "SIGUSR1", "usr1", "", "sigrt" } do
  show.call("start " .. name, a.start, a, name, print)
end
for _, n in ipairs { 0, -1, 65, 1000 } do show.call("start " .. n, a.start, a, n, print) end
show.call("without a callback", a.start, a, "sigusr1")
a:start("sigusr1", function(...) show("closes", ...) a:close(show.callback "closed") end)
send "sigusr1"
-- Every name.
local names = {}
for name in pairs(uv.constants) do
  if name:find "^SIG" and not name:find "KILL" and not name:find "STOP" then names[#names + 1] = name:lower() end
end
table.sort(names)
for _, name in ipairs(names) do show.call(name, b.start, b, name, function() end) b:stop() end
show.call("kill nobody", uv.kill, 999999999, "sigterm")
show.call("kill with 0", uv.kill, pid, 0)
show.close()
