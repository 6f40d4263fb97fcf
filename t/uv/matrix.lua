-- matrix.lua [GROUP | FUNCTION ...]: each function of luv called without arguments, with right ones, with each of
-- these replaced by a value of every other kind, and with a closed handle. Without arguments it prints the
-- groups; "missing" tells what functions.lua does not know.
--
-- Calls listed in crashes.txt end luv's process: neap alone makes them (and must survive), marked "neap only".
local here = arg[0]:match "^.*/" or ""
local uv = require "luv"
local show = require "show"
local functions = require "functions"

local is_neap = pcall(require, "neap.task")

local crashes = {}
for line in io.lines(here .. "crashes.txt") do
  crashes[line:match "^([^#].-): " or ""] = true
end

-- luv's process may crash when it ends while threads of its run: all are joined.
local threads, new_thread = {}, uv.new_thread

local function keep_thread(thread, ...)
  threads[#threads + 1] = thread
  return thread, ...
end

function uv.new_thread(...) return keep_thread(new_thread(...)) end

local function join_threads()
  for _, thread in ipairs(threads) do pcall(uv.thread_join, thread) end
  threads = {}
end

local called                                      -- what the callbacks of this call got
local shaped                                      -- whether to show types only

function functions.callback()
  return function(...) called[#called + 1] = "(" .. show.list(shaped, ...) .. ")" end
end

local KINDS = {
  "nil", "boolean", "number", "negative", "string", "empty", "zero", "table", "function", "callable",
  "handle",
}
local NUMBERS = { number = true, negative = true }

local function replacement(kind, instead)
  if kind == "boolean" then return true end
  if kind == "number" then return 999999999 end   -- no descriptor, no process, no signal
  if kind == "negative" then return -1 end
  if kind == "string" then return "text" end
  if kind == "empty" then return "" end
  if kind == "zero" then return "file\0text" end
  if kind == "table" then return {} end
  if kind == "function" then
    return function(...) called[#called + 1] = "other(" .. show.list(shaped, ...) .. ")" end
  end
  if kind == "callable" then return setmetatable({}, { __call = functions.callback() }) end
  if kind == "handle" then
    return tostring(instead):find "uv_timer" and uv.new_idle and uv.new_idle() or uv.new_timer()
  end
end

-- Files as every call finds them.
local function write(name, text)
  local file = assert(io.open(name, "w"))
  file:write(text)
  file:close()
end

local function reset()
  for _, name in ipairs { "new", "text", "999999999", "-1", "socket", "link", "copy" } do os.remove(name) end
  write("file", "hello, world")
  if uv.fs_mkdir then
    uv.fs_mkdir("dir", 493)
    uv.fs_mkdir("empty", 493)
    uv.fs_symlink("file", "link")
    write("dir/entry", "")
    uv.fs_chmod("file", 420)
  end
end

-- Calls it, closes everything, and prints one line.
local function try(label, fn, entry, change)
  if crashes[label] and not is_neap then return end
  reset()
  io.write(crashes[label] and "neap only: " or "", label, ": ")
  called, shaped = {}, entry.kind
  local args, n
  local function collect(...) args, n = { ... }, select("#", ...) end
  local ready, why = pcall(function() collect(entry[2]()) end)
  if not ready then return print("no arguments: " .. show.list(false, why)) end
  if change then n = change(args, n) or n end
  local result = show.result(entry.kind, pcall(fn, unpack(args, 1, n)))
  join_threads()
  show.close()
  if uv.tty_reset_mode and entry[1]:find "tty" then uv.tty_reset_mode() end
  print(result .. (#called > 0 and " called " .. table.concat(called, " ") or ""))
end

local function is_handle(value)
  return type(value) == "userdata" and pcall(uv.is_closing, value)
end

-- How many arguments it takes, and whether the first is a handle.
local function look_at(entry)
  local n, handle
  pcall(function()
    local function look(...) n, handle = select("#", ...), is_handle((...)) end
    look(entry[2]())
  end)
  show.close()
  return n or 0, handle
end

local function close_first(args)
  uv.close(args[1])
  show.close()
end

local function is_without(entry, i, kind)
  return (entry.without or ""):find(i .. (NUMBERS[kind] and "number" or kind), 1, true)
end

local function all(entry)
  local name = entry[1]
  local fn = uv[name]
  if not fn then return end
  local n, first_is_handle = look_at(entry)
  try(name .. "()", fn, entry, function() return 0 end)
  try(name .. "(right)", fn, entry)
  for i = 1, n do
    for _, kind in ipairs(KINDS) do
      if not is_without(entry, i, kind) then
        try(("%s(%d %s)"):format(name, i, kind), fn, entry, function(args) args[i] = replacement(kind, args[i]) end)
      end
    end
  end
  if first_is_handle then try(name .. "(closed)", fn, entry, close_first) end
end

local function missing()
  local known = {}
  for _, name in ipairs(functions) do
    for _, entry in ipairs(functions[name]) do known[entry[1]] = true end
  end
  for name, value in pairs(uv) do
    if type(value) == "function" and not known[name] then print(name) end
  end
end

if not arg[1] then
  for _, name in ipairs(functions) do print(name) end
elseif arg[1] == "missing" then
  missing()
else
  for _, name in ipairs(functions) do
    for _, entry in ipairs(functions[name]) do
      for _, wanted in ipairs(arg) do
        if wanted == name or wanted == entry[1] then all(entry) end
      end
    end
  end
end
