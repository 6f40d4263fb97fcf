-- echo.lua PORT: TCP echo, each connection a task that reads and writes as if it blocked.
local net = require "neap.net"

assert(net.listen({ host = "127.0.0.1", port = tonumber(arg[1]) }, function(stream)
  for data in stream:chunks() do
    if not stream:write(data) then break end
  end
end))
