-- neap.test.clock -- virtual time: it stands still until the test lets it go on.
--
--   clock.start(options) -> clock        until the test is over
--   clock:advance(seconds)               lets what is due on the way happen, in order
--   clock:next() -> boolean              goes to the next timer; false: there is none
--
-- It holds for everything that is started meanwhile: neap.timer, task.sleep, task.timeout, the timeouts of streams and
-- servers; time.now() and time.monotonic(), os.time and os.date tell its time. The test's own timeout and all that was
-- started before keep to the real clock, and so do os.clock and the module uv.
--
-- Sockets, files and processes are real: before time jumps, what is on its way has arrived. Only what another process
-- or machine is about to send nobody can know: wait for that before you let time go on.

local current = require "neap.test.current"
local native = require "neap_clock"
local options = require "neap.options"
local spy = require "neap.test.spy"
local task = require "neap.task"
local time = require "neap.time"

local clock = {}

---@class neap.test.Clock
local Clock = {}
Clock.__index = Clock

---@class neap.test.ClockOptions
---@field now? number the time it begins at, in seconds since 1970 (what it is)
---@field automatic? boolean it goes on to the next timer whenever nothing else is to be done (false)

local check = options.checker("clock", { now = options.number(0), automatic = "boolean" })

local os_time, os_date = os.time, os.date

local function virtual_time(fields)
  return fields and os_time(fields) or math.floor(time.now())
end

local function virtual_date(format, seconds)
  return os_date(format or "%c", seconds or virtual_time())
end

local advance = task.operation(function(seconds)
  return native.advance(seconds)
end)

--- Lets time go on. What becomes due on the way happens in order, each at its time and with all that follows from it,
--- before time goes on further.
---@param seconds number 0 to 1e9
---@param callback? fun(err?: neap.Error)
---@return true? ok
---@return neap.Error? err EBUSY when another task does so
function Clock:advance(seconds, callback) -- luacheck: no self
  if type(seconds) ~= "number" or not (seconds >= 0 and seconds <= 1e9) then
    error("bad argument #1 to 'advance' (seconds from 0 to 1e9 expected)", 2)
  end
  return advance(seconds, callback)
end

--- Lets time go on to the next timer.
---@param self neap.test.Clock
---@param callback? fun(err?: neap.Error, fired?: boolean)
---@return boolean? fired false when there is none, or none but such as never fire (`math.huge` seconds)
---@return neap.Error? err EBUSY when another task does so
Clock.next = task.operation(function()
  local ok, err = native.advance(0)              -- what is ready may start the first
  if ok and not native.is_pending() then return false end
  if ok then ok, err = native.advance(nil) end
  return ok, err
end)

--- Time stands still from now on, until the test is over.
---@param given? neap.test.ClockOptions
---@return neap.test.Clock
function clock.start(given)
  check(given)
  if not current.is_open() then error("'clock' belongs in a test", 2) end
  native.take(given and given.automatic or false, given and given.now)
  current.finally(native.release)
  spy.replace(os, "time", virtual_time)
  spy.replace(os, "date", virtual_date)
  return setmetatable({}, Clock)
end

return clock
