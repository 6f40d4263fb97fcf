-- scan.lua -- which TCP ports of a host take connections: 200 tried at once, a second for each.
--
--   neap examples/scan.lua [host [first [last]]]        a host of your own: 127.0.0.1 unless said

local net, task = require "neap.net", require "neap.task"

local host, first, last = arg[1] or "127.0.0.1", tonumber(arg[2] or 1), tonumber(arg[3] or 1024)
local address = assert(net.lookup(host))[1]

local ports = {}
for port = first, last do ports[#ports + 1] = port end

local open = task.map(ports, { limit = 200, timeout = 1 }, function(port)
  local stream = net.connect(address, port)
  if stream then
    stream:close()
    return port
  end
end)

for i = 1, open.n do
  if open[i] then print(open[i]) end
end
