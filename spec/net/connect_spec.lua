-- Which addresses neap.net.connect tries, and how long.
local net = require "neap.net"
local task = require "neap.task"
local support = require "spec.net.support"
local test = require "neap.test"

local describe, it, equal, fails, raises = test.describe, test.it, test.equal, test.fails, test.raises
local LOCAL, keep, serve, echo = support.LOCAL, support.keep, support.serve, support.echo

test.after(support.close)

-- A port at which nobody answers: its queue is full, so that the system drops what comes.
local function silent(address)
  local uv = require "uv"
  local silence = keep(uv.new_tcp())
  if not silence:bind(address, 0) then test.skip("no " .. address .. " here") end
  assert(silence:listen(1, function() end))
  local port, came, callers = silence:getsockname().port, 0, 0
  while came == callers do
    if callers == 50 then test.skip "this system's queues have no end" end
    callers = callers + 1
    keep(uv.new_tcp()):connect(address, port, function(err) came = came + (err and 0 or 1) end)
    task.sleep(0.02)
  end
  return port
end

describe("connect", function()
  it("goes on to the next address while one is silent", function()
    local addresses = assert(net.lookup "localhost")
    if not (addresses[1] == "::1" and addresses[2] == LOCAL) then test.skip "localhost has one address here" end
    local port = silent "::1"
    local server = keep(assert(net.listen({ host = LOCAL, port = port }, echo)))
    local stream = keep(assert(net.connect("localhost", server.port)))
    equal(stream:peer_address(), LOCAL)
  end)

  it("tries no address of the other family", function()
    local server = serve(echo)
    local err = fails("EAI_NODATA", net.connect { host = LOCAL, port = server.port, family = 6 })
    equal(err.message, "the host 127.0.0.1 has no IPv6 address")
    raises(function() net.connect { port = 1, family = 5 } end, "4 or 6 expected")
    raises(function() net.connect(LOCAL, 1, { family = 4 }) end, "options stand alone")
  end)

  it("gives up after its timeout, and when it is cancelled", function()
    local port = silent(LOCAL)
    fails("ETIMEDOUT", net.connect { host = LOCAL, port = port, timeout = 0.05 })
    local caller = task.spawn(net.connect, LOCAL, port)
    task.yield()
    caller:cancel()
    equal(pcall(caller.wait, caller), false)
  end)
end)
