-- What neap.net promises, over real sockets of this machine.
local net = require "neap.net"
local task = require "neap.task"
local host = require "neap.host"
local errors = require "neap.errors"
local support = require "spec.net.support"
local test = require "neap.test"

local describe, it, equal, fails, raises = test.describe, test.it, test.equal, test.fails, test.raises
local LOCAL, keep, serve, connect = support.LOCAL, support.keep, support.serve, support.connect
local pair, echo, read_all = support.pair, support.echo, support.read_all

test.after(support.close)

local function read_exactly(stream, n)
  local parts = {}
  while n > 0 do
    local bytes = assert(assert(stream:read()))
    parts[#parts + 1], n = bytes, n - #bytes
  end
  return table.concat(parts)
end

local function pattern(n)          -- bytes that show when some are lost or out of order
  local parts = {}
  for i = 1, n / 8 do parts[i] = ("%08d"):format(i) end
  return table.concat(parts)
end

describe("neap.net", function()
  it("echoes", function()
    local stream = connect(serve(echo))
    assert(stream:write "ping")
    equal(stream:read(), "ping")
    assert(stream:write("a", 1, "", "b"))
    equal(read_exactly(stream, 3), "a1b")
    equal(stream:write(), true)
  end)

  it("tells the addresses of both ends", function()
    local near, far = pair()
    local address, port = near:address()
    local far_address, far_port = far:peer_address()
    equal({ address, port }, { far_address, far_port })
    equal(address, LOCAL)
    equal({ near:peer_address() }, { far:address() })
  end)

  it("ends one half, and still receives on the other", function()
    local near, far = pair()
    assert(near:write "question")
    assert(near:shutdown())
    equal(read_all(far), "question")
    equal(far:read(), nil)                   -- the end stays the end, and is no error
    assert(far:write "answer")
    far:close()
    equal(read_all(near), "answer")
    fails("EPIPE", near.write, near, "more")
    fails(nil, near.shutdown, near)
  end)

  it("moves many bytes in order, with both sides slow in turn", function()
    local data = pattern(8 * 1024 * 1024)
    local near, far = pair()
    local received
    task.group(function(group)
      group:spawn(function()
        for i = 1, #data, 300000 do assert(near:write(data:sub(i, i + 299999))) end
        assert(near:shutdown())
      end)
      group:spawn(function()
        task.sleep(0.05)
        received = read_all(far)
      end)
    end)
    assert(received == data)
  end, { timeout = 30 })

  it("keeps what comes while nobody reads, and stops taking more at 64 KiB", function()
    local near, far = pair()
    assert(near:write "first")
    equal(far:read(), "first")               -- far reads from now on
    local data, written = pattern(64 * 1024), 0
    fails("ETIMEDOUT", task.timeout, 0.2, function()
      while true do
        assert(near:write(data))
        written = written + 1
      end
    end)
    local kept = assert(far:read())
    assert(#kept >= 65536 and #kept <= 131072, #kept)
    assert(written > 1)
    equal(near:is_closed(), true)            -- a cancelled write closes its stream
    local rest = kept .. read_all(far)
    assert(rest:sub(1, 65536) == data)
  end)

  it("lets a writer wait above 64 KiB, and go on below 16", function()
    local near, far = pair()
    local done = false
    local writer = task.spawn(function()
      for _ = 1, 100 do assert(near:write(("x"):rep(100000))) end
      done = true
    end)
    task.sleep(0.05)
    equal(done, false)
    read_exactly(far, 100 * 100000)
    writer:wait()
    equal(done, true)
  end)

  it("gives one read at a time", function()
    local near, far = pair()
    local first = task.spawn(function() return assert(near:read()) end)
    task.yield()
    fails("EBUSY", near.read, near)
    assert(far:write "for the first")
    equal(first:wait(), "for the first")
  end)

  it("loses nothing when a read is cancelled", function()
    local near, far = pair()
    fails("ETIMEDOUT", task.timeout, 0.02, near.read, near)
    assert(far:write "one")
    equal(near:read(), "one")
    for i = 1, 50 do                         -- now and then the bytes come first, now and then the deadline
      local text = ("%04d"):format(i)
      task.group(function(group)
        group:spawn(function()
          task.sleep(0.001)
          far:write(text)
        end)
        local bytes = task.timeout(0.001, near.read, near)
        equal(bytes or near:read(), text)
      end)
    end
  end)

  it("gives bytes back that a cancelled reader no longer took", function()
    local near, far = pair()
    local reader = task.spawn(function() near:read() end)
    task.yield()
    near:read(test.calls(function(err) equal(err.code, "EBUSY") end))
    far:write(("y"):rep(1000), function() reader:cancel() end)
    task.sleep(0.05)
    local all = near:read()
    assert(all == ("y"):rep(1000) or all == nil, "bytes were lost")
  end)

  it("takes callbacks", function()
    local server = serve(echo)
    net.connect(LOCAL, server.port, test.calls(function(err, stream)
      assert(not err, err)
      keep(stream)
      stream:write("hello", test.calls(function(write_err, ok)
        equal({ write_err, ok }, { nil, true })
      end))
      stream:read(test.calls(function(read_err, bytes)
        equal({ read_err, bytes }, { nil, "hello" })
        stream:shutdown(test.calls(function(end_err)
          equal(end_err, nil)
          stream:read(test.calls(function(last_err, last)
            equal({ last_err, last }, {})
          end))
        end))
      end))
    end))
  end)

  it("never calls back before the call has returned", function()
    local near, far = pair()
    local returned = false
    far:write "there already"
    task.sleep(0.02)
    near:read(test.calls(function() equal(returned, true) end))
    near:close()
    near:read(test.calls(function(err)
      equal(returned, true)
      equal(err.code, "ECLOSED")
    end))
    returned = true
  end)
end)

describe("neap.net: failures", function()
  it("refuses with code, address and port", function()
    local listener = assert(net.listen { host = LOCAL, port = 0 })
    local _, port = listener:address()
    listener:close()
    local err = fails("ECONNREFUSED", net.connect, LOCAL, port)
    equal({ err.syscall, err.address, err.port }, { "connect", LOCAL, port })
    assert(tostring(err):find(LOCAL .. ":" .. port, 1, true))
  end)

  it("names a host that is not there", function()
    local err = fails(nil, net.connect, "nosuch.invalid", 80)
    assert(err.code:find "^EAI_", err.code)
    assert(err.message:find("nosuch.invalid", 1, true))
    fails(nil, net.lookup, "nosuch.invalid")
  end)

  it("tries every address of a host", function()
    local addresses = assert(net.lookup "localhost")
    for _, address in ipairs(addresses) do     -- the server has only one of them
      local server = net.listen({ host = address, port = 0 }, echo)
      if server then
        keep(server)
        local stream = keep(assert(net.connect("localhost", server.port)))
        equal(stream:peer_address(), address)
      end
    end
    assert(#addresses > 0)
  end)

  it("raises an error that is dropped", function()
    local listener = assert(net.listen { host = LOCAL, port = 0 })
    local _, port = listener:address()
    raises(function() net.listen { host = LOCAL, port = port } end, "EADDRINUSE")
    listener:close()
    raises(function() net.connect(LOCAL, port) end, "ECONNREFUSED")
    local stream = pair()
    stream:close()
    raises(function() stream:write "x" end, "ECLOSED")
    raises(function() stream:read() end, "ECLOSED")
    local _, err = stream:read()
    equal(err.code, "ECLOSED")
  end)

  it("reports a port in use", function()
    local server = serve(echo)
    local err = fails("EADDRINUSE", net.listen { host = LOCAL, port = server.port })
    equal({ err.address, err.port }, { LOCAL, server.port })
  end)

  it("raises for wrong arguments", function()
    for _, call in ipairs {
      function() net.connect() end, function() net.connect(LOCAL) end, function() net.connect(LOCAL, 0) end,
      function() net.connect(LOCAL, 65536) end, function() net.connect(LOCAL, 1.5) end,
      function() net.connect("", 1) end, function() net.connect("a\0b", 1) end, function() net.connect {} end,
      function() net.connect { path = "" } end, function() net.connect { host = 1, port = 1 } end,
      function() net.listen() end, function() net.listen("x") end, function() net.listen(-1) end,
      function() net.listen({ port = 0 }, 1) end, function() net.listen { port = 0, backlog = "x" } end,
    } do
      local err = raises(call)
      assert(not errors.is(err), "an error of the world: " .. tostring(err))
    end
    local near = pair()
    raises(function() near:write({}) end, "string expected")
    raises(function() near:write(nil, "x") end, "string expected")
    raises(function() near.read({}) end, "neap.stream expected")
    raises(function() near:nodelay(1) end, "boolean expected")
    raises(function() near:keepalive(0) end)
  end)

  it("tells a reader that the peer has reset", function()
    local near, far = pair()
    assert(near:write(("x"):rep(1000)))
    task.sleep(0.02)
    far:close()                              -- with unread bytes: the kernel resets
    fails("ECONNRESET", near.read, near)
    fails("ECONNRESET", near.read, near)
    fails("EPIPE", near.write, near, "x")    -- and no SIGPIPE
  end)

  it("fails the next write when queued bytes could not be sent", function()
    local near, far = pair()
    task.spawn(function()
      task.sleep(0.02)
      far:close()
    end)
    local ok, err
    for _ = 1, 200 do
      ok, err = near:write(("x"):rep(50000))
      if not ok then break end
    end
    assert(err and (err.code == "ECONNRESET" or err.code == "EPIPE"), tostring(err))
  end)
end)

describe("neap.net: closing", function()
  it("cancels what waits", function()
    local near = pair()
    local reader = task.spawn(function() return select(2, near:read()).code end)
    local writer = task.spawn(function()
      while true do
        local ok, err = near:write(("x"):rep(100000))
        if not ok then return err.code end
      end
    end)
    task.sleep(0.05)
    near:close()
    near:close()
    equal(near:is_closed(), true)
    equal(reader:wait(), "ECANCELED")
    equal(writer:wait(), "ECANCELED")
    fails("ECLOSED", near.write, near, "x")
    fails("ECLOSED", near.read, near)
    fails("ECLOSED", near.shutdown, near)
    fails("ECLOSED", near.address, near)
    equal(tostring(near):find "closed" ~= nil, true)
  end)

  it("cancels a shutdown that waits for its bytes", function()
    local near = pair()
    local waits = task.spawn(function()
      near:write(("x"):rep(20000000), function() end)
      return select(2, near:shutdown()).code
    end)
    task.sleep(0.05)
    near:close()
    equal(waits:wait(), "ECANCELED")
  end)

  it("cancels accept", function()
    local listener = keep(assert(net.listen { host = LOCAL, port = 0 }))
    local waits = task.spawn(function() return select(2, listener:accept()).code end)
    task.yield()
    listener:close()
    equal(waits:wait(), "ECANCELED")
    fails("ECLOSED", listener.accept, listener)
  end)

  it("keeps a stream with a waiting callback from being collected", function()
    local server = serve(function(stream)
      task.sleep(0.05)
      stream:write "late"
    end)
    local called
    net.connect(LOCAL, server.port):read(test.calls(function(_, bytes)
      equal(bytes, "late")
      called = true
    end))
    while not called do
      collectgarbage()
      task.sleep(0.01)
    end
    collectgarbage()
    collectgarbage()
  end)

  it("closes what is collected", function()
    local near, far = pair()
    support.forget()
    equal(near:is_closed(), false)
    near = nil
    collectgarbage()
    collectgarbage()
    equal(near or far:read(), nil)
    far:close()
  end)

  it("closes the socket of a connect that is cancelled", function()
    local listener = keep(assert(net.listen { host = LOCAL, port = 0, backlog = 1 }))
    local _, port = listener:address()
    local stream, err
    for _ = 1, 80 do                         -- until the backlog is full and the kernel no longer answers
      stream, err = task.timeout(0.2, net.connect, LOCAL, port)
      if not stream then break end
      keep(stream)
    end
    equal(err and err.code, "ETIMEDOUT")
    local before = host.stats().handles
    fails("ETIMEDOUT", task.timeout, 0.01, net.connect, LOCAL, port)
    equal(host.stats().handles, before)
    listener:close()                         -- resets what it has not accepted
  end)
end)
