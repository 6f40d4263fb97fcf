-- What neap.udp promises, between sockets of this machine.
local net = require "neap.net"
local process = require "neap.process"
local task = require "neap.task"
local test = require "neap.test"
local udp = require "neap.udp"

local describe, it, equal, fails, raises = test.describe, test.it, test.equal, test.fails, test.raises

local LOCAL = "127.0.0.1"
local opened = {} -- closed after each test

local function keep(socket)
  opened[#opened + 1] = socket
  return socket
end

test.after(function()
  for _, each in ipairs(opened) do each:close() end
  opened = {}
end)

local function bound(options)
  options = options or {}
  options.host = options.host or LOCAL
  local socket = keep(assert(udp.bind(options)))
  return socket, select(2, assert(socket:address()))
end

describe("neap.udp", function()
  it("sends a datagram and says who sent one", function()
    local a, a_port = bound()
    local b, b_port = bound()
    assert(a:send("ping", LOCAL, b_port))
    local data, peer = b:receive()
    equal(data, "ping")
    equal(peer, { address = LOCAL, port = a_port })
    assert(b:send("pong", peer))
    equal(a:receive(), "pong")
  end)

  it("keeps datagrams apart, and empty ones", function()
    local a = bound()
    local b, port = bound()
    assert(a:send({ "one", "", "three" }, LOCAL, port))
    equal(b:receive(), "one")
    equal(b:receive(), "")
    equal(b:receive(), "three")
  end)

  it("iterates over what comes until it is closed", function()
    local a = bound()
    local b, port = bound { batch = 4 }
    assert(a:send({ "1", "2", "3", "end" }, LOCAL, port))
    local got = {}
    for data, peer in b:packets() do
      equal(peer.address, LOCAL)
      got[#got + 1] = data
      if data == "end" then b:close() end
    end
    equal(table.concat(got, " "), "1 2 3 end")
  end)

  it("loses nothing of a batch of which more is kept than it reads ahead", function()
    local function received(batch)
      local a = bound()
      local b, port = bound { batch = batch }
      b:receive_buffer(400000)
      for _ = 1, 16 do assert(a:send(("x"):rep(25000), LOCAL, port)) end
      assert(b:receive()) -- all that is kept has come with it
      assert(a:send("end", LOCAL, port))
      local n = 1
      while b:receive() ~= "end" do n = n + 1 end
      return n
    end
    equal(received(20), received(1))
  end)

  it("ends an iteration that waits when it is closed", function()
    local socket = bound()
    task.defer(socket.close, socket)
    for _ in socket:packets() do error "nobody sent anything" end
  end)

  it("hears from every address when no host is given", function()
    local everywhere = keep(assert(udp.bind()))
    local _, port = everywhere:address()
    local a, a_port = bound()
    assert(a:send("x", LOCAL, port))
    local data, peer = everywhere:receive()
    equal(data, "x")
    equal(peer, { address = LOCAL, port = a_port }) -- not ::ffff:127.0.0.1
    assert(everywhere:send("back", peer))
    equal(a:receive(), "back")
  end)

  it("finds a host by its name", function()
    local a = bound()
    local b, port = bound()
    assert(a:send("x", "localhost", port))
    equal(b:receive(), "x")
  end)

  it("takes callbacks", function()
    local a = bound()
    local b, port = bound()
    a:send("x", LOCAL, port, test.calls(function(err) equal(err, nil) end, 1))
    b:receive(test.calls(function(err, data, peer)
      equal(err, nil)
      equal(data, "x")
      equal(peer.address, LOCAL)
    end, 1))
    task.sleep(0.02)
  end)

  it("has one receiver at a time, and gives its datagram back when it is cancelled", function()
    local a = bound()
    local b, port = bound()
    local receiver = task.spawn(b.receive, b)
    task.yield()
    fails("EBUSY", b:receive())
    assert(a:send("kept", LOCAL, port))
    receiver:cancel()
    pcall(receiver.wait, receiver)
    equal(b:receive(), "kept")
  end)

  it("keeps what comes while nobody receives, up to a limit", function()
    local a = bound()
    local b, port = bound()
    assert(a:send("first", LOCAL, port))
    equal(b:receive(), "first")
    for i = 1, 500 do a:send(("x"):rep(1000) .. i, LOCAL, port) end
    task.sleep(0.02)
    local data = b:receive()
    equal(data, ("x"):rep(1000) .. "1")
  end)
end)

describe("a connected socket", function()
  it("sends to its peer and receives from no other", function()
    local server, port = bound()
    local client = keep(assert(udp.connect(LOCAL, port)))
    local stranger = bound()
    equal({ client:peer_address() }, { LOCAL, port })
    assert(client:send "hello")
    local _, peer = server:receive()
    assert(stranger:send("not for you", LOCAL, select(2, client:address())))
    assert(server:send("welcome", peer))
    equal(client:receive(), "welcome")
  end)

  it("is told that nobody is there", function()
    local gone, port = bound()
    gone:close()
    local client = keep(assert(udp.connect(LOCAL, port)))
    client:send "x"
    fails("ECONNREFUSED", client:receive())
  end)
end)

describe("failures of neap.udp", function()
  it("say what and where", function()
    local _, port = bound()
    local err = fails("EADDRINUSE", udp.bind { host = LOCAL, port = port })
    equal(tostring(err), "EADDRINUSE: address already in use, bind 127.0.0.1:" .. port)
    fails("EADDRNOTAVAIL", udp.bind { host = "192.0.2.1" })
  end)

  it("name a datagram that is too long, before anything is sent", function()
    local a = bound()
    local b, port = bound()
    fails("EMSGSIZE", a:send(("x"):rep(70000), LOCAL, port))
    assert(a:send("small", LOCAL, port))
    equal(b:receive(), "small")
  end)

  it("raise for wrong arguments", function()
    local a = bound()
    raises(function() a:send(nil, LOCAL, 1) end, "string expected")
    raises(function() a:send({ "x", 5 }, LOCAL, 1) end, "a list of texts expected")
    raises(function() a:send("x", LOCAL, 70000) end, "a port is a whole number up to 65535")
    raises(function() udp.bind { hots = "x" } end, "bad option 'hots' of 'bind'")
    raises(function() a:ttl(0) end, "out of range")
  end)

  it("come from a closed socket, and from one that is closed meanwhile", function()
    local a = bound()
    task.defer(a.close, a)
    fails("ECANCELED", a:receive())
    fails("ECLOSED", a:receive())
    fails("ECLOSED", a:send("x", LOCAL, 1))
    fails("ECLOSED", a:address())
  end)
end)

describe("multicast", function()
  it("is received by those that joined", function()
    local group = "239.1.2.3"
    local a, port = bound { host = "0.0.0.0", reuse_address = true }
    local ok, err = a:join(group, LOCAL)
    if not ok then test.skip(tostring(err)) end
    local sender = bound()
    assert(sender:multicast_interface(LOCAL))
    assert(sender:multicast_loop(true))
    assert(sender:multicast_ttl(0))
    ok, err = sender:send("to all", group, port)
    if not ok then test.skip(tostring(err)) end
    local data = task.timeout(1, a.receive, a)
    if not data then test.skip "this machine's loopback carries no multicast" end
    equal(data, "to all")
    assert(a:leave(group, LOCAL))
  end)
end)

describe("a restricted script", function()
  it("is told which permission it needs to join a group", function()
    local script = [[local udp = require "neap.udp"
      print(select(2, assert(udp.bind { host = "127.0.0.1" }):join "239.1.2.3"))]]
    local result = assert(process.run { "build/neap", "--sandbox", "--allow", "net.listen 127.0.0.1", "-e", script })
    assert(result.stdout:find('needs permission "net.listen 239.1.2.3"', 1, true), result.stdout)
  end)
end)

describe("buffers of the kernel", function()
  it("can be asked for and set", function()
    local a = bound()
    assert(a:receive_buffer() > 0)
    assert(a:receive_buffer(32768) >= 32768)
    assert(a:send_buffer() > 0)
  end)
end)

describe("a name that does not exist", function()
  it("is refused by send and connect", function()
    local a = bound()
    local _, err = net.lookup "no.such.host.invalid"
    fails(err.code, a:send("x", "no.such.host.invalid", 1))
    fails(err.code, udp.connect("no.such.host.invalid", 1))
  end)
end)
