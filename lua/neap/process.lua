-- neap.process: programs: to run one for what it says, or to start one and talk with it.
--
--   run { program, argument, … } -> result         waits for its end; result.code, stdout, stderr
--   spawn { program, argument, … } -> child        child.stdin, child.stdout, child.stderr: streams
--   pipeline { { program, … }, { program, … } } -> result
--   child:wait() -> status    child:kill(signal)   child.pid
--   args, stdin, stdout, stderr, pid, title             of this process
--   exit(status), on_exit(fn), set_title(title)
--
-- Arguments are passed as they are: no shell sees them, unless one asks for it by `shell = "text"`. A child has the
-- descriptors 0 to 2 and no others. What ends with a status other than 0 is a result, not an error; a program that is
-- not there is nil and ENOENT with its name.
--
-- A restricted runtime needs "run /path/of/program" (or "run name", of what PATH finds); its children see, and are
-- given, only the variables that "env NAME" allows it. Other identities need "process". Starting a child takes the
-- process's handler of SIGCHLD, as libuv does.

local native = require "neap_process"
local options = require "neap.options"
local run_all = require "neap.process.run"
local stream = require "neap.stream"
local task = require "neap.task"
local this = require "neap.process.this"

local settle = task.settle
local ipairs, pairs, setmetatable, tostring, type = ipairs, pairs, setmetatable, tostring, type

local process = {}

-- This process

--- The arguments of the script: what the command line has after its name.
---@type string[]
process.args = {}
for i, text in ipairs(rawget(_G, "arg") or {}) do
  process.args[i] = text
end

--- Ends the program, as os.exit does.
---@param status? integer|boolean (0)
function process.exit(status)
  os.exit(status)
end

--- Calls fn when the program ends: after the last task, by exit or os.exit, or because of an error. The last that was
--- given is called first. It may not wait; what it raises is reported, and does not keep the others from their turn.
---
---     process.on_exit(function() print "bye" end)
---
---@param fn fun()
function process.on_exit(fn)
  if type(fn) ~= "function" then
    error(("bad argument #1 to 'on_exit' (function expected, got %s)"):format(type(fn)), 2)
  end
  this.on_exit(fn)
end

--- Gives the process a name for ps and top, which show as much of it as the command line had room for.
---@param title string
---@return true? ok
---@return neap.Error? err
function process.set_title(title)
  if type(title) ~= "string" then
    error(("bad argument #1 to 'set_title' (string expected, got %s)"):format(type(title)), 2)
  end
  return settle(this.set_title(title))
end

-- These are made when they are first asked for. To close a stream leaves its descriptor open.

--- Standard input, which io.read takes its bytes from too. It reads only while somebody waits; after an end it may go
--- on, as a terminal does.
---@type neap.Stream
process.stdin = nil

--- Standard output, in one order with print. What is written is gone when the call returns, as with print.
---@type neap.Stream
process.stdout = nil

--- Standard error.
---@type neap.Stream
process.stderr = nil

--- The number of this process.
---@type integer
process.pid = nil

--- What ps and top call it.
---@type string
process.title = nil

setmetatable(process, {
  __index = function(_, name)
    local field = this.fields[name]
    return field and field()
  end,
})

-- Options

local function is_list(value)
  if type(value) ~= "table" then
    return false
  end
  local n = 0
  for i, text in ipairs(value) do
    if type(text) ~= "string" or text:find("\0", 1, true) then
      return false
    end
    n = i
  end
  for key in pairs(value) do -- behind a nil: it would be left out in silence
    if type(key) == "number" and not (key >= 1 and key <= n) then
      return false
    end
  end
  return true
end

local function is_environment(value)
  if type(value) ~= "table" then
    return false
  end
  for name, text in pairs(value) do
    local holds = type(text) == "string" and not text:find("\0", 1, true) or text == false
    if type(name) ~= "string" or name == "" or name:find "[=%z]" or not holds then
      return false
    end
  end
  return true
end

-- Of neap.fs: no stream, but it gives one.
local function is_file(value)
  return type(value) == "userdata" and tostring(value):find("^neap%.file") ~= nil
end

local words = { pipe = true, null = true, inherit = true }

local function is_place(value)
  if type(value) == "table" then
    return type(value.path) == "string" and not value.path:find("\0", 1, true)
  end
  return words[value] or stream.is(value) or is_file(value)
end

local ENVIRONMENT = options.kind("table of names and texts", is_environment)
local TEXT = options.kind("string without a zero byte", function(value)
  return type(value) == "string" and not value:find("\0", 1, true)
end)
local PLACE = options.kind('"pipe", "null", "inherit", { path = }, an open stream or file', is_place)
local ERRORS = options.kind('"pipe", "null", "inherit", "stdout", { path = }, an open stream or file', function(value)
  return value == "stdout" or is_place(value)
end)
local INPUT = options.kind("string, { path = }, an open stream or file", function(value)
  return type(value) == "string" or is_place(value)
end)
local ID = options.integer(0, 4294967294)

