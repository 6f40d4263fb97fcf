-- timers.lua: a million timers of 0 to 100 ms, made and all fired. Prints the milliseconds as JSON.
local time, timer = require "neap.time", require "neap.timer"

local count = 1000000
local left = count
local started = time.monotonic()
local created

local function fired()
  left = left - 1
  if left == 0 then
    local now = time.monotonic()
    print(string.format('{"create_ms": %.1f, "total_ms": %.1f}',
      (created - started) * 1e3, (now - started) * 1e3))
  end
end

for i = 0, count - 1 do timer.after(i * 7919 % 101 / 1000, fired) end
created = time.monotonic()
