-- Who gives a wrong argument to a function of Neap's is told so as they see the call: their line, the name they
-- called, and the number as they count, though C found it out below Lua code of ours.

local fs = require "neap.fs"
local process = require "neap.process"
local signal = require "neap.signal"
local stream = require "neap.stream"
local system = require "neap.system"
local task = require "neap.task"
local test = require "neap.test"
local timer = require "neap.timer"
local udp = require "neap.udp"
local support = require "spec.http.support"

local describe, it, equal = test.describe, test.it, test.equal

-- What calling fn, which stands on one line, is blamed for; its own line is left out.
local function blame(fn)
  local ok, err = pcall(fn)
  assert(not ok, "nothing was raised")
  local where = ("spec/blame_spec.lua:%d: "):format(debug.getinfo(fn, "S").linedefined)
  assert(type(err) == "string" and err:find(where, 1, true) == 1, tostring(err) .. ", not at " .. where)
  return err:sub(#where + 1)
end

describe("a wrong argument", function()
  local near, far

  test.before(function() near, far = stream.pair() end)

  test.after(function()
    near:close()
    far:close()
  end)

  it("of a method is counted without the object", function()
    equal(blame(function() near:write("x", {}) end), "bad argument #2 to 'write' (string expected, got table)")
    equal(blame(function() near:read_until {} end), "bad argument #1 to 'read_until' (string expected, got table)")
    equal(blame(function() near:read_exactly() end), "bad argument #1 to 'read_exactly' (number expected, got nil)")
    equal(blame(function() near:read(0) end), "bad argument #1 to 'read' (not a count of bytes)")
    equal(blame(function() near:timeout "x" end), "bad argument #1 to 'timeout' (number expected, got string)")
  end)

  it("of a method that is called as a function is counted with it", function()
    equal(blame(function() near.write(near, "x", {}) end), "bad argument #3 to 'write' (string expected, got table)")
    equal(blame(function() near.read(5) end), "bad argument #1 to 'read' (neap.stream expected, got number)")
    equal(blame(function() near.write() end), "bad argument #1 to 'write' (neap.stream expected, got nil)")
  end)

  it("may be the object itself", function()
    local wrong = setmetatable({}, { __index = near })
    equal(blame(function() wrong:write "x" end), "calling 'write' on bad self (neap.stream expected, got table)")
  end)

  it("of a function has its name and number", function()
    local sleep = task.sleep
    equal(blame(function() fs.read_file {} end), "bad argument #1 to 'read_file' (string expected, got table)")
    equal(blame(function() fs.rename("x", {}) end), "bad argument #2 to 'rename' (string expected, got table)")
    equal(blame(function() fs.rename "x" end):gsub("no value", "nil"),
      "bad argument #2 to 'rename' (string expected, got nil)")
    equal(blame(function() sleep "x" end), "bad argument #1 to 'sleep' (number expected, got string)")
    equal(blame(function() timer.after({}, print) end), "bad argument #1 to 'after' (number expected, got table)")
    equal(blame(function() local _ = system.user(0 / 0) end), "bad argument #1 to 'user' (a user's id expected)")
    equal(blame(function() near:read_until(("x"):rep(300)) end),
      "bad argument #1 to 'read_until' (a delimiter has 1 to 256 bytes)")
  end)

  it("of a file or a socket, too", function()
    local file, socket = assert(fs.open "/dev/null"), assert(udp.bind { host = "127.0.0.1" })
    local seek, join = file.seek, socket.join
    equal(blame(function() file:seek "here" end), "bad argument #1 to 'seek' (invalid option 'here')")
    equal(blame(function() file:write {} end), "bad argument #1 to 'write' (string expected, got table)")
    equal(blame(function() seek(file, "set", {}) end):match "^bad argument #3 to 'seek' ", "bad argument #3 to 'seek' ")
    equal(blame(function() socket:join {} end), "bad argument #1 to 'join' (string expected, got table)")
    equal(blame(function() join(socket) end), "bad argument #2 to 'join' (string expected, got nil)")
    file:close()
    socket:close()
  end)

  it("that Neap has moved has the number that it was given with, or none", function()
    local child = assert(process.spawn { "cat" })
    local wait = child.wait
    child:close()
    equal(blame(function() wait { handle = 5 } end), "bad argument to 'wait' (neap.process.child expected, got number)")
  end)

  it("is found through pcall, in a coroutine, in a callback and in a task", function()
    local function in_coroutine(fn) return coroutine.wrap(fn) end
    local ok, err = pcall(near.write, near, {})
    equal(ok, false)
    equal(err:match "^spec/blame_spec.lua:%d+: (.*)$", "bad argument #2 to 'write' (string expected, got table)")
    equal(blame(in_coroutine(function() near:write {} end) and function() near:write {} end),
      "bad argument #1 to 'write' (string expected, got table)")
    local said
    task.sleep(0, function() said = blame(function() near:write {} end) end)
    support.wait_until(function() return said end)
    equal(said, "bad argument #1 to 'write' (string expected, got table)")
    equal(task.spawn(function() return blame(function() near:write {} end) end):wait(), said)
  end)

  it("of a request or a response, and what is too late, name the handler's line", function()
    local said = {}
    local server = support.serve(function(request, response)
      said[1] = blame(function() response:write {} end)
      said[2] = blame(function() response:inform "x" end)
      said[3] = blame(function() request:text(-1) end)
      said[4] = blame(function() response.write(request, "x") end)
      said[5] = blame(function() response:trailers { Host = "x" } end)
      response:send "done"
      said[6] = blame(function() response:send "again" end)
    end)
    support.ask(server, "GET /")
    support.close()
    equal(said, {
      "bad argument #1 to 'write' (string expected, got table)",
      "bad argument #1 to 'inform' (number expected, got string)",
      "bad argument #1 to 'text' (a limit in bytes)",
      "bad argument #1 to 'write' (neap.http.response expected, got userdata)",
      "header Host has no place here (RFC 9110 6.5.1, 15.2)",
      "the response has been sent already",
    })
  end)

  it("is said in the same words where a script calls C itself", function()
    local native = require "neap_stream".methods()
    equal(blame(function() native.close(5) end):match "^bad argument #1 to 'close' ", "bad argument #1 to 'close' ")
    equal(blame(function() signal.on("INT") end), "bad argument #2 to 'on' (function expected, got nil)")
  end)
end)
