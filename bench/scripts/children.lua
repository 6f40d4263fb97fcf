-- children.lua: 200 children, one after the other. Prints the milliseconds as JSON.
local process, time = require "neap.process", require "neap.time"

local count = 200
local started = time.monotonic()
for _ = 1, count do
  local child = assert(process.spawn { "/bin/true", stdin = "inherit", stdout = "inherit" })
  assert(child:wait().ok)
end
print(string.format('{"total_ms": %.1f}', (time.monotonic() - started) * 1e3))
