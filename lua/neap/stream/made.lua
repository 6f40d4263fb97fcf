-- neap.stream.made: streams with a function of ours behind them: from, to, transform, tee.
--
--   outcomes[stream]                     true, or what went wrong behind it
--   close_all(streams)
--
-- Both are for neap.stream.pipeline.

local errors = require "neap.errors"
local native = require "neap_stream"
local task = require "neap.task"

local Stream = native.methods()
local write = Stream.write
local error, pcall, type, unpack = error, pcall, type, unpack

local made = {}

-- Of each stream that has a task of ours behind it: true, or what went wrong there. Its readers and writers get the
-- code and the message of that.
local outcomes = setmetatable({}, { __mode = "k" })
made.outcomes = outcomes

-- A stream whose other end is fn's, in a task of its own. When fn fails that is what reads and writes here get.
local function behind(fn, ...)
  local inner, outer = native.pair(true)
  outcomes[outer] = true
  local weak = setmetatable({ outer }, { __mode = "v" }) -- one that was dropped ends the task
  task.spawn(function(...)
    local ok, value, err = pcall(fn, inner, ...)
    local failure = not ok and value or value == nil and errors.is(err) and err
    if not failure then
      inner:close()
      return
    end
    failure = errors.is(failure) and failure or errors.new("ESCRIPT", tostring(failure))
    if weak[1] then
      outcomes[weak[1]] = failure
    end
    native.fail(inner, failure)
  end, ...)
  return outer
end

local function send_all(inner, iterator, state, control)
  for chunk in iterator, state, control do
    local ok, err = write(inner, chunk)
    if not ok then
      return nil, err
    end
  end
  return true
end

--- A stream that gives a text, the texts of a list one after the other, or what an iterator gives (which may wait).
---@param source string|string[]|fun(state: any, control: any): string?
---@param state? any the iterator's
---@param control? any
---@return neap.Stream
function made.from(source, state, control)
  if type(source) == "string" then
    return native.source(source)
  elseif type(source) == "table" then
    return native.source(table.concat(source))
  elseif type(source) ~= "function" then
    error(("bad argument #1 to 'from' (text, list or iterator expected, got %s)"):format(type(source)), 2)
  end
  return behind(send_all, source, state, control)
end

local function receive_all(inner, sink)
  for chunk in Stream.chunks(inner) do
    sink(chunk)
  end
  return true
end

local function into(list)
  return function(chunk)
    list[#list + 1] = chunk
  end
end

--- A stream whose bytes are put into a list, or given to a function (which may wait), chunk by chunk.
---@param sink string[]|fun(chunk: string)
---@return neap.Stream
function made.to(sink)
  if type(sink) ~= "table" and type(sink) ~= "function" then
    error(("bad argument #1 to 'to' (list or function expected, got %s)"):format(type(sink)), 2)
  end
  return behind(receive_all, type(sink) == "table" and into(sink) or sink)
end

-- What a transform returned: text, nothing, or nil and an error.
local function put(inner, text, err)
  if text == nil and errors.is(err) then
    return nil, err
  elseif text == nil or text == "" then
    return true
  end
  return write(inner, text)
end

local function run_transform(inner, fn, flush)
  for chunk in Stream.chunks(inner) do
    local ok, err = put(inner, fn(chunk))
    if not ok then
      return nil, err
    end
  end
  return put(inner, flush and flush())
end

--- A stream through which bytes go: what is written to it is given to fn, and what that returns is read from it. Both
--- functions may wait, return nothing, or nil and an error.
---@param fn fun(chunk: string): string?, neap.Error?
---@param flush? fun(): string?, neap.Error? called at the end: what is left
---@return neap.Stream
function made.transform(fn, flush)
  if type(fn) ~= "function" then
    error(("bad argument #1 to 'transform' (function expected, got %s)"):format(type(fn)), 2)
  end
  return behind(run_transform, fn, flush)
end

function made.close_all(streams)
  for _, each in ipairs(streams) do
    if each.close then
      each:close()
    end
  end
end

-- Whoever has closed his end takes no more; when nobody is left the source is closed.
local function run_tee(source, inners)
  for chunk in Stream.chunks(source) do
    for i = #inners, 1, -1 do
      if not write(inners[i], chunk) then
        table.remove(inners, i):close()
      end
    end
    if not inners[1] then
      source:close()
      return
    end
  end
end

local function check_tee(source, n)
  if not native.is(source) then
    error(("bad argument #1 to 'tee' (open stream expected, got %s)"):format(type(source)), 3)
  elseif type(n) ~= "number" or n % 1 ~= 0 or n < 1 or n > 64 then
    local got = type(n) == "number" and tostring(n) or type(n)
    error(("bad argument #2 to 'tee' (integer from 1 to 64 expected, got %s)"):format(got), 3)
  end
end

--- Streams that each give all bytes of a source, at the pace of the slowest; one that is closed holds nobody up.
---@param source neap.Stream
---@param n? integer how many (2), at most 64
---@return neap.Stream ...
function made.tee(source, n)
  if n == nil then
    n = 2
  end
  check_tee(source, n)
  local inners, outers = {}, {}
  for i = 1, n do
    inners[i], outers[i] = native.pair(false)
  end
  task.spawn(function()
    local ok, err = pcall(run_tee, source, inners)
    if ok then
      return made.close_all(inners)
    end
    err = errors.is(err) and err or errors.new("ESCRIPT", tostring(err))
    for _, inner in ipairs(inners) do
      native.fail(inner, err)
    end
    source:close()
  end)
  return unpack(outers)
end

return made
