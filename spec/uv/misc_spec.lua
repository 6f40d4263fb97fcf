-- What the functions of `uv` that belong to no handle promise: the process, the machine, random bytes, errors.
local uv = require "uv"
local task = require "neap.task"
local test = require "neap.test"
local support = require "spec.uv.support"

local describe, it, equal = test.describe, test.it, test.equal
local refuses = support.refuses

local function fails(name, fn, ...)
  local result, message, code = fn(...)
  equal(result, nil)
  equal(code, name)
  assert(message:find("^" .. name .. ": "), message)
end

-- What a command prints.
local function output(command)
  local pipe = assert(io.popen(command))
  local text = pipe:read "*a"
  pipe:close()
  return (text:gsub("\n$", ""))
end

describe("uv's view of the process", function()
  it("knows its program and its folder", function()
    local before = uv.cwd()
    assert(uv.exepath():find "^/.*/neap$", uv.exepath())
    equal(uv.chdir "/", 0)
    equal(uv.cwd(), "/")
    equal(uv.chdir(before), 0)
    fails("ENOENT", uv.chdir, "/no/such folder")
    fails("ENOTDIR", uv.chdir, "/dev/null")
    refuses("string expected", uv.chdir)
  end)

  it("knows its ids", function()
    equal(tostring(uv.getpid()), output "echo $PPID")
    equal(uv.os_getpid(), uv.getpid())
    assert(uv.os_getppid() > 0)
    equal(tostring(uv.getuid()), output "id -u")
    equal(tostring(uv.getgid()), output "id -g")
    equal(select("#", uv.setuid(uv.getuid())), 0)
    equal(select("#", uv.setgid(uv.getgid())), 0)
    refuses("number expected", uv.setuid, "root")
  end)

  it("says and sets its title", function()
    local before = assert(uv.get_process_title())
    equal(uv.set_process_title "neap: x", 0)
    equal(uv.get_process_title(), "neap: x")
    equal(uv.set_process_title(before), 0)
    refuses("string expected", uv.set_process_title)
  end)

  it("says what a descriptor is", function()
    local pipe = uv.pipe()
    equal(uv.guess_handle(pipe.read), "pipe")
    local socket = uv.new_tcp "inet"
    equal(uv.guess_handle(socket:fileno()), "tcp")
    socket:close()
    local file = uv.fs_open("/dev/null", "r", 0)
    equal(uv.guess_handle(file), "file")
    for _, fd in ipairs { file, pipe.read, pipe.write } do uv.fs_close(fd) end
    equal(select("#", uv.guess_handle(9999)), 0)
    equal(select("#", uv.guess_handle(-1)), 0)
  end)

  it("tells and changes a priority", function()
    local before = assert(uv.os_getpriority(0))
    equal(uv.os_setpriority(0, before), true)
    fails("ESRCH", uv.os_getpriority, 2 ^ 30)
    fails("ESRCH", uv.os_setpriority, 2 ^ 30, 1)
    fails("EINVAL", uv.os_setpriority, 0, 100)
    refuses("number expected", uv.os_setpriority, 0)
  end)
end)

