-- task.lua: tasks that start, wait once and end. Prints the nanoseconds of one as JSON.
local task, time = require "neap.task", require "neap.time"

local batch = 1000   -- alive at once

local function work()
  task.yield()
end

-- The queue is first in, first out: after our second turn each task of the batch has ended.
local function run(batches)
  for _ = 1, batches do
    for _ = 1, batch do task.spawn(work) end
    task.yield()
    task.yield()
  end
end

run(100)   -- warm: pool, traces
local batches = 2000
local started = time.monotonic()
run(batches)
print(string.format('{"task_ns": %.1f}', (time.monotonic() - started) * 1e9 / (batches * batch)))
