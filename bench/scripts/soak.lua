-- soak.lua: a bit of everything for bench/soak: HTTP, TCP, UDP. Prints their ports and then serves.
local http = require "neap.http"
local net = require "neap.net"
local task = require "neap.task"
local udp = require "neap.udp"
local host = require "neap.host"

local LOCAL = "127.0.0.1"
local piece = ("0123456789abcdef"):rep(1024)

local handlers = {}

handlers["/hello"] = function() return "Hello!" end

handlers["/sleep"] = function()
  task.sleep(0.05)
  return { slept = true }
end

handlers["/upload"] = function(request)
  local body, err = request:body()
  if not body then return nil, err end
  return tostring(#body)
end

handlers["/download"] = function(_, response)
  for _ = 1, 64 do
    local ok, err = response:write(piece)
    if not ok then return nil, err end
  end
end

handlers["/fail"] = function() error "as it was asked to" end

host.on_error(function() end) -- what clients break off and what was asked to fail

local web = assert(http.serve({ host = LOCAL, port = 0, idle_timeout = 5, header_timeout = 2, body_timeout = 2,
  write_timeout = 2, max_body = 4 * 1024 * 1024 }, function(request, response)
  local handler = handlers[request.path]
  if handler then return handler(request, response) end
end))

local echo = assert(net.listen({ host = LOCAL, port = 0 }, function(connection)
  connection:timeout(2)
  connection:pipe(connection)
end))

local datagrams = assert(udp.bind { host = LOCAL })
task.spawn(function()
  for data, peer in datagrams:packets() do datagrams:send(data, peer, function() end) end
end)

io.stdout:write(web.port, " ", echo.port, " ", select(2, datagrams:address()), "\n")
io.stdout:flush()
