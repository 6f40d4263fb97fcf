-- What uv.pipe_… promises, over real Unix sockets and pipes.
local ffi = require "ffi"
local uv = require "uv"
local task = require "neap.task"
local test = require "neap.test"
local support = require "spec.uv.support"

local describe, it, equal, raises = test.describe, test.it, test.equal, test.raises
local keep, wait_until, fails = support.keep, support.wait_until, support.fails

ffi.cdef [[
int fcntl(int fd, int cmd, ...);
int close(int fd);
long read(int fd, void *p, size_t n);
]]

local F_GETFL, O_NONBLOCK = 3, uv.constants.O_NONBLOCK
local path

test.before(function()
  path = os.tmpname()
  os.remove(path)
end)

test.after(support.close)

local function pipe(ipc) return keep(uv.new_pipe(ipc)) end

local function listen(on_connection)
  local server = pipe()
  equal(server:bind(path), 0)
  equal(server:listen(16, function(err)
    equal(err, nil)
    local far = pipe()
    equal(server:accept(far), 0)
    on_connection(far)
  end), 0)
  return server
end

-- Both ends of a pair of pipes.
local function pair(ipc)
  local fds = uv.socketpair(nil, nil, { nonblock = true }, { nonblock = true })
  local near, far = pipe(ipc), pipe(ipc)
  equal({ near:open(fds[1]), far:open(fds[2]) }, { 0, 0 })
  return near, far
end

describe("uv pipes", function()
  it("listen, connect and talk at a path", function()
    local far, got
    local server = listen(function(stream)
      far = stream
      far:read_start(function(_, data) got = data end)
    end)
    local near = pipe()
    local request = near:connect(path, test.calls(function(err)
      equal(err, nil)
      near:write "hello"
    end))
    assert(tostring(request):find "^uv_connect_t: ")
    wait_until(function() return got end)
    equal(got, "hello")
    equal({ server:getsockname(), near:getpeername(), near:getsockname(), far:getpeername() }, { path, path, "", "" })
    equal(far:getsockname(), path)
    equal(uv.fs_stat(path).type, "socket")
    server:close()
    equal((uv.fs_stat(path)), nil)
    assert(tostring(near):find "^uv_pipe_t: 0x")
    equal(near:get_type(), "pipe")
  end)

  it("say what is wrong", function()
    pipe():connect(path, test.calls(function(err) equal(err, "ENOENT") end))
    fails("EBADF", pipe():getsockname())
    fails("EBADF", pipe():getpeername())
    fails("EACCES", pipe():bind "/no/such/folder/socket")
    fails("EBADF", pipe():open(9999))
    listen(function() end)
    fails("EADDRINUSE", pipe():bind(path))
    raises(function() uv.new_pipe(1) end, "Expected boolean or nil")
    raises(function() pipe():bind() end, "string expected")
    raises(function() pipe():connect(path, 1) end, "function or callable table expected")
    raises(function() uv.pipe_bind(1, path) end, "uv_pipe expected")
  end)

  it("connect once at a time", function()
    listen(function() end)
    local near = pipe()
    near:connect(path, test.calls(function(err) equal(err, nil) end))
    fails("EALREADY", near:connect(path, error))
  end)

  it("answer when they are closed", function()
    local near = pipe()
    near:close()
    for _ = 1, 2 do
      fails("EINVAL", near:bind(path))
      fails("EINVAL", near:connect(path, error))
      fails("EINVAL", near:open(0))
      fails("EBADF", near:getsockname())
      fails("EBADF", near:chmod "rw")
      equal({ near:pending_count(), select("#", near:pending_type()) }, { 0, 0 })
      task.sleep(0.01)
    end
  end)

  it("let others in, or not", function()
    local server = listen(function() end)
    local mode = function() return uv.fs_stat(path).mode % 512 end
    equal(server:chmod "rw", 0)
    assert(bit.band(mode(), 6) == 6)
    raises(function() server:chmod "x" end, "invalid option 'x'")
    raises(function() server:chmod() end, "string expected")
    for _, flags in ipairs { "r", "w", "wr" } do equal(server:chmod(flags), 0) end
  end)

  it("open the descriptors of uv.pipe", function()
    local fds = uv.pipe({ nonblock = true }, { nonblock = true })
    local reader, writer, got, ended = pipe(), pipe(), nil, nil
    equal({ reader:open(fds.read), writer:open(fds.write) }, { 0, 0 })
    equal({ reader:is_readable(), reader:is_writable() }, { true, false })
    equal({ writer:is_readable(), writer:is_writable() }, { false, true })
    reader:read_start(function(err, data)
      equal(err, nil)
      got, ended = data or got, not data
    end)
    writer:write({ "through", " the pipe" }, function() writer:close() end)
    wait_until(function() return ended end)
    equal(got, "through the pipe")
  end)

  it("send handles along", function()
    local near, far = pair(true)
    local server, received = keep(uv.new_tcp()), nil
    server:bind("127.0.0.1", 0)
    far:read_start(test.calls(function(err, data)
      equal({ err, data, far:pending_count(), far:pending_type() }, { nil, "take it", 1, "tcp" })
      received = keep(uv.new_tcp())
      equal(far:accept(received), 0)
      equal({ far:pending_count(), select("#", far:pending_type()) }, { 0, 0 })
    end))
    near:write2("take it", server, test.calls(function(err) equal(err, nil) end))
    wait_until(function() return received end)
    equal(received:getsockname(), server:getsockname())
    equal(near:try_write2("x", server), 1)
    far:read_stop()
    local plain = pair()
    fails("EINVAL", plain:write2("x", server, error))
    raises(function() near:write2("x", 1) end, "Expected uv_stream userdata")
  end)

  it("have pending instances on Windows only", function()
    equal(select("#", pipe():pending_instances(4)), 0)
    raises(function() pipe():pending_instances() end, "number expected")
  end)
end)

describe("uv.pipe", function()
  it("gives two descriptors", function()
    local fds = uv.pipe()
    for _, name in ipairs { "read", "write" } do
      equal(bit.band(ffi.C.fcntl(fds[name], F_GETFL), O_NONBLOCK), 0)
    end
    equal(uv.fs_write(fds.write, "x", -1), 1)
    equal(uv.fs_read(fds.read, 1, -1), "x")
    ffi.C.close(fds.read)
    ffi.C.close(fds.write)
    fds = uv.pipe({ nonblock = true }, { nonblock = false })
    equal(bit.band(ffi.C.fcntl(fds.read, F_GETFL), O_NONBLOCK), O_NONBLOCK)
    equal(bit.band(ffi.C.fcntl(fds.write, F_GETFL), O_NONBLOCK), 0)
    ffi.C.close(fds.read)
    ffi.C.close(fds.write)
  end)

  it("raises for wrong flags", function()
    raises(function() uv.pipe(1) end, "table or nil expected, got number")
    raises(function() uv.pipe(nil, "x") end, "table or nil expected, got string")
  end)
end)
