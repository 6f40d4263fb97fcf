-- timers.luv.lua: a million timers of 0 to 100 ms on luv, a handle each, made and all fired.
local uv = require "luv"

local count = 1000000
local left = count
local started = uv.hrtime()

for i = 0, count - 1 do
  local timer = uv.new_timer()
  timer:start(i * 7919 % 101, 0, function()
    timer:close()
    left = left - 1
  end)
end
local created = uv.hrtime()
uv.run()
assert(left == 0)
print(string.format('{"create_ms": %.1f, "total_ms": %.1f}',
  (created - started) / 1e6, (uv.hrtime() - started) / 1e6))
