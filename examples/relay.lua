-- relay.lua -- passes every connection on to another server, both ways at once.
--
--   neap examples/relay.lua PORT HOST TO_PORT

local net, task = require "neap.net", require "neap.task"

local port, host, to_port = tonumber(arg[1]), arg[2], tonumber(arg[3])
if not to_port then
  io.stderr:write "usage: neap relay.lua PORT HOST TO_PORT\n"
  os.exit(2)
end

local server = assert(net.listen({ host = "127.0.0.1", port = port }, function(near)
  local far = assert(net.connect(host, to_port))
  local ok, err = pcall(task.group, function(group)        -- when one way fails, so does the other
    group:spawn(near.pipe, near, far)
    group:spawn(far.pipe, far, near)
  end)
  far:close()
  if not ok then error(err, 0) end
end))

print("Relaying 127.0.0.1 port " .. server.port .. " to " .. host .. " port " .. to_port)
