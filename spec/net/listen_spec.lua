-- What neap.net.listen promises.
local net = require "neap.net"
local task = require "neap.task"
local host = require "neap.host"
local errors = require "neap.errors"
local timer = require "neap.timer"
local support = require "spec.net.support"
local test = require "neap.test"

local describe, it, equal, fails, raises = test.describe, test.it, test.equal, test.fails, test.raises
local LOCAL, keep, serve, connect = support.LOCAL, support.keep, support.serve, support.connect
local echo, read_all = support.echo, support.read_all

test.after(support.close)

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
    for _, i in ipairs { 1, 3, 4 } do assert(reports[i].traceback:find "listen_spec", i) end
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
      assert(err:find "^[^:]*listen_spec%.lua:%d+: ", err)
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
