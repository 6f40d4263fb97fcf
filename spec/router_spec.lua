-- What neap.router promises: which handler is found, and what is answered when none is.
local router = require "neap.router"
local test = require "neap.test"
local support = require "spec.http.support"

local describe, it, equal, raises = test.describe, test.it, test.equal, test.raises
local serve, talk, request = support.serve, support.talk, support.request

test.after(support.close)

-- What a handler of that name answers: the name, and its parameters in order.
local function named(name)
  return function(_, _, params)
    local parts = {}
    for key, value in pairs(params) do
      parts[#parts + 1] = key .. "=" .. value
    end
    table.sort(parts)
    return name .. " " .. table.concat(parts, " ")
  end
end

-- What a router answers, without a server: body or nil, status, headers.
local function ask(routes, method, path)
  local response = { status = 200, headers = {} }
  local answer = routes({ method = method, path = path, target = path }, response)
  return answer, response.status, response.headers
end

local function status(...)
  return (select(2, ask(...)))
end

describe("a router", function()
  it("finds texts, parameters and the rest", function()
    local routes = router()
    routes:get("/", named "root")
    routes:get("/users", named "users")
    routes:get("/users/:id", named "user")
    routes:get("/users/:id/posts/:post", named "post")
    routes:get("/files/*path", named "file")
    for path, answer in pairs {
      ["/"] = "root ", ["/users"] = "users ", ["/users/7"] = "user id=7", ["/users/7/posts/9"] = "post id=7 post=9",
      ["/files/"] = "file path=", ["/files/a"] = "file path=a", ["/files/a/b//c/"] = "file path=a/b//c/",
    } do
      equal({ path, (ask(routes, "GET", path)) }, { path, answer })
    end
    for _, path in ipairs { "/nothing", "/users//posts/9", "/users/7/posts", "/USERS" } do
      equal({ path, status(routes, "GET", path) }, { path, 404 })
    end
  end)

  it("prefers a text to a parameter, and a parameter to the rest, in whatever order they were added", function()
    local routes = router()
    routes:get("/a/*rest", named "rest"):get("/a/:one", named "one"):get("/a/text", named "text")
    routes:get("/a/text/more", named "more")
    equal((ask(routes, "GET", "/a/text")), "text ")
    equal((ask(routes, "GET", "/a/other")), "one one=other")
    equal((ask(routes, "GET", "/a/other/more")), "rest rest=other/more")
    equal((ask(routes, "GET", "/a/text/less")), "rest rest=text/less")
  end)

  it("tries further where a text leads nowhere, for the method too", function()
    local routes = router()
    routes:get("/users/me", named "me"):post("/users/:id", named "posted"):get("/:what/list/all", named "all")
    equal((ask(routes, "POST", "/users/me")), "posted id=me")
    equal((ask(routes, "GET", "/users/list/all")), "all what=users")
  end)

  it("decodes parameters, once", function()
    local routes = router()
    routes:get("/files/:name", named "file")
    local server = serve(routes)
    for path, name in pairs { ["a%20b"] = "a b", ["a%2Fb"] = "a/b", ["100%25"] = "100%", ["%252F"] = "%2F" } do
      assert(talk(server, request("GET /files/" .. path)):find("\r\n\r\nfile name=" .. name, 1, true), path)
    end
  end)

  it("is a handler of http.serve", function()
    local routes = router()
    routes:post("/sum", function(r)
      local sum = 0
      for _, number in ipairs(r:json()) do
        sum = sum + number
      end
      return { sum = sum }
    end)
    local server = serve(routes)
    assert(talk(server, request("POST /sum", nil, "[1,2,3]")):find '{"sum":6}$')
    assert(talk(server, request "GET /sum"):find "^HTTP/1.1 405 .*\r\nAllow: OPTIONS, POST\r\n")
  end)

  it("answers HEAD as GET, and OPTIONS with Allow", function()
    local routes = router()
    routes:get("/a", named "a"):put("/a", named "put"):any("/any", named "any")
    routes:head("/own", named "head"):get("/own", named "get"):options("/own", named "options")
    equal((ask(routes, "HEAD", "/a")), "a ")
    equal((ask(routes, "HEAD", "/own")), "head ")
    equal((ask(routes, "OPTIONS", "/own")), "options ")
    equal({ ask(routes, "OPTIONS", "/a") }, { "", 204, { Allow = "GET, HEAD, OPTIONS, PUT" } })
    equal({ ask(routes, "DELETE", "/a") }, { "Method Not Allowed\n", 405, { Allow = "GET, HEAD, OPTIONS, PUT" } })
    equal((ask(routes, "PROPFIND", "/any")), "any ")
    equal({ ask(routes, "OPTIONS", "*") }, { "", 204, {} })
    routes:on("PROPFIND", "/a", named "found")
    equal((ask(routes, "PROPFIND", "/a")), "found ")
  end)

  it("keeps to its rule for a slash at the end", function()
    for rule, expected in pairs {
      redirect = { 308, "/with/?a=b", 308, "/without?a=b" },
      ignore = { 200, nil, 200, nil },
      strict = { 404, nil, 404, nil },
    } do
      local routes = router { trailing_slash = rule }
      routes:get("/with/", named "with"):get("/without", named "without")
      local server = serve(routes)
      local results = {}
      for i, path in ipairs { "/with", "/without/" } do
        local answer = talk(server, request("GET " .. path .. "?a=b"))
        results[2 * i - 1] = tonumber(answer:match "^HTTP/1.1 (%d+)")
        results[2 * i] = answer:match "\r\nLocation: (.-)\r\n"
      end
      equal({ rule, unpack(results, 1, 4) }, { rule, unpack(expected, 1, 4) })
    end
  end)

  it("does not redirect to another host", function()
    local server = serve(router():get("//:host", named "host"))
    local answer = talk(server, request "GET //evil.example/")
    assert(answer:find "\r\nLocation: /evil.example\r\n", answer)
    assert(talk(server, request "GET http://a.example//evil.example/"):find "\r\nLocation: /evil.example\r\n")
  end)

  it("redirects to what is no redirection again, nor decoded twice", function()
    local server = serve(router():get("/:page", named "page"))
    for target, location in pairs {
      ["/\\evil.example/"] = "/%5Cevil.example",
      ["/a/."] = "/a",
      ["/a/b/%2e%2E/?q=/."] = "/a?q=/.",
      ["/a%2fb%25%20%C3%A4+/"] = "/a%2Fb%25%20%C3%A4+",
    } do
      local answer = talk(server, request("GET " .. target))
      equal(answer:match "\r\nLocation: (.-)\r\n", location)
    end
  end)

  it("does not redirect CONNECT, which has no path", function()
    local server = serve(router():get("/", named "root"))
    local answer = talk(server, "CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n")
    assert(answer:find "^HTTP/1.1 404 ", answer)
  end)

  it("mounts handlers and routers, which see what follows the prefix", function()
    local api, routes = router(), router()
    api:get("/", named "api"):get("/items/:item", named "item")
    routes:get("/api/own", named "own"):mount("/api", api):mount("/of/:user", api)
    routes:mount("/raw", function(_, _, _, rest) return rest end)
    for path, answer in pairs {
      ["/api"] = "api ", ["/api/"] = "api ", ["/api/items/3"] = "item item=3", ["/api/own"] = "own ",
      ["/of/me/items/3"] = "item item=3 user=me", ["/raw"] = "/", ["/raw/a/b/"] = "/a/b/",
    } do
      equal({ path, (ask(routes, "GET", path)) }, { path, answer })
    end
    equal(status(routes, "GET", "/api/none"), 404)
    equal({ ask(routes, "PUT", "/api/items/3") }, { "Method Not Allowed\n", 405, { Allow = "GET, HEAD, OPTIONS" } })
    equal((ask(router():mount("/", api), "GET", "/items/1")), "item item=1")
  end)

  it("is wrapped by middleware, which is a function", function()
    local seen = {}
    local function logged(handler)
      return function(r, response, ...)
        seen[#seen + 1] = r.path
        return handler(r, response, ...)
      end
    end
    local routes = router()
    routes:get("/a/:b", logged(named "a"))
    equal((ask(logged(routes), "GET", "/a/1")), "a b=1")
    equal(seen, { "/a/1", "/a/1" })
  end)

  it("raises on what makes no sense", function()
    local routes = router()
    local function handler() end
    for _, pattern in ipairs { "", "a", "/:", "/:a-b", "/*", "/*a/b", "/a/:b c", false } do
      raises(function() routes:get(pattern, handler) end, "bad pattern")
    end
    raises(function() routes:get("/a", "handler") end, "bad handler of /a")
    routes:get("/a/:b", handler)
    raises(function() routes:get("/a/:c", handler) end, "has a handler already")
    raises(function() router { slash = "strict" } end, "bad option 'slash' of 'router'")
    raises(function() router { trailing_slash = "maybe" } end, "bad option 'trailing_slash'")
  end)

  it("is not slow on any path", function()
    local routes = router()
    routes:get("/:a/:b/:c/:d/end", named "deep"):get("/x/x/x/x/x", named "x"):get("/*rest", named "rest")
    equal((ask(routes, "GET", ("/x"):rep(5000))), "rest rest=" .. ("x/"):rep(4999) .. "x")
  end)
end)
