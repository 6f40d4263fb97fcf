-- neap.test.guard -- runs a function of a spec so that nothing it does goes unseen.
--
--   guard.attempt(seconds, path, fn)     runs fn in a task with a deadline: nil, or its failure
--   guard.failure(err, traceback, at)    a failure of an error: { message =, traceback =, at = "file:line" }
--   guard.skip(reason)                   raises; the attempt's failure is then { skip = reason }

local errors = require "neap.errors"
local inspect = require "neap.inspect"
local native = require "neap_task"

local guard = {}

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

-- The stack from where the error was raised up to the spec's function; what calls that is of no interest, nor what
-- checks are made of.
local function own_traceback()
  local text = debug.traceback("", 3):gsub("^\n", ""):gsub("\n\t%[C%]: at 0x%x+", "")
  text = text:gsub("\n\t[^\n]*neap/test/check%.lua[^\n]*", "")
  return text:match "^(.-)\n[^\n]*neap/test/runner%.lua"
    or text:match "^(.-)\n[^\n]*\n[^\n]*neap/test/guard%.lua" or text
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
  -- task.timeout, but always by the real clock
  local ok, err, is_over = native.run_real(seconds, false, false, function()
    local returned, value, extra = xpcall(fn, on_raise)
    if returned then
      failure = value == nil and errors.is(extra) and guard.failure(extra) or nil
      return true
    end
    failure = type(value) == "table" and value or guard.failure(value)      -- on_raise may have failed itself
    error(failure.err, 0)      -- again: the host alone knows whether an ETIMEDOUT is the deadline's
  end)
  if ok then return failure end
  failure = failure or guard.failure(err)
  if is_over then failure.message = ("timed out after %g s"):format(seconds) end
  return failure
end

return guard
