-- natives.lua SEED [trace]: calls the functions of the C halves of Neap's modules with arguments drawn by chance. A
-- restricted script can require them, so none may trust what it is given. With `trace` each name is said first.
local task = require "neap.task"
for _, name in ipairs { "stream", "net", "fs", "http", "host" } do require("neap." .. name) end

local state = tonumber(arg[1])

local function random(n)
  state = (state * 1103515245 + 12345) % 2147483648
  return math.floor(state / 65536) % n + 1
end

require "neap.host".on_error(function() end)
local stream = require "neap.stream"
local pool = {} -- of what calls gave: arguments of later ones

local CHOICES = 33
local function values()
  local closed = stream.pair()
  closed:close()
  return {
    nil, true, false, 0, -1, 1.5, 0 / 0, math.huge, -math.huge, 2 ^ 53, 1e300, 3, 4096, "", "x", "a\0b",
    ("z"):rep(5000), "127.0.0.1", "file", ".", {}, { 1, 2, 3 }, { "a", { "b" } }, { "true" },
    { port = 0, limit = 1, timeout = 0.001 },
    { arguments = { "true" }, stdio = { "pipe", "pipe", "pipe" }, env = { A = "b" } },
    function() end, function(...) return ... end, coroutine.create(function() end), closed, (stream.pair()),
    setmetatable({}, { __index = function() error "no" end }), io.stdout,
  }
end

local function keep(ok, ...)
  for i = 1, ok and select("#", ...) or 0 do
    local value = select(i, ...)
    if type(value) == "userdata" or type(value) == "table" then
      pool[#pool < 60 and #pool + 1 or random(60)] = value
    end
  end
end

local function call(fn)
  local choices, n, arguments = values(), random(7) - 1, {}
  for i = 1, n do
    arguments[i] = #pool > 0 and random(4) == 1 and pool[random(#pool)] or choices[random(CHOICES)]
  end
  keep(pcall(task.timeout, 0.001, fn, unpack(arguments, 1, n)))
end

local SKIP = { ["neap_host.on_error"] = true, ["neap_errors.report"] = true }
local MODULES = {
  "neap_clock", "neap_edit", "neap_errors", "neap_fs", "neap_host", "neap_http", "neap_log", "neap_net",
  "neap_process", "neap_signal", "neap_stdio", "neap_stream", "neap_system", "neap_task", "neap_time", "neap_timer",
  "neap_tty", "neap_udp",
}

local functions = {}

local function add(from, prefix, depth)
  for key, value in pairs(from) do
    local name = prefix .. "." .. tostring(key)
    if type(value) == "function" and not SKIP[name] then
      functions[#functions + 1] = { name = name, fn = value }
    elseif type(value) == "table" and depth < 2 then
      add(value, name, depth + 1)
    end
  end
end

for _, name in ipairs(MODULES) do
  local ok, module = pcall(require, name) -- some are not for a restricted runtime
  if ok and type(module) == "table" then
    add(module, name, 0)
    for _, methods in ipairs { "methods", "file_methods" } do
      for _, of in ipairs(module[methods] and { module[methods]() } or {}) do
        add(of, name .. ":", 0)
      end
    end
  end
end
table.sort(functions, function(a, b) return a.name < b.name end)
assert(#functions > 150)

for round = 1, 3000 do
  local each = functions[random(#functions)]
  if arg[2] then io.stderr:write(each.name, "\n") end
  call(each.fn)
  if round % 500 == 0 then
    collectgarbage()
    task.sleep(0.001)
  end
end
print "still here"
os.exit(0)
