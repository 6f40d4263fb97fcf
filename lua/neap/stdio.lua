-- stdio.lua: standard input, io.popen and os.execute as Lua has them, but waiting: lua/neap/boot.lua calls them.
--
--   stdin, flush -> { read, lines, popen: io's; execute: os's; read_input, lines_input, seek_input: io.stdin's }
--
-- Files of the disk are LuaJIT's own. neap/stdio/ holds what formats take from a stream (read.lua), this process's
-- streams (standard.lua), and programs as files (popen.lua).

local may_park = require "neap_task".may_park
local native = require "neap_stdio"
local read = require "neap.stdio.read"
local standard = require "neap.stdio.standard"

local type, tostring, error, selected = type, tostring, error, io.input

return function(stdin, flush)
  local stdio, programs = {}, nil

  local function read_input(...)
    flush()
    local input, err = standard.input()
    if not input then
      return nil, err
    end
    return read.formats(input, "read", ...)
  end

  stdio.read_input = read_input

  function stdio.lines_input(...)
    return read.iterate(read_input, ...)
  end

  --- Where the next read begins, whatever has been read ahead of it.
  function stdio.seek_input(whence, offset)
    local input, err = standard.input()
    if not input then
      return nil, err
    end
    return native.seek(input, whence, offset)
  end

  -- Of what io.input has selected.

  function stdio.read(...)
    local file = selected()
    if file ~= stdin then
      return file:read(...)
    end
    return read_input(...)
  end

  function stdio.lines(...)
    local file = selected()
    return file:lines(...)
  end

  -- Programs

  local function check_command(name, command)
    if type(command) ~= "string" and type(command) ~= "number" then
      error(("bad argument #1 to '%s' (string expected, got %s)"):format(name, type(command)), 3)
    end
    programs = programs or require "neap.stdio.popen"
    return tostring(command)
  end

  --- A program's output to be read ("r"), or its input to be written ("w").
  function stdio.popen(command, mode)
    command = check_command("popen", command)
    flush()
    return programs.open(command, mode)
  end

  --- Runs a command by the shell, as C's system: interrupts are the command's meanwhile.
  function stdio.execute(command)
    if command == nil then
      return true
    end
    command = check_command("execute", command)
    may_park() -- raises where nothing can wait, before the command runs
    flush()
    return programs.execute(command)
  end

  return stdio
end
