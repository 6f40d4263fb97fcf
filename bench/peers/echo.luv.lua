-- echo.luv.lua PORT: TCP echo on luv, or on the `uv` of Neap; tries the socket at once, queues the rest.
local uv = require "luv"

local listener = uv.new_tcp()
assert(listener:bind("127.0.0.1", tonumber(arg[1])))
assert(listener:listen(4096, function()
  local client = uv.new_tcp()
  listener:accept(client)
  client:nodelay(true)
  client:read_start(function(_, data)
    if not data then return client:close() end
    local written = client:get_write_queue_size() == 0 and client:try_write(data) or 0
    if written < #data then client:write(data:sub(written + 1)) end
  end)
end))
uv.run()
