-- What neap.http promises to those who write handlers. Hostile clients are in t/40-http.t.
local http = require "neap.http"
local net = require "neap.net"
local task = require "neap.task"
local test = require "neap.test"

local describe, it, equal, fails, raises = test.describe, test.it, test.equal, test.fails, test.raises

local LOCAL = "127.0.0.1"
local opened = {}                  -- closed after each test

test.after(function()
  for i = #opened, 1, -1 do opened[i]:close() end
  opened = {}
end)

local function keep(closable)
  opened[#opened + 1] = closable
  return closable
end

local function serve(handler, options)
  options = options or {}
  options.host, options.port = options.host or LOCAL, 0
  return keep(assert(http.serve(options, handler)))
end

local function read_all(stream)
  local parts = {}
  for bytes in stream:chunks() do parts[#parts + 1] = bytes end
  return table.concat(parts)
end

-- Says all of `text` and returns all that is answered before the server closes.
local function talk(server, text)
  local stream = keep(assert(net.connect(LOCAL, server.port)))
  assert(stream:write(text))
  return read_all(stream)
end

-- A request that asks for the end of the connection; `lines` are further header lines.
local function request(first_line, lines, body)
  lines = lines or ""
  if body then lines = lines .. "Content-Length: " .. #body .. "\r\n" end
  return first_line .. " HTTP/1.1\r\nHost: test.example\r\nConnection: close\r\n" .. lines .. "\r\n" .. (body or "")
end

-- status, body, head
local function ask(server, first_line, lines, body)
  local answer = talk(server, request(first_line, lines, body))
  local head, content = answer:match "^(.-\r\n)\r\n(.*)$"
  return tonumber(head:match "^HTTP/1%.1 (%d+) "), content, head
end

local function status_of(...) return (ask(...)) end

local function body_of(...) return (select(2, ask(...))) end

-- What a handler makes of a request, as the handler's own results.
local function inside(first_line, lines, fn, body)
  local results
  local server = serve(function(...)
    results = { pcall(fn, ...) }
    return "done"
  end)
  ask(server, first_line, lines, body)
  if not results[1] then error(results[2], 0) end
  return unpack(results, 2, table.maxn(results))
end

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
    raises(function() return http.serve({ prot = 1 }, handler) end, "no option 'prot'")
    raises(function() return http.serve({ port = 70000 }, handler) end, "port")
    raises(function() return http.serve({ port = "80" }, handler) end, "must be a number")
    raises(function() return http.serve({ max_body = -1 }, handler) end, "max_body")
    raises(function() return http.serve({ host = 1 }, handler) end, "host")
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

describe("a request", function()
  it("has method, target, path and version", function()
    local function fields(r) return r.method, r.target, r.path, r.version end
    equal({ inside("PATCH /a%20b/%2e%2e/c?d=e", nil, fields) }, { "PATCH", "/a%20b/%2e%2e/c?d=e", "/c", "1.1" })
    equal({ inside("OPTIONS *", nil, fields) }, { "OPTIONS", "*", "*", "1.1" })
    equal({ inside("GET http://other.example/x?y", nil, fields) }, { "GET", "http://other.example/x?y", "/x", "1.1" })
  end)

  it("decodes its path once, and nothing climbs above the root", function()
    for target, path in pairs {
      ["/a%2fb"] = "/a%2Fb", ["/a%252fb"] = "/a%252fb", ["/100%25"] = "/100%25",      -- none of them another
      ["/"] = "/", ["/%41%2f%42"] = "/A%2FB", ["/%2541"] = "/%2541", ["/../../etc/passwd"] = "/etc/passwd",
      ["/a/%2e%2e%2f%2e%2e/b"] = "/a/..%2F../b", ["/a/./b/../c"] = "/a/c", ["//a"] = "//a", ["/%c3%a4"] = "/ä",
    } do
      equal(inside("GET " .. target, nil, function(r) return r.path end), path)
    end
  end)

  it("has a query: the first value of a name, every pair for pairs()", function()
    local query = "GET /?name=J%C3%BCrgen+K&empty=&flag&name=second&a%3Db=%26"
    equal({ inside(query, nil, function(r)
      return r.query.name, r.query.empty, r.query.flag, r.query["a=b"], r.query.none
    end) }, { "Jürgen K", "", "", "&" })
    equal(inside(query, nil, function(r)
      local found = {}
      for name, value in pairs(r.query) do found[#found + 1] = name .. "=" .. value end
      return table.concat(found, ";")
    end), "name=Jürgen K;empty=;flag=;name=second;a=b=&")
    equal(inside("GET /", nil, function(r) return r.query.name, next { pairs(r.query)(r.query) } end), nil)
  end)

  it("has headers in any case, repeated ones joined", function()
    local lines = "X-One: 1\r\nAccept: text/html\r\naccept: text/plain\r\nCookie: a=1\r\nCookie: b=2\r\nX-Empty:\r\n"
    equal({ inside("GET /", lines, function(r)
      local h = r.headers
      return h.host, h["x-one"], h["X-ONE"], h.accept, h.cookie, h["x-empty"], h["x-none"]
    end) }, { "test.example", "1", "1", "text/html, text/plain", "a=1; b=2", "" })
    equal(inside("GET /", lines, function(r)
      local found = {}
      for name, value in pairs(r.headers) do found[name] = value end
      return found
    end), { host = "test.example", connection = "close", ["x-one"] = "1", accept = "text/html, text/plain",
            cookie = "a=1; b=2", ["x-empty"] = "" })
  end)

  it("has the host that its target names, whatever the Host field says", function()
    local function hosts(r)
      local found
      for name, value in pairs(r.headers) do found = name == "host" and value or found end
      return r.headers.host, r.headers.HOST, found
    end
    equal({ inside("GET /", nil, hosts) }, { "test.example", "test.example", "test.example" })
    equal({ inside("GET http://real.example:81/", nil, hosts) },
      { "real.example:81", "real.example:81", "real.example:81" })
    local server = serve(function(r) return table.concat({ hosts(r) }, " ") end)
    assert(talk(server, "GET http://a.example HTTP/1.0\r\n\r\n"):find "\r\na.example a.example a.example$")
    assert(talk(server, "GET / HTTP/1.0\r\n\r\n"):find "\r\n\r\n$")
  end)

  it("has the client's address", function()
    local address, port = inside("GET /", nil, function(r) return r.remote_address, r.remote_port end)
    equal(address, LOCAL)
    assert(port > 0)
  end)

  it("has a body, or an empty one", function()
    local function body(r) return r:body() end
    equal(inside("GET /", nil, body), "")
    equal(inside("POST /", nil, body, "some text"), "some text")
    equal({ inside("POST /", nil, function(r) return r:body(), r:body() end, "twice") }, { "twice", "twice" })
    local large = ("0123456789"):rep(100000)
    equal(inside("POST /", nil, function(r) return r:body() == large end, large), true)
  end)

  it("gives its body to a callback as well", function()
    local server = serve(function(r, response)
      r:body(function(err, body) response:send(err and err.code or "callback: " .. body) end)
    end)
    equal(body_of(server, "POST /", nil, "abc"), "callback: abc")
  end)

  it("fails to give a body that is too large", function()
    local code
    local server = serve(function(r)
      local body, err = r:body()
      code = body or err.code
      return nil, err
    end, { max_body = 10 })
    equal(status_of(server, "POST /", nil, ("x"):rep(11)), 413)
    equal(code, "ELIMIT")
    equal(status_of(server, "POST /", nil, ("x"):rep(10)), 404)
  end)

  it("cannot be changed", function()
    raises(function() inside("GET /", nil, function(r) r.path = "/other" end) end, "read only")
  end)

  it("has nothing that was not said", function()
    equal(inside("GET /", nil, function(r) return r.nothing end), nil)
  end)

  it("raises when it is used after it is over", function()
    local kept = {}
    local server = serve(function(r, response)
      kept = { r, r.headers, r.query, response, response.headers }
      return "over"
    end)
    ask(server, "GET /?a=b")
    raises(function() return kept[1].path end, "the request is over")
    raises(function() return kept[1]:body() end, "the request is over")
    raises(function() return kept[2].host end, "the request is over")
    raises(function() return kept[3].a end, "the request is over")
    raises(function() return kept[4].status end, "the request is over")
    raises(function() kept[4]:write "late" end, "the request is over")
    raises(function() kept[5].X = "late" end, "the request is over")
  end)

  it("is checked: methods and fields of other things raise", function()
    raises(function() inside("GET /", nil, function(r, response) return r.body(response) end) end, "request expected")
    raises(function() inside("GET /", nil, function(r, response) return response.write(r, "x") end) end,
      "response expected")
  end)
end)

describe("a response", function()
  it("is what the handler returns: a string, a table as JSON, nothing is 404", function()
    local results = { ["/text"] = "text", ["/table"] = { list = { 1, 2 } } }
    local server = serve(function(r) return results[r.path] end)
    local status, body, head = ask(server, "GET /text")
    equal({ status, body }, { 200, "text" })
    assert(head:find("Content-Type: text/plain; charset=utf-8\r\n", 1, true))
    status, body, head = ask(server, "GET /table")
    equal({ status, body }, { 200, '{"list":[1,2]}' })
    assert(head:find("Content-Type: application/json\r\n", 1, true))
    equal(status_of(server, "GET /none"), 404)
  end)

  it("has a status", function()
    local server = serve(function(_, response)
      equal(response.status, 200)
      response.status = 418
      return "teapot"
    end)
    local status, body, head = ask(server, "GET /")
    equal({ status, body }, { 418, "teapot" })
    assert(head:find "^HTTP/1%.1 418 \r\n")
    for _, wrong in ipairs { 99, 100, 101, 199, 600, 200.5, "OK" } do
      raises(function() inside("GET /", nil, function(_, response) response.status = wrong end) end)
    end
  end)

  it("has headers: set, replaced, taken away, several of a name", function()
    local server = serve(function(_, response)
      local h = response.headers
      h["X-One"], h["X-Gone"], h["x-number"] = "first", "x", 42
      h["x-one"] = "second"
      h["X-GONE"] = nil
      h["Set-Cookie"] = { "a=1", "b=2" }
      h["content-type"] = "text/html"
      equal({ h["X-ONE"], h["X-Gone"], h["X-Number"], h["set-cookie"] }, { "second", nil, "42", "a=1, b=2" })
      local names = {}
      for name in pairs(h) do names[#names + 1] = name end
      equal(table.concat(names, " "), "x-number x-one Set-Cookie Set-Cookie content-type")
      return "<p>"
    end)
    local _, _, head = ask(server, "GET /")
    local lines = { "x-one: second", "x-number: 42", "Set-Cookie: a=1", "Set-Cookie: b=2", "content-type: text/html" }
    for _, line in ipairs(lines) do
      assert(head:find("\r\n" .. line .. "\r\n", 1, true), line)
    end
    assert(not head:find "first" and not head:find "X%-Gone" and not head:find "text/plain")
  end)

  it("with status 205 has no body, and says so", function()
    local server = serve(function(r, response)
      response.status = 205
      response.headers["Content-Length"] = 4
      if r.path == "/whole" then return "body" end
      response:write "body"
    end)
    for _, path in ipairs { "/whole", "/pieces" } do
      for _, method in ipairs { "GET ", "HEAD " } do
        local status, body, head = ask(server, method .. path)
        equal({ status, body }, { 205, "" })
        assert(head:find("\r\nContent-Length: 0\r\n", 1, true) and not head:find "Length: 4")
        assert(not head:find "chunked" and not head:find "Content%-Type")
      end
    end
  end)

  it("forgets all headers for a table of them, Connection too", function()
    local server = serve(function(r, response)
      if r.path == "/last" then return "last" end
      response.headers.Connection, response.headers["X-Old"] = "close", "old"
      response.headers = { ["X-New"] = "new" }
      return "first"
    end)
    local answers = talk(server, "GET / HTTP/1.1\r\nHost: a\r\n\r\n" .. request "GET /last")
    assert(answers:find "X%-New: new.*first.*last$" and not answers:find "X%-Old", answers)
  end)

  it("takes a table of headers", function()
    local server = serve(function(_, response)
      response.headers = { ["X-A"] = "1", ["X-B"] = { "2", "3" } }
      return "set"
    end)
    local _, _, head = ask(server, "GET /")
    assert(head:find("X-A: 1\r\n", 1, true) and head:find("X-B: 2\r\nX-B: 3\r\n", 1, true))
  end)

  it("refuses headers that would break out of their line, or break framing", function()
    local function set(name, value)
      return function() inside("GET /", nil, function(_, response) response.headers[name] = value end) end
    end
    for _, value in ipairs { "a\r\nb", "a\nb", "a\rb", "a\0b", "a\27b", true } do raises(set("X", value)) end
    for _, name in ipairs { "", "a b", "a:", "a\r\nb", "ä" } do raises(set(name, "x"), "token") end
    raises(set("Transfer-Encoding", "chunked"), "server's own")
    raises(set("Content-Length", "many"), "whole number")
    raises(set("Content-Length", { "5", "6" }), "one value")
    raises(set("Connection", "upgrade"), "close")
    raises(set(1, "x"), "string")
  end)

  it("is sent whole by send and json, once", function()
    local server = serve(function(r, response)
      if r.path == "/send" then return response:send "sent" end
      if r.path == "/empty" then return response:send() end
      if r.path == "/json" then return response:json { 1, 2 } end
      response:send "first"
      raises(function() response:send "second" end, "sent already")
      raises(function() response:write "more" end, "sent already")
      raises(function() response.status = 500 end, "too late")
      raises(function() response.headers.X = "1" end, "too late")
    end)
    equal(body_of(server, "GET /send"), "sent")
    local status, body, head = ask(server, "GET /empty")
    equal({ status, body }, { 200, "" })
    assert(head:find("Content-Length: 0\r\n", 1, true) and not head:find "Content%-Type")
    equal(body_of(server, "GET /json"), "[1,2]")
    equal(body_of(server, "GET /twice"), "first")
  end)

  it("raises for what is no JSON", function()
    raises(function() inside("GET /", nil, function(_, response) response:json(print) end) end, "function")
  end)

  it("is written in pieces, and each is there at once", function()
    local seen = task.channel(1)
    local server = serve(function(_, response)
      response:write "one "
      seen:receive()
      response:write ""
      response:write "two"
    end)
    local stream = keep(assert(net.connect(LOCAL, server.port)))
    assert(stream:write(request "GET /"))
    local first = assert(stream:read())
    assert(first:find "Transfer%-Encoding: chunked" and first:find "4\r\none \r\n$", first)
    seen:send(true)
    equal(read_all(stream), "3\r\ntwo\r\n0\r\n\r\n")
  end)

  it("makes a writer wait for a slow client", function()
    local written, piece = 0, ("x"):rep(10000)
    local server = serve(function(_, response)
      response.headers["Content-Length"] = 200 * 1e5
      for _ = 1, 2000 do
        response:write(piece)
        written = written + #piece
      end
    end)
    local stream = keep(assert(net.connect(LOCAL, server.port)))
    assert(stream:write(request "GET /"))
    local before
    repeat                                      -- until it waits
      before = written
      task.sleep(0.1)
    until before > 0 and written == before
    assert(before < 15e6, before)               -- what the sockets of both ends hold, and no more
    assert(#read_all(stream) > 2e7)
    equal(written, 2e7)
  end, { timeout = 20 })

  it("tells a callback when a piece has gone", function()
    local server = serve(function(_, response)
      response:write("one ", function(err, ok)
        equal({ err, ok }, { nil, true })
        response:write("two", test.calls(function() end))
      end)
    end)
    equal(body_of(server, "GET /"), "4\r\none \r\n3\r\ntwo\r\n0\r\n\r\n")
  end)

  it("cannot be more than the Content-Length that was promised", function()
    local server = serve(function(_, response)
      response.headers["Content-Length"] = 3
      response:write "abc"
      raises(function() response:write "d" end, "Content-Length")
    end)
    local _, body, head = ask(server, "GET /")
    equal(body, "abc")
    assert(not head:find "chunked")
  end)
end)
