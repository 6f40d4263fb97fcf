---@meta neap.process
-- Made by scripts/reference.lua from lua/neap/process.lua: for editors, never run.

---@class neap.process.SpawnOptions
---@field shell? string a command for /bin/sh, which gets the arguments as $1, $2 …
---@field stdin? "pipe"|"null"|"inherit"|{ path: string }|neap.Stream|neap.fs.File ("pipe"); a stream is the child's from then on (EBUSY, and still ours, when bytes of it were read here and not taken), a file is still ours
---@field stdout? "pipe"|"null"|"inherit"|{ path: string, append?: boolean }|neap.Stream|neap.fs.File ("pipe")
---@field stderr? "pipe"|"null"|"inherit"|"stdout"|{ path: string, append?: boolean }|neap.Stream|neap.fs.File  ("inherit")
---@field env? table<string, string|false> variables besides ours; false: without this one
---@field replace_env? boolean only those of `env`
---@field cwd? string its folder; a relative program is looked for from ours
---@field uid? integer
---@field gid? integer its only group
---@field group? boolean a process group of its own (unless it inherits our input), so that a terminal's Ctrl-C is not its
---@field session? boolean a session of its own
---@field detached? boolean it outlives us, in a session of its own, and we end without waiting for it

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

---@class neap.process.Child
---@field pid integer
---@field stdin? neap.Stream what is written to it, the child reads; `shutdown()` ends it
---@field stdout? neap.Stream
---@field stderr? neap.Stream
local neap_process_Child = {}

--- Waits for its end. Several may wait. To cancel a wait kills the child, with its group.
---@param callback? fun(err?: neap.Error, status?: neap.process.Status)
---@return neap.process.Status? status
---@return neap.Error? err
function neap_process_Child:wait(callback) end

--- Sends a signal.
---@param signal? string|integer "TERM" (default), "SIGTERM", 15; 0 asks only whether it runs
---@param given? { group?: boolean } to all of its group, if it has one of its own
---@return true? ok
---@return neap.Error? err ESRCH when it has ended
function neap_process_Child:kill(signal, given) end

--- Kills it, with its group, if it runs, and closes its streams.
function neap_process_Child:close() end

---@class neap.process.Status
---@field ok boolean it ended by itself, with code 0
---@field code integer its exit status; 128 and the signal's number, if one ended it
---@field signal? string what ended it: "SIGTERM"

---Programs: to run one for what it says, or to start one and talk with it.
local process = {}

--- Ends the program, as os.exit does.
---@param status? integer|boolean (0)
function process.exit(status) end

--- Calls fn when the program ends: after the last task, by exit or os.exit, or because of an error. The last that was
--- given is called first. It may not wait; what it raises is reported, and does not keep the others from their turn.
--- It needs no permission.
---
---     process.on_exit(function() print "bye" end)
---
---@param fn fun()
function process.on_exit(fn) end

--- Gives the process a name for ps and top, which show as much of it as the command line had room for.
---@param title string
---@return true? ok
---@return neap.Error? err
function process.set_title(title) end

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
function process.spawn(given) end

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
function process.run(given, callback) end

--- Runs programs at once, each reading what the one before it writes. A program may have options of its own, which
--- come before those of all: `shell`, `cwd`, `env`, `replace_env`, `uid`, `gid` and `stderr`.
---
---     process.pipeline { { "sort" }, { "uniq", "-c", env = { LC_ALL = "C" } }, input = "b\na\nb\n" }
---
---@param given neap.process.PipelineOptions lists of a program and its arguments, and options
---@param callback? fun(err?: neap.Error, result?: neap.process.Result)
---@return neap.process.Result? result
---@return neap.Error? err
function process.pipeline(given, callback) end

return process
