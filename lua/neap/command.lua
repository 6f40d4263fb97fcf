-- command.lua: what the command runs besides a plain script: -e, -l, and its subcommands.
-- Called with "test" and its arguments, or "options" and the whole command line.

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

local function run_code(code)
  local chunk, why = loadstring(code, "=-e")
  if not chunk then
    error(why, 0)
  end
  return chunk()
end

local function run_script(path, ...)
  local chunk, why = loadfile(path ~= "-" and path or nil)
  if not chunk then
    error(why, 0)
  end
  return chunk(...)
end

-- The command line has been checked by main.c.
local function options(...)
  local argv, n, i = { ... }, select("#", ...), 1
  open_modules()
  while i <= n and argv[i]:sub(1, 1) == "-" and argv[i] ~= "-" and argv[i] ~= "--" do
    if argv[i] == "-e" then
      local failed, err = run_code(argv[i + 1])
      if failed == nil and require("neap.errors").is(err) then
        return nil, err
      end
      i = i + 1
    elseif argv[i] == "-l" then
      local name = argv[i + 1]
      local ok, module = pcall(require, name)
      if not ok then
        error(module, 0)
      end
      rawset(_G, name:match("([%w_]+)$"), module)
      i = i + 1
    elseif argv[i] == "--allow" then
      i = i + 1
    end
    i = i + 1
  end
  i = argv[i] == "--" and i + 1 or i
  if i <= n then
    return run_script(unpack(argv, i, n))
  end
end

return function(what, ...)
  if what == "test" then
    os.exit(require("neap.test").main({ ... }))
  end
  return options(...)
end
