-- What is beside requests and responses: upgrade, CONNECT, interim responses.
local test = require "neap.test"
local support = require "spec.http.support"

local describe, it, equal, raises = test.describe, test.it, test.equal, test.raises
local serve, connect, talk, request = support.serve, support.connect, support.talk, support.request
local ask, inside, wait_until = support.ask, support.inside, support.wait_until

test.after(support.close)

describe("request:take", function()
  local UPGRADE = "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: echo, other\r\nConnection: Upgrade\r\n"

  it("answers an upgrade by 101 and gives the stream, with what came behind the request", function()
    local server = serve(function(r, response)
      equal(r.upgrade, "echo, other")
      response.headers["X-Extra"] = "1"
      local stream = assert(r:take())
      raises(function() response:write "late" end, "sent already")
      equal(r.remote_address, nil)
      stream:write("echo: ", stream:read_exactly(12))
      stream:shutdown()
      stream:close()
    end)
    local stream = connect(server)
    stream:write(UPGRADE .. "\r\nbehind")
    local head = stream:read_until "\r\n\r\n"
    equal(head, "HTTP/1.1 101 Switching Protocols\r\nX-Extra: 1\r\nUpgrade: echo\r\nConnection: Upgrade")
    stream:write " later"
    equal(stream:read_all(), "echo: behind later")
  end)

  it("says the protocol that the handler has chosen", function()
    local server = serve(function(r, response)
      response.headers.Upgrade = "other"
      r:take():close()
    end)
    local answer = talk(server, UPGRADE .. "\r\n")
    assert(answer:find "Upgrade: other\r\n" and not answer:find "Upgrade: echo", answer)
  end)

  it("tunnels for CONNECT", function()
    local server = serve(function(r)
      equal({ r.method, r.target, r.path, r.headers.host },
        { "CONNECT", "far.example:443", "", "far.example:443" })
      local stream = r:take()
      stream:write("got ", stream:read_exactly(4))
      stream:shutdown()
      stream:close()
    end)
    equal(talk(server, "CONNECT far.example:443 HTTP/1.1\r\nHost: far.example:443\r\n\r\nping"),
      "HTTP/1.1 200 OK\r\n\r\ngot ping")
  end)

  it("sends what it has for requests before it first, though the client does not read", function()
    local large = ("x"):rep(8000000)
    local server = serve(function(r)
      if r.path == "/large" then return large end
      local stream = r:take()
      stream:write "taken"
      stream:shutdown()
      stream:close()
    end)
    local stream = connect(server)
    stream:write("GET /large HTTP/1.1\r\nHost: a\r\n\r\n" .. UPGRADE .. "\r\n")
    local answer = stream:read_all()
    equal(#answer:match "\r\n\r\n(x+)HTTP/1.1 101 ", #large)
    assert(answer:find "\r\n\r\ntaken$")
  end)

  it("gives a stream that outlives handler and server", function()
    local taken
    local server = serve(function(r) taken = r:take() end)
    local stream = connect(server)
    stream:write(UPGRADE .. "\r\n")
    stream:read_until "\r\n\r\n"
    wait_until(function() return taken end)
    equal(server:drain(), true)
    taken:write "still"
    equal(stream:read(), "still")
    taken:close()
  end)

  it("sees the end of a client that had ended its half before", function()
    local server = serve(function(r)
      local stream = r:take()
      stream:write("all: ", stream:read_all())
      stream:shutdown()
      stream:close()
    end)
    local stream = connect(server)
    stream:write(UPGRADE .. "\r\nthe end")
    stream:shutdown()
    assert(stream:read_all():find "all: the end$")
  end)

  it("fails where there is nothing to take", function()
    equal(inside("GET /", nil, function(r) return select(2, r:take()).code end), "EINVAL")
    local server = serve(function(r)
      local _, err = r:take()
      r:text()
      local stream = assert(r:take())
      stream:write(err.code)
      stream:shutdown()
      stream:close()
    end)
    assert(talk(server, UPGRADE .. "Content-Length: 3\r\n\r\nabc"):find "\r\n\r\nEINVAL$")
    raises(function()
      local failure
      local server2 = serve(function(r, response)
        response:write "begun"
        failure = select(2, pcall(r.take, r))
      end)
      ask(server2, "GET /")
      error(failure)
    end, "has begun")
  end)

  it("that is not called: an upgrade is answered as a request, CONNECT is 501 or refused", function()
    local server = serve(function(r, response)
      if r.target == "no.example:1" then response.status = 403 end
      return "answer"
    end)
    assert(talk(server, UPGRADE .. "\r\n" .. request "GET /"):find "answer.*answer$")
    for host, status in pairs { ["yes.example:1"] = 501, ["no.example:1"] = 403 } do
      local answer = talk(server, "CONNECT " .. host .. " HTTP/1.1\r\nHost: a\r\n\r\n" .. request "GET /evil")
      equal({ tonumber(answer:match "^HTTP/1.1 (%d+)"), select(2, answer:gsub("HTTP/1.1", "")) }, { status, 1 })
    end
    local answer = talk(server, "CONNECT a:1 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc")
    assert(answer:find "^HTTP/1.1 400 ")
  end)

  it("gives its stream to a callback as well", function()
    local server = serve(function(r)
      r:take(function(err, stream)
        equal(err, nil)
        stream:write "called"
        stream:shutdown()
        stream:close()
      end)
    end)
    assert(talk(server, UPGRADE .. "\r\n"):find "called$")
  end)
end)

describe("response:inform", function()
  it("sends interim responses before the final one", function()
    local server = serve(function(_, response)
      response:inform(103, { Link = { "</a.css>", "</b.js>" } })
      response:inform(102)
      return "final"
    end)
    local hints = "HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\nLink: </b.js>\r\n\r\n"
    local answer = talk(server, request "GET /")
    equal(answer:sub(1, #hints + 27), hints .. "HTTP/1.1 102 Processing\r\n\r\n")
    assert(answer:find "HTTP/1.1 200 OK\r\n.*final$")
    assert(talk(server, "GET / HTTP/1.0\r\n\r\n"):find "^HTTP/1.1 200 OK")
  end)

  it("raises for what is no interim response, and when it is too late", function()
    local function inform(...)
      local arguments = { ... }
      return function()
        inside("GET /", nil, function(_, response) response:inform(unpack(arguments)) end)
      end
    end
    for _, status in ipairs { 99, 101, 200, 103.5 } do raises(inform(status), "100 to 199") end
    raises(inform(103, { ["Content-Length"] = 1 }), "no place")
    raises(inform(103, { X = "a\nb" }), "control character")
    raises(function()
      inside("GET /", nil, function(_, response)
        response:write "begun"
        response:inform(103)
      end)
    end, "too late")
  end)

  it("may ask for a body, which reading it does by itself", function()
    for _, ask_first in ipairs { true, false } do
      local server = serve(function(r, response)
        if ask_first then response:inform(100) end
        local parts = {}
        for chunk in r:chunks() do parts[#parts + 1] = chunk end
        return table.concat(parts)
      end)
      local stream = connect(server)
      stream:write(request("POST /", "Expect: 100-continue\r\nContent-Length: 4\r\n"))
      equal(stream:read_until "\r\n\r\n", "HTTP/1.1 100 Continue")
      stream:write "body"
      local answer = stream:read_all()
      assert(answer:find "^HTTP/1.1 200 OK\r\n.*body$", answer)
    end
  end)

  it("is not needed to refuse a body: the final status does", function()
    local server = serve(function(_, response)
      response.status = 417
      return "too much to expect"
    end)
    local answer = talk(server, request("POST /", "Expect: 100-continue\r\nContent-Length: 4\r\n"))
    assert(answer:find "^HTTP/1.1 417 " and answer:find "Connection: close")
  end)
end)
