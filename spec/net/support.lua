-- What the specs of neap.net share. Run from the project's folder: require "spec.net.support".
local net = require "neap.net"

local support = { LOCAL = "127.0.0.1" }
local opened = {}                  -- closed after each test

--- test.after(support.close)
function support.close()
  for i = #opened, 1, -1 do opened[i]:close() end
  opened = {}
end

--- What was opened is left to the collector.
function support.forget()
  opened = {}
end

function support.keep(closable)
  opened[#opened + 1] = closable
  return closable
end

function support.serve(handler)
  return support.keep(assert(net.listen({ host = support.LOCAL, port = 0 }, handler)))
end

function support.connect(server)
  return support.keep(assert(net.connect(support.LOCAL, server.port)))
end

--- Both ends of a connection.
function support.pair()
  local listener = support.keep(assert(net.listen { host = support.LOCAL, port = 0 }))
  local _, port = listener:address()
  local near = support.keep(assert(net.connect(support.LOCAL, port)))
  return near, support.keep(assert(listener:accept()))
end

function support.echo(stream)
  for bytes in stream:chunks() do stream:write(bytes) end
end

function support.read_all(stream)
  local parts = {}
  for bytes in stream:chunks() do parts[#parts + 1] = bytes end
  return table.concat(parts)
end

return support
