-- embed.lua FILE...: the Lua modules as a C table of bytecode, on standard output.
--
-- Run by the LuaJIT that the table is linked to. Line numbers and names stay in, so that tracebacks
-- read as from source: lua/neap/http.lua is the module neap.http, its chunk is called @neap/http.lua.
-- The same sources give the same bytes. init.lua is no special name: neap/command/init.lua is `neap init`.

-- An older LuaJIT takes any second argument of string.dump as "strip", and orders constants by chance.
local function probe() return { a = 1, b = 2 } end
local deterministic = #string.dump(probe, "d") > #string.dump(probe, true) and "d" or nil

local modules = {}
for i = 1, #arg do
  local file = assert(io.open(arg[i], "rb"))
  local text = file:read("*a")
  file:close()
  local path = arg[i]:match("^lua/(.*)%.lua$")
  local chunk = "@" .. path .. ".lua"
  modules[i] = {
    name = path:gsub("/", "."),
    chunk = chunk,
    code = string.dump(assert(loadstring(text, chunk)), deterministic),
  }
end
table.sort(modules, function(a, b) return a.name < b.name end)

local out = { '/* Made by scripts/embed.lua from lua/. */\n#include "host.h"\n' }
for i, module in ipairs(modules) do
  out[#out + 1] = ("\nstatic const unsigned char code_%d[] = { /* %s */"):format(i, module.name)
  for at = 1, #module.code, 24 do
    out[#out + 1] = "\n    " .. table.concat({ module.code:byte(at, at + 23) }, ",") .. ","
  end
  out[#out + 1] = "\n};\n"
end
out[#out + 1] = "\nconst neap_module neap_modules[] = {\n"
for i, module in ipairs(modules) do
  out[#out + 1] = ('    {"%s", "%s", code_%d, sizeof code_%d},\n'):format(module.name, module.chunk, i, i)
end
out[#out + 1] = "    {0},\n};\n"
io.write(table.concat(out))
