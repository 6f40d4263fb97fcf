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
  if type(co) ~= "thread" then
    error(("bad argument #1 to 'resume' (coroutine expected, got %s)"):format(type(co)), 2)
  elseif waiting[co] then
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
--
-- loading: name -> { wants = the module that its chunk requires now, parkers of who waits ... }
-- within: task -> name of the innermost module that it is loading

local loaded, loading, within = package.loaded, {}, {}

-- From `name`, which is being loaded, along what each wants: the chain to `target`, if there is one.
local function chain_to(target, name)
  local chain = { name }
  while name and name ~= target do
    local entry = loading[name]
    name = entry and entry.wants
    chain[#chain + 1] = name
  end
  return name and chain
end

local function check_cycle(outer, name)
  local chain = outer and chain_to(outer, name)
  if chain then
    chain[#chain + 1] = name
    error(("module '%s' requires itself: %s"):format(name, table.concat(chain, " -> ")), 3)
  end
end

local function wait_for(name)
  local task_module = host.extension("neap_task")
  local parker, entry = task_module.parker(), loading[name]
  entry[#entry + 1] = parker
  local ok, done, err = pcall(task_module.park, parker, "require")
  if not ok or not done then
    return err or done
  end
end

-- The loader and its second argument, or nil and where it was looked for.
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
  return nil, table.concat(tried)
end

-- Its value, or nil and where it was looked for.
local function load_module(name)
  local loader, extra = search(name)
  if not loader then
    return nil, extra
  end
  local value = loader(name, extra)
  if value ~= nil then
    loaded[name] = value
  elseif loaded[name] == nil then
    loaded[name] = true
  end
  return loaded[name]
end

local function load_alone(name, task, outer)
  local entry = {}
  loading[name], within[task] = entry, name
  local ok, value, tried = pcall(load_module, name)
  loading[name], within[task] = nil, outer
  if not ok then
    loaded[name] = nil
  end
  for i = 1, #entry do
    host.extension("neap_task").unpark(entry[i])
  end
  return ok, value, tried
end

local function wants(outer, name)
  if outer and loading[outer] then
    loading[outer].wants = name
  end
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
  local task = current()
  local outer = within[task]
  while not loaded[name] and loading[name] do
    check_cycle(outer, name)
    wants(outer, name)
    local err = wait_for(name)
    wants(outer, nil)
    if err then
      error(err, 0)
    end
  end
  if loaded[name] then
    return loaded[name]
  end
  wants(outer, name)
  local ok, value, tried = load_alone(name, task, outer)
  wants(outer, nil)
  if not ok then
    error(value, 0)
  elseif value == nil then
    error(("module '%s' not found:%s"):format(name, tried), 2)
  end
  return value
end

-- The loaders: preloaded, Neap's own, Lua files, C libraries.

local function lua_loader(name)
  local path, tried = package.searchpath(name, package.path)
  if not path then
    return tried
  end
  local chunk, why = loadfile(path)
  if not chunk then
    error(("error loading module '%s' from file '%s':\n\t%s"):format(name, path, why), 0)
  end
  return chunk, path
end

local function neap_loader(name)
  local chunk = host.module(name)
  if chunk then
    return chunk
  end
  local extension, why = host.extension(name == "luv" and "uv" or name)
  if extension then
    return function()
      return extension
    end
  elseif why then
    return ("\n\tNeap's own '%s' %s"):format(name, why.message)
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

local find_library = host.find_library or function(name)
  return package.searchpath(name, package.cpath)
end

local function c_loader(name)
  local path, tried = find_library(name)
  if not path then
    return tried
  end
  return open_shared(path, name)
end

local function root_loader(name)
  local root = name:match("^([^.]+)%.")
  local path = root and find_library(root)
  if not path then
    return nil
  end
  return open_shared(path, name)
end

package.loaders[2], package.loaders[3] = neap_loader, lua_loader
package.loaders[4], package.loaders[5] = c_loader, root_loader
package.searchers = package.loaders

local folder = host.lua_path
if folder then
  package.path = ("%s/?.lua;%s/?/init.lua;%s"):format(folder, folder, package.path)
  package.cpath = ("%s/?.so;%s"):format(folder, package.cpath)
end

--- Run a file; its chunk may wait.
function dofile(path)
  local chunk, why = loadfile(path)
  if not chunk then
    error(why, 0)
  end
  return chunk()
end

-- Output. print, io.write and io.stdout share the host's buffer; it goes out before anything that is
-- seen beside it: what is written to standard error, a question's answer, another program's output.

local write, flush = host.output, host.flush

function print(...)
  local n = select("#", ...)
  if n == 1 then
    local text = tostring((...))
    if type(text) ~= "string" then
      error("'tostring' must return a string to 'print'", 2)
    end
    write(text, "\n")
    return
  end
  local texts = { ... }
  for i = 1, n do
    texts[i] = tostring(texts[i])
    if type(texts[i]) ~= "string" then
      error("'tostring' must return a string to 'print'", 2)
    end
  end
  write(table.concat(texts, "\t", 1, n), "\n")
end

if not host.restricted then
  local stdout, stderr, stdin = io.stdout, io.stderr, io.stdin
  local methods = debug.getmetatable(stdout).__index
  local file_write, file_flush, io_flush = methods.write, methods.flush, io.flush
  local io_lines, io_output = io.lines, io.output
  local made

  -- What would keep everybody waiting waits instead: lua/neap/stdio.lua has it, which the first call loads.
  local function stdio()
    made = made or require "neap.stdio" (stdin, flush)
    return made
  end

  local function write_stdout(...)
    local why = write(...)
    if why then
      return nil, why
    end
    return stdout
  end

  function methods.write(file, ...)
    if file == stdout then
      return write_stdout(...)
    elseif file == stderr then
      flush()
    end
    return file_write(file, ...)
  end

  function methods.flush(file)
    if file == stdout then
      flush()
    end
    return file_flush(file)
  end

  for name, of_input in pairs { read = "read_input", lines = "lines_input", seek = "seek_input" } do
    local of_file = methods[name]
    methods[name] = function(file, ...)
      if file == stdin then
        return stdio()[of_input](...)
      end
      return of_file(file, ...)
    end
  end

  function io.write(...)
    local file = io_output()
    if file ~= stdout then
      return file:write(...)
    end
    return write_stdout(...)
  end

  function io.flush()
    flush()
    return io_flush()
  end

  function io.read(...)
    return stdio().read(...)
  end

  function io.lines(path, ...)
    if path ~= nil then
      return io_lines(path, ...)
    end
    return stdio().lines(...)
  end

  function io.popen(...)
    return stdio().popen(...)
  end

  function os.execute(...)
    return stdio().execute(...)
  end
end

-- Hooks. The VM's one hook is the host's, which stops scripts with it.

if not host.restricted and not host.foreign then
  debug.sethook, debug.gethook = host.sethook, host.gethook
end

function os.exit(status)
  if status == nil or status == true then
    status = 0
  elseif status == false then
    status = 1
  end
  return host.exit(status)
end
