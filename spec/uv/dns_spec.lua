-- What getaddrinfo and getnameinfo in `uv` promise, over what this machine knows of itself.
local uv = require "uv"
local task = require "neap.task"
local test = require "neap.test"
local support = require "spec.uv.support"

local describe, it, equal = test.describe, test.it, test.equal
local refuses, await = support.refuses, support.await

local LOOPBACK = { addr = "127.0.0.1", family = "inet", port = 80, protocol = "tcp", socktype = "stream" }

describe("uv.getaddrinfo", function()
  it("gives address, family, kind, protocol and port", function()
    equal(uv.getaddrinfo("127.0.0.1", "80", { socktype = "stream" }), { LOOPBACK })
    equal({ await(uv.getaddrinfo, "127.0.0.1", 80, { socktype = "stream" }) }, { nil, { LOOPBACK } })
    equal(uv.getaddrinfo("::1", nil, { socktype = "dgram" }),
      { { addr = "::1", family = "inet6", protocol = "udp", socktype = "dgram" } })
  end)

  it("gives one for each kind, without hints", function()
    local kinds = {}
    for _, entry in ipairs(assert(uv.getaddrinfo("127.0.0.1"))) do kinds[entry.socktype] = entry.protocol end
    equal(kinds, { stream = "tcp", dgram = "udp", raw = "ip" })
  end)

  it("takes hints as words and as integers", function()
    local c = uv.constants
    equal(uv.getaddrinfo("127.0.0.1", "80", { family = c.AF_INET, socktype = c.SOCK_STREAM }), { LOOPBACK })
    equal(uv.getaddrinfo("127.0.0.1", "80", { family = "inet", protocol = "TCP" }), { LOOPBACK })
    equal(uv.getaddrinfo("127.0.0.1", "80", { protocol = 6 }), { LOOPBACK })
    equal(select(3, uv.getaddrinfo("127.0.0.1", nil, { family = "inet6" })), "EAI_ADDRFAMILY")
    refuses("invalid protocol: q", uv.getaddrinfo, "127.0.0.1", nil, { protocol = "q" })
    refuses("family hint must be string if set", uv.getaddrinfo, "127.0.0.1", nil, { family = true })
  end)

  it("takes flags", function()
    equal(uv.getaddrinfo(nil, "80", { passive = true, socktype = "stream", family = "inet" })[1].addr, "0.0.0.0")
    equal(uv.getaddrinfo("127.0.0.1", nil, { canonname = true })[1].canonname, "127.0.0.1")
    equal(uv.getaddrinfo("127.0.0.1", nil, { v4mapped = true, family = "inet6" })[1].addr, "::ffff:127.0.0.1")
    equal(#uv.getaddrinfo("127.0.0.1", nil, { numericserv = true, socktype = "stream" }), 1)
    equal(select(3, uv.getaddrinfo("localhost", nil, { numerichost = true })), "EAI_NONAME")
    equal(select(3, uv.getaddrinfo("localhost", "http", { numericserv = true })), "EAI_NONAME")
  end)

  it("fails alike in both forms", function()
    equal({ uv.getaddrinfo("no name", nil, { numerichost = true }) },
      { nil, "EAI_NONAME: unknown node or service", "EAI_NONAME" })
    equal({ await(uv.getaddrinfo, "no name", nil, { numerichost = true }) }, { "EAI_NONAME" })
    equal(select(3, uv.getaddrinfo(nil, nil)), "EINVAL")
    equal(select(3, uv.getaddrinfo(nil, nil, nil, function() end)), "EINVAL")
    equal(select(3, uv.getaddrinfo(("x"):rep(300), nil, nil, function() end)), "EINVAL")
  end)

  it("raises for wrong arguments", function()
    refuses("string expected, got table", uv.getaddrinfo, {})
    refuses("table expected, got number", uv.getaddrinfo, "127.0.0.1", nil, 1)
    refuses("function or callable table expected, got number", uv.getaddrinfo, "127.0.0.1", nil, nil, 1)
  end)

  it("is cancelled before it begins", function()
    local channel = task.channel(1)
    support.while_busy(function()
      local request = assert(uv.getaddrinfo("127.0.0.1", nil, nil, function(err) channel:send(err) end))
      equal(tostring(request):find "^uv_getaddrinfo_t: " ~= nil, true)
      equal(request:get_type(), "getaddrinfo")
      equal(request:cancel(), 0)
    end)
    equal(channel:receive(), "EAI_CANCELED")
  end)
end)

describe("uv.getnameinfo", function()
  it("gives host and service, as numbers where they have no name", function()
    local host, service = uv.getnameinfo { ip = "127.0.0.1", port = 80 }
    equal({ await(uv.getnameinfo, { ip = "127.0.0.1", port = 80 }) }, { nil, host, service })
    equal(type(host), "string")
    equal(service == "http" or service == "80", true)
    equal({ uv.getnameinfo { ip = "0.0.0.0", port = 59999 } }, { "0.0.0.0", "59999" })
    equal({ uv.getnameinfo { ip = "::", port = 59999 } }, { "::", "59999" })
  end)

  it("takes part of an address", function()
    equal({ uv.getnameinfo { port = "59999" } }, { "0.0.0.0", "59999" })
    equal({ uv.getnameinfo { family = "inet6" } }, { "::", "0" })
    equal({ uv.getnameinfo { family = uv.constants.AF_INET } }, { "0.0.0.0", "0" })
  end)

  it("fails for what is no address", function()
    equal({ uv.getnameinfo {} }, { nil, "EINVAL: invalid argument", "EINVAL" })
    equal({ uv.getnameinfo({}, function() end) }, { nil, "EINVAL: invalid argument", "EINVAL" })
    equal(select(3, uv.getnameinfo { ip = "127.0.0.1", family = "unix" }), "EINVAL")
  end)

  it("raises for wrong arguments", function()
    refuses("table expected, got no value", uv.getnameinfo)
    refuses("Invalid ip address or port", uv.getnameinfo, { ip = "x" })
    refuses("ip property must be string if set", uv.getnameinfo, { ip = {} })
    refuses("port property must be integer if set", uv.getnameinfo, { port = "x" })
    refuses("family must be string if set", uv.getnameinfo, { family = true })
    refuses("function or callable table expected, got number", uv.getnameinfo, { port = 1 }, 1)
  end)
end)
