-- neap.test.current -- the test, group or file that runs: what failed in it, what it awaits, what is undone after it.
--
--   current.open() … current.close() -> failures   around it; they may be nested
--   current.is_open() -> boolean
--   current.note(failure) -> boolean     true when there is none
--   current.take_failures() -> failures  those so far
--   current.calls(fn, n), finally(fn)    see `neap.test`
--   current.wait_for_calls()             until each counted function was called
--   current.is_waiting() -> boolean      then only these are awaited
--   current.note_calls()                 notes those that were called too rarely or too often
--   current.run_finals(attempt)          what `finally` was given, the last first
--
-- One thing runs at a time, and everything that fails meanwhile is its failure: two at once need two runtimes.

local native = require "neap_task"

local error, ipairs, insert, remove, type = error, ipairs, table.insert, table.remove, type

local current = {}

local record                   -- { outer =, failures =, counters =, finals =, parker = what waits for calls }

function current.open()
  record = { outer = record, failures = {}, counters = {}, finals = {} }
end

---@return boolean
function current.is_open()
  return record ~= nil
end

---@param failure table?
---@return boolean none
function current.note(failure)
  if failure then insert(record.failures, failure) end
  return failure == nil
end

---@return table[] failures
function current.take_failures()
  local failures = record.failures
  record.failures = {}
  return failures
end

---@return table[] failures that have not been taken
function current.close()
  local failures = record.failures
  record = record.outer
  return failures
end

-- Counting calls

---A function that calls `fn` and fails the test unless it is called exactly `n` times before the test is over, which
---waits for that.
---@param fn? function
---@param n? integer (1)
---@return function
function current.calls(fn, n)
  if not record then error("'calls' belongs in a test", 2) end
  local where, of = debug.getinfo(2, "Sl"), record
  local counter = { calls = 0, expected = n or 1, at = where.source:gsub("^[@=]", "") .. ":" .. where.currentline }
  insert(of.counters, counter)
  return function(...)
    counter.calls = counter.calls + 1
    if of.parker then native.unpark(of.parker) end
    if fn then return fn(...) end
  end
end

local function is_pending()
  for _, counter in ipairs(record.counters) do
    if counter.calls < counter.expected then return true end
  end
  return false
end

---@return true? ok
---@return neap.Error? err when it is cancelled
function current.wait_for_calls()
  record.parker = native.parker()
  while is_pending() do
    local ok, err = native.park(record.parker)
    if not ok then return nil, err end
  end
  return true
end

---@return boolean
function current.is_waiting()
  return record.parker ~= nil
end

function current.note_calls()
  for _, counter in ipairs(record.counters) do
    if counter.calls ~= counter.expected then
      current.note { message = ("called %d times, not %d"):format(counter.calls, counter.expected), at = counter.at }
    end
  end
end

-- Undoing

---Runs `fn` when the running test is over, however it ends: after the `after` functions, before it is judged. What was
---given last runs first. In `before_all`, and beside the tests of a file, it runs when the last of them is over.
---
---     -- not run: in a test
---     local server = http.serve(0, handler)
---     test.finally(function() server:close() end)
---@param fn fun()
function current.finally(fn)
  if type(fn) ~= "function" then
    error(("bad argument #1 to 'finally' (function expected, got %s)"):format(type(fn)), 2)
  end
  if not record then error("'finally' belongs in a test", 2) end
  insert(record.finals, fn)
end

---@param attempt fun(fn: function)
function current.run_finals(attempt)
  while record.finals[1] do attempt(remove(record.finals)) end
end

return current
