---@meta neap.host
-- Made by scripts/reference.lua from lua/neap/host.lua: for editors, never run.

---@class neap.host.Stats
---@field memory integer bytes, of Lua and C together
---@field memory_peak integer the most it has been
---@field memory_limit integer 0: none
---@field lua_memory integer bytes of Lua alone
---@field tasks integer that have not ended
---@field pooled_tasks integer ended, kept for the next
---@field operations integer that have not ended
---@field handles integer open: sockets, files, timers of libuv
---@field timers integer started, on the whole loop
---@field pool_jobs integer on the thread pool, or waiting for it
---@field overrun number seconds that scripts went on after their time (a turn's budget, a step's) was up, at most: in C that cannot be stopped, such as the atomic phase of a collection

---@class neap.host.Task
---@field state "ready"|"running"|"waiting"|"preempted"|"ended"|"dropped"
---@field waits? string what for: "stream.read"
---@field where? string where it was spawned: "server.lua:12"
---@field traceback? string where it is; not of the running task

---@class neap.host.Features
---@field internals boolean this LuaJIT's inside is known: dropped errors raise
---@field jit boolean code is compiled
---@field checkhook boolean compiled code keeps to its limits
---@field lua52compat boolean pairs and # work on lazy objects

---The program or the plugin host around this script: its events, what it may call, what survives a reload, what is going on.
local host = {}

--- Call fn for every event of that name, each time in a task of its own.
---@param name string
---@param fn fun(...)
function host.on(name, fn) end

--- Do not call fn any more.
---@param name string
---@param fn fun(...)
---@return boolean was_listening
function host.off(name, fn) end

--- Hand an event to this script's own listeners.
---@param name string
---@param ... any
---@return integer how many listen
function host.emit(name, ...) end

--- Make a function callable by the program around (neap_call), beside its globals.
---@param name string
---@param fn function
function host.export(name, fn) end

--- The value kept under that name, first set to `default`: it survives a reload of the script.
---@generic T
---@param name string
---@param default T
---@return T
function host.keep(name, default) end

--- fn(err) gets every error that nobody took, instead of ending the program. nil: as before.
---@param fn? fun(err: neap.Error)
---@return fun(err: neap.Error)? previous
function host.on_error(fn) end

--- What this runtime holds.
---@type fun(): neap.host.Stats
host.stats = function() end

--- What is open, by its kind: "neap.stream"; under `neap test` with the line that made it: "server.lua:12".
---@type fun(): { kind: string, where?: string }[]
host.handles = function() end

--- The tasks of this runtime.
---@type fun(): neap.host.Task[]
host.tasks = function() end

--- What this build and its LuaJIT can do.
---@type fun(): neap.host.Features
host.features = function() end

return host
