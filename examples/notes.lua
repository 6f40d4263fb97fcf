-- notes.lua -- a web server that keeps notes: PUT /name stores one, GET /name gives it back.
--
--   neap examples/notes.lua [port [folder]]
--   curl -X PUT -d "milk, eggs" http://127.0.0.1:8080/shopping
--   curl http://127.0.0.1:8080/shopping

local fs, http = require "neap.fs", require "neap.http"

local port, folder = tonumber(arg[1] or 8080), arg[2] or "notes"
assert(fs.mkdir(folder, { parents = true }))

local function put(request, response, path)
  local body, err = request:body()
  if not body then return nil, err end                  -- too long, or the client has left: answered so
  assert(fs.write_file(path, body))
  response.status = 204
  response:send()
end

local function get(path)
  local text, err = fs.read_file(path)                  -- waits; other requests are served meanwhile
  if not text and err.code ~= "ENOENT" then return nil, err end       -- answered 500, and reported
  return text                                           -- nothing: answered 404
end

local server = assert(http.serve({ host = "127.0.0.1", port = port }, function(request, response)
  local name = request.path:match "^/([%w_-]+)$"
  if not name then return end
  local path = folder .. "/" .. name
  if request.method == "PUT" then return put(request, response, path) end
  return get(path)
end))

print("Keeping notes on " .. tostring(server) .. " (Ctrl-C stops it)")
