-- neap.process.run: programs run to their end, each reading what the one before it writes.
--
--   run(stages, chosen) -> result | nil, err       as neap.process.options reads them

local errors = require "neap.errors"
local kill = require "neap_process".child_methods().kill
local start = require "neap.process.child"
local task = require "neap.task"

local error, ipairs, pcall, type = error, ipairs, pcall, type

-- A child that does not want all of its input has closed it: that is its right.
local function feed(to, text)
  local ok, err = to:write(text)
  if ok then
    ok, err = to:shutdown()
  end
  to:close()
  if not ok and not (errors.is(err, "EPIPE") or errors.is(err, "ECONNRESET") or errors.is(err, "ENOTCONN")) then
    return nil, err
  end
  return true
end

local function collect(from, limit, into, name)
  local text, err = from:read_all(limit)
  if not text and err then
    return nil, err
  end
  into[name] = text or ""
  return true
end

-- Run fn as a task of the group. What fails first is what the run failed with, a cancelled wait too.
local function attempt(group, result, fn, ...)
  group:spawn(function(...)
    local ok, err = fn(...)
    if not ok then
      result.failure = result.failure or err
    end
    return ok, err
  end, ...)
end

local function wait_for(child, statuses, i)
  local status, err = child:wait()
  statuses[i] = status
  return status, err
end

-- All of these at once, until every one is over.
local function attend(group, result, children, text, limit)
  for i, child in ipairs(children) do
    attempt(group, result, wait_for, child, result.statuses, i)
    if child.stderr then
      attempt(group, result, collect, child.stderr, limit, result.errors, i)
    end
  end
  if text then
    attempt(group, result, feed, children[1].stdin, text)
  end
  local last = children[#children]
  if last.stdout then
    attempt(group, result, collect, last.stdout, limit, result, "stdout")
  end
  return true
end

local function close_all(children, failed)
  for _, child in ipairs(children) do
    if failed then
      kill(child.handle, "KILL", true)
    end
    child:close()
  end
end

local function summarize(result)
  local status = result.statuses[#result.statuses]
  result.code, result.signal, result.ok = status.code, status.signal, true
  for _, each in ipairs(result.statuses) do
    result.ok = result.ok and each.ok
  end
  for i = 1, #result.statuses do -- some may have gone elsewhere
    local text = result.errors[i]
    result.stderr = text and (result.stderr or "") .. text or result.stderr
  end
  result.errors = nil
  return result
end

-- Everything is killed when something fails, or the task is cancelled.
local function finish(children, text, limit)
  local result = { statuses = {}, errors = {} }
  local ok, value, err = pcall(task.group, attend, result, children, text, limit)
  local failure = value == nil and err or result.failure or not ok and value
  close_all(children, failure)
  if not failure then
    return summarize(result)
  elseif errors.is(failure) then
    return nil, failure
  end
  error(failure, 0)
end

-- Where a stage's errors go. Several write one file: to its end, and only the first of these empties it.
local function errors_of(stage, among, used)
  local place = stage.stderr or "pipe"
  if type(place) ~= "table" or stage.own_errors or among == 1 then
    return place
  end
  local empty = not used.shared and not place.append
  used.shared = true
  return { path = place.path, append = true, empty = empty }
end

-- Start them, each reading what the one before writes.
local function start_all(stages, chosen, children)
  local used = {}
  local input = type(chosen.input) == "string" and "pipe" or chosen.input or "null"
  for i, stage in ipairs(stages) do
    local last = i == #stages
    local child, err = start(stage, input, last and chosen.stdout or "pipe", errors_of(stage, #stages, used))
    if not child then
      if i > 1 then
        input:close()
      end
      return nil, err
    end
    children[i] = child
    if not last then
      input, child.stdout = child.stdout, nil
    end
  end
  return true
end

return function(stages, chosen)
  local children = {}
  local ok, started, err = pcall(start_all, stages, chosen, children)
  if not ok or not started then
    close_all(children, true)
    if not ok then
      error(started, 0)
    end
    return nil, err
  end
  return finish(children, type(chosen.input) == "string" and chosen.input, chosen.limit)
end