local function kinds(more)
  for name, kind in pairs {
    shell = TEXT, cwd = TEXT, env = ENVIRONMENT, replace_env = "boolean", uid = ID, gid = ID, group = "boolean",
    session = "boolean", stderr = ERRORS,
  } do
    more[name] = more[name] or kind
  end
  return more
end

local check_spawn = options.checker("spawn", kinds { stdin = PLACE, stdout = PLACE, detached = "boolean" })
local check_run = options.checker("run", kinds {
  input = INPUT, stdout = PLACE, timeout = options.number(0), limit = options.integer(0),
})
-- Errors of all stages go there: a stream would be the first one's alone.
local SHARED = options.kind('"pipe", "null", "inherit", "stdout" or { path = }', function(value)
  return ERRORS.holds(value) and not stream.is(value)
end)
local check_pipeline = options.checker("pipeline", kinds {
  input = INPUT, stdout = PLACE, timeout = options.number(0), limit = options.integer(0), stderr = SHARED,
})

-- The options among what was given, and the program with its arguments.
local function split(name, check, given)
  if type(given) ~= "table" or not is_list(given) then
    error(("bad argument #1 to '%s' (table of strings and options expected)"):format(name), 3)
  end
  local chosen, arguments = {}, {}
  for key, value in pairs(given) do
    if type(key) == "number" then
      arguments[key] = value
    else
      chosen[key] = value
    end
  end
  check(chosen, 4)
  if chosen.shell then
    arguments = { "/bin/sh", "-c", chosen.shell, "sh", unpack(arguments) }
  elseif not arguments[1] then
    error(("bad argument #1 to '%s' (a program or shell expected)"):format(name), 3)
  end
  return chosen, arguments
end

-- Children

---@class neap.process.Child
---@field pid integer
---@field stdin? neap.Stream what is written to it, the child reads; `shutdown()` ends it
---@field stdout? neap.Stream
---@field stderr? neap.Stream
local Child = {}
Child.__index = Child

local Native = native.child_methods()
local native_wait, native_kill, native_close, pid = Native.wait, Native.kill, Native.close, Native.pid

---@class neap.process.Status
---@field ok boolean it ended by itself, with code 0
---@field code integer its exit status; 128 and the signal's number, if one ended it
---@field signal? string what ended it: "SIGTERM"

local function to_status(code, signal)
  if not code then
    return nil, signal
  end
  return { ok = code == 0, code = code, signal = signal }
end

--- Waits for its end. Several may wait. To cancel a wait kills the child, with its group.
---@param self neap.process.Child
---@param callback? fun(err?: neap.Error, status?: neap.process.Status)
---@return neap.process.Status? status
---@return neap.Error? err
Child.wait = task.operation(function(self)
  return to_status(native_wait(self.handle))
end)

--- Sends a signal.
---@param signal? string|integer "TERM" (default), "SIGTERM", 15; 0 asks only whether it runs
---@param given? { group?: boolean } to all of its group, if it has one of its own
---@return true? ok
---@return neap.Error? err ESRCH when it has ended
function Child:kill(signal, given)
  local known, number = pcall(native.signal_number, signal or "TERM")
  if not known then
    error("bad argument #1 to 'kill' (no such signal)", 2)
  end
  return settle(native_kill(self.handle, number, given and given.group))
end

--- Kills it, with its group, if it runs, and closes its streams.
function Child:close()
  native_close(self.handle)
  for _, name in ipairs { "stdin", "stdout", "stderr" } do
    if self[name] then
      self[name]:close()
    end
  end
end

function Child:__tostring()
  return ("neap.process.child: %d"):format(self.pid)
end

-- A file stays the caller's: the child gets a stream of it, at the same place.
local function place(value)
  if is_file(value) then
    return value:stream()
  end
  return value
end

local function start(chosen, arguments, ...)
  local places = { ... }
  for i, value in ipairs(places) do
    local found, err = place(value)
    if not found then
      return nil, err
    end
    places[i] = found
  end
  local stdin, stdout, stderr = unpack(places)
  local group = chosen.group
  if group == nil then
    group = stdin ~= "inherit"
  end
  local handle, input, output, failures = native.spawn {
    arguments = arguments, stdio = { stdin, stdout, stderr }, env = chosen.env, replace_env = chosen.replace_env,
    cwd = chosen.cwd, uid = chosen.uid, gid = chosen.gid, group = group,
    session = chosen.session or chosen.detached, detached = chosen.detached,
  }
  if not handle then
    return nil, input
  end
  return setmetatable({
    handle = handle, pid = pid(handle), stdin = input or nil, stdout = output or nil, stderr = failures or nil,
  }, Child)
