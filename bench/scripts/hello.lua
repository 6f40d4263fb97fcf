-- hello.lua PORT: the smallest HTTP server.
local http = require "neap.http"

assert(http.serve({ host = "127.0.0.1", port = tonumber(arg[1]) }, function()
  return "Hello, World!"
end))
