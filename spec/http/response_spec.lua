-- What a handler says, and what becomes of it.
local native = require "neap_http"
local net = require "neap.net"
local task = require "neap.task"
local test = require "neap.test"
local support = require "spec.http.support"

local describe, it, equal, raises = test.describe, test.it, test.equal, test.raises
local LOCAL, keep, serve, talk, request = support.LOCAL, support.keep, support.serve, support.talk, support.request
local ask, status_of, body_of, inside = support.ask, support.status_of, support.body_of, support.inside

test.after(support.close)

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

  it("has room for a content type of any length, which cannot have lines of its own", function()
    local long = "text/" .. ("x"):rep(100000)
    local server = serve(function(_, response) native.send(response, "body", long) end)
    local _, body, head = ask(server, "GET /")
    equal({ body, head:match "Content%-Type: ([^\r]*)" }, { "body", long })
    raises(function()
      inside("GET /", nil, function(_, response) native.send(response, "", "text/plain\r\nX: y") end)
    end, "no content type")
  end)

  it("to HEAD lets others have their turn, however much is written", function()
    local stop, writes = false, 0
    local server = serve(function(r, response)
      if r.path == "/stop" then
        stop = true
        return "stopped"
      end
      while not stop and writes < 1e6 do
        response:write "piece"
        writes = writes + 1
      end
    end)
    local head = support.connect(server)
    head:write(request "HEAD /")
    support.wait_until(function() return writes > 0 end)
    equal(body_of(server, "GET /stop"), "stopped")
    assert(head:read_all():find "^HTTP/1.1 200 ")
    assert(writes < 1e6)
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

  it("takes a table of headers whole, or not at all when one of them is wrong", function()
    local server = serve(function(_, response)
      response.headers["X-Kept"] = "1"
      for _, wrong in ipairs { "a\r\nb", {}, false, { "1", true } } do
        for n = 1, 8 do
          local fields = { ["Content-Length"] = wrong, Connection = "close" }
          for i = 1, n do fields["X" .. i] = "2" end
          raises(function() response.headers = fields end)
        end
      end
      return "x"
    end)
    local _, _, head = support.ask(server, "GET /")
    assert(head:find "X%-Kept: 1" and not head:find "X1", head)
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
    equal(stream:read_all(), "3\r\ntwo\r\n0\r\n\r\n")
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
    assert(#stream:read_all() > 2e7)
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

  it("written by one task beyond what was promised does not fail another that waits", function()
    local size, written, refused = 8e6, nil, false
    local server = serve(function(_, response)
      response.headers["Content-Length"] = size
      response:write(("x"):rep(size - 1), function(err) written = err or true end)
      raises(function() response:write("two", function() end) end, "Content-Length")
      refused = true
      response:write "x"
    end)
    local client = support.connect(server)
    client:write(request "GET /")
    support.wait_until(function() return refused end)
    local answer = assert(client:read_all())
    equal({ #answer:match "\r\n\r\n(.*)$", written }, { size, true })
  end)
end)
