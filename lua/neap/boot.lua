-- boot.lua: what every runtime runs first: coroutines that know of tasks, require and dofile that may
-- wait, print and io.write into the runtime's buffer. Called with the host's C functions.

---@diagnostic disable: duplicate-set-field
local host = ...
local suspending, nowait, current = host.suspending, host.nowait, host.current
local type, error, select, tostring, setmetatable = type, error, select, tostring, setmetatable

-- Coroutines. When one suspends because its task waits (or was preempted), whoever resumed it
-- suspends too, up to the scheduler; the results come back down the same way.

local raw_resume, raw_yield, raw_status = coroutine.resume, coroutine.yield, coroutine.status
local raw_isyieldable, create = coroutine.isyieldable, coroutine.create
local waiting = setmetatable({}, { __mode = "k" })

local finish

local function go_on(co, ...)
  waiting[co] = nil
  return finish(co, raw_resume(co, ...))
end

function finish(co, ...)
  if suspending() then
    waiting[co] = true
    return go_on(co, raw_yield())
  end
  return ...
end

local function leave(...)
  nowait(-1)
  return ...
end

local function resume(co, ...)
  if waiting[co] then
    return false, "cannot resume normal coroutine"
  end
  if raw_isyieldable() then
    return finish(co, raw_resume(co, ...))
  end
  nowait(1)
  return leave(raw_resume(co, ...))
end

local function unwrap(ok, ...)
  if ok then
    return ...
  end
  error((...), 0)
end

coroutine.resume = resume
coroutine.running = host.running
coroutine.yield = host.yield

function coroutine.wrap(fn)
  local co = create(fn)
  return function(...)
    return unwrap(resume(co, ...))
  end
end

function coroutine.status(co)
  return waiting[co] and "normal" or raw_status(co)
end

function coroutine.isyieldable()
  return host.running() ~= nil and raw_isyieldable()
end

-- require. One task loads a module, others that want it meanwhile wait for it; who would wait for
-- itself, directly or round other tasks, gets an error that names the chain.

local loaded, loading, wanting = package.loaded, {}, {}

local function chain_to(name, task)
  local chain, at = { name }, name
  for _ = 1, 1000 do
    local entry = loading[at]
    if not entry then
      return nil
    end
    if entry.task == task then
      return chain
    end
    at = wanting[entry.task]
    if not at then
      return nil
    end
    chain[#chain + 1] = at
  end
end

local function cycle(name, task)
  local chain = chain_to(name, task)
  if chain then
    local names = table.concat(chain, "' is wanted by '")
    error(("module '%s' requires itself: '%s' is being loaded already"):format(name, names), 3)
  end
end

local function wait_for(name, entry, task)
  local task_module = host.extension("neap_task")
  local parker = task_module.parker()
  entry[#entry + 1] = parker
  wanting[task] = name
  local ok, err = task_module.park(parker, "require")
  wanting[task] = nil
  if not ok then
    error(err, 0)
  end
end

local function search(name)
  local tried = {}
  for _, loader in ipairs(package.loaders) do
    local found, extra = loader(name)
    if type(found) == "function" then
      return found, extra
    elseif type(found) == "string" then
      tried[#tried + 1] = found
    end
  end
  error(("module '%s' not found:%s"):format(name, table.concat(tried)), 4)
end

local function load_module(name)
  local loader, extra = search(name)
  local value = loader(name, extra)
  if value ~= nil then
    loaded[name] = value
  elseif loaded[name] == nil then
    loaded[name] = true
  end
  return loaded[name]
end

local function traceback(err)
  if type(err) == "string" then
    return { message = err, trace = host.traceback(2) }
  end
  return { message = err }
end

--- The module's value, loading it if this is the first time. Its chunk may wait.
---@param name string
---@return any
function require(name)
  if type(name) == "number" then
    name = tostring(name)
  elseif type(name) ~= "string" then
    error(("bad argument #1 to 'require' (string expected, got %s)"):format(type(name)), 2)
  end
  while true do
    if loaded[name] ~= nil and loaded[name] ~= false then
      return loaded[name]
    end
    local entry, task = loading[name], current()
    if not entry then
      break
    end
    cycle(name, task)
    wait_for(name, entry, task)
  end
  local entry = { task = current() }
  loading[name] = entry
  local ok, value = xpcall(load_module, traceback, name)
  loading[name] = nil
  for i = 1, #entry do
    host.extension("neap_task").unpark(entry[i])
  end
  if not ok then
    loaded[name] = nil
    error(value.message, 0)
  end
  return value
end

-- The loaders: preloaded, Neap's own, Lua files, C libraries.

local lua_loader = package.loaders[2]

local function neap_loader(name)
  local chunk = host.module(name)
  if chunk then
    return chunk
  end
  local extension = host.extension(name)
  if extension then
    return function()
      return extension
    end
  end
  return name:find("^neap%.") and ("\n\tno module of Neap's '%s'"):format(name) or nil
end

local function open_shared(path, name)
  local value, why = host.load_shared(path, name)
  if type(value) == "function" then
    return value, path
  elseif value ~= nil then
    return function()
      return value
    end
  end
  error(("error loading module '%s' from file '%s':\n\t%s"):format(name, path, tostring(why)), 0)
end

local function c_loader(name)
  local path, tried = package.searchpath(name, package.cpath)
  if not path then
    return tried
  end
  return open_shared(path, name)
end

local function root_loader(name)
  local root = name:match("^([^.]+)%.")
  local path = root and package.searchpath(root, package.cpath)
  if not path then
    return nil
  end
  return open_shared(path, name)
end

package.loaders[2], package.loaders[3] = neap_loader, lua_loader
package.loaders[4], package.loaders[5] = c_loader, root_loader
package.searchers = package.loaders

if host.lua_path then
  package.path = ("%s/?.lua;%s/?/init.lua;%s"):format(host.lua_path, host.lua_path, package.path)
end

--- Run a file; its chunk may wait.
function dofile(path)
  local chunk, why = loadfile(path)
  if not chunk then
    error(why, 0)
  end
  return chunk()
end

-- Output.

local output = host.output

function print(...)
  local n = select("#", ...)
  if n == 1 then
    local text = tostring((...))
    if type(text) ~= "string" then
      error("'tostring' must return a string to 'print'", 2)
    end
    return output(text, "\n")
  end
  local texts = { ... }
  for i = 1, n do
    texts[i] = tostring(texts[i])
    if type(texts[i]) ~= "string" then
      error("'tostring' must return a string to 'print'", 2)
    end
  end
  output(table.concat(texts, "\t", 1, n), "\n")
end

if io then
  local stdout = io.stdout
  local methods = debug.getmetatable(stdout).__index
  local file_write, file_flush = methods.write, methods.flush

  function methods.write(file, ...)
    if file ~= stdout then
      return file_write(file, ...)
    end
    output(...)
    return file
  end

  function methods.flush(file)
    if file == stdout then
      host.flush()
    end
    return file_flush(file)
  end

  function io.write(...)
    local file = io.output()
    if file ~= stdout then
      return file_write(file, ...)
    end
    output(...)
    return file
  end

  local io_flush = io.flush
  function io.flush()
    host.flush()
    return io_flush()
  end
end

function os.exit(status)
  if status == nil or status == true then
    status = 0
  elseif status == false then
    status = 1
  end
  return host.exit(status)
end
