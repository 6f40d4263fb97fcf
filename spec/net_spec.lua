-- What neap.net promises, over real sockets of this machine.
local net = require "neap.net"
local task = require "neap.task"
local host = require "neap.host"
local errors = require "neap.errors"
local timer = require "neap.timer"
local test = require "neap.test"

local describe, it, equal, fails, raises = test.describe, test.it, test.equal, test.fails, test.raises

local LOCAL = "127.0.0.1"
local opened = {}                  -- closed after each test

local function keep(closable)
  opened[#opened + 1] = closable
  return closable
end

test.after(function()
  for i = #opened, 1, -1 do opened[i]:close() end
  opened = {}
end)

local function serve(handler)
  return keep(assert(net.listen({ host = LOCAL, port = 0 }, handler)))
end

local function connect(server)
  return keep(assert(net.connect(LOCAL, server.port)))
end

-- Both ends of a connection.
local function pair()
  local listener = keep(assert(net.listen { host = LOCAL, port = 0 }))
  local _, port = listener:address()
  local near = keep(assert(net.connect(LOCAL, port)))
  return near, keep(assert(listener:accept()))
end

local function echo(stream)
  for bytes in stream:chunks() do stream:write(bytes) end
end

local function read_all(stream)
  local parts = {}
  for bytes in stream:chunks() do parts[#parts + 1] = bytes end
  return table.concat(parts)
end

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
    opened = {}
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

describe("neap.net.listen", function()
  it("handles each connection in a task of its own, and closes it", function()
    local server = serve(function(stream)
      local name = stream:read()
      task.sleep(name == "slow" and 0.05 or 0)
      stream:write(name)
    end)
    local slow, quick = connect(server), connect(server)
    assert(slow:write "slow")
    task.sleep(0.01)
    assert(quick:write "quick")
    equal(read_all(quick), "quick")
    equal(read_all(slow), "slow")
  end)

  it("serves on when it could not make a task for a connection, and reports", function()
    local reports, spawn = {}, task.spawn
    local previous = host.on_error(function(err) reports[#reports + 1] = err end)
    local server = keep(assert(net.listen({ host = LOCAL, port = 0 }, function(stream) stream:write "hello" end)))
    task.sleep(0.005)
    task.spawn = function() -- luacheck: ignore
      task.spawn = spawn -- luacheck: ignore
      error("no room for it", 0)
    end
    local first = keep(assert(net.connect(LOCAL, server.port)))
    equal(first:read(), nil)
    local second = keep(assert(net.connect(LOCAL, server.port)))
    equal(second:read(), "hello")
    host.on_error(previous)
    equal({ #reports, reports[1].message }, { 1, "no room for it" })
  end)

  it("serves on when a handler fails, and reports", function()
    local reports, names = {}, { "raise", "return", "error", "table", "closed" }
    local server = serve(function(stream)
      local what = stream:read()
      if what == "table" then error { mine = true } end
      if what == "closed" then
        task.defer(stream.close, stream)
        return assert(stream:read())           -- cancelled by the close: no failure
      end
      if what == "raise" then error "on purpose" end
      if what == "return" then return nil, errors.new("EMINE", "mine") end
      if what == "error" then error(errors.new("EOTHER", "other")) end
      stream:write(what)
    end)
    local previous = host.on_error(function(err) reports[#reports + 1] = err end)
    for _, name in ipairs(names) do
      local stream = connect(server)
      assert(stream:write(name))
      equal(read_all(stream), "")
    end
    local stream = connect(server)
    assert(stream:write "fine")
    equal(read_all(stream), "fine")
    task.sleep(0.01)
    host.on_error(previous)
    equal(type(previous), "function")            -- the test runner's
    equal(#reports, 4)
    assert(tostring(reports[1]):find "on purpose")
    equal({ reports[2].code, reports[3].code, reports[4].value.mine }, { "EMINE", "EOTHER", true })
    for _, i in ipairs { 1, 3, 4 } do assert(reports[i].traceback:find "net_spec", i) end
  end)

  it("keeps connections alive when it closes", function()
    local server = serve(echo)
    local stream = connect(server)
    assert(stream:write "a")
    equal(stream:read(), "a")
    server:close()
    server:close()
    fails("ECONNREFUSED", net.connect, LOCAL, server.port)
    assert(stream:write "b")
    equal(stream:read(), "b")
  end)

  it("holds connections that nobody accepts yet", function()
    local listener = keep(assert(net.listen { host = LOCAL, port = 0 }))
    local _, port = listener:address()
    for i = 1, 200 do
      assert(keep(assert(net.connect(LOCAL, port))):write(tostring(i)))
    end
    local seen = {}
    for _ = 1, 200 do
      local stream = keep(assert(listener:accept()))
      seen[tonumber(stream:read())] = true
    end
    equal(#seen, 200)
  end)

  it("gives a connection to the next accept when one was cancelled", function()
    local listener = keep(assert(net.listen { host = LOCAL, port = 0 }))
    local _, port = listener:address()
    fails("ETIMEDOUT", task.timeout, 0.01, listener.accept, listener)
    local client = keep(assert(net.connect(LOCAL, port)))
    assert(client:write "x")
    equal(keep(assert(listener:accept())):read(), "x")
  end)

  it("keeps no more than it has room for when a cancelled accept gives one back", function()
    local listener = keep(assert(net.listen { host = LOCAL, port = 0 }))
    local _, port = listener:address()
    local accepting = task.spawn(listener.accept, listener)
    task.sleep(0.01)
    timer.after(0, function() accepting:cancel() end) -- in the turn in which the first one comes
    for i = 1, 64 do
      task.spawn(function() keep(assert(net.connect(LOCAL, port))):write(i .. ".") end)
    end
    task.sleep(0.1)
    for i = 65, 74 do
      assert(keep(assert(net.connect(LOCAL, port))):write(i .. "."))
    end
    task.sleep(0.1)
    local seen, count = {}, 0
    local function meet(stream)
      local number = tonumber(keep(stream):read())
      count = count + (seen[number] and 0 or 1)
      seen[number] = true
    end
    local ok, early = pcall(accepting.wait, accepting) -- it may have come before the cancellation
    if ok and early then meet(early) end
    while count < 74 do
      local stream = task.timeout(1, listener.accept, listener)
      if not stream then break end
      meet(stream)
    end
    equal(count, 74)
  end)

  it("gives a server that says where it listens, and whether it is closed", function()
    local places = { { host = LOCAL, port = 0 }, { host = "::1", port = 0 }, { path = os.tmpname() .. ".s" } }
    for _, options in ipairs(places) do
      local server, err = net.listen(options, echo)
      if server then                           -- there may be no IPv6
        local where = server.port and ":" .. server.port or ""
        where = options.host == "::1" and "[::1]" .. where or server.address .. where
        equal({ tostring(server), server:is_closed() }, { "neap.net.server: " .. where, false })
        server:close()
        equal({ tostring(server), server:is_closed() }, { "neap.net.server: " .. where .. " (closed)", true })
      else
        assert(options.host == "::1", err)
      end
    end
  end)

  it("listens on an address or a name, however it is written", function()
    for _, name in ipairs { "localhost", "127.1", LOCAL } do
      equal(keep(assert(net.listen { host = name, port = 0 })):address(), LOCAL)
    end
    for _, name in ipairs { "nosuch.invalid", "999.1.1.1", "a:b" } do
      local err = fails(nil, net.listen { host = name, port = 0 })
      assert(err.code:find "^EAI_", err.code)
      assert(err.message:find(name, 1, true))
    end
    fails("EADDRNOTAVAIL", net.listen { host = "192.0.2.1", port = 0 })
  end)

  it("tries a host's next address where there is none of the first's kind", function()
    local address, tried = require "neap.net.address", {}
    local function listen(at, extra)
      tried[#tried + 1] = at
      if at == "::" then return nil, errors.new("EAFNOSUPPORT", "no IPv6") end
      return "listening", extra
    end
    equal({ address.listen(nil, listen, "extra") }, { "listening", "extra" })
    equal(tried, { "::", "0.0.0.0" })
  end)

  it("refuses an option that it has not, in the caller's line, and says which it has", function()
    local calls = {
      ["'reuseport' of 'listen' %(options: backlog, host, path, port, reuse_port%)"] = function()
        net.listen { port = 0, reuseport = true }
      end,
      ["'port' of 'listen' %(integer from 0 to 65535 expected, got 65536%)"] = function() net.listen(65536) end,
      ["'hots' of 'connect' %(options: family, host, path, port, timeout%)"] = function()
        net.connect { hots = "x", port = 1 }
      end,
    }
    for message, call in pairs(calls) do
      local err = raises(call, "bad option " .. message)
      assert(err:find "^[^:]*net_spec%.lua:%d+: ", err)
    end
    raises(function() net.listen { port = 0, path = "/tmp/x" } end, "either port or path expected")
    raises(function() net.listen { host = LOCAL } end, "either port or path expected")
  end)

  it("listens on all addresses when no host is named", function()
    local server = keep(assert(net.listen(0, echo)))
    assert(server.port > 0)
    local stream = connect(server)
    assert(stream:write "x")
    equal(stream:read(), "x")
  end)
end)

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
