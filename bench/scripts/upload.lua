-- upload.lua PORT: reads the body of each request as it comes, and says how long it was.
local http = require "neap.http"

assert(http.serve({ host = "127.0.0.1", port = tonumber(arg[1]) }, function(request)
  local bytes = 0
  for chunk in request:chunks() do
    bytes = bytes + #chunk
  end
  return tostring(bytes)
end))