end

---@class neap.process.SpawnOptions
---@field shell? string a command for /bin/sh, which gets the arguments as $1, $2 …
---@field stdin? "pipe"|"null"|"inherit"|{ path: string }|neap.Stream|neap.fs.File ("pipe"); a stream is the child's
---from then on, a file is still ours
---@field stdout? "pipe"|"null"|"inherit"|{ path: string, append?: boolean }|neap.Stream|neap.fs.File ("pipe")
---@field stderr? "pipe"|"null"|"inherit"|"stdout"|{ path: string, append?: boolean }|neap.Stream|neap.fs.File
---("inherit")
---@field env? table<string, string|false> variables besides ours; false: without this one
---@field replace_env? boolean only those of `env`
---@field cwd? string its folder; a relative program is looked for from ours
---@field uid? integer
---@field gid? integer its only group
---@field group? boolean a process group of its own (unless it inherits our input), so that a terminal's Ctrl-C is not
---its
---@field session? boolean a session of its own
---@field detached? boolean it outlives us, in a session of its own, and we end without waiting for it

--- Starts a program. It runs on when the child object is dropped, and is reaped; when the runtime closes it is killed,
--- unless it was detached.
---
---     local child = process.spawn { "sort" }
---     child.stdin:write("b\na\n")
---     child.stdin:shutdown()
---     print(child.stdout:read_all())
---     child:wait()
---
---@param given neap.process.SpawnOptions the program and its arguments as a list, and options
---@return neap.process.Child? child
---@return neap.Error? err
function process.spawn(given)
  local chosen, arguments = split("spawn", check_spawn, given)
  return settle(start(chosen, arguments, chosen.stdin or "pipe", chosen.stdout or "pipe", chosen.stderr or "inherit"))
end

-- Running to the end

local run = task.operation(function(stages, chosen)
  if not chosen.timeout then
    return run_all(start, stages, chosen)
  end
  return task.timeout(chosen.timeout, run_all, start, stages, chosen)
end)

---@class neap.process.RunOptions
---@field shell? string a command for /bin/sh, which gets the arguments as $1, $2 …
---@field input? string|{ path: string }|neap.Stream|neap.fs.File its standard input (nothing)
---@field stdout? "pipe"|"null"|"inherit"|{ path: string, append?: boolean } ("pipe": into the result)
---@field stderr? "pipe"|"null"|"inherit"|"stdout"|{ path: string, append?: boolean } ("pipe": into the result)
---@field limit? integer bytes of each output (64 MiB), above which it is killed and the error ELIMIT
---@field timeout? number seconds, after which it is killed, with its group, and the error ETIMEDOUT
---@field env? table<string, string|false>
---@field replace_env? boolean
---@field cwd? string
---@field uid? integer
---@field gid? integer
---@field group? boolean (true)
---@field session? boolean

---@class neap.process.Result
---@field ok boolean it ended by itself, with code 0; of a pipeline: all did
---@field code integer exit status, of the last; 128 and the signal's number, if one ended it
---@field signal? string what ended it
---@field stdout? string if it was not sent elsewhere
---@field stderr? string of a pipeline: of all, one after the other
---@field statuses neap.process.Status[] of each

--- Runs a program to its end: until it has ended and its outputs are closed.
---
---     -- not run: there is no repository
---     local result = process.run { "git", "rev-parse", "HEAD", cwd = "repository", timeout = 10 }
---     print(result.ok and result.stdout or result.stderr)
---
---@param given neap.process.RunOptions the program and its arguments as a list, and options
---@param callback? fun(err?: neap.Error, result?: neap.process.Result)
---@return neap.process.Result? result
---@return neap.Error? err
function process.run(given, callback)
  local chosen, arguments = split("run", check_run, given)
  return run({ arguments }, chosen, callback)
end

--- Runs programs at once, each reading what the one before it writes.
---
---     process.pipeline { { "sort" }, { "uniq", "-c" }, input = "b\na\nb\n" }
---
---@param given neap.process.RunOptions lists of a program and its arguments, and options
---@param callback? fun(err?: neap.Error, result?: neap.process.Result)
---@return neap.process.Result? result
---@return neap.Error? err
function process.pipeline(given, callback)
  local stages, chosen = {}, {}
  for key, value in pairs(type(given) == "table" and given or {}) do
    if type(key) == "number" then
      stages[key] = value
    else
      chosen[key] = value
    end
  end
  for i, stage in ipairs(stages) do
    if not is_list(stage) or not stage[1] then
      error(("bad argument #1 to 'pipeline' (stage %d: a program and its arguments expected)"):format(i), 2)
    end
  end
  if not stages[1] then
    error("bad argument #1 to 'pipeline' (lists of a program and its arguments expected)", 2)
  end
  check_pipeline(chosen)
  return run(stages, chosen, callback)
end

return process
