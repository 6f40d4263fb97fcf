-- command.lua: what the command runs besides a plain script: -e, -l, -i, --watch, and its subcommands.
-- Called with a subcommand and its arguments (neap/command/ has a module of each, which returns the exit status), or
-- "options", "--watch" or "--watched" and the whole command line, which host/command.c has checked.

local errors = require "neap.errors"

-- Neap's modules under their last names, loaded when first used: for one-liners.
local function open_modules()
  setmetatable(_G, {
    __index = function(globals, name)
      if type(name) ~= "string" or not name:find("^[%a_][%w_]*$") then
        return nil
      end
      local ok, module = pcall(require, "neap." .. name)
      if ok then
        rawset(globals, name, module)
        return module
      end
      if not tostring(module):find("not found", 1, true) then
        error(module, 2)
      end
    end,
  })
end

local function run_code(code, ...)
  local chunk, why = loadstring(code, "=-e")
  if not chunk then
    error(why, 0)
  end
  return chunk(...)
end

-- loadfile would not say why a file cannot be read.
local function load_script(path)
  if path == "-" then
    return loadfile()
  end
  local text = assert(require("neap.fs").read_file(path))
  return loadstring((text:gsub("^#[^\n]*", "")), "@" .. path)
end

local function run_script(path, ...)
  local chunk, why = load_script(path)
  if not chunk then
    error(why, 0)
  end
  return chunk(...)
end

local function require_module(name)
  local ok, module = pcall(require, name)
  if not ok then
    error(module, 0)
  end
  rawset(_G, name:match("([%w_]+)$"), module)
end

local HAS_VALUE = { ["-e"] = true, ["-l"] = true, ["--allow"] = true, ["--watch-path"] = true }

-- The index of what comes after the options.
local function options_end(argv)
  local i = 1
  while argv[i] and argv[i]:find("^%-.") and argv[i] ~= "--" do
    i = i + (HAS_VALUE[argv[i]] and 2 or 1)
  end
  return argv[i] == "--" and i + 1 or i
end

-- With -e what comes after the options are arguments, else the script and its arguments.
local function run_options(argv, rest, n)
  local evaluated, i = false, 1
  while i < rest do
    if argv[i] == "-e" then
      evaluated = true
      local failed, err = run_code(argv[i + 1], unpack(argv, rest, n))
      if failed == nil and errors.is(err) then
        return nil, err
      end
    elseif argv[i] == "-l" then
      require_module(argv[i + 1])
    end
    i = i + (HAS_VALUE[argv[i]] and 2 or 1)
  end
  if rest <= n and not evaluated then
    return run_script(unpack(argv, rest, n))
  end
end

local function is_interactive(argv, rest, n)
  for i = 1, rest - 1 do
    if argv[i] == "-i" then
      return true
    end
  end
  return n == 0
end

local function options(...)
  local argv, n = { ... }, select("#", ...)
  local rest = options_end(argv)
  open_modules()
  if is_interactive(argv, rest, n) then
    return require("neap.repl").run(run_options, argv, rest, n)
  end
  return run_options(argv, rest, n)
end

local function evaluates(argv, rest)
  for i = 1, rest - 1 do
    if argv[i] == "-e" then
      return true
    end
  end
end

-- The parent, and what its child does before its script.
local function watch(what, ...)
  local argv, n = { ... }, select("#", ...)
  local rest = options_end(argv)
  local script = not evaluates(argv, rest) and argv[rest] or nil
  if what == "--watched" then
    return require("neap.command.watched")(script)
  end
  return require("neap.command.watch")(argv, rest, n, script)
end

return function(what, ...)
  if what == "options" then
    return options(...)
  elseif what == "--watch" or what == "--watched" then
    return watch(what, ...)
  end
  os.exit(require("neap.command." .. what)(...))
end
