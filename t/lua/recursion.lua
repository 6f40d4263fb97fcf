-- Every way from Lua through C back into Lua, without end. Each must be an error.

local function loops(name, fn)
  local ok, err = pcall(fn)
  print(name, ok, tostring(err):match("C stack overflow") or tostring(err):match("stack overflow"))
  if ok then os.exit(1) end
end

local function gsub_with(before)
  local function f()
    before(f)
    return (("x"):gsub(".", f))
  end
  return f
end
local deep = ("f{function() "):rep(98) .. ("end}"):rep(98)
local loop = setmetatable({}, {})

loops("coroutine.wrap", function()
  local function f() return assert(coroutine.resume(coroutine.create(f))) end
  f()
end)
loops("gsub, function", gsub_with(function() end))
loops("gsub, table", function()
  getmetatable(loop).__index = function() return (("x"):gsub("x", loop)) end
  return loop.x
end)
loops("sort", function()
  local function f() table.sort({ 1, 2, 3 }, function(a, b) f() return a < b end) end
  f()
end)
loops("sort, __lt", function()
  local lt = {}
  function lt.__lt() table.sort { setmetatable({}, lt), setmetatable({}, lt) } return true end
  table.sort { setmetatable({}, lt), setmetatable({}, lt) }
end)
loops("load, reader", function()
  local err
  local function f()
    local fn, e = load(f)
    err = err or (not fn and e)
  end
  f()
  error(err, 0)
end)
loops("print, __tostring", function()
  getmetatable(loop).__tostring = function(s) print(s) return "" end
  print(loop)
end)
loops("format, __tostring", function()
  getmetatable(loop).__tostring = function(s) return ("%s"):format(s) end
  print(loop)
end)
loops("require", function()
  package.preload.again = function() package.loaded.again = nil return require "again" end
  require "again"
end)
loops("xpcall, handler", function()
  local depth, deepest = 0, 0
  local function wrong() return nil + 1 end
  local function f()
    depth = depth + 1
    deepest = math.max(deepest, depth)
    xpcall(wrong, f)
    depth = depth - 1
  end
  f()
  error("stack overflow at " .. deepest, 0)
end)
loops("xpcall, traceback", function()
  local ok, trace = xpcall(gsub_with(function() end), debug.traceback)
  assert(not ok and trace:find("stack traceback"), trace)
  error(trace, 0)
end)
loops("parser", gsub_with(function() assert(load(deep)) end))
loops("compiler", gsub_with(function()
  local s = 0
  for i = 1, 200 do s = s + (i % 7) * 3 end
end))
loops("errors", gsub_with(function() pcall(error, {}) pcall(string.rep) pcall(debug.traceback) end))
loops("patterns", gsub_with(function() pcall(string.find, ("x"):rep(300), ("x?"):rep(250) .. "b") end))
