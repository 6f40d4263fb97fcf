local fs = require "neap.fs"
local system = require "neap.system"
local task = require "neap.task"
local test = require "neap.test"

local describe, it, equal, fails, raises = test.describe, test.it, test.equal, test.fails, test.raises

-- What a shell command prints, without the last line's end.
local function shell(command)
  local pipe = io.popen(command)
  local text = pipe:read "*a"
  pipe:close()
  return (text:gsub("\n$", ""))
end

-- The code of the error, or what came without one.
local function outcome(value, err)
  return err and err.code or value
end

describe("the machine", function()
  it("is called what uname calls it", function()
    equal(system.os, shell("uname -s"):lower())
    local uname = system.uname()
    equal({ uname.name, uname.release, uname.machine }, { shell "uname -s", shell "uname -r", shell "uname -m" })
    equal(system.host_name(), shell "uname -n")
    assert(system.arch:find "^%w+$")
    if jit and jit.arch ~= "x86" then
      equal(system.arch, jit.arch)
    end
  end)

  it("has processors, and a time for what each did", function()
    local cpus = system.cpus()
    equal(#cpus, tonumber(shell "getconf _NPROCESSORS_ONLN"))
    for _, cpu in ipairs(cpus) do
      assert(#cpu.model > 0 and cpu.speed >= 0)
      assert(cpu.times.user + cpu.times.system > 0 and cpu.times.idle >= 0)
    end
    local up = system.uptime()
    assert(cpus[1].times.idle <= up + 1, "in seconds")
    local parallelism = system.parallelism()
    assert(parallelism >= 1 and parallelism <= #cpus)
  end)

  it("says how much memory there is, and how much of it is ours", function()
    local memory = system.memory()
    assert(memory.free <= memory.total and memory.available <= memory.free)
    assert(memory.rss > 1e6 and memory.rss < memory.total)
    assert(not memory.limit or memory.limit < memory.total)
    local total = shell "grep MemTotal /proc/meminfo 2>/dev/null":match "%d+"
    if total then
      equal(memory.total, total * 1024)
      local status = fs.read_file "/proc/self/status"
      local rss = status:match "VmRSS:%s*(%d+)" * 1024
      assert(math.abs(rss - memory.rss) < 8e6)
    end
  end)

  it("has a load and an uptime", function()
    local one, five, fifteen = system.load()
    assert(one >= 0 and five >= 0 and fifteen >= 0)
    local uptime = (fs.read_file "/proc/uptime" or ""):match "^%d+"
    if uptime then
      assert(math.abs(system.uptime() - uptime) < 5)
    end
  end)

  it("has a loopback, with its mask both ways", function()
    local found
    for _, addresses in pairs(system.interfaces()) do
      for _, each in ipairs(addresses) do
        assert(each.mac:find "^%x%x:%x%x:%x%x:%x%x:%x%x:%x%x$")
        assert(each.prefix <= (each.family == "ipv4" and 32 or 128))
        if each.address == "127.0.0.1" then
          found = each
        end
      end
    end
    equal({ found.family, found.netmask, found.prefix, found.internal }, { "ipv4", "255.0.0.0", 8, true })
  end)
end)

describe("users", function()
  it("are found by name, by id, and as ourselves", function()
    local root = system.user "root"
    equal({ root.uid, root.gid, root.name }, { 0, 0, "root" })
    equal(system.user(0), root)
    local me = system.user()
    equal({ me.name, me.uid, me.gid }, { shell "id -un", tonumber(shell "id -u"), tonumber(shell "id -g") })
    assert(me.home:find "^/" and me.shell)
  end)

  it("come to a callback, with and without a name", function()
    local uid = tonumber(shell "id -u")
    system.user("root", test.calls(function(err, user) equal({ err, user.uid }, { nil, 0 }) end, 1))
    system.user(test.calls(function(err, user) equal({ err, user.uid }, { nil, uid }) end, 1))
    task.sleep(0.001)
  end)

  it("that do not exist are ENOENT, and what is no user raises", function()
    equal(fails("ENOENT", system.user "nobody-has-this-name").message, "there is no such user")
    fails("ENOENT", system.user(4000000000))
    raises(function() system.user "nobody-has-this-name" end, "ENOENT")
    for _, bad in ipairs { "", "a\0b", ("x"):rep(300), -1, 1.5, 2 ^ 32, 0 / 0, {}, true } do
      raises(function() local _ = system.user(bad) end, "bad argument #1 to 'user'")
    end
  end)
end)

describe("the environment", function()
  it("is read, set and taken away, also for children", function()
    equal(system.env "NEAP_SPEC_VARIABLE", nil)
    equal(system.set_env("NEAP_SPEC_VARIABLE", "a = b"), true)
    equal(system.env "NEAP_SPEC_VARIABLE", "a = b")
    equal(system.environment().NEAP_SPEC_VARIABLE, "a = b")
    equal(shell "echo $NEAP_SPEC_VARIABLE", "a = b")
    equal(system.set_env("NEAP_SPEC_VARIABLE", ""), true)
    equal(system.env "NEAP_SPEC_VARIABLE", "")
    system.set_env("NEAP_SPEC_VARIABLE", nil)
    equal(system.environment().NEAP_SPEC_VARIABLE, nil)
  end)

  it("raises for names and values that cannot be", function()
    for _, name in ipairs { "", "a=b", "a\0b" } do
      raises(function() system.set_env(name, "x") end, "bad argument #1 to 'set_env'")
      raises(function() system.env(name) end, "bad argument #1 to 'env'")
    end
    raises(function() system.set_env("A", "x\0y") end, "bad argument #2 to 'set_env'")
  end)
end)

describe("the process", function()
  it("has ids, a program and a folder for temporary files", function()
    equal(tostring(system.parent_pid()), shell("ps -o ppid= -p " .. system.pid()):match "%d+")
    equal(fs.stat(system.executable()).type, "file")
    equal(fs.stat(system.temp_dir()).type, "directory")
    local before = system.env "TMPDIR"
    system.set_env("TMPDIR", "/var/tmp/")
    equal(system.temp_dir(), "/var/tmp")
    system.set_env("TMPDIR", before)
  end)

  it("works in a folder, and goes to another", function()
    local before = system.cwd()
    equal(before, shell "pwd -P")
    local folder = fs.mkdtemp "/tmp/neap-system-"
    equal(system.chdir(folder), true)
    equal(system.cwd(), folder)
    fs.remove(folder)
    equal(outcome(system.cwd()), "ENOENT")
    system.chdir(before)
    equal(fails("ENOENT", system.chdir(folder)).path, folder)
    raises(function() system.chdir "a\0b" end, "bad argument #1 to 'chdir'")
  end)

  it("has used processors and memory", function()
    local usage = system.usage()
    assert(usage.user + usage.system > 0 and usage.user < 600)
    assert(usage.max_rss >= system.memory().rss / 2 and usage.max_rss < system.memory().total)
    assert(usage.minor_faults > 0 and usage.voluntary_switches >= 0)
  end)

  it("has a priority, which is lowered here for a child", function()
    equal(tostring(system.priority()), shell("ps -o ni= -p " .. system.pid()):match "%-?%d+")
    local pipe = io.popen "echo $$; exec sleep 60"
    local child = tonumber(pipe:read "*l")
    equal(system.set_priority(19, child), true)
    equal(system.priority(child), 19)
    os.execute("kill " .. child)
    pipe:close()
    fails("ESRCH", system.priority(2 ^ 31 - 1))
    raises(function() system.set_priority(20) end, "integer from %-20 to 19 expected")
    raises(function() system.priority(-1) end, "a process's id expected")
  end)
end)
