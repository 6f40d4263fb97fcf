-- neap.fs.lock: advisory locks on files, between tasks, processes and programs that take them too (flock(2)).
--
-- Who waits tries again and again, at first after a millisecond, and holds no thread of the pool: the system can only
-- be asked, or wait on a thread.

local native = require "neap_fs"
local options = require "neap.options"
local task = require "neap.task"

local lock = {}

local FIRST, LONGEST = 0.001, 0.05 -- seconds between two tries

local check_lock = options.checker("lock", { shared = "boolean", wait = "boolean" })

---@class neap.fs.Lock
---@field close fun(self: neap.fs.Lock) lets the lock go; so does the collector, and the end of the process
---@field is_closed fun(self: neap.fs.Lock): boolean

local acquire = task.operation(function(path, given)
  given = given or {}
  local pause = FIRST
  while true do
    local held, err = native.lock(path, given.shared)
    if held or err.code ~= "EAGAIN" or given.wait == false then
      return held, err
    end
    local slept
    slept, err = task.sleep(pause)
    if not slept then
      return nil, err
    end
    pause = math.min(pause * 2, LONGEST)
  end
end)

--- Locks a file, waiting until nobody else has it locked; the file is made if need be. It is advisory: it keeps out
--- only who asks for it too. Needs "fs.write" of the file, a shared lock "fs.read".
---
---     -- not run: work() is the reader's
---     local lock = assert(fs.lock("data.lock"))
---     local all_ours = work()
---     lock:close()
---@param path string
---@param options? { shared?: boolean, wait?: boolean } `shared`: others may share it, the file has to be there, and
--- nobody has it alone; `wait = false`: EAGAIN when it is locked
---@param callback? fun(err?: neap.Error, lock?: neap.fs.Lock)
---@return neap.fs.Lock? lock
---@return neap.Error? err
function lock.lock(path, ...)
  check_lock((...))
  return acquire(path, ...)
end

return lock
