---@meta neap.system
-- Made by scripts/reference.lua from lua/neap/system.lua: for editors, never run.

---@class neap.system.Cpu
---@field model string
---@field speed number MHz; 0 where it is not known
---@field times { user: number, nice: number, system: number, idle: number, interrupt: number } seconds

---@class neap.system.Memory
---@field total integer bytes, of the machine
---@field free integer bytes that the machine could still give, its caches let go
---@field available integer bytes that this process could still have: free, but within its limit
---@field limit? integer bytes that its control group (container) may have, when that is less than the machine has
---@field rss integer bytes of the machine's that this process has now

---@class neap.system.Uname
---@field name string "Linux"
---@field release string "6.1.0-18-amd64"
---@field version string
---@field machine string "x86_64"

---@class neap.system.Address
---@field family "ipv4"|"ipv6"
---@field address string
---@field netmask string
---@field prefix integer bits of the netmask: 24
---@field mac string "02:42:ac:11:00:02"
---@field internal boolean of the loopback
---@field scope? integer of a link's own IPv6 address: which link

---@class neap.system.User
---@field name string
---@field uid integer
---@field gid integer its first group's
---@field home string
---@field shell string

---@class neap.system.Usage
---@field user number seconds of processors, in its own code
---@field system number seconds of processors, in the kernel's
---@field max_rss integer bytes of memory, the most it has had
---@field minor_faults integer pages that were there
---@field major_faults integer pages that had to be read
---@field blocks_read integer
---@field blocks_written integer
---@field voluntary_switches integer how often it waited
---@field involuntary_switches integer how often it was made to wait

---The machine, its users, and this process.
local system = {}

--- The machine's processors, as threads count them.
---@return neap.system.Cpu[]? cpus
---@return neap.Error? err EPERMISSION
function system.cpus() end

--- How many threads can run at once: the processors that this process may use, 1 at least. As many workers are enough.
---@return integer? parallelism
---@return neap.Error? err EPERMISSION
function system.parallelism() end

--- The machine's memory, and this process's share.
---@return neap.system.Memory? memory
---@return neap.Error? err EPERMISSION
function system.memory() end

--- The load of the machine: how many threads ran or waited to run, over one, five and fifteen minutes.
---@return number? one
---@return number|neap.Error five EPERMISSION when `one` is nil
---@return number? fifteen
function system.load() end

--- Seconds since the machine was started.
---@return number? seconds
---@return neap.Error? err EPERMISSION
function system.uptime() end

--- The machine's name.
---@return string? name
---@return neap.Error? err EPERMISSION
function system.host_name() end

--- What the operating system says of itself.
---@return neap.system.Uname? uname
---@return neap.Error? err EPERMISSION
function system.uname() end

--- The addresses of each network interface that is up.
---
---     local system = require "neap.system"
---     for name, addresses in pairs(system.interfaces()) do
---       for _, each in ipairs(addresses) do
---         print(name, each.address .. "/" .. each.prefix)
---       end
---     end
---@return table<string, neap.system.Address[]>? interfaces by their names
---@return neap.Error? err EPERMISSION
function system.interfaces() end

--- A user, as the system's list has it.
---@param name? string|integer a name or a uid; default: who this process runs for
---@param callback? fun(err?: neap.Error, user?: neap.system.User)
---@return neap.system.User? user
---@return neap.Error? err ENOENT there is none, EPERMISSION
function system.user(name, callback) end

--- A variable of the environment.
---@param name string
---@return string? value nil when it is not set
---@return neap.Error? err EPERMISSION
function system.env(name) end

--- All variables of the environment by name: a copy. A restricted runtime sees those that it has a permission for.
---@return table<string, string>? variables
---@return neap.Error? err
function system.environment() end

--- Set a variable, for this process and those it starts from now on.
---@param name string
---@param value? string nil: take it away
---@return true? ok
---@return neap.Error? err EPERMISSION
function system.set_env(name, value) end

--- The process's id.
---@return integer? pid
---@return neap.Error? err EPERMISSION
function system.pid() end

--- The id of the process that started it.
---@return integer? pid
---@return neap.Error? err EPERMISSION
function system.parent_pid() end

--- What this process has used.
---@return neap.system.Usage? usage
---@return neap.Error? err EPERMISSION
function system.usage() end

--- The priority of a process, from -20, the highest, to 19.
---@param pid? integer default: this one
---@return integer? priority
---@return neap.Error? err ESRCH there is no such process, EPERMISSION
function system.priority(pid) end

--- Set a process's priority, from -20, the highest, to 19.
---@param priority integer
---@param pid? integer default: this one
---@return true? ok
---@return neap.Error? err EACCES the system lets nobody but root raise one; ESRCH, EPERMISSION
function system.set_priority(priority, pid) end

--- The working folder, in which relative paths start.
---@return string? path
---@return neap.Error? err ENOENT it has been removed, EPERMISSION
function system.cwd() end

--- Go to another working folder: the whole process does.
---@param path string
---@return true? ok
---@return neap.Error? err ENOENT, ENOTDIR, EACCES, EPERMISSION
function system.chdir(path) end

--- The folder for temporary files: TMPDIR, TMP, TEMP or TEMPDIR of the environment, or "/tmp".
---@return string? path without a slash at its end
---@return neap.Error? err EPERMISSION
function system.temp_dir() end

--- The path of the program that runs.
---@return string? path
---@return neap.Error? err EPERMISSION
function system.executable() end

return system
