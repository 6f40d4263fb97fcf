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

local read = require "neap.process.options"
local run_all = require "neap.process.run"
local start = require "neap.process.child"
local task = require "neap.task"
local this = require "neap.process.this"

local settle = task.settle
local error, ipairs, setmetatable, type = error, ipairs, setmetatable, type

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
--- It needs no permission.
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

-- Children

---@class neap.process.SpawnOptions
---@field shell? string a command for /bin/sh, which gets the arguments as $1, $2 …
---@field stdin? "pipe"|"null"|"inherit"|{ path: string }|neap.Stream|neap.fs.File ("pipe"); a stream is the child's
---from then on (EBUSY, and still ours, when bytes of it were read here and not taken), a file is still ours
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
  local chosen = read.spawn(given)
  return settle(start(chosen, chosen.stdin or "pipe", chosen.stdout or "pipe", chosen.stderr or "inherit"))
end

-- Running to the end

local run = task.operation(function(stages, chosen)
  if not chosen.timeout then
    return run_all(stages, chosen)
  end
  return task.timeout(chosen.timeout, run_all, stages, chosen)
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

---@class neap.process.PipelineOptions
---@field input? string|{ path: string }|neap.Stream|neap.fs.File the first one's standard input (nothing)
---@field stdout? "pipe"|"null"|"inherit"|{ path: string, append?: boolean } the last one's ("pipe": into the result)
---@field stderr? "pipe"|"null"|"inherit"|"stdout"|{ path: string, append?: boolean } ("pipe": into the result)
---@field limit? integer bytes of each output (64 MiB), above which all are killed and the error ELIMIT
---@field timeout? number seconds, after which all are killed, with their groups, and the error ETIMEDOUT
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
  local chosen = read.run(given)
  return run({ chosen }, chosen, callback)
end

--- Runs programs at once, each reading what the one before it writes. A program may have options of its own, which
--- come before those of all: `shell`, `cwd`, `env`, `replace_env`, `uid`, `gid` and `stderr`.
---
---     process.pipeline { { "sort" }, { "uniq", "-c", env = { LC_ALL = "C" } }, input = "b\na\nb\n" }
---
---@param given neap.process.PipelineOptions lists of a program and its arguments, and options
---@param callback? fun(err?: neap.Error, result?: neap.process.Result)
---@return neap.process.Result? result
---@return neap.Error? err
function process.pipeline(given, callback)
  local chosen, stages = read.pipeline(given)
  return run(stages, chosen, callback)
end

return process
