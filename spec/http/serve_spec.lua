-- neap.http.serve: servers, their arguments, and their end. Hostile clients are in t/.
local http = require "neap.http"
local host = require "neap.host"
local native = require "neap_http"
local net = require "neap.net"
local task = require "neap.task"
local test = require "neap.test"
local support = require "spec.http.support"

local describe, it, equal, fails, raises = test.describe, test.it, test.equal, test.fails, test.raises
local LOCAL, keep, serve, ask, body_of = support.LOCAL, support.keep, support.serve, support.ask, support.body_of

test.after(support.close)

describe("neap.http.serve", function()
  it("returns a server that listens already, and says where", function()
    local server = serve(function() return "here" end)
    equal(server.address, LOCAL)
    assert(server.port > 0)
    equal(tostring(server), ("http://127.0.0.1:%d/"):format(server.port))
    equal(body_of(server, "GET /"), "here")
  end)

  it("takes a port, or options with the handler among them", function()
    local server = keep(assert(http.serve(0, function() return "all addresses" end)))
    equal(body_of(server, "GET /"), "all addresses")
    server = keep(assert(http.serve { host = "localhost", handler = function() return "one" end }))
    equal(body_of(server, "GET /"), "one")
  end)

  it("fails on a port that is used, and raises when nobody looks", function()
    local server = serve(function() end)
    local options = { host = LOCAL, port = server.port }
    local err = fails("EADDRINUSE", http.serve(options, function() end))
    equal(err.port, server.port)
    raises(function() http.serve(options, function() end) end, "EADDRINUSE")
  end)

  it("raises on wrong arguments", function()
    local function handler() end
    raises(function() return http.serve(nil, handler) end, "port or options expected")
    raises(function() return http.serve(0) end, "handler expected")
    raises(function() return http.serve({ prot = 1 }, handler) end, "bad option 'prot' of 'serve'")
    raises(function() return http.serve({ port = 70000 }, handler) end, "port")
    raises(function() return http.serve({ port = "80" }, handler) end, "integer from 0 to 65535 expected")
    raises(function() return http.serve({ max_body = -1 }, handler) end, "max_body")
    raises(function() return http.serve({ host = 1 }, handler) end, "host")
  end)

  it("raises in C too, for who goes round neap.http: a restricted runtime could break its host", function()
    local function handler() end
    local function listen(options, arity)
      return function() return native.listen(LOCAL, options, handler, arity) end
    end
    raises(listen({}, 300), "0, 1 or 2 arguments")
    raises(listen({}, -1), "0, 1 or 2 arguments")
    raises(listen({ port = 65536 }, 2), "no such port")
    for name, value in pairs { max_header_bytes = 0, max_headers = 65536, max_target = -1, idle_timeout = 0 / 0 } do
      raises(listen({ [name] = value }, 2), "option " .. name .. " must be from")
    end
  end)

  it("answers 500 when an encoder, which a script can set in C, gives no text", function()
    local server = serve(function() return {} end)
    local before = host.on_error(function() end)
    native.encoder(function() end)
    local ok, status = pcall(ask, server, "GET /")
    native.encoder(require "cjson".encode)
    host.on_error(before)
    equal({ ok, status }, { true, 500 })
  end)

  it("fails when its host's name cannot be resolved, and listens on one that can", function()
    local server, err = http.serve({ host = "nowhere.invalid" }, function() end)
    equal({ server, err.code:match("^EAI_") }, { nil, "EAI_" })
    equal(serve(function() return "local" end, { host = "localhost" }).address, "127.0.0.1")
  end)

  it("lives without a reference to it", function()
    local port
    do
      local server
      server = assert(http.serve({ host = LOCAL }, function()
        server:close()               -- the handler alone holds it
        return "alive"
      end))
      port = server.port
    end
    collectgarbage()
    collectgarbage()
    equal(body_of({ port = port }, "GET /"), "alive")
  end)

  it("closes: what runs is answered, nothing new is taken", function()
    local server
    server = serve(function()
      server:close()
      task.sleep(0.02)
      return "still answered"
    end)
    local status, body = ask(server, "GET /")
    equal(status, 200)
    equal(body, "still answered")
    assert(server:is_closed())
    fails("ECONNREFUSED", net.connect(LOCAL, server.port))
    server:close()
  end)

  it("calls its handler in a task: it may wait, and others go on", function()
    local running = 0
    local server = serve(function()
      running = running + 1
      while running < 5 do task.sleep(0.001) end -- for all the others
      return "done"
    end)
    local answers = {}
    task.group(function(group)
      for i = 1, 5 do group:spawn(function() answers[i] = body_of(server, "GET /") end) end
    end)
    equal(answers, { "done", "done", "done", "done", "done" })
  end)
end)
