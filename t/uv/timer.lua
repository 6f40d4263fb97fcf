-- Timers: when and in which order they fire, what they say of themselves, how they are closed.
local uv = require "luv"
local show = require "show"

local once = uv.new_timer()
show.call("tostring", function() return once end)
show.call("never started", once.again, once)
show.call("due in", once.get_due_in, once)
show.call("repeat", once.get_repeat, once)
show.call("start", once.start, once, 1, 0, show.callback "once")
show.call("active", once.is_active, once)
uv.run()
show.call("active when it has fired", once.is_active, once)
show.call("again without a repeat", once.again, once)

-- Order: by time, then by when they were started, whatever the order they were made in.
local timers = {}
for i = 1, 4 do timers[i] = uv.new_timer() end
for _, i in ipairs { 3, 1, 4, 2 } do timers[i]:start(2, 0, show.callback("timer " .. i)) end
timers[2]:start(1, 0, show.callback "timer 2, started anew")
uv.sleep(5)
uv.run()

-- A repeat that is changed in the callback; then stopped, and closed, there.
local n, repeated = 0, uv.new_timer()
repeated:start(0, 1, function(...)
  n = n + 1
  show("repeated", n, repeated:get_repeat(), ...)
  if n == 2 then repeated:set_repeat(2) end
  if n == 3 then show.call("stop in the callback", repeated.stop, repeated) end
end)
uv.run()
show.call("again", repeated.again, repeated)
show.call("due", repeated.get_due_in, repeated)
repeated:start(0, 1, function()
  repeated:close(show.callback "closed")
  show.call("closing", repeated.is_closing, repeated)
  show.call("close twice", function() local ok = pcall(repeated.close, repeated) return ok end)
end)
show.call("run", uv.run)
show.call("start when closed", repeated.start, repeated, 1, 1, print)
show.call("stop when closed", repeated.stop, repeated)
show.call("again when closed", repeated.again, repeated)

-- Zero is in the next turn; a callback that starts itself does not keep the others from theirs.
local a, b, turns = uv.new_timer(), uv.new_timer(), 0
local function again()
  turns = turns + 1
  show("a", turns)
  if turns < 3 then a:start(0, 0, again) end
end
a:start(0, 0, again)
b:start(0, 0, show.callback "b")
uv.run()

-- An unref'ed one fires only while something else runs.
a:start(5, 0, show.callback "unref'ed, in time")
a:unref()
b:start(20, 0, show.callback "ref'ed")
uv.run()
a:start(5, 0, show.callback "unref'ed, alone")
show.call("run", uv.run)
show.call("has_ref", a.has_ref, a)

-- Numbers as they come.
for _, t in ipairs { -1, 0.4, 1.6, 1e3, 2 ^ 40 } do
  show.call("timeout " .. t, a.start, a, t, 0, print)
  show("due in less than 10 s", a:get_due_in() < 10000)
  show.call("repeat " .. t, a.set_repeat, a, t)
  show.call("is", a.get_repeat, a)
end
a:stop()
a:start(0, 0, setmetatable({}, {
  __call = function(self, ...) show("a callable table", type(self), select("#", ...)) end,
}))
a:ref()
uv.run "once"
show.close()
show("left", show.open())
