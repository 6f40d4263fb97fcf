-- http.luv.lua PORT: "Hello, World!" by hand on luv: looks for the ends of heads, answers a read at once.
local uv = require "luv"

local date, response

local function make_response()
  local now = os.date("!%a, %d %b %Y %H:%M:%S GMT")
  if now == date then return end
  date = now
  response = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nDate: " .. date ..
    "\r\nContent-Length: 13\r\n\r\nHello, World!"
end

local function send(client, text)
  local written = client:get_write_queue_size() == 0 and client:try_write(text) or 0
  if written < #text then client:write(text:sub(written + 1)) end
end

local made_at

local function serve(client)
  local rest = ""
  client:read_start(function(_, data)
    if not data then return client:close() end
    data = rest .. data
    local asked, from = 0, 1
    while true do
      local _, last = data:find("\r\n\r\n", from, true)
      if not last then break end
      if not data:find("^%u+ %S+ HTTP/1%.%d\r\n", from) then return client:close() end
      asked, from = asked + 1, last + 1
    end
    rest = data:sub(from)
    local second = math.floor(uv.now() / 1000)
    if second ~= made_at then
      make_response()
      made_at = second
    end
    if asked > 0 then send(client, asked == 1 and response or response:rep(asked)) end
  end)
end

local listener = uv.new_tcp()
assert(listener:bind("127.0.0.1", tonumber(arg[1])))
assert(listener:listen(4096, function()
  local client = uv.new_tcp()
  listener:accept(client)
  client:nodelay(true)
  serve(client)
end))
uv.run()
