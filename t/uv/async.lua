-- Asyncs: what arrives, and how often.
local uv = require "luv"
local show = require "show"

local async
async = uv.new_async(function(...)
  show("async", select("#", ...), ...)
end)
show("new", async, async:get_type(), async:is_active())
for _, args in ipairs { { n = 0 }, { n = 1, nil }, { n = 2, 1, "text" }, { n = 3, true, false, 1.5 },
    { n = 1, ("x"):rep(100) } } do
  show.call("send", async.send, async, unpack(args, 1, args.n))
  uv.run "nowait"
end
-- Several sends before a turn are one call. (With which arguments, luv leaves to chance.)
async:send()
async:send()
async:send()
uv.run "nowait"
uv.run "nowait"
show.call("send a table", async.send, async, {})
show.call("send a function", async.send, async, print)
uv.run "nowait"
-- Closed before its turn.
async:send("lost")
async:close(show.callback "closed")
uv.run()
show.call("send when closed", async.send, async, 1)
-- Closed in its own callback; sent from its own callback.
local again, n = nil, 0
again = uv.new_async(function(i)
  n = n + 1
  show("again", i)
  if n < 3 then again:send(n) else again:close(show.callback "closed") end
end)
again:send(0)
uv.run()
-- From a thread.
local done
done = uv.new_async(function(...)
  show("from a thread", ...)
  done:close()
end)
local thread = uv.new_thread(function(a) a:send("hello", 42, true, nil) end, done)
uv.run()
show.call("join", thread.join, thread)
show("left", show.open())
