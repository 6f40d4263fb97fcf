-- An HTTP server on plain uv, and a client that keeps its connection.
local uv = require "luv"

local function parse(buffer)
  local head, rest = buffer:match "^(.-)\r\n\r\n(.*)$"
  if not head then return nil, buffer end
  local method, path = head:match "^(%u+) (%S+)"
  local length = tonumber(head:lower():match "content%-length: (%d+)") or 0
  if #rest < length then return nil, buffer end
  local close = head:lower():find "connection: close"
  return { method = method, path = path, body = rest:sub(1, length), close = close }, rest:sub(length + 1)
end

local server = uv.new_tcp()
server:bind("127.0.0.1", 0)
server:listen(128, function(err)
  assert(not err, err)
  local client = uv.new_tcp()
  server:accept(client)
  client:nodelay(true)
  local buffer = ""
  client:read_start(function(_, chunk)
    if not chunk then
      if not client:is_closing() then client:close() end
      return
    end
    buffer = buffer .. chunk
    while true do
      local request
      request, buffer = parse(buffer)
      if not request then break end
      local body = request.method .. " " .. request.path .. " " .. request.body
      client:write { "HTTP/1.1 200 OK\r\n", "Content-Length: ", #body, "\r\n\r\n", body }
      if request.close then
        client:shutdown(function() client:close() end)
        server:close()
      end
    end
  end)
end)

local client, replies = uv.new_tcp(), {}
client:connect("127.0.0.1", server:getsockname().port, function(err)
  assert(not err, err)
  client:read_start(function(_, chunk)
    if chunk then replies[#replies + 1] = chunk else client:close() end
  end)
  client:write "GET /one HTTP/1.1\r\nHost: x\r\n\r\nGET /two HTTP/1.1\r\n"
  uv.new_timer():start(5, 0, function()
    client:write { "Host: x\r\n\r\n", "POST /three HTTP/1.1\r\nContent-Length: 5\r\n\r\nhe" }
    client:write "lloGET /four HTTP/1.1\r\nConnection: close\r\n\r\n"
  end)
end)
uv.run()
print((table.concat(replies):gsub("\r", "")))
