-- What the specs of neap.http share. Run from the project's folder: require "spec.http.support".
local http = require "neap.http"
local net = require "neap.net"
local task = require "neap.task"

local support = { LOCAL = "127.0.0.1" }
local opened = {}                  -- closed after each test

--- test.after(support.close)
function support.close()
  for i = #opened, 1, -1 do
    opened[i]:close()
  end
  opened = {}
end

function support.keep(closable)
  opened[#opened + 1] = closable
  return closable
end

function support.serve(handler, options)
  options = options or {}
  options.host, options.port = options.host or support.LOCAL, 0
  return support.keep(assert(http.serve(options, handler)))
end

function support.connect(server)
  return support.keep(assert(net.connect(support.LOCAL, server.port)))
end

--- Says all of `text` and returns all that is answered before the server closes.
function support.talk(server, text)
  local stream = support.connect(server)
  assert(stream:write(text))
  return (assert(stream:read_all()))
end

--- A request that asks for the end of the connection; `lines` are further header lines.
function support.request(first_line, lines, body)
  lines = lines or ""
  if body then
    lines = lines .. "Content-Length: " .. #body .. "\r\n"
  end
  return first_line .. " HTTP/1.1\r\nHost: test.example\r\nConnection: close\r\n" .. lines .. "\r\n" .. (body or "")
end

--- status, body, head
function support.ask(server, first_line, lines, body)
  local answer = support.talk(server, support.request(first_line, lines, body))
  local head, content = answer:match "^(.-\r\n)\r\n(.*)$"
  return tonumber(head:match "^HTTP/1%.1 (%d+) "), content, head
end

function support.status_of(...)
  return (support.ask(...))
end

function support.body_of(...)
  return (select(2, support.ask(...)))
end

--- What a handler makes of a request, as the handler's own results.
function support.inside(first_line, lines, fn, body)
  local results
  local server = support.serve(function(...)
    local response = select(2, ...)
    results = { pcall(fn, ...) }
    pcall(response.send, response, "done")
  end)
  support.ask(server, first_line, lines, body)
  if not results[1] then
    error(results[2], 0)
  end
  return unpack(results, 2, table.maxn(results))
end

--- Text as chunks of a chunked body, each argument one, with the last.
function support.chunked(...)
  local parts = { ... }
  for i, part in ipairs(parts) do
    parts[i] = ("%x\r\n%s\r\n"):format(#part, part)
  end
  return table.concat(parts) .. "0\r\n\r\n"
end

function support.wait_until(done)
  while not done() do
    task.sleep(0.001)
  end
end

return support
