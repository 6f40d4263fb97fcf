-- sandbox.lua: what is taken from a restricted runtime's Lua, or goes through its permissions instead.
-- Called by boot.lua with the host's C functions, after everything else is in place.
--
-- Effects on the world are checked in C, at the operation (contracts: permit, open_path). What is here is
-- Lua's own libraries, which know of no permissions, and what would lead out of the VM: ffi, debug,
-- bytecode, finalizers, C libraries.

local host = ...
local error, type, raw_load, setfenv = error, type, load, setfenv

local function without(name)
  _G[name] = nil
  package.loaded[name] = nil
  package.preload[name] = nil
end

for _, name in ipairs { "ffi", "jit", "io", "debug", "jit.util", "jit.opt", "jit.profile" } do
  without(name)
end
debug = { traceback = host.traceback_text }
package.loaded.debug = debug
newproxy = nil
string.dump = nil

local clock = { clock = os.clock, date = os.date, time = os.time, difftime = os.difftime, exit = os.exit }
os = clock
package.loaded.os = clock

local collect = collectgarbage

--- Only "count" and "collect": pacing and stopping the collector are the host's.
function collectgarbage(what)
  if what ~= nil and what ~= "count" and what ~= "collect" then
    error("a restricted runtime may only count and collect its garbage", 2)
  end
  return collect(what)
end

-- Code: text only, and no reader function, whose errors a kill could be lost in.
local function compile(text, name, env)
  if type(text) ~= "string" then
    error(("bad argument #1 to 'load' (string expected, got %s)"):format(type(text)), 3)
  end
  local chunk, why = raw_load(text, name or text, "t")
  if chunk and env then
    setfenv(chunk, env)
  end
  return chunk, why
end

function load(text, name, _, env)
  return compile(text, name, env)
end

function loadstring(text, name)
  return compile(text, name)
end

-- Files, where fs.read allows.
function loadfile(path, _, env)
  local text, why = host.read_source(path)
  if not text then
    return nil, why
  end
  return compile(text, "@" .. path, env)
end

function dofile(path)
  local chunk, why = loadfile(path)
  if not chunk then
    error(why, 0)
  end
  return chunk()
end

-- require: the files that may be read; C libraries only with the permission `native`, which C asks.
local function search(name, templates)
  local tried = {}
  local file = name:gsub("%.", "/")
  for template in templates:gmatch "[^;]+" do
    local path = template:gsub("%?", (file:gsub("%%", "%%%%")))
    local text, why = host.read_source(path)
    if text then
      return path, text
    end
    tried[#tried + 1] = "\n\t" .. tostring(why)
  end
  return nil, table.concat(tried)
end

package.loaders[3] = function(name)
  local path, text = search(name, package.path)
  if not path then
    return text
  end
  local chunk, why = compile(text, "@" .. path)
  if not chunk then
    error(("error loading module '%s':\n\t%s"):format(name, why), 0)
  end
  return chunk, path
end

if not host.native then
  package.loaders[5] = nil
  package.loaders[4] = function()
    return '\n\tEPERMISSION: C libraries need permission "native"'
  end
  package.searchpath = nil
end
package.loadlib = nil
package.seeall = nil
module = nil
