-- echo.lua -- a TCP server that sends back what it gets; each connection is a task.
--
--   neap examples/echo.lua [port]                       and then: nc 127.0.0.1 7000

local net = require "neap.net"

local server = assert(net.listen({ host = "127.0.0.1", port = tonumber(arg[1] or 7000) }, function(stream)
  for bytes in stream:chunks() do
    stream:write(bytes)
  end
end))

print("Echoing on 127.0.0.1 port " .. server.port .. " (Ctrl-C stops it)")
