-- Threads: arguments, their own state, joining.
local uv = require "luv"
local show = require "show"

local function out(name) return uv.fs_open(name, "w", 420) end
-- What a thread says, it says in a file: print of two threads is in no order.
local function said(name)
  local file = io.open(name)
  local text = file and file:read "*a"
  if file then file:close() end
  return text
end

local t = uv.new_thread(function(fd, ...)
  local luv = require "luv"
  local parts = {}
  for i = 1, select("#", ...) do parts[i] = tostring((select(i, ...))) end
  luv.fs_write(fd, table.concat(parts, " "), -1)
end, out "a", 1, "two", true, false, nil, 2.5, "zero\0byte")
local u = uv.new_thread(function() end)
show("thread", t, type(t))
show("equal", t:equal(u), u:equal(u), u == u, t == u)
show.call("join", t.join, t)
show("said", said "a")

local self = uv.thread_self()
show("self", self, self == uv.thread_self(), uv.thread_equal(self, uv.thread_self()))
u:join()
for _, args in ipairs { { {} }, { print }, { coroutine.create(print) }, { 1, {} } } do
  show.call("wrong argument", uv.new_thread, function() end, unpack(args))
end
show.call("options", function()
  local thread = uv.new_thread({ stack_size = 1024 * 1024 }, function() end)
  return thread:join()
end)
show.call("wrong options", function() return uv.new_thread({ stack_size = "x" }, function() end):join() end)
show.call("code as a string", function() return uv.new_thread("return 1"):join() end)

-- A loop of its own.
local loops = uv.new_thread(function(fd)
  local luv = require "luv"
  local timer, n = luv.new_timer(), 0
  timer:start(1, 1, function()
    n = n + 1
    if n == 3 then timer:close() end
  end)
  luv.run()
  luv.fs_write(fd, "ticks " .. n, -1)
end, out "b")
loops:join()
show("said", said "b")

-- Many at once.
local threads = {}
for i = 1, 8 do
  threads[i] = uv.new_thread(function(fd, n)
    require("luv").sleep(1)
    require("luv").fs_write(fd, "thread " .. n, -1)
  end, out("c" .. i), i)
end
for i = 1, 8 do
  show.call("join", threads[i].join, threads[i])
  show("said", said("c" .. i))
end
local before = uv.hrtime()
uv.sleep(20)
show("slept", uv.hrtime() - before >= 19e6)
