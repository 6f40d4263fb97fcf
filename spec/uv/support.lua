-- What the specs of `uv` share. Run from the project's folder: require "spec.uv.support".
local uv = require "uv"
local task = require "neap.task"
local test = require "neap.test"

local support = {}
local opened = {}

--- The handle, which support.close closes: test.after(support.close).
function support.keep(handle)
  opened[#opened + 1] = handle
  return handle
end

function support.close()
  for _, handle in ipairs(opened) do
    if not handle:is_closing() then handle:close() end
  end
  opened = {}
end

--- What was kept is nobody's any more.
function support.forget()
  opened = {}
end

function support.wait_until(done)
  while not done() do task.sleep(0.001) end
end

--- That these are luv's three results of a failure: nil, "NAME: message", "NAME".
function support.fails(name, ok, message, code)
  test.equal({ ok, code }, { nil, name })
  test.equal(message:sub(1, #name + 2), name .. ": ")
end

--- That fn(...) raises.
function support.refuses(message, fn, ...)
  local args, n = { ... }, select("#", ...)
  test.raises(function() fn(unpack(args, 1, n)) end, message)
end

--- Call the form with a callback, and wait for what that gets.
function support.await(fn, ...)
  local channel, args, n = task.channel(1), { ... }, select("#", ...)
  args[n + 1] = function(...) channel:send { n = select("#", ...), ... } end
  assert(fn(unpack(args, 1, n + 1)))
  local results = channel:receive()
  return unpack(results, 1, results.n)
end

--- Run fn while the pool does nothing else: each of its threads reads from an empty socket.
function support.while_busy(fn)
  local size = tonumber(os.getenv "UV_THREADPOOL_SIZE") or 4
  local ends, channel = assert(uv.socketpair(nil, nil, {}, {})), task.channel(size)
  for _ = 1, size do assert(uv.fs_read(ends[1], 1, -1, function(err, data) channel:send(err or data) end)) end
  fn()
  test.equal(uv.fs_write(ends[2], ("x"):rep(size)), size)
  for _ = 1, size do test.equal(channel:receive(), "x") end
  uv.fs_close(ends[1])
  uv.fs_close(ends[2])
end

--- What neap says and prints when it runs this code, and its exit status.
function support.run(code)
  local path = os.tmpname()
  local file = assert(io.open(path, "w"))
  file:write(code)
  file:close()
  local pipe = assert(io.popen(("%s %s 2>&1; echo status $?"):format(uv.exepath(), path)))
  local text = pipe:read "*a"
  pipe:close()
  os.remove(path)
  return text:match "^(.*)status (%d+)\n$"
end

return support
