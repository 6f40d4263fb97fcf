-- popen.lua: programs as files, which io.popen opens, and os.execute: by neap.process, so that nobody else waits.
--
--   open(command, mode) -> file | nil, err      execute(command) -> true | nil, "exit" | "signal", number
--
-- As with C's, a program is in our group, so that a terminal's Ctrl-C is its too, and it outlives us. Its file is
-- one of LuaJIT's, on /dev/null, so that io.type, io.input and io.output know it; its methods are replaced by these.

local native = require "neap_process"
local errors = require "neap.errors"
local may_park = require "neap_task".may_park
local read = require "neap.stdio.read"
local signal = require "neap.signal"

local error, ipairs, pcall, select, tostring, type = error, ipairs, pcall, select, tostring, type
local open_file, raw_close, selected = io.open, io.close, io.output

local Native = native.child_methods()
local wait, close_child = Native.wait, Native.close

local pipes = setmetatable({}, { __mode = "k" }) -- file -> { child =, stream =, writes = }
local methods = {}

-- What is returned of a program that has ended.
local function outcome(code, name)
  if not code then
    return nil, name
  elseif name then
    return nil, "signal", code - 128
  end
  return code == 0 or nil, "exit", code
end

local function start(command, stdin, stdout)
  return native.spawn {
    arguments = { "/bin/sh", "-c", command, "sh" }, stdio = { stdin, stdout, "inherit" }, detached = true,
  }
end

-- Files

local function bad_descriptor()
  return nil, errors.new("EBADF", "bad file descriptor")
end

function methods.read(_, pipe, ...)
  if pipe.writes then
    return bad_descriptor()
  end
  return read.formats(pipe.stream, "read", ...)
end

function methods.lines(file, _, ...)
  return read.iterate(function(...)
    return file:read(...)
  end, ...)
end

function methods.write(file, pipe, ...)
  if not pipe.writes then
    return bad_descriptor()
  end
  for i = 1, select("#", ...) do
    local text = select(i, ...)
    if type(text) ~= "string" and type(text) ~= "number" then
      error(("bad argument #%d to 'write' (string expected, got %s)"):format(i, type(text)), 2)
    end
    local ok, err = pipe.stream:write(tostring(text))
    if not ok then
      return nil, err
    end
  end
  return file
end

-- What was written is on its way already.
function methods.flush()
  return true
end

methods.setvbuf = methods.flush

function methods.seek()
  return nil, errors.new("ESPIPE", "invalid seek")
end

-- Waits for the program: the outcome.
function methods.close(file, pipe)
  may_park() -- raises before anything has changed
  pipes[file] = nil
  raw_close(file)
  if pipe.writes then
    local _ = pipe.stream:shutdown() -- a program that has closed its input ends all the same
  end
  pipe.stream:close()
  return outcome(wait(pipe.child))
end

local function install(to)
  for name, method in pairs(methods) do
    local theirs = to[name]
    to[name] = function(file, ...)
      local pipe = pipes[file]
      if pipe then
        return method(file, pipe, ...)
      end
      return theirs(file, ...)
    end
  end
end

install(debug.getmetatable(io.stdout).__index)

local function close(...)
  local file = ...
  if select("#", ...) == 0 then
    file = selected()
  end
  local pipe = pipes[file]
  if pipe then
    return methods.close(file, pipe)
  end
  return raw_close(...)
end

rawset(io, "close", close)

-- What is run

local popen = {}

function popen.open(command, mode)
  if mode ~= nil and mode ~= "r" and mode ~= "w" then
    return nil, errors.new("EINVAL", "invalid argument", { path = command })
  end
  local writes = mode == "w"
  local file, why = open_file("/dev/null", "r+")
  if not file then
    return nil, why
  end
  local child, input, output = start(command, writes and "pipe" or "inherit", writes and "inherit" or "pipe")
  if not child then
    raw_close(file)
    return nil, input
  end
  pipes[file] = { child = child, stream = writes and input or output, writes = writes }
  return file
end

-- Ctrl-C and Ctrl-\ are the program's.
local function ignore_interrupts()
  return { signal.ignore "INT", (signal.ignore "QUIT") }
end

function popen.execute(command)
  local watchers = ignore_interrupts()
  local child, failure = start(command, "inherit", "inherit")
  local ok, code, name = true, nil, failure
  if child then
    ok, code, name = pcall(wait, child)
  end
  for _, watcher in ipairs(watchers) do
    watcher:close()
  end
  if not ok then
    close_child(child)
    error(code, 0)
  end
  return outcome(code, name)
end

return popen
