-- Names and addresses of this machine: no name server is asked.
local uv = require "luv"
local show = require "show"

local function both(name, ...)
  show.call(name, uv[name], ...)
  local args, n = { ... }, select("#", ...)
  args[n + 1] = show.callback("  " .. name)
  show.call("  later", uv[name], unpack(args, 1, n + 1))
  uv.run()
end

both("getaddrinfo", "127.0.0.1", nil, {})
both("getaddrinfo", "127.0.0.1", 80, { socktype = "stream" })
both("getaddrinfo", "127.0.0.1", "http", { socktype = "stream" })
both("getaddrinfo", "::1", nil, { socktype = "dgram", family = "inet6" })
both("getaddrinfo", "127.0.0.1", nil, { family = "inet6", numerichost = true })
both("getaddrinfo", nil, "80", { passive = true, family = "inet", socktype = "stream" })
both("getaddrinfo", "127.0.0.1", nil, { family = 2, socktype = 1, protocol = 6 })
both("getaddrinfo", "127.0.0.1", nil, { family = "inet", protocol = "tcp" })
both("getaddrinfo", "127.0.0.1", nil, { canonname = true, socktype = "stream" })
both("getaddrinfo", "127.0.0.1", "no-such-service", { socktype = "stream" })
both("getaddrinfo", "not a name", nil, { numerichost = true })
both("getaddrinfo", "127.0.0.1", "x", { numericserv = true, socktype = "stream" })
for _, hints in ipairs { { family = "x" }, { socktype = "x" }, { protocol = "x" }, { family = {} }, { socktype = true },
    { protocol = {} }, { addrconfig = 1 }, { v4mapped = true, all = true, family = "inet6", numerichost = true } } do
  both("getaddrinfo", "127.0.0.1", nil, hints)
end
show.call("nothing", uv.getaddrinfo, nil, nil, {})
show.call("nothing, later", uv.getaddrinfo, nil, nil, {}, print)
uv.run()

both("getnameinfo", { ip = "127.0.0.1", port = 80 })
both("getnameinfo", { ip = "::1", port = 443, family = "inet6" })
both("getnameinfo", { family = "inet" })
both("getnameinfo", { port = 22 })
both("getnameinfo", { family = "x" })
both("getnameinfo", { ip = "nowhere" })
both("getnameinfo", { ip = 5 })
both("getnameinfo", { port = "x" })
both("getnameinfo", {})
