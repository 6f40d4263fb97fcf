-- Bodies of requests: whole, as a stream, as JSON; and the trailers of both sides.
local errors = require "neap.errors"
local host = require "neap.host"
local task = require "neap.task"
local test = require "neap.test"
local support = require "spec.http.support"

local describe, it, equal, fails, raises = test.describe, test.it, test.equal, test.fails, test.raises
local serve, connect, talk = support.serve, support.connect, support.talk
local request, status_of = support.request, support.status_of
local body_of, inside, chunked, wait_until = support.body_of, support.inside, support.chunked, support.wait_until

test.after(support.close)

describe("the body of a request", function()
  it("comes in chunks, as the client sends it", function()
    local got = {}
    local server = serve(function(r)
      for chunk in r:chunks() do
        got[#got + 1] = chunk
      end
      return "read"
    end)
    local stream = connect(server)
    stream:write(request("POST /", "Transfer-Encoding: chunked\r\n") .. "3\r\none\r\n")
    wait_until(function() return #got == 1 end)
    stream:write "3\r\ntwo\r\n0\r\n\r\n"
    assert(stream:read_all():find "read$")
    equal(got, { "one", "two" })
  end)

  it("is a stream, and all of it comes, whatever its size", function()
    local text = ("0123456789abcdef"):rep(100000)
    for _, lines in ipairs { "", "Transfer-Encoding: chunked\r\n" } do
      local server = serve(function(r)
        return tostring(r:stream(math.huge):read_all() == text)
      end)
      local sent = lines == "" and text or nil
      local stream = connect(server)
      stream:write(request("POST /", lines, sent) .. (sent and "" or chunked(text:sub(1, 7), text:sub(8))))
      assert(stream:read_all():find "true$")
    end
  end)

  it("leaves what came behind it in the same read as it was, however it is read", function()
    local piece = ("0123456789abcdef"):rep(1250) -- 20,000 bytes: such are not copied
    local ways = {
      chunks = function(r)
        local got = {}
        for chunk in r:chunks() do got[#got + 1] = chunk end
        return table.concat(got)
      end,
      stream = function(r) return r:stream():read_all() end,
      late = function(r)
        local body = r:stream()
        local first = body:read(1)
        task.sleep(0.01) -- more comes, which waits
        return first .. body:read_all()
      end,
      closed = function(r)
        local body = r:stream()
        local first = body:read(1)
        body:close()
        return first
      end,
    }
    local server = serve(function(r)
      local way = ways[r.path:sub(2)]
      return way and tostring(#way(r)) or "after " .. r.path
    end)
    for _, way in ipairs { "chunks", "stream", "late", "closed" } do
      for _, framing in ipairs { "length", "chunked" } do
        local head = framing == "length" and "Content-Length: 60000\r\n" or "Transfer-Encoding: chunked\r\n"
        local body = framing == "length" and piece:rep(3) or chunked(piece, piece, piece)
        local stream = connect(server)
        stream:write("POST /" .. way .. " HTTP/1.1\r\nHost: a\r\n" .. head .. "\r\n" .. body
          .. "GET /next HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        local answers = stream:read_all()
        equal(answers:find("\r\n\r\n" .. (way == "closed" and "1" or "60000"), 1, true) ~= nil, true)
        equal(answers:find("after /next", 1, true) ~= nil, true)
      end
    end
  end)

  it("is empty when there is none", function()
    local function all(r) return r:stream():read_all(), r:text() end
    equal({ inside("GET /", nil, function(r) return r:stream():read() end) }, {})
    raises(function() inside("POST /", nil, all, "some") end, "as a stream")
    equal(inside("GET /", nil, function(r)
      return r:chunks()() or "nothing"
    end), "nothing")
  end)

  it("is asked for once, though its stream has been closed", function()
    for _, length in ipairs { 0, 3, 200000 } do
      for _, again in ipairs { "text", "stream", "chunks" } do
        local server = serve(function(r)
          r:stream():close()
          local _, err = pcall(function()
            local got = r[again](r)
            return again == "chunks" and got()
          end)
          return tostring(err)
        end)
        local answer = talk(server, request("POST /", nil, ("x"):rep(length)))
        assert(answer:find "as a stream" or answer:find "asked for already", answer)
      end
    end
  end)

  it("in chunks is one task's: to another that waits for one, their lack is no end", function()
    local begun, ends = 0, {}
    local server = serve(function(r)
      local function read()
        begun = begun + 1
        local ok, err = pcall(function() for _ in r:chunks() do end end)
        ends[#ends + 1] = ok and "read" or err.code
      end
      task.group(function(group)
        group:spawn(read)
        group:spawn(read)
      end)
      return "read"
    end)
    local stream = connect(server)
    stream:write(request("POST /", "Content-Length: 4\r\n"))
    wait_until(function() return begun == 2 end)
    stream:write "ab"
    wait_until(function() return #ends == 1 end)
    stream:write "cd"
    assert(stream:read_all():find "read$")
    equal(ends, { "EBUSY", "read" })
  end)

  it("is asked for once, as text or as a stream", function()
    raises(function()
      inside("POST /", nil, function(r) return r:text(), r:stream() end, "abc")
    end, "asked for already")
    raises(function()
      inside("POST /", nil, function(r) return r:stream(), r:stream() end, "abc")
    end, "asked for already")
  end)

  it("waits in the client while its reader does not read", function()
    local reads, go = 0, false
    local server = serve(function(r)
      local body = r:stream(math.huge)
      reads = #body:read()
      wait_until(function() return go end)
      for chunk in body:chunks() do reads = reads + #chunk end
      return "all"
    end)
    local stream, sent = connect(server), 0
    local piece = ("x"):rep(100000)
    stream:write "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 50000000\r\n\r\n"
    local writer = task.spawn(function()
      for _ = 1, 500 do
        assert(stream:write(piece))
        sent = sent + #piece
      end
    end)
    local before
    repeat                                      -- until the sockets of both ends hold all they can
      before = sent
      task.sleep(0.05)
    until reads > 0 and sent == before
    assert(sent < 45e6, sent)
    go = true
    assert(stream:read_all():find "all$")
    writer:wait()
    equal(reads, 50000000)
  end, { timeout = 30 })

  it("has limits of its own: text(limit), stream(limit)", function()
    local server = serve(function(r)
      if r.path == "/text" then
        return r:text(5)
      elseif r.path == "/more" then
        return r:text(100)
      end
      local parts = {}
      for chunk in r:chunks(5) do parts[#parts + 1] = chunk end
      return table.concat(parts)
    end, { max_body = 10 })
    for _, path in ipairs { "/text", "/chunks" } do
      equal(body_of(server, "POST " .. path, nil, "12345"), "12345")
      equal(status_of(server, "POST " .. path, nil, "123456"), 413)
    end
    equal(body_of(server, "POST /more", nil, ("x"):rep(100)), ("x"):rep(100))
    local answer = talk(server, request("POST /chunks", "Transfer-Encoding: chunked\r\n") .. chunked("123", "456"))
    assert(answer:find "^HTTP/1.1 413 ")
  end)

  it("that failed makes no other error of the handler's the client's", function()
    local reported, failure = {}, nil
    local before = host.on_error(function(err) reported[#reported + 1] = err.message end)
    local server = serve(function(r)
      failure = select(2, r:text(2))
      return nil, errors.new(failure.code, "my own limit")
    end)
    local status = status_of(server, "POST /", nil, "abc")
    local chunked_server = serve(function(r)
      failure = select(2, r:text())
      error(errors.new(failure.code, "my own file"))
    end)
    local answer = talk(chunked_server, request("POST /", "Transfer-Encoding: chunked\r\n") .. "x\r\n")
    host.on_error(before)
    equal({ status, answer:match "^HTTP/1.1 (%d+)", failure.code, reported },
      { 500, "500", "EPARSE", { "my own limit", "my own file" } })
  end)

  it("is refused with its own status by who wants less of what is there, and as a stream", function()
    equal(status_of(serve(function(r) r:text() return r:text(2) end), "POST /", nil, "abc"), 413)
    equal(status_of(serve(function(r) return r:stream(2):read_all() end), "POST /", nil, "abc"), 413)
    equal(status_of(serve(function(r) for _ in r:chunks(2) do end end), "POST /", nil, "abc"), 413)
    local server = serve(function(r) r:text() return r:trailers() end, { max_headers = 8 })
    local lines = "Transfer-Encoding: chunked\r\n"
    local answer = talk(server, request("POST /", lines) .. "0\r\n" .. ("X: y\r\n"):rep(9) .. "\r\n")
    equal(answer:match "^HTTP/1.1 (%d+)", "431")
  end)

  it("stays what it is once it is there, but for who wants less", function()
    local server = serve(function(r)
      local first = r:text(100)
      return first .. r:text() .. select(2, r:text(2)).code
    end, { max_body = 3 })
    equal(body_of(server, "POST /", nil, "12345"), "1234512345ELIMIT")
  end)

  it("fails its stream as it fails as text, and says why", function()
    local codes = {}
    local server = serve(function(r)
      local _, err = r:stream():read_all()
      codes[#codes + 1] = err.code
      return nil, err
    end)
    local answer = talk(server, request("POST /", "Transfer-Encoding: chunked\r\n") .. "zz\r\n")
    assert(answer:find "^HTTP/1.1 400 ")
    local stream = connect(server)
    stream:write(request("POST /", "Content-Length: 10\r\n") .. "half")
    stream:shutdown()
    assert(stream:read_all():find "^HTTP/1.1 400 ")
    equal(codes, { "EPARSE", "EPARSE" })
  end)

  it("ends with the request: a stream that was kept fails", function()
    local kept
    local server = serve(function(r)
      kept = r:stream()
      kept:read(1)
      return "done"
    end)
    equal(body_of(server, "POST /", nil, "abc"), "done")
    fails("ECLOSED", kept:read())
  end)

  it("that is left half read does not disturb the next request", function()
    local server = serve(function(r)
      if r.path == "/next" then return "next" end
      local body = r:stream()
      body:read(1)
      body:close()
      return "first"
    end)
    local posts = {
      "Content-Length: 8\r\n\r\nabcdefgh", "Transfer-Encoding: chunked\r\n\r\n" .. chunked("abc", "d"),
    }
    for _, post in ipairs(posts) do
      local answers = talk(server, "POST / HTTP/1.1\r\nHost: a\r\n" .. post .. request "GET /next")
      assert(answers:find "first.*next$", answers)
    end
  end)

  it("cannot be written to", function()
    equal(inside("POST /", nil, function(r)
      return select(2, r:stream():write "x").code
    end, "abc"), "ENOTSUP")
  end)

  it("goes on being read by a task that a cancelled read left", function()
    local server = serve(function(r)
      local body = r:stream()
      local _, err = task.timeout(0.01, body.read, body)
      return err.code .. " " .. body:read_all()
    end)
    local stream = connect(server)
    stream:write(request("POST /", "Content-Length: 3\r\n"))
    task.sleep(0.03)
    stream:write "abc"
    assert(stream:read_all():find "ETIMEDOUT abc$")
  end)
end)

describe("request:json", function()
  it("gives what was sent", function()
    equal(inside("POST /", nil, function(r) return r:json() end, '{"a":[1,2,{"b":"c"}]}'),
      { a = { 1, 2, { b = "c" } } })
    equal(inside("POST /", nil, function(r) return r:json() end, "false"), false)
  end)

  it("fails with EPARSE for what is none, which is answered 400 and no report", function()
    for _, text in ipairs { "", "{", "{'a':1}", "nan", "[1,]", "0x10", ("["):rep(200) .. ("]"):rep(200), "1 2" } do
      local message
      local server = serve(function(r)
        local value, err = r:json()
        if value == nil then
          message = err.message
          return nil, err
        end
        return "taken"
      end)
      equal({ text, status_of(server, "POST /", nil, text) }, { text, 400 })
      assert(message:find("the body is no JSON: ", 1, true), message)
    end
  end)

  it("fails the same when it is asked again, and answers 400 from a callback and through a group too", function()
    local ways = {
      function(r) local _, first = r:json() local _, again = r:json() assert(first == again) return nil, first end,
      function(r) r:json(function(err) return nil, err end) end,
      function(r) task.group(function(group) group:spawn(function() assert(r:json()) end) end) end,
      function(r) return nil, select(2, pcall(function() return assert(r:json()) end)) end,
    }
    for i, way in ipairs(ways) do
      local server = serve(way)
      equal({ i, status_of(server, "POST /", nil, "{") }, { i, 400 })
    end
  end)

  it("that failed makes no other error of the handler's the client's", function()
    local reported = {}
    local before = host.on_error(function(err) reported[#reported + 1] = err.message end)
    local server = serve(function(r)
      assert(not r:json())
      return nil, errors.new("EPARSE", "my own file")
    end)
    local status = status_of(server, "POST /", nil, "{")
    host.on_error(before)
    equal({ status, reported }, { 500, { "my own file" } })
  end)

  it("takes a limit, and a callback", function()
    local server = serve(function(r, response)
      r:json(20, function(err, value)
        response:send(err and err.code or value.name)
      end)
    end)
    equal(body_of(server, "POST /", nil, '{"name":"x"}'), "x")
    equal(body_of(server, "POST /", nil, '{"name":"0123456789"}'), "ELIMIT")
    equal(body_of(server, "POST /", nil, "{"), "EPARSE")
  end)
end)

describe("trailers", function()
  it("are there when the body has been read", function()
    local lines = "Transfer-Encoding: chunked\r\n"
    local sent = "3\r\nabc\r\n0\r\nX-Sum: 1\r\nContent-Length: 7\r\nx-sum: 2\r\nX-Other:\r\n\r\n"
    for _, read in ipairs { "text", "chunks" } do
      local found
      local server = serve(function(r)
        raises(function() r:trailers() end, "read it to its end")
        if read == "text" then r:text() else for _ in r:chunks() do end end
        found = r:trailers()
        return "read"
      end)
      assert(talk(server, request("POST /", lines) .. sent):find "read$")
      equal(found, { ["x-sum"] = "1, 2", ["x-other"] = "" })
    end
    equal(inside("GET /", nil, function(r) return r:trailers() end), {})
  end)

  it("are counted: more than max_headers fail with ELIMIT", function()
    local server = serve(function(r)
      r:text()
      return select(2, r:trailers()).code
    end, { max_headers = 8 })
    local answer = talk(server, request("POST /", "Transfer-Encoding: chunked\r\n") ..
      "0\r\n" .. ("X: y\r\n"):rep(9) .. "\r\n")
    assert(answer:find "ELIMIT$", answer)
  end)

  it("end a response, in pieces or whole", function()
    local server = serve(function(r, response)
      response.headers.Trailer = "X-Sum"
      response:trailers { ["X-Sum"] = "early" }
      if r.path == "/whole" then return "whole" end
      response:write "piece"
      response:trailers { ["X-Sum"] = { "1", "2" } }
    end)
    equal(body_of(server, "GET /whole"), "5\r\nwhole\r\n0\r\nX-Sum: early\r\n\r\n")
    equal(body_of(server, "GET /pieces"), "5\r\npiece\r\n0\r\nX-Sum: 1\r\nX-Sum: 2\r\n\r\n")
    equal(body_of(server, "HEAD /pieces"), "")
    assert(talk(server, "GET /whole HTTP/1.0\r\n\r\n"):find "\r\n\r\nwhole$")
  end)

  it("and a Content-Length set later: the body is whole, and in chunks", function()
    local server = serve(function(_, response)
      response:trailers { X = "1" }
      response.headers["Content-Length"] = 1
      return "whole"
    end)
    local _, body, head = support.ask(server, "GET /")
    equal({ body, head:find "Content%-Length" }, { "5\r\nwhole\r\n0\r\nX: 1\r\n\r\n" })
  end)

  it("are kept though a Content-Length is set before the body is written", function()
    local server = serve(function(_, response)
      response:trailers { X = "1" }
      response.headers["Content-Length"] = 3
      response:write "abc"
    end)
    local _, body, head = support.ask(server, "GET /")
    equal({ body, head:find "Content%-Length" }, { "3\r\nabc\r\n0\r\nX: 1\r\n\r\n" })
    local answer = talk(server, "GET / HTTP/1.0\r\n\r\n")
    assert(answer:find "\r\nContent%-Length: 3\r\n.*\r\n\r\nabc$", answer)
  end)

  it("are set all, or none when one of them is wrong", function()
    for _, wrong in ipairs { { "a\r\nb" }, { { "fine", false } }, { "1", "Host" } } do
      local server = serve(function(_, response)
        response:trailers { Kept = "1" }
        for n = 1, 8 do -- in any order
          local fields = { [wrong[2] or "Wrong"] = wrong[1] }
          for i = 1, n do fields["X" .. i] = "2" end
          raises(function() response:trailers(fields) end)
        end
        return "x"
      end)
      equal(body_of(server, "GET /"), "1\r\nx\r\n0\r\nKept: 1\r\n\r\n")
    end
  end)

  it("of a response cannot say what frames it, nor come too late", function()
    local function set(fields, before)
      return function()
        inside("GET /", nil, function(_, response)
          if before then before(response) end
          response:trailers(fields)
        end)
      end
    end
    for _, name in ipairs { "Content-Length", "TE", "Host", "Set-Cookie", "Content-Type" } do
      raises(set { [name] = "1" }, "no place")
    end
    raises(set { X = "a\r\nb" }, "control character")
    raises(set({ X = "1" }, function(response) response:send "whole" end), "too late")
    raises(set({ X = "1" }, function(response) response.headers["Content-Length"] = 3 end), "Content%-Length")
  end)
end)
