-- download.lua PORT: writes a megabyte in sixteen pieces.
local http = require "neap.http"

local piece = ("x"):rep(62500)

assert(http.serve({ host = "127.0.0.1", port = tonumber(arg[1]) }, function(_, response)
  response.headers["Content-Length"] = 16 * #piece
  for _ = 1, 16 do
    response:write(piece)
  end
end))
