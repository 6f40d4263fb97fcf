-- Which calls drop their results, as settle() sees it: interpreted, compiled, stitched.
-- DROPPED is what the last settle() was told.
-- luacheck: globals DROPPED settle, ignore 512

local N = 400
local checks = 0

local function expect(want, name)
  if DROPPED ~= want then error(name .. ": dropped is " .. tostring(DROPPED), 2) end
  DROPPED, checks = nil, checks + 1
end

local function f(...) return settle(...) end
local function g(a, b) return settle(a, b) end
local function tail(a) return g(a) end
local function vararg_tail(...) return f(...) end
local object = { method = function(_, x) return settle(nil, x) end }
local loaded = assert(load("local a = ... return settle(a)"))
local meta = setmetatable({}, {
  __index = function(_, k) return g(nil, k) end, __newindex = function(_, _, v) return g(nil, v) end,
  __call = function(_, x) return g(nil, x) end, __add = function(a, b) return g(a, b) end,
  __lt = function(a, b) return g(a, b) end, __concat = function(a, b) return g(a, b) end,
  __unm = function(a) return g(a) end,
})
local other = setmetatable({}, getmetatable(meta))

local drops = {
  statement = function(i) f(i) end, none = function() f() end, two = function(i) g(nil, i) end,
  tail = tail and function(i) tail(i) end, vararg_tail = function(i) vararg_tail(i, nil) end,
  method = function(i) object:method(i) end, multiple = function(i) f(g(i)) end,
  in_pcall = function(i) pcall(function() f(i) end) end,
  in_coroutine = function(i) coroutine.wrap(function() f(i) end)() end,
  vararg = function(...) f(...) end, loaded = function(i) loaded(i) end, call = function(i) meta(i) end,
  returned = function(i) local function h() return f(i) end h() end,
}
local keeps = {
  one = function(i) return (f(i)) end, two = function(i) local a, b = g(nil, i) return b or a end,
  table = function(i) return { f(i) } end, argument = function(i) tostring(f(i)) end,
  condition = function(i) if f(i) then return 1 end end, assert = function(i) assert(f(i)) end,
  concat = function(i) return "a" .. f(i) end, pcall = function(i) pcall(f, i) end,
  pcall_settle = function(i) pcall(settle, i) end,
  xpcall = function(i) xpcall(g, function() end, nil, i) end,
  coroutine = function(i) coroutine.wrap(f)(i) end,
  for_in = function(i) for _ in g, nil, i do break end end,
  gsub = function() return (("ab"):gsub(".", f)) end,
  sort = function() pcall(table.sort, { 3, 1, 2 }, function(_, b) return g(nil, b) end) end,
  index = function() return meta.foo end, newindex = function(i) meta.foo = i end,
  call = function(i) local a = meta(i) return a end, add = function(i) return meta + i end,
  lt = function() return meta < other end, cat = function() return "b" .. meta .. "a" end,
  unm = function() return -meta end,
}

local function run(functions, want)
  for name, fn in pairs(functions) do
    for i = 1, N do
      local kept = fn(i) -- luacheck: ignore
      expect(want, name)
    end
  end
end

-- Both kinds of call in one loop: root traces, side traces, stitched ones.
local function mixed(...)
  for i = 1, N do
    f(...) expect(true, "root")
    local a = f(...) expect(false, "root") -- luacheck: ignore
    if i % 3 == 0 then
      g(nil, i) expect(true, "side")
    elseif i % 5 == 0 then
      local b = g(nil, i) expect(false, "side") -- luacheck: ignore
    else
      tail(i) expect(true, "side")
    end
    for j = 1, 5 do
      object:method(j) expect(true, "nested")
      local x, y = object:method(j) expect(false, "nested") -- luacheck: ignore
    end
    if i % 7 == 0 and coroutine.running() then coroutine.yield() end
  end
end

for _, mode in ipairs { "on", "off", "on" } do
  jit[mode]()
  jit.flush()
  run(drops, true)
  run(keeps, false)
  local co = coroutine.create(mixed)
  while coroutine.status(co) ~= "dead" do assert(coroutine.resume(co, 1, nil)) end
end
jit.opt.start("hotloop=2", "hotexit=2")
run(drops, true)
run(keeps, false)
print(checks .. " calls")
