-- What a handler is told of a request.
local test = require "neap.test"
local support = require "spec.http.support"

local describe, it, equal, raises = test.describe, test.it, test.equal, test.raises
local LOCAL, serve, talk, ask = support.LOCAL, support.serve, support.talk, support.ask
local status_of, body_of, inside = support.status_of, support.body_of, support.inside

test.after(support.close)

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
