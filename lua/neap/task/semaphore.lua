-- neap.task.semaphore: task.semaphore(n). Permits are handed over in the order they were asked for.

local queue = require "neap.task.queue"
local task = require "neap.task"
local settle = task.settle

---@class neap.task.Semaphore
local Semaphore = {}
Semaphore.__index = Semaphore

local function acquire(self)
  if self.free > 0 then
    self.free = self.free - 1
    return true
  end
  local ok, err, place = self.queue:wait("semaphore.acquire") -- release hands its permit over
  if not ok and place.woken then
    self:release()
  end
  return ok, err
end

--- Give a permit back: to the first that waits for one.
function Semaphore:release()
  if self.queue:wake() then
    return
  elseif self.free == self.size then
    error("the semaphore was released more often than acquired", 2)
  end
  self.free = self.free + 1
end

local function release_after(self, ok, ...)
  self:release()
  if not ok then
    error((...), 0)
  end
  return settle(...)
end

--- Take a permit, waiting for one.
---@param self neap.task.Semaphore
---@param callback? fun(err?: neap.Error)
---@return true? ok
---@return neap.Error? err
Semaphore.acquire = task.operation(acquire)

--- Call fn(...) with a permit: its results.
---@param fn function
---@param ... any
---@return any ... what fn returned; nil and an error when the wait for the permit was cancelled
function Semaphore:with(fn, ...)
  local ok, err = acquire(self)
  if not ok then
    return settle(nil, err)
  end
  return release_after(self, pcall(fn, ...))
end

--- n permits: acquire() and release(), or with(fn, ...), which does both.
---@param n integer
---@return neap.task.Semaphore
local function semaphore(n)
  if type(n) ~= "number" or n < 1 or n % 1 ~= 0 then
    error("bad argument #1 to 'semaphore' (a whole number of at least 1 expected)", 2)
  end
  return setmetatable({ size = n, free = n, queue = queue.new() }, Semaphore)
end

return { semaphore = semaphore }
