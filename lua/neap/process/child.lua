-- neap.process.child: a program that runs, started with its three streams.
--
--   start(chosen, stdin, stdout, stderr) -> child | nil, err      `chosen` of neap.process.options

local native = require "neap_process"
local read = require "neap.process.options"
local task = require "neap.task"
require "neap.stream" -- its pipes are streams

local settle = task.settle
local error, ipairs, pcall, setmetatable = error, ipairs, pcall, setmetatable

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

local function close_all(streams)
  for _, stream in ipairs(streams) do
    stream:close()
  end
end

-- A file stays the caller's: the child gets a stream of it, at the same place. The places and the streams made; nil,
-- err.
local function open_places(...)
  local places, made = { ... }, {}
  for i, value in ipairs(places) do
    if read.is_file(value) then
      local stream, err = value:stream()
      if not stream then
        close_all(made)
        return nil, err
      end
      places[i], made[#made + 1] = stream, stream
    end
  end
  return places, made
end

local function start(chosen, ...)
  local places, made = open_places(...)
  if not places then
    return nil, made
  end
  local group = chosen.group
  if group == nil then
    group = places[1] ~= "inherit"
  end
  local handle, input, output, failures = native.spawn {
    arguments = chosen.arguments, stdio = places, env = chosen.env, replace_env = chosen.replace_env,
    cwd = chosen.cwd, uid = chosen.uid, gid = chosen.gid, group = group,
    session = chosen.session or chosen.detached, detached = chosen.detached,
  }
  close_all(made) -- the child has them, if it runs
  if not handle then
    return nil, input
  end
  return setmetatable({
    handle = handle, pid = pid(handle), stdin = input or nil, stdout = output or nil, stderr = failures or nil,
  }, Child)
end

return start
