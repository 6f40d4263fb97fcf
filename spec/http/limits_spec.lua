-- The limits of a server, each exceeded; how it closes; and what its handlers owe.
local http = require "neap.http"
local task = require "neap.task"
local host = require "neap.host"
local errors = require "neap.errors"
local test = require "neap.test"
local support = require "spec.http.support"

local describe, it, equal, raises = test.describe, test.it, test.equal, test.raises
local keep, serve, connect, talk, request = support.keep, support.serve, support.connect, support.talk, support.request
local ask, status_of, body_of, wait_until = support.ask, support.status_of, support.body_of, support.wait_until

test.after(support.close)

-- Requests on one connection, each answered, until the server closes; how many were.
local function answers_to(server, text)
  return select(2, talk(server, text):gsub("HTTP/1.1 200", ""))
end

-- The messages of what is reported in this test.
local function reported()
  local messages = {}
  local before = host.on_error(function(err) messages[#messages + 1] = err.message end)
  keep { close = function() host.on_error(before) end }
  return messages
end

describe("limits of a server", function()
  it("max_connections: more wait, until one has gone", function()
    local server = serve(function() return "served" end, { max_connections = 2 })
    local first, second, third = connect(server), connect(server), connect(server)
    local get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
    for _, stream in ipairs { first, second } do
      stream:write(get)
      stream:read_until "served"
    end
    third:write(get)
    local text, err = task.timeout(0.05, third.read, third)
    equal({ text, err.code }, { nil, "ETIMEDOUT" })
    first:close()
    assert(third:read_until "served")
  end)

  it("max_connections with when_full refuse: more get 503 and Retry-After", function()
    local server = serve(function() return "served" end, { max_connections = 1, when_full = "refuse" })
    local first = connect(server)
    first:write "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
    first:read_until "served"
    local refused = connect(server):read_all()
    assert(refused:find "^HTTP/1.1 503 Service Unavailable\r\n" and refused:find "\r\nRetry%-After: %d+\r\n", refused)
    assert(refused:find "\r\nConnection: close\r\n")
    first:write "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
    assert(first:read_until "served")
    first:close()
    wait_until(function() return status_of(server, "GET /") == 200 end)
  end)

  it("max_requests: the last one says Connection: close", function()
    local server = serve(function() return "served" end, { max_requests = 3 })
    local text = talk(server, ("GET / HTTP/1.1\r\nHost: a\r\n\r\n"):rep(5))
    equal(select(2, text:gsub("served", "")), 3)
    equal(select(2, text:gsub("Connection: close", "")), 1)
    equal(answers_to(serve(function() return "served" end), ("GET / HTTP/1.1\r\nHost: a\r\n\r\n"):rep(200) ..
      request "GET /"), 201)
  end)

  it("max_headers, max_header_bytes and max_target: 431, 431, 414", function()
    local server = serve(function() return "served" end, { max_headers = 5, max_header_bytes = 400, max_target = 20 })
    equal(status_of(server, "GET /", ("X: y\r\n"):rep(3)), 200)
    equal(status_of(server, "GET /", ("X: y\r\n"):rep(4)), 431)
    equal(status_of(server, "GET /", "X: " .. ("y"):rep(400) .. "\r\n"), 431)
    equal(status_of(server, "GET /" .. ("x"):rep(19)), 200)
    equal(status_of(server, "GET /" .. ("x"):rep(20)), 414)
  end)

  it("max_body: 413, without reading what is announced", function()
    local server = serve(function(r) return r:text() end, { max_body = 3 })
    equal(status_of(server, "POST /", nil, "abc"), 200)
    equal(status_of(server, "POST /", nil, "abcd"), 413)
    equal(status_of(server, "POST /", "Content-Length: 1000000000000\r\n"), 413)
  end)

  it("header_timeout: 408 for a head that does not end", function()
    local server = serve(function() return "served" end, { header_timeout = 0.05 })
    assert(talk(server, "GET / HTTP/1.1\r\nHost: a\r\nX: "):find "^HTTP/1.1 408 ")
  end)

  it("idle_timeout: a connection without a request is closed without a word", function()
    local server = serve(function() return "served" end, { idle_timeout = 0.05 })
    equal(talk(server, ""), "")
  end)

  it("body_timeout: 408 for a body that stands still, text or stream", function()
    local server = serve(function(r)
      if r.path == "/text" then return r:text() end
      for _ in r:chunks() do end
      return "read"
    end, { body_timeout = 0.05 })
    for _, path in ipairs { "/text", "/stream" } do
      assert(talk(server, request("POST " .. path, "Content-Length: 10\r\n") .. "half"):find "^HTTP/1.1 408 ", path)
    end
  end)

  -- A byte each hundredth of a second, until there is an answer.
  local function drip(server)
    local stream, answer = connect(server), nil
    stream:write(request("POST /", "Content-Length: 1000000\r\n"))
    task.group(function(group)
      group:spawn(function() answer = stream:read_until "\r\n" end)
      group:spawn(function()
        while not answer and stream:write "x" do task.sleep(0.01) end
      end)
    end)
    return answer
  end

  it("min_body_rate: 408 for a body that crawls, though it never stands still", function()
    local server = serve(function(r) return r:text() end, { body_timeout = 0.2, min_body_rate = 1000 })
    equal(drip(server), "HTTP/1.1 408 Request Timeout")
  end)

  it("min_body_rate: one that is fast enough may take longer than body_timeout, and a paused reader costs it nothing",
    function()
      local server = serve(function(r)
        local body = r:stream()
        local first = body:read()
        task.sleep(0.3)
        return "all " .. #first + #body:read_all()
      end, { body_timeout = 0.2, min_body_rate = 50 })
      local stream = connect(server)
      stream:write(request("POST /", "Content-Length: 300\r\n"))
      for _ = 1, 30 do
        stream:write "0123456789"
        task.sleep(0.02)
      end
      assert(stream:read_all():find "all 300$")
    end)

  it("write_timeout: a client that reads nothing is dropped", function()
    local err
    local server = serve(function(_, response)
      repeat
        err = select(2, response:write(("x"):rep(100000)))
      until err
    end, { write_timeout = 0.1 })
    connect(server):write(request "GET /")
    wait_until(function() return err end)
    equal(err.code, "ECONNRESET")
  end)

  it("handler_timeout: a handler is cancelled with ETIMEDOUT, and answered 503 if it says nothing else", function()
    local seen
    local server = serve(function(r)
      local ok, err = task.sleep(20)
      seen = not ok and err.code
      if r.path == "/answers" then return "late" end
      return nil, err
    end, { handler_timeout = 0.05 })
    local reports = reported()
    local status, _, head = ask(server, "GET /")
    equal(#reports, 1)
    assert(reports[1]:find "longer than handler_timeout")
    equal({ status, seen }, { 503, "ETIMEDOUT" })
    assert(head:find "Retry%-After: ")
    equal(body_of(server, "GET /answers"), "late")
  end)

  it("raise when they are out of range", function()
    for _, wrong in ipairs {
      { max_connections = 0 }, { max_requests = -1 }, { max_headers = 0 }, { max_target = 1.5 }, { body_timeout = 0 },
      { min_body_rate = -1 }, { handler_timeout = -1 }, { when_full = "cry" }, { max_body = "1" },
    } do
      raises(function() return http.serve(wrong, function() end) end, "bad option")
    end
  end)
end)

describe("server:close", function()
  it("closes idle connections and answers the running ones with Connection: close", function()
    local go = false
    local server = serve(function()
      wait_until(function() return go end)
      return "done"
    end)
    local idle, busy = connect(server), connect(server)
    busy:write "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
    task.sleep(0.02)
    server:close()
    equal(idle:read(), nil)
    go = true
    assert(busy:read_all():find "Connection: close\r\n.*done$")
  end)

  it("cuts what is left at its deadline; the handler is cancelled", function()
    local err
    local server = serve(function()
      err = select(2, task.sleep(20))
    end)
    local busy = connect(server)
    busy:write "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
    task.sleep(0.02)
    server:close { deadline = 0.05 }
    local _, ended = busy:read_all()
    assert(ended == nil or errors.is(ended))
    wait_until(function() return err end)
    equal(err.code, "ECANCELED")
  end)

  it("drain waits until the last connection has gone", function()
    local over = false
    local server = serve(function()
      task.sleep(0.05)
      over = true
      return "done"
    end)
    local busy = connect(server)
    busy:write(request "GET /")
    task.sleep(0.02)
    local reader = task.spawn(function() return busy:read_all() end)
    equal(server:drain(), true)
    equal(over, true)
    assert(reader:wait():find "done$")
    equal(server:drain(), true)
    server:drain(test.calls(function(failure) equal(failure, nil) end))
  end)

  it("drain can be cancelled, and takes a deadline", function()
    local server = serve(function() task.sleep(20) end)
    local busy = connect(server)
    busy:write(request "GET /")
    task.sleep(0.02)
    local ok, err = task.timeout(0.02, server.drain, server)
    equal({ ok, err.code }, { nil, "ETIMEDOUT" })
    equal(server:drain { deadline = 0.02 }, true)
    raises(function() server:drain { dedline = 1 } end, "bad option 'dedline' of 'close'")
  end)
end)

describe("what a handler promised", function()
  it("and did not write closes the connection, and is reported", function()
    local reports = reported()
    local server = serve(function(_, response)
      response.headers["Content-Length"] = 10
      response:write "short"
    end)
    local answer = talk(server, "GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n")
    equal(select(2, answer:gsub("short", "")), 1)
    equal(#reports, 1)
    assert(reports[1]:find("less than the Content-Length", 1, true))
  end)
end)