describe("uv's environment", function()
  local NAME = "NEAP_SPEC_VARIABLE"

  it("sets, tells and unsets variables", function()
    equal(uv.os_setenv(NAME, "a value"), true)
    equal(uv.os_getenv(NAME), "a value")
    equal(uv.os_environ()[NAME], "a value")
    equal(os.getenv(NAME), "a value")
    equal(uv.os_unsetenv(NAME), true)
    equal(uv.os_unsetenv(NAME), true)
    equal(uv.os_environ()[NAME], nil)
    fails("ENOENT", uv.os_getenv, NAME)
    fails("EINVAL", uv.os_setenv, "a=b", "c")
    fails("EINVAL", uv.os_unsetenv, "")
    refuses("string expected", uv.os_setenv, NAME)
  end)

  it("has room for a value of any length, or for as much as is asked", function()
    local long = ("x"):rep(100000)
    uv.os_setenv(NAME, long)
    equal(uv.os_getenv(NAME), long)
    equal(uv.os_getenv(NAME, #long + 1), long)
    fails("ENOBUFS", uv.os_getenv, NAME, #long)
    fails("EINVAL", uv.os_getenv, NAME, 0)
    uv.os_unsetenv(NAME)
  end)

  it("knows user and machine", function()
    local user = assert(uv.os_get_passwd())
    equal(user.uid, uv.getuid())
    equal(user.username, output "id -un")
    equal(uv.os_homedir(), os.getenv "HOME" or user.homedir)
    equal(uv.os_tmpdir(), os.getenv "TMPDIR" or os.getenv "TMP" or os.getenv "TEMP" or os.getenv "TEMPDIR" or "/tmp")
    local system = assert(uv.os_uname())
    equal(("%s %s %s"):format(system.sysname, system.release, system.machine), output "uname -srm")
    equal(uv.os_gethostname(), output "uname -n")
  end)
end)

describe("uv's view of the machine", function()
  it("knows processors", function()
    local cpus = assert(uv.cpu_info())
    equal(tostring(#cpus), output "nproc --all")
    for _, field in ipairs { "user", "nice", "sys", "idle", "irq" } do assert(cpus[1].times[field] >= 0, field) end
    assert(type(cpus[1].model) == "string" and cpus[1].speed >= 0)
    assert(uv.available_parallelism() >= 1 and uv.available_parallelism() <= #cpus)
    local one, five, fifteen = uv.loadavg()
    assert(one >= 0 and five >= 0 and fifteen >= 0)
  end)

  it("knows memory", function()
    local total = uv.get_total_memory()
    assert(total > 2 ^ 20 and uv.get_free_memory() <= total)
    assert(uv.get_constrained_memory() >= 0)
    local resident = uv.resident_set_memory()
    assert(resident > 2 ^ 20 and resident < total)
  end)

  it("knows what the process has used", function()
    local usage = assert(uv.getrusage())
    for _, time in ipairs { usage.utime, usage.stime } do assert(time.sec >= 0 and time.usec < 1e6) end
    assert(usage.maxrss > 1024)
    for _, field in ipairs { "ixrss", "idrss", "isrss", "minflt", "majflt", "nswap", "inblock", "oublock", "msgsnd",
      "msgrcv", "nsignals", "nvcsw", "nivcsw" } do
      assert(usage[field] >= 0, field)
    end
  end)

  it("has clocks", function()
    local start, uptime = uv.hrtime(), uv.uptime()
    equal(select("#", uv.sleep(20)), 0)
    local passed = uv.hrtime() - start
    assert(passed >= 20e6 and passed < 5e9, passed)
    assert(uptime > 0 and uv.uptime() >= uptime)
    local seconds, micros = uv.gettimeofday()
    assert(math.abs(seconds - os.time()) <= 1 and micros >= 0 and micros < 1e6)
    refuses("number expected", uv.sleep)
  end)

  it("knows network interfaces", function()
    local loopback
    for name, addresses in pairs(assert(uv.interface_addresses())) do
      for _, address in ipairs(addresses) do
        equal(#address.mac, 6)
        if address.ip == "127.0.0.1" then
          equal({ address.family, address.netmask, address.internal }, { "inet", "255.0.0.0", true })
          loopback = name
        end
      end
    end
    assert(loopback)
    local index = assert(io.open("/sys/class/net/" .. loopback .. "/ifindex")):read "*n"
    equal(uv.if_indextoname(index + 1), loopback)
    assert(uv.if_indextoiid(index + 1))
    fails("ENXIO", uv.if_indextoname, 12345)
    fails("ENXIO", uv.if_indextoiid, 0)
  end)
end)

describe("uv.random", function()
  it("gives bytes, at once", function()
    equal(#uv.random(16), 16)
    assert(uv.random(16) ~= uv.random(16))
    equal(uv.random(0), "")
    equal(#uv.random(4, {}), 4)
  end)

  it("gives bytes, later", function()
    local channel = task.channel(2)
    equal(uv.random(100000, nil, function(...) channel:send { n = select("#", ...), ... } end), 0)
    local callable = setmetatable({}, { __call = function(_, err, bytes) channel:send { err, bytes } end })
    equal(uv.random(0, 0, callable), 0)
    local sizes = {}
    for _ = 1, 2 do
      local got = channel:receive()
      equal(got[1], nil)
      sizes[#sizes + 1] = #got[2]
    end
    table.sort(sizes)
    equal(sizes, { 0, 100000 })
  end)

  it("refuses what there is not", function()
    fails("E2BIG", uv.random, -1)
    fails("E2BIG", uv.random, 2 ^ 31)
    fails("E2BIG", uv.random, 0 / 0)
    fails("EINVAL", uv.random, 4, 1)
    fails("EINVAL", uv.random, 4, 1, function() error "called" end)
    refuses("expected nil, integer, or table", uv.random, 4, "x")
    refuses("function or callable table expected", uv.random, 4, nil, "x")
  end)
end)

describe("uv's errors and versions", function()
  it("translates the system's errors", function()
    equal({ uv.translate_sys_error(2) }, { "ENOENT: no such file or directory", "ENOENT" })
    equal({ uv.translate_sys_error(-2) }, { "ENOENT: no such file or directory", "ENOENT" })
    equal(select("#", uv.translate_sys_error(0)), 0)
    equal(select("#", uv.translate_sys_error(9999)), 2)
    refuses("number expected", uv.translate_sys_error)
  end)

  it("lists libuv's", function()
    equal(uv.errno.ENOENT, -2)
    assert(uv.errno.EOF < -4000 and uv.errno.UNKNOWN < -4000)
    for name, number in pairs(uv.errno) do assert(number < 0, name) end
  end)

  it("says which libuv it is", function()
    local major, minor, patch = uv.version_string():match "^(%d+)%.(%d+)%.(%d+)"
    equal(uv.version(), major * 65536 + minor * 256 + patch)
  end)
end)
