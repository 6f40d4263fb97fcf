-- chat.lua -- a chat room over TCP: what one says, all others hear.
--
--   neap examples/chat.lua [port]                       and then, twice: nc 127.0.0.1 7000

local net = require "neap.net"

local room = {}                     -- stream -> name

local function tell_others(speaker, text)
  for stream in pairs(room) do
    if stream ~= speaker then
      stream:write(text, function() end)          -- with a callback: a slow listener holds up nobody
    end
  end
end

-- The lines of a stream, without their ends.
local function lines(stream)
  local rest = ""
  return function()
    while not rest:find("\n", 1, true) do
      local bytes = stream:read()
      if not bytes or #rest > 4096 then return nil end
      rest = rest .. bytes
    end
    local line
    line, rest = rest:match "^(.-)\r?\n(.*)$"
    return line
  end
end

local server = assert(net.listen({ host = "127.0.0.1", port = tonumber(arg[1] or 7000) }, function(stream)
  local next_line = lines(stream)
  stream:write "Your name? "
  local name = next_line()
  if not name then return end
  room[stream] = name
  tell_others(stream, name .. " has come\n")
  for line in next_line do
    tell_others(stream, name .. ": " .. line .. "\n")
  end
  room[stream] = nil
  tell_others(stream, name .. " has left\n")
end))

print("Chatting on 127.0.0.1 port " .. server.port .. " (Ctrl-C stops it)")
