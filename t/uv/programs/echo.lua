-- An echo server and ten clients, as luv's examples have them.
local uv = require "luv"

local function create_server(host, port, on_connection)
  local server = uv.new_tcp()
  server:bind(host, port)
  server:listen(128, function(err)
    assert(not err, err)
    local client = uv.new_tcp()
    server:accept(client)
    on_connection(client)
  end)
  return server
end

local server = create_server("127.0.0.1", 0, function(client)
  client:read_start(function(err, chunk)
    assert(not err, err)
    if chunk then client:write(chunk) else client:shutdown(function() client:close() end) end
  end)
end)

local replies, open = {}, 10
for i = 1, 10 do
  local client, parts = uv.new_tcp(), {}
  uv.tcp_connect(client, "127.0.0.1", server:getsockname().port, function(err)
    assert(not err, err)
    client:read_start(function(_, chunk)
      if chunk then
        parts[#parts + 1] = chunk
        if #table.concat(parts) == 10 * 1000 then client:shutdown() end
        return
      end
      client:close()
      replies[i] = #table.concat(parts)
      open = open - 1
      if open == 0 then server:close() end
    end)
    for _ = 1, 10 do client:write(("x"):rep(1000)) end
  end)
end
uv.run "default"
uv.loop_close()
print(table.concat(replies, " "))
