-- What neap.net promises on Unix sockets.
local net = require "neap.net"
local task = require "neap.task"
local support = require "spec.net.support"
local test = require "neap.test"

local describe, it, equal, fails = test.describe, test.it, test.equal, test.fails
local keep, echo = support.keep, support.echo

test.after(support.close)

describe("neap.net on a Unix socket", function()
  local path

  test.before(function()
    path = os.tmpname()
    os.remove(path)
  end)

  it("serves, and removes its path", function()
    local server = keep(assert(net.listen({ path = path }, echo)))
    equal({ server.address, server.port }, { path, nil })
    fails("EADDRINUSE", net.listen { path = path })
    local stream = keep(assert(net.connect { path = path }))
    equal(stream:peer_address(), path)
    assert(stream:write "x")
    equal(stream:read(), "x")
    fails(nil, stream.nodelay, stream, true)
    server:close()
    local err = fails("ENOENT", net.connect { path = path })
    equal(err.path, path)
    equal(io.open(path), nil)
  end)

  it("leaves what another has made in a socket's place", function()
    local first = keep(assert(net.listen { path = path }))
    os.remove(path)
    local second = keep(assert(net.listen { path = path }))
    first:close()
    task.sleep(0)
    keep(assert(net.connect { path = path }))
    second:close()
    fails("ENOENT", net.connect { path = path })
  end)

  it("refuses a path that is too long", function()
    fails("ENAMETOOLONG", net.connect { path = ("x"):rep(300) })
    fails("ENAMETOOLONG", net.listen { path = ("x"):rep(300) })
  end)
end)
