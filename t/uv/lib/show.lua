-- show.lua -- what the scripts of t/uv print with: the same on luv and on neap, but for what is really different.
--
--   show(label, ...)              one line: the values, without addresses
--   show.call(label, fn, ...)     ... what fn(...) returns, or how it raises
--   show.callback(label, n?)      a function that shows its arguments; of n of them
--   show.shape(value)             of what differs from run to run: types in place of values
--   show.close()                  closes every handle that is open, and runs the loop until nothing is left
local uv = require "luv"

io.stdout:setvbuf "no"             -- what was printed before a crash is seen

local show = {}

-- Fields and results that no two runs have in common.
local CHANGING = {}
for name in ([[atime mtime ctime birthtime ino dev pid ppid port uptime sec nsec usec blocks gen rdev
    home shell username]]):gmatch "%S+" do CHANGING[name] = true end

local function text_of(value)
  return ("%q"):format(value):gsub("\\\n", "\\n"):gsub("%c", function(c) return ("\\x%02x"):format(c:byte()) end)
end

-- "uv_tcp_t: 0x5581" -> "uv_tcp_t"
local function plain(text)
  return (text:gsub(":? 0x%x+", ""):gsub("builtin#%d+", "function"))
end

local function is_list(t)
  local n = 0
  for _ in pairs(t) do n = n + 1 end
  return n == #t
end

local function shown(value, shape)
  local kind = type(value)
  if kind == "table" then
    local parts, keys = {}, {}
    if is_list(value) then
      for i, item in ipairs(value) do parts[i] = shown(item, shape) end
      return "{" .. table.concat(shape and { parts[1] } or parts, ", ") .. "}"
    end
    for key in pairs(value) do keys[#keys + 1] = key end
    table.sort(keys, function(a, b) return tostring(a) < tostring(b) end)
    for i, key in ipairs(keys) do
      parts[i] = tostring(key) .. "=" .. shown(value[key], shape or CHANGING[key])
    end
    return "{" .. table.concat(parts, ", ") .. "}"
  elseif kind == "userdata" then
    return (plain(tostring(value)):gsub("^uv_%w+_t$", "<%0>"))
  elseif kind == "function" or kind == "thread" or shape and value ~= nil then
    return "<" .. kind .. ">"
  elseif kind == "string" then
    return (text_of(plain(value)))
  end
  return tostring(value)
end

local function list(shape, ...)
  local parts = {}
  for i = 1, select("#", ...) do parts[i] = shown((select(i, ...)), shape) end
  return table.concat(parts, ", ")
end

function show.shape(value) return shown(value, true) end

-- A failure is shown as it is.
function show.result(shape, ok, ...)
  if not ok then return "raises " .. shown((...)) end
  return select("#", ...) == 0 and "nothing" or list(shape and (...) ~= nil, ...)
end

function show.call(label, fn, ...)
  if fn == nil then return print(label .. ": no such function") end
  print(label .. ": " .. show.result(false, pcall(fn, ...)))
end

-- The same for what differs from run to run.
function show.kind(label, fn, ...)
  if fn == nil then return print(label .. ": no such function") end
  print(label .. ": " .. show.result(true, pcall(fn, ...)))
end

function show.callback(label, shape)
  return function(...) print(label .. " called: " .. list(shape, ...)) end
end

function show.close()
  uv.walk(function(handle)
    if not uv.is_closing(handle) then uv.close(handle) end
  end)
  uv.run()
end

-- How many handles are open.
function show.open()
  local n = 0
  uv.walk(function() n = n + 1 end)
  return n
end

-- Both ends of a stream: descriptors of a socketpair in tcp handles.
function show.pair()
  local fds = assert(uv.socketpair())
  local a, b = uv.new_tcp(), uv.new_tcp()
  assert(a:open(fds[1]))
  assert(b:open(fds[2]))
  return a, b
end

show.list = list

return setmetatable(show, {
  __call = function(_, label, ...) print(label .. ": " .. list(false, ...)) end,
})
