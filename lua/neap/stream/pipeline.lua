-- neap.stream.pipeline: one stream into the next, until everything has gone through all.

local errors = require "neap.errors"
local made = require "neap.stream.made"
local native = require "neap_stream"
local task = require "neap.task"

local pipe = native.methods().pipe
local outcomes = made.outcomes
local error, ipairs, pcall, select, type = error, ipairs, pcall, select, type

local pipeline = {}

local function connect(group, stages)
  for i = 1, #stages - 1 do
    group:spawn(pipe, stages[i], stages[i + 1])
  end
end

local function to_stage(stage, i, n)
  if type(stage) == "userdata" then
    return stage
  elseif i == 1 then
    local source = made.from(stage)
    outcomes[source] = true
    return source
  elseif type(stage) == "function" then
    return made.transform(stage)
  elseif type(stage) == "table" and (i < n or stage.write) then
    return stage
  end
  return made.to(stage)
end

-- The first error that a stage's own function has met, in place of what its neighbours saw of it.
local function cause(stages, err)
  for _, stage in ipairs(stages) do
    if errors.is(outcomes[stage]) then
      return outcomes[stage]
    end
  end
  return err
end

-- Sockets and files are the caller's still: one half of them may go on.
local function close_behind(stages)
  for _, stage in ipairs(stages) do
    if outcomes[stage] then
      stage:close()
    end
  end
end

local run_pipeline = task.operation(function(stages)
  local ok, err = pcall(task.group, connect, stages)
  if ok then
    close_behind(stages)
    return true
  end
  err = cause(stages, err)
  made.close_all(stages)
  if errors.is(err) then
    return nil, err
  end
  error(err, 0)
end)

--- Pipes a source into a stage, that into the next, and so on, until everything has gone through. The first failure
--- closes all of them, and is returned. A text, a list or an iterator may be the source, a function in between is a
--- transform, and a list may be the end.
---@param source neap.Stream|string|string[]|function
---@param ... neap.Stream|fun(chunk: string)|string[] stages, then perhaps a callback
---@return true? ok
---@return neap.Error? err
function pipeline.pipeline(source, ...)
  local stages, n = { source, ... }, 1 + select("#", ...)
  local callback
  if n > 2 and type(stages[n]) == "function" then
    callback, stages[n], n = stages[n], nil, n - 1
  end
  if n < 2 then
    error("bad argument #2 to 'pipeline' (a source and at least one stage expected)", 2)
  end
  for i = 1, n do
    stages[i] = to_stage(stages[i], i, n)
  end
  return run_pipeline(stages, callback)
end

return pipeline
