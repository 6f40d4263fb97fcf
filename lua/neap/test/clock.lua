-- neap.test.clock -- virtual time: the timers of a test stand still until it moves them.
--
--   clock.start() -> clock               until the test is over
--   clock:advance(seconds)               fires what is due on the way, in order, and lets it run
--   clock:next() -> boolean              goes to the next timer; false: there is none
--   clock.stop()                         the runner's
--
-- It holds for everything that was started since: neap.timer, task.sleep, task.timeout, the timeouts of streams and
-- servers, and time.now() and time.monotonic(), which stand still. The test's own timeout and all that was started
-- before keep to the real clock. What a file or a peer answers takes real time: wait for that before you advance.

local native = require "neap_fake_time"
local task = require "neap.task"

local clock = {}

---@class neap.test.Clock
local Clock = {}
Clock.__index = Clock

-- Until nothing is ready to run any more.
local function settle_down()
  repeat
    task.yield()
  until native.is_idle()
end

local function step_to(target)
  settle_down()
  while native.step(target) do
    settle_down()
  end
end

--- Moves time on. Timers that are due on the way are fired in order, each at its time, and what they wake runs before
--- time goes on.
---@param seconds number 0 to 1e9
function Clock:advance(seconds)
  if type(seconds) ~= "number" or not (seconds >= 0 and seconds <= 1e9) then
    error("bad argument #1 to 'advance' (seconds from 0 to 1e9 expected)", 2)
  end
  step_to(native["until"](seconds))
end

--- Moves time on to the next timer.
---@return boolean fired false when there is none, or none but such as never fire (`math.huge` seconds)
function Clock:next()
  settle_down()
  local due = native.next()
  if due then
    native.step(due)
    settle_down()
  end
  return due ~= nil
end

--- Time stands still from now on, until the test is over.
---@return neap.test.Clock
function clock.start()
  native.start()
  return setmetatable({}, Clock)
end

clock.stop = native.stop

return clock
