-- What every handle has.
local uv = require "luv"
local show = require "show"

local makers = {
  timer = uv.new_timer, tcp = uv.new_tcp, pipe = uv.new_pipe, udp = uv.new_udp, signal = uv.new_signal,
  prepare = uv.new_prepare, check = uv.new_check, idle = uv.new_idle, fs_event = uv.new_fs_event,
  fs_poll = uv.new_fs_poll,
  async = function() return uv.new_async(print) end,
}
local names = {}
for name in pairs(makers) do names[#names + 1] = name end
table.sort(names)

-- The methods, by what they are called.
local function methods(object)
  local list, index = {}, getmetatable(object).__index
  for name in pairs(index) do list[#list + 1] = name ~= "is_closed" and name or nil end      -- all of Neap's have that
  table.sort(list)
  return table.concat(list, " ")
end

for _, name in ipairs(names) do
  local h = makers[name]()
  show(name, h, type(h), uv.handle_get_type(h))
  show("methods", methods(h))
  show("metatable", getmetatable(h).__name)
  show("one name", tostring(h) == tostring(h))
  show("active, closing, ref", h:is_active(), h:is_closing(), h:has_ref())
  show.call("unref", h.unref, h)
  show.call("unref", h.unref, h)
  show("ref", h:has_ref())
  show.call("ref", h.ref, h)
  show("ref", h:has_ref())
  show.call("fileno", h.fileno, h)
  show.call("send_buffer_size", h.send_buffer_size, h)
  show.call("recv_buffer_size", h.recv_buffer_size, h)
  show.call("an unknown field", function() return h.nothing end)
  show.call("a field that is set", function() h.nothing = 1 end)
  show.call("close", h.close, h, show.callback "closed")
  show("closing", h:is_closing(), h:is_active(), h:has_ref())
  uv.run "nowait"
  show("closed", h:is_closing(), h:is_active(), h:has_ref())
  show.call("type when closed", h.get_type, h)
  show.call("ref when closed", h.ref, h)
  show.call("fileno when closed", h.fileno, h)
  show.call("close when closed", function() return pcall(h.close, h) end)
end

-- The order in which close callbacks come.
local order = {}
for i = 1, 4 do order[i] = uv.new_timer() end
for _, i in ipairs { 2, 4, 1, 3 } do order[i]:close(show.callback("closed " .. i)) end
uv.run()

-- Closed by another's close callback; a close callback that makes a new one.
local a, b = uv.new_timer(), uv.new_tcp()
a:close(function()
  show "a closed"
  b:close(show.callback "b closed")
  uv.new_timer():start(0, 0, show.callback "made in a close callback")
end)
uv.run()

-- Collected while active: it goes on, and its callback comes.
uv.new_timer():start(5, 0, show.callback "collected?")
collectgarbage()
collectgarbage()
uv.run()
show("open", show.open())
show.close()
collectgarbage()
show("left", show.open())

local tcp = uv.new_tcp()
tcp:bind("127.0.0.1", 0)
show.kind("send buffer", tcp.send_buffer_size, tcp)
show.call("set", tcp.send_buffer_size, tcp, 8192)
show("is", tcp:send_buffer_size())
show.call("set", tcp.recv_buffer_size, tcp, 8192)
show("is", tcp:recv_buffer_size())
show.kind("fileno", tcp.fileno, tcp)
show.close()
