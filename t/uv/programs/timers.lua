-- setTimeout, setInterval and a chain of them.
local uv = require "luv"

local function set_timeout(timeout, callback)
  local timer = uv.new_timer()
  timer:start(timeout, 0, function()
    timer:stop()
    timer:close()
    callback()
  end)
  return timer
end

local function set_interval(interval, callback)
  local timer = uv.new_timer()
  timer:start(interval, interval, function() callback(timer) end)
  return timer
end

local function clear(timer)
  timer:stop()
  timer:close()
end

local log = {}
local n = 0
set_interval(2, function(timer)
  n = n + 1
  if n == 5 then
    clear(timer)
    print("interval done", n)
  end
end)
local function chain(i)
  if i > 5 then return end
  log[#log + 1] = i
  set_timeout(1, function() chain(i + 1) end)
end
chain(1)
local cancelled = set_timeout(5, function() print "never" end)
set_timeout(1, function() clear(cancelled) end)
uv.run()
print(table.concat(log, " "))

-- nextTick by a check and an idle.
local queue, check, idle = {}, uv.new_check(), uv.new_idle()
local function next_tick(fn)
  queue[#queue + 1] = fn
  if not idle:is_active() then idle:start(function() end) end
end
check:start(function()
  local now = queue
  queue = {}
  for _, fn in ipairs(now) do fn() end
  if #queue == 0 then idle:stop() end
end)
check:unref()
next_tick(function() print "tick 1" next_tick(function() print "tick 2" end) end)
uv.run()
print "over"
