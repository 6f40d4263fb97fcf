-- The server that t/40-http*.t speak to: prints its three ports.
local http, task = require "neap.http", require "neap.task"

local kept, left, stopped = nil, "nobody", task.channel(1)
local handled = 0

local routes = {
  ["/hello"] = function() return "Hello, World!" end,
  ["/json"] = function() return { answer = 42 } end,
  ["/nothing"] = function() end,
  ["/raise"] = function() error("a mistake of the handler") end,
  ["/fail"] = function() return nil, require("neap.errors").new("EWRONG", "it went wrong") end,
  ["/number"] = function() return 42 end,
  ["/handled"] = function() return tostring(handled) end,
  ["/left"] = function() return left end,
  ["/body"] = function(request) return assert(request:body()) end,
  ["/early"] = function() return "early" end,
  ["/pieces"] = function(_, response)
    for i = 1, 3 do response:write("piece " .. i .. "\n") end
  end,
  ["/promise"] = function(request, response)
    response.headers["content-length"] = 10
    response:write(request.query.give or "0123456789")
  end,
  ["/broken"] = function(_, response)
    response:write "begun"
    error("a mistake after the head has gone")
  end,
  ["/status"] = function(request, response)
    response.status = tonumber(request.query.code)
    return "a body"
  end,
  ["/close"] = function(_, response)
    response.headers.Connection = "close"
    return "bye"
  end,
  ["/sleep"] = function() task.sleep(0.3) return "slept" end,
  ["/wait"] = function()
    left = "waiting"
    local ok, err = task.sleep(20)
    left = ok and "nobody" or err.code
  end,
  ["/till_stopped"] = function()
    left = "till stopped"
    stopped:receive()
    return "stopped"
  end,
  ["/later"] = function(_, response)
    task.spawn(function() task.sleep(0.05) pcall(function() response:send "from another task" end) end)
    task.sleep(0.1)
  end,
  ["/callback"] = function(_, response)
    task.sleep(0.05, function() response:send "from an operation's callback" end)
  end,
  ["/large"] = function(request) return string.rep("x", tonumber(request.query.size)) end,
  ["/endless"] = function(_, response)
    left = "writing"
    local piece = string.rep("y", 10000)
    while true do
      local ok, err = response:write(piece)
      if not ok then left = err.code return end
    end
  end,
  ["/inject"] = function(request, response) response.headers["X-Name"] = request.query.name return "set" end,
  ["/again"] = function(request)
    left = "reading"
    pcall(request.body, request)
    task.shield(3, function() left = "again " .. select(2, request:body()).code end)
  end,
  ["/keep"] = function(request) kept = request return "kept" end,
  ["/kept"] = function() return select(2, pcall(function() return kept.path end)) end,
}

local function handle(request, response)
  handled = handled + 1
  local route = routes[request.path]
  if route then return route(request, response) end
end

local server = assert(http.serve({
  host = "127.0.0.1", port = 0, max_body = 1000, max_headers = 20, max_header_bytes = 2048, max_target = 512,
  header_timeout = 0.4, idle_timeout = 1.5, body_timeout = 0.4, write_timeout = 1,
}, handle))

-- One that is long idle but soon tired of a client that does not read, and one the other way round.
local patient = assert(http.serve({ host = "127.0.0.1", idle_timeout = 60, write_timeout = 1 }, handle))
local hasty = assert(http.serve({ host = "127.0.0.1", idle_timeout = 0.3, write_timeout = 20 }, handle))

routes["/stop"] = function()
  patient:close()
  hasty:close()
  server:close()
  stopped:send(true)
  return "stopping"
end
print(server.port, patient.port, hasty.port)
