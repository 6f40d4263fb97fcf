-- hello.lua -- the smallest web server.
--
--   neap examples/hello.lua [port]

local http = require "neap.http"

local server = assert(http.serve({ host = "127.0.0.1", port = tonumber(arg[1] or 8080) }, function()
  return "Hello, World!"
end))

print("Serving on " .. tostring(server) .. " (Ctrl-C stops it)")
