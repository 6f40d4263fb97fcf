-- attached.lua: what a Lua state that is not Neap's was like before, so that it is so again when its runtime
-- closes. Run first; returns a function to call when all is changed, which returns the one that changes it
-- back. What somebody else has changed meanwhile is left alone.

local loaded, next, type = package.loaded, next, type

local tables = { _G, package.loaders }
for _, name in ipairs { "coroutine", "debug", "io", "os", "package", "string", "table" } do
  if type(loaded[name]) == "table" then
    tables[#tables + 1] = loaded[name]
  end
end
if io and debug then
  tables[#tables + 1] = debug.getmetatable(io.stdout).__index
end

local function copy(from)
  local to = {}
  for key, value in next, from do
    to[key] = value
  end
  return to
end

local function copies()
  local all = {}
  for i = 1, #tables do
    all[i] = copy(tables[i])
  end
  return all
end

local function restore(t, before, after)
  for key, value in next, after do
    if before[key] ~= value and t[key] == value then
      t[key] = before[key]
    end
  end
end

local before = copies()

return function()
  local after = copies()
  return function()
    for i = 1, #tables do
      restore(tables[i], before[i], after[i])
    end
    for name in next, loaded do
      if type(name) == "string" and name:find "^neap[._]" then
        loaded[name] = nil
      end
    end
  end
end
