-- What uv.spawn and uv.kill promise, with real processes.
local ffi = require "ffi"
local uv = require "uv"
local host = require "neap.host"
local task = require "neap.task"
local test = require "neap.test"
local support = require "spec.uv.support"

local describe, it, equal, raises = test.describe, test.it, test.equal, test.raises
local keep, wait_until, fails = support.keep, support.wait_until, support.fails

ffi.cdef [[
int close(int fd);
int getuid(void);
int getsid(int pid);
]]

test.after(support.close)

-- Runs to its end; its status and signal, and what it wrote to the stream at `from`, or else standard output.
local function run(path, options, from)
  local out, parts, ended, code, signal = keep(uv.new_pipe()), {}, false, nil, nil
  options.stdio = options.stdio or {}
  options.stdio[from or 2] = out
  local process = keep(assert(uv.spawn(path, options, function(...)
    equal(select("#", ...), 2)
    code, signal = ...
  end)))
  out:read_start(function(err, data)
    equal(err, nil)
    parts[#parts + 1] = data
    ended = not data
  end)
  wait_until(function() return ended and code end)
  out:close()
  process:close()
  return code, signal, table.concat(parts)
end

local function shell(text, options, from)
  options = options or {}
  options.args = { "-c", text }
  return run("sh", options, from)
end

describe("uv.spawn", function()
  it("runs a program, and tells its end", function()
    local code, signal, out = shell "echo out; exit 7"
    equal({ code, signal, out }, { 7, 0, "out\n" })
    code, signal = shell "kill -9 $$"
    equal({ code, signal }, { 0, 9 })
  end)

  it("returns its handle and number", function()
    local ended = false
    local process, pid = uv.spawn("sleep", { args = { 60 } }, function(code, signal)
      equal({ code, signal }, { 0, 15 })
      ended = true
    end)
    keep(process)
    equal({ process:get_pid(), uv.process_get_pid(process), process:is_active() }, { pid, pid, true })
    assert(tostring(process):find "^uv_process_t: 0x")
    equal({ uv.kill(pid, 0), process:kill(0), process:kill "nosuch" }, { 0, 0, 0 })
    fails("EINVAL", process:kill(99))
    equal(process:kill(), 0)
    wait_until(function() return ended end)
    fails("ESRCH", process:kill())
    equal({ process:get_pid(), process:is_active() }, { pid, false })
  end)

  it("takes signals by name and number", function()
    for name, number in pairs { sigkill = 9, sigusr1 = 10, [15] = 15 } do
      local signalled
      local process = keep(uv.spawn("sleep", { args = { "60" } }, function(_, signal) signalled = signal end))
      equal(uv.process_kill(process, name), 0)
      wait_until(function() return signalled end)
      equal(signalled, number)
    end
  end)

  it("gives arguments as they are", function()
    local _, _, out = run("printf", { args = { "<%s>", "a b", "", "$HOME", 12, "ü\n" } })
    equal(out, "<a b><><$HOME><12><ü\n>")
    _, _, out = shell("echo $#", { args = nil })
    equal(out, "0\n")
  end)

  it("gives an environment", function()
    local _, _, out = run("/usr/bin/env", { env = { "A=1", "B=two words", "NUMBER=" .. 3 } })
    equal(out, "A=1\nB=two words\nNUMBER=3\n")
    _, _, out = run("/usr/bin/env", { env = {} })
    equal(out, "")
    _, _, out = shell "echo $PATH"
    equal(out, os.getenv "PATH" .. "\n")
  end)

  it("starts in a folder", function()
    local _, _, out = run("pwd", { cwd = "/" })
    equal(out, "/\n")
    fails("ENOENT", uv.spawn("pwd", { cwd = "/no/such/folder" }, error))
  end)

  it("writes to the program", function()
    local input = keep(uv.new_pipe())
    task.spawn(function()
      input:write({ "through ", "cat" }, test.calls(function(err)
        equal(err, nil)
        input:shutdown(function() input:close() end)
      end))
    end)
    local code, _, out = run("cat", { stdio = { input } })
    equal({ code, out }, { 0, "through cat" })
  end)

  it("gives further descriptors, which it reads and writes", function()
    local extra, got = keep(uv.new_pipe()), nil
    local code, ended
    local process = keep(uv.spawn("sh", { args = { "-c", "read x <&3; echo got $x >&3" }, stdio = { [4] = extra } },
      function(status) code, ended = status, true end))
    extra:read_start(function(_, data) got = data or got end)
    extra:write "it\n"
    wait_until(function() return ended and got end)
    equal({ code, got, process:is_active() }, { 0, "got it\n", false })
  end)

  it("has /dev/null where there is nothing", function()
    local _, _, out = shell("cat; readlink /proc/self/fd/0 /proc/self/fd/2; echo >&2 lost")
    equal(out, "/dev/null\n/dev/null\n")
    local code
    keep(uv.spawn("sh", { args = { "-c", "readlink /proc/$$/fd/1 | grep -q null" } }, function(c) code = c end))
    wait_until(function() return code end)
    equal(code, 0)
  end)

  it("inherits descriptors and streams", function()
    local fds, got, ended = uv.pipe { nonblock = true }, "", false
    local reader, code = keep(uv.new_pipe()), nil
    reader:open(fds.read)
    reader:read_start(function(_, data)
      got, ended = got .. (data or ""), not data
    end)
    local writer = keep(uv.new_pipe())
    writer:open(fds.write)
    keep(uv.spawn("sh", { args = { "-c", "echo one; echo two >&2" }, stdio = { nil, fds.write, writer } },
      function(status) code = status end))
    writer:close()
    wait_until(function() return code and ended end)
    equal({ code, got }, { 0, "one\ntwo\n" })
  end)

  it("takes a pipe as its only entry, and others with holes", function()
    local err_out = keep(uv.new_pipe())
    local got, code
    keep(uv.spawn("sh", { args = { "-c", "echo lost; echo seen >&2" }, stdio = { [3] = err_out } },
      function(status) code = status end))
    err_out:read_start(function(_, data) got = data or got end)
    wait_until(function() return code and got end)
    equal(got, "seen\n")
  end)

  it("says which program is not there, and leaves nothing open", function()
    local before = host.stats().handles
    fails("ENOENT", uv.spawn("/no/such/program", {}, error))
    fails("ENOENT", uv.spawn("no-such-program", { stdio = { nil, 1 } }, error))
    fails("EACCES", uv.spawn("/tmp", {}, error))
    fails("EBADF", uv.spawn("true", { stdio = { 9999 } }, error))
    task.sleep(0.01)
    equal(host.stats().handles, before)
  end)

  it("names the option that is wrong", function()
    local before = host.stats().handles
    local kinds = { args = "table", stdio = "table", env = "table", cwd = "string", uid = "number", gid = "number" }
    for name, kind in pairs(kinds) do
      raises(function() uv.spawn("true", { [name] = true }) end, name .. " option must be " .. kind)
      raises(function() uv.spawn("true", { [name] = print }) end, name .. " option must be " .. kind)
    end
    local words = "stdio table entries must be nil, uv_stream_t, or integer"
    raises(function() uv.spawn("true", { stdio = { "x" } }) end, words)
    raises(function() uv.spawn("true", { stdio = { false } }) end, words)
    raises(function() uv.spawn("true", { stdio = { io.stdout } }) end, "Expected uv_stream userdata")
    raises(function() uv.spawn("true", { stdio = { keep(uv.new_timer()) } }) end, "Expected uv_stream userdata")
    raises(function() uv.spawn() end, "string expected")
    raises(function() uv.spawn "true" end, "table expected")
    raises(function() uv.spawn("true", {}, 1) end, "function or callable table expected")
    equal(host.stats().handles, before + 1)
  end)

  it("refuses a closed stream", function()
    local pipe = keep(uv.new_pipe())
    pipe:close()
    fails("EINVAL", uv.spawn("true", { stdio = { pipe } }, error))
    task.sleep(0.01)
    fails("EINVAL", uv.spawn("true", { stdio = { nil, pipe } }, error))
  end)

  it("runs as another user", function()
    if ffi.C.getuid() ~= 0 then test.skip "needs root" end
    local _, _, out = shell("id -u; id -g", { uid = 65534, gid = 65534 })
    equal(out, "65534\n65534\n")
  end)

  it("detaches", function()
    for _, detached in ipairs { true, false } do
      local process, pid = uv.spawn("sleep", { args = { "60" }, detached = detached, hide = true, verbatim = true },
        function() end)
      keep(process)
      equal(ffi.C.getsid(pid) == pid, detached)
      process:kill "sigkill"
      wait_until(function() return not process:is_active() end)
    end
  end)

  it("gives the child the usual effect of signals", function()
    local _, signal = shell "kill -PIPE $$; sleep 5"
    equal(signal, 13)
    _, signal = shell "kill -URG $$; kill -CHLD $$; exit 0"
    equal(signal, 0)
  end)

  it("needs no callback, nor a reference", function()
    local _, pid = uv.spawn("true", {})
    collectgarbage()
    collectgarbage()
    wait_until(function() return uv.kill(pid, 0) ~= 0 end)
    local found = 0
    uv.walk(function(handle)
      if handle:get_type() == "process" then
        keep(handle)
        found = found + 1
      end
    end)
    equal(found, 1)
  end)

  it("runs many at once", function()
    local ended = 0
    for i = 1, 30 do
      local process
      process = keep(uv.spawn("sh", { args = { "-c", "exit " .. i } }, function(code)
        equal(code, i)
        process:close()
        ended = ended + 1
      end))
    end
    wait_until(function() return ended == 30 end)
  end, { timeout = 20 })

  it("calls nobody when the handle was closed", function()
    local process, pid = uv.spawn("sleep", { args = { "60" } }, error)
    process:close()
    equal(uv.kill(pid, "sigkill"), 0)
    task.sleep(0.05)
  end)
end)

describe("uv.kill", function()
  it("signals processes", function()
    fails("ESRCH", uv.kill(999999999, 0))
    fails("EINVAL", uv.kill(uv.os_getpid and uv.os_getpid() or tonumber(uv.fs_readlink "/proc/self"), 99))
    raises(function() uv.kill() end, "number expected")
    raises(function() uv.kill "x" end, "number expected")
  end)

  it("reaches this one, where a handle waits for the signal", function()
    local pid, told = tonumber(uv.fs_readlink "/proc/self"), nil
    local signal = keep(uv.new_signal())
    signal:start("sigterm", function(name) told = name end)
    equal(uv.kill(pid), 0)                   -- sigterm, when nothing else is said
    wait_until(function() return told end)
    equal(told, "sigterm")
  end)
end)

describe("uv.disable_stdio_inheritance", function()
  it("keeps inherited descriptors from programs", function()
    equal(select("#", uv.disable_stdio_inheritance()), 0)
    local code, _, out = shell "echo still works"
    equal({ code, out }, { 0, "still works\n" })
  end)
end)
