-- What the specs of neap.stream share. Run from the project's folder: require "spec.stream.support".
local net = require "neap.net"
local stream = require "neap.stream"

local support = {}
local opened = {} -- closed after each test

--- test.after(support.close)
function support.close()
  for _, each in ipairs(opened) do each:close() end
  opened = {}
end

function support.keep(...)
  for _, each in ipairs { ... } do opened[#opened + 1] = each end
  return ...
end

function support.in_memory()
  return support.keep(stream.pair())
end

function support.over_tcp()
  local listener = support.keep(assert(net.listen { host = "127.0.0.1", port = 0 }))
  local _, port = listener:address()
  local near = support.keep(assert(net.connect("127.0.0.1", port)))
  return near, support.keep(assert(listener:accept()))
end

function support.from(text)
  return support.keep(stream.from(text))
end

return support
