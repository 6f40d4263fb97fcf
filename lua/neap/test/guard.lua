-- neap.test.guard -- runs a function of a spec so that nothing it does goes unseen.
--
--   guard.attempt(seconds, path, fn)     runs fn in a task with a deadline: nil, or its failure
--   guard.failure(err, traceback, at)    a failure of an error: { message =, traceback =, at = "file:line" }
--   guard.skip(reason)                   raises; the attempt's failure is then { skip = reason }
--   guard.snapshot()                     what is open now
--   guard.leaks(before)                  nil, or the failure of having more open than `before`

local errors = require "neap.errors"
local host = require "neap.host"
local inspect = require "neap.inspect"
local task = require "neap.task"

local guard = {}

local PAUSES = 20              -- of 1, 2, 3 … ms, in which handles may finish closing: 0.2 s in all

-- failures --

local Skip = {}

---Ends the running test here: it is neither passed nor failed, and reported with the reason.
---@param reason? any shown as text
function guard.skip(reason)
  reason = reason == nil and "no reason given" or tostring(reason)
  error(setmetatable({ reason = reason }, Skip), 0)
end

---@return { message: string, traceback: string?, at: string? } failure
function guard.failure(err, traceback, at)
  local message = (type(err) == "string" or errors.is(err)) and tostring(err) or inspect(err)
  return { err = err, message = message, traceback = errors.is(err) and err.traceback or traceback, at = at }
end

-- Where in the spec file an error was raised: the innermost of its lines on the stack.
local function line_in(path)
  for level = 3, 100 do        -- 1 is line_in, 2 the handler
    local info = debug.getinfo(level, "Sl")
    if not info then return nil end
    if info.source == "@" .. path then return path .. ":" .. info.currentline end
  end
end

-- The stack from where the error was raised up to the spec's function; the runner below is of no interest.
local function own_traceback()
  local text = debug.traceback("", 3):gsub("^\n", "")
  return text:match "^(.-)\n[^\n]*neap/test/runner%.lua" or text
end

---Returning nil and an error object is a failure too, as wherever Neap calls a function.
---@param seconds number
---@param path string the spec file, to name its line
---@param fn fun()
---@return table? failure
function guard.attempt(seconds, path, fn)
  local failure
  local function on_raise(err)
    if getmetatable(err) == Skip then return { skip = err.reason } end
    return guard.failure(err, own_traceback(), line_in(path))
  end
  local ok, done, err = pcall(task.timeout, seconds, function()
    local returned, value, extra = xpcall(fn, on_raise)
    if returned then
      failure = value == nil and errors.is(extra) and guard.failure(extra) or nil
      return true
    end
    failure = type(value) == "table" and value or guard.failure(value)      -- on_raise may have failed itself
    error(failure.err, 0)      -- again: task.timeout alone knows whether an ETIMEDOUT is the deadline's
  end)
  if not ok then return failure or guard.failure(done) end
  if done then return failure end
  failure = failure or guard.failure(err)
  failure.message = ("timed out after %g s"):format(seconds)
  return failure
end

-- leaks --

local function tally(list)
  local counts = {}
  for _, item in ipairs(list) do
    local name = item.kind .. (item.where and ", " .. item.where or "")
    counts[name] = (counts[name] or 0) + 1
  end
  return counts
end

-- Handles and tasks; not the standard streams, which stay once they have been asked for.
local function count_open()
  local stats, standard = host.stats(), package.loaded["neap.stdio.standard"]
  return { handles = stats.handles - (standard and standard.count() or 0), tasks = stats.tasks }
end

function guard.snapshot()
  local now = count_open()
  now.names = tally(host.handles())
  return now
end

local function leak_message(before, now)
  local lines = {}
  for name, count in pairs(tally(host.handles())) do
    local more = count - (before.names[name] or 0)
    if more > 0 then lines[#lines + 1] = ("left open: %s%s"):format(name, more > 1 and " ×" .. more or "") end
  end
  table.sort(lines)
  if now.tasks > before.tasks then
    lines[#lines + 1] = ("left running: %d task(s)"):format(now.tasks - before.tasks)
  end
  return table.concat(lines, "\n")
end

---Waits a little for handles to close before it complains.
---@param before table of `snapshot`
---@return table? failure
function guard.leaks(before)
  local now
  for pause = 0, PAUSES do
    now = count_open()
    if now.handles <= before.handles and now.tasks <= before.tasks then return nil end
    task.sleep(pause / 1000)
  end
  return { message = leak_message(before, now) }
end

return guard
