-- read.lua: what the formats of Lua's files take from a stream: "*n", "*l", "*L", "*a" and numbers of bytes.
--
--   formats(stream, name, ...) -> values | nil, err     by each format; without any, a line. Others wait their turn.
--   iterate(read, ...) -> fn                            for a loop over read(...), which raises what fails

local native = require "neap_stdio"
local errors = require "neap.errors"
local queue = require "neap.task.queue"
local methods = require "neap_stream".methods()

local error, pcall, select, type, unpack = error, pcall, select, type, unpack
local take, take_exactly = methods.read, methods.read_exactly
local take_until, take_all = methods.read_until, methods.read_all

local EVERYTHING = 2 ^ 53
local LONGEST = 200 -- characters of a number

local read = {}

-- Of what the end has cut short, what there is.
local function or_rest(stream, bytes, err)
  if err and errors.is(err, "EOF") then
    return take_all(stream, EVERYTHING)
  end
  return bytes, err
end

local function read_line(stream, ending)
  local line, err = take_until(stream, "\n", EVERYTHING)
  if line then
    return ending == "" and line or line .. ending
  end
  return or_rest(stream, line, err)
end

local function read_bytes(stream, n)
  if n ~= 0 then
    return or_rest(stream, take_exactly(stream, n))
  end
  local byte, err = take(stream, 1) -- is there more?
  if not byte then
    return nil, err
  end
  native.unread(stream, byte)
  return ""
end

-- As far as a number can go: what follows is not waited for.
local function is_whole(text)
  return text:find "[^%w+.-]" or #text > LONGEST or (text ~= "" and not text:find "^[%d+.%-iInN]")
end

local function read_number(stream)
  local text = ""
  local piece, err = take(stream, 64)
  while piece do
    text = (text .. piece):gsub("^%s+", "")
    if is_whole(text) then
      break
    end
    piece, err = take(stream, 64)
  end
  local number, used = native.number(text)
  if used < #text then
    native.unread(stream, text:sub(used + 1))
  end
  return number, err
end

local kinds = {
  n = read_number,
  l = function(stream) return read_line(stream, "") end,
  L = function(stream) return read_line(stream, "\n") end,
  a = function(stream) return take_all(stream, EVERYTHING) end,
}

local function bad_argument(name, i, why)
  error(("bad argument #%d to '%s' (%s)"):format(i, name, why), 4)
end

-- Called by who is called by the script.
local function check_format(name, i, format)
  local kind = type(format)
  if kind == "string" and not format:find "^%*?[nlLa]" then
    bad_argument(name, i, "invalid format")
  elseif kind ~= "string" and kind ~= "number" then
    bad_argument(name, i, "invalid option")
  elseif kind == "number" and not (format >= 0 and format <= EVERYTHING) then
    bad_argument(name, i, "invalid count")
  end
end

local function read_one(stream, format)
  if type(format) == "number" then
    return read_bytes(stream, format - format % 1)
  end
  return kinds[format:match "%a"](stream)
end

local function read_each(stream, n, ...)
  if n == 0 then
    local line, err = read_line(stream, "")
    if err then
      return nil, err
    end
    return line
  end
  local values = {}
  for i = 1, n do
    local value, err = read_one(stream, (select(i, ...)))
    if err then
      return nil, err
    end
    values[i] = value
    if value == nil then
      return unpack(values, 1, i)
    end
  end
  return unpack(values, 1, n)
end

-- One call has all its values before the next gets any. stream -> { busy =, queue = of those whose turn comes }

local turns = setmetatable({}, { __mode = "k" })

local function finish(turn, ok, ...)
  turn.busy = turn.queue:wake() ~= nil
  if not ok then
    error((...), 0)
  end
  return ...
end

-- Who is woken has the turn already, and hands it on when it was cancelled meanwhile.
local function wait_for(turn)
  local ok, err, place = turn.queue:wait("io.read")
  if not ok and place.woken then
    turn.busy = turn.queue:wake() ~= nil
  end
  return ok, err
end

function read.formats(stream, name, ...)
  local n, turn = select("#", ...), turns[stream]
  for i = 1, n do
    check_format(name, i, (select(i, ...)))
  end
  if not turn then
    turn = { busy = false, queue = queue.new() }
    turns[stream] = turn
  elseif turn.busy then
    local ok, err = wait_for(turn)
    if not ok then
      return nil, err
    end
  end
  turn.busy = true
  return finish(turn, pcall(read_each, stream, n, ...))
end

local function checked(first, err, ...)
  if first == nil and err ~= nil then
    error(err, 3)
  end
  return first, err, ...
end

function read.iterate(next_one, ...)
  local formats, n = { ... }, select("#", ...)
  if n == 0 then
    return function()
      return checked(next_one())
    end
  end
  return function()
    return checked(next_one(unpack(formats, 1, n)))
  end
end

return read
