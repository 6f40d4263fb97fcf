-- upload-file.lua PORT FILE: writes the body of each request to a file as it comes, and says how long it was.
local fs, http = require "neap.fs", require "neap.http"

assert(http.serve({ host = "127.0.0.1", port = tonumber(arg[1]) }, function(request)
  return tostring(assert(request:stream():pipe(assert(fs.stream(arg[2], "w")))))
end))
