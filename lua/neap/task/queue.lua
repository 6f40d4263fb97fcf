-- neap.task.queue: waiting in turn, first come, first served; for semaphores, channels and the like.
--
--   queue.new() -> queue
--   queue:wait(name, value) -> ok, err, place     `place` is also what wake() gives; place.woken: it was woken,
--                                                 though cancelled before it ran when ok is nil
--   queue:wake() -> place | nil                   wakes the first that still waits
--
-- A place: { parker =, value =, woken = }, and what the waker writes into it.

local native = require "neap_task"

local Queue = {}
Queue.__index = Queue

function Queue.new()
  return setmetatable({ first = 1, last = 0 }, Queue)
end

-- Those that gave up leave holes, which go when they are at an end.
local function trim(self)
  while self.first <= self.last and not self[self.last] do
    self[self.last] = nil
    self.last = self.last - 1
  end
  while self.first <= self.last and not self[self.first] do
    self[self.first] = nil
    self.first = self.first + 1
  end
end

function Queue:wait(name, value)
  native.may_park() -- raises before there is anything to undo
  local place = { parker = native.parker(), value = value, woken = false }
  local at = self.last + 1
  self.last, self[at] = at, place
  local ok, err = native.park(place.parker, name)
  if self[at] == place then
    self[at] = false
    trim(self)
  end
  return ok, err, place
end

function Queue:wake()
  while self.first <= self.last do
    local place = self[self.first]
    self[self.first] = nil
    self.first = self.first + 1
    if place and native.unpark(place.parker) then
      place.woken = true
      return place
    end
  end
end

return Queue
