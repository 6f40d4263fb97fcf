-- process_spec.lua -- what neap.process promises, with real programs.

local errors = require "neap.errors"
local fs = require "neap.fs"
local net = require "neap.net"
local process = require "neap.process"
local stream = require "neap.stream"
local task = require "neap.task"
local test = require "neap.test"

local describe, it = test.describe, test.it
local equal, fails, raises = test.equal, test.fails, test.raises

local folder

local function at(name) return folder .. "/" .. name end

local function lives(pid)
  local text = fs.read_file(("/proc/%d/stat"):format(pid))
  return text ~= nil and not text:find("%) Z")
end

-- A zombie is one of /proc too.
local function is_known(pid) return fs.stat(("/proc/%d"):format(pid)) ~= nil end

local function wait_until(condition, ...)
  while not condition(...) do task.sleep(0.005) end
end

local function is_gone(pid) return not lives(pid) end

describe("neap.process", function()
  test.before(function() folder = assert(fs.mkdtemp "/tmp/neap-process-") end)
  test.after(function() assert(fs.remove(folder, { recursive = true })) end)

  describe("run", function()
    it("gives what a program says and its status", function()
      local result = assert(process.run { shell = "echo out; echo err >&2; exit 3" })
      equal(result.stdout, "out\n")
      equal(result.stderr, "err\n")
      equal(result.code, 3)
      equal(result.ok, false)
      equal(result.signal, nil)
    end)

    it("passes arguments as they are", function()
      local result = assert(process.run { "printf", "%s|", "a b", "$HOME", "*", "", "'" })
      equal(result.stdout, "a b|$HOME|*||'|")
      equal(process.run({ shell = 'echo "$2"', "x", "y z" }).stdout, "y z\n")
    end)

    it("names the signal that ended it", function()
      local result = assert(process.run { shell = "kill -TERM $$" })
      equal(result.signal, "SIGTERM")
      equal(result.code, 143)
    end)

    it("names a program that is not there, and what cannot be run", function()
      local err = fails("ENOENT", process.run { "no-such-program" })
      equal(err.path, "no-such-program")
      fs.write_file(at "text", "text")
      fails("EACCES", process.run { at "text" })
      assert(fs.write_file(at "data", "neither a program nor a script"))
      assert(fs.chmod(at "data", 493)) -- 0755
      err = fails("ENOEXEC", process.run { at "data" })
      equal(err.message, "exec format error")
      fails("EACCES", process.run { folder })
      err = fails("ENOENT", process.run { "true", cwd = at "none" })
      equal(err.path, at "none")
      equal(err.syscall, "chdir")
    end)

    it("gives input, also when that is much and is given back", function()
      local text = ("0123456789abcdef"):rep(100000)
      assert(process.run({ "cat", input = text }).stdout == text)
    end)

    it("does not mind input that nobody reads", function()
      equal(process.run({ "true", input = ("x"):rep(1000000) }).code, 0)
    end)

    it("has no input unless it is given", function()
      equal(process.run({ "cat" }).stdout, "")
    end)

    it("reads and writes files", function()
      fs.write_file(at "in", "text")
      equal(process.run({ "cat", input = { path = at "in" }, stdout = { path = at "out" } }).stdout, nil)
      process.run { "echo", "more", stdout = { path = at "out", append = true } }
      equal(fs.read_file(at "out"), "textmore\n")
      equal(fails("ENOENT", process.run { "cat", input = { path = at "none" } }).path, at "none")
    end)

    it("joins errors and output in the order they were written", function()
      equal(process.run({ shell = "echo a; echo b >&2; echo c", stderr = "stdout" }).stdout, "a\nb\nc\n")
    end)

    it("kills the whole group when there is too much output", function()
      local err = fails("ELIMIT", process.run { shell = "echo $$ > $1; yes | cat", at "pid", limit = 100000 })
      assert(tostring(err):find("100000", 1, true))
      wait_until(is_gone, tonumber(fs.read_file(at "pid")))
    end)

    it("kills the whole group when the time is up", function()
      fails("ETIMEDOUT", process.run { shell = "sleep 1000 & echo $! > $1; wait", at "pid", timeout = 0.3 })
      wait_until(is_gone, tonumber(fs.read_file(at "pid")))
    end)

    it("kills what holds the output after the program has ended", function()
      fails("ETIMEDOUT", process.run { shell = "sleep 1000 & echo $! > $1", at "pid", timeout = 0.3 })
      wait_until(is_gone, tonumber(fs.read_file(at "pid")))
    end)

    it("kills it when the task is cancelled", function()
      local t = task.spawn(process.run, { shell = "echo $$ > $1; exec sleep 1000", at "pid" })
      wait_until(function() return (fs.read_file(at "pid") or ""):find "\n" end)
      t:cancel()
      wait_until(function() return not is_known(tonumber(fs.read_file(at "pid"))) end)
    end)

    it("takes a callback", function()
      local code, output
      process.run({ "echo", "x" }, function(err, result) code, output = err, result.stdout end)
      equal(output, nil)
      wait_until(function() return output end)
      equal(code, nil)
      equal(output, "x\n")
    end)

    it("extends the environment, or replaces it", function()
      local result = process.run { "/usr/bin/env", env = { NEAP_X = "1=2" } }
      assert(result.stdout:find("NEAP_X=1=2\n", 1, true) and result.stdout:find("PATH=", 1, true))
      equal(process.run({ "/usr/bin/env", env = { A = "b" }, replace_env = true }).stdout, "A=b\n")
      assert(not process.run({ "/usr/bin/env", env = { PATH = false } }).stdout:find "^PATH=")
      assert(not process.run({ "/usr/bin/env", env = { PATH = false } }).stdout:find "\nPATH=")
    end)

    it("runs in another folder, a relative program from ours", function()
      equal(process.run({ "pwd", cwd = folder }).stdout, folder .. "\n")
      equal(process.run({ "./build/neap", "-e", "print(1)", cwd = folder }).stdout, "1\n")
    end)

    it("passes no descriptor but 0 to 2", function()
      local file = assert(fs.open "/dev/null")
      local result = process.run { shell = "ls /proc/$$/fd; true" }
      equal(result.stdout, "0\n1\n2\n")
      file:close()
    end)

    it("blocks and ignores no signal in the child", function()
      local text = process.run({ "cat", "/proc/self/status" }).stdout
      equal(text:match "SigBlk:%s*(%x+)", ("0"):rep(16))
      equal(tonumber(text:match "SigIgn:%s*(%x+)", 16) % 2 ^ 13 >= 2 ^ 12, false) -- SIGPIPE
    end)

    it("runs many at once", function()
      local results = task.map({ 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20 }, {},
        function(i) return process.run({ "echo", tostring(i) }).stdout end)
      for i = 1, 20 do equal(results[i], i .. "\n") end
    end)

    it("refuses what is no option", function()
      raises(function() process.run { "true", timout = 1 } end, "bad option 'timout'")
      raises(function() process.run {} end, "bad argument #1")
      raises(function() process.run { "a\0b" } end, "bad argument #1")
      raises(function() process.run { "echo", nil, "lost" } end, "bad argument #1")
      raises(function() process.pipeline { { "echo", nil, "lost" }, { "cat" } } end, "stage 1")
      raises(function() process.run { "true", env = { ["A=B"] = "c" } } end, "bad option 'env'")
    end)
  end)

  describe("spawn", function()
    it("gives streams", function()
      local child = assert(process.spawn { "cat" })
      child.stdin:write("x")
      equal(child.stdout:read(), "x")
      child.stdin:shutdown()
      equal(child.stdout:read(), nil)
      equal(child:wait().code, 0)
      equal(child.stderr, nil)
      child:close()
    end)

    it("may be waited for twice, and after the end", function()
      local child = assert(process.spawn { "cat" })
      local first = task.spawn(child.wait, child)
      local second = task.spawn(child.wait, child)
      child.stdin:close()
      equal(first:wait().code, 0)
      equal(second:wait().code, 0)
      equal(child:wait().code, 0)
      child:close()
    end)

    it("sends signals by name and by number", function()
      for signal, name in pairs { TERM = "SIGTERM", SIGINT = "SIGINT", [9] = "SIGKILL" } do
        local child = assert(process.spawn { "sleep", "1000" })
        child:kill(signal)
        equal(child:wait().signal, name)
        fails("ESRCH", child:kill())
        child:close()
      end
      local child = assert(process.spawn { "cat" })
      raises(function() child:kill "NONE" end, "bad argument #1 to 'kill' (no such signal)")
      child:close()
    end)

    it("hands a stream of one child to another", function()
      local a = assert(process.spawn { "echo", "text", stdin = "null" })
      local b = assert(process.spawn { "cat", stdin = a.stdout })
      assert(a.stdout:is_closed())
      equal(b.stdout:read_all(), "text\n")
      equal(a:wait().code + b:wait().code, 0)
      b:close()
    end)

    it("leaves a stream that it cannot hand over as it was", function()
      local a = assert(process.spawn { "cat" })
      assert(a.stdin:write "one\ntwo\n")
      equal(a.stdout:read_exactly(2), "on") -- and has read more
      local err = fails("EBUSY", process.spawn { "cat", stdin = a.stdout })
      assert(err.message:find("read and not taken", 1, true), err.message)
      equal(a.stdout:read_exactly(6), "e\ntwo\n")
      fails("EACCES", process.spawn { folder, stdin = a.stdout })
      fails("ENOENT", process.spawn { "cat", stdin = a.stdout, stdout = { path = at "none/such" } })
      assert(fs.write_file(at "data", "neither a program nor a script"))
      assert(fs.chmod(at "data", 493)) -- 0755
      fails("ENOEXEC", process.spawn { at "data", stdin = a.stdout }) -- found out in the child
      local reading = task.spawn(a.stdout.read, a.stdout)
      task.sleep(0.01) -- a descriptor that blocked would stop us here, for ever
      assert(a.stdin:write "three\n")
      equal(reading:wait(), "three\n")
      local b = assert(process.spawn { "cat", stdin = a.stdout })
      equal(a.stdout:is_closed(), true)
      assert(a.stdin:write "four\n")
      assert(a.stdin:shutdown())
      equal(b.stdout:read_all(), "four\n")
      a:close()
      b:close()
    end)

    it("has one stream in two places", function()
      local listener = assert(net.listen { host = "127.0.0.1", port = 0 })
      local near = assert(net.connect("127.0.0.1", select(2, listener:address())))
      local far = assert(listener:accept())
      listener:close()
      local child = assert(process.spawn { "cat", stdin = far, stdout = far })
      assert(near:write "through\n")
      equal(near:read_line(), "through")
      near:close()
      equal(child:wait().code, 0)
      child:close()
    end)

    it("is killed and reaped when who waits is cancelled", function()
      local child = assert(process.spawn { "sleep", "1000" })
      fails("ETIMEDOUT", task.timeout(0.05, child.wait, child))
      equal(child:wait().signal, "SIGKILL")
      equal(is_known(child.pid), false)
      child:close()
    end)

    it("is killed and reaped when it is closed", function()
      local child = assert(process.spawn { "sleep", "1000" })
      child:close()
      child:close()
      wait_until(function() return not is_known(child.pid) end)
    end)

    it("is killed when it has gone to another group", function()
      local leave = "setpgrp(0, getpgrp(getppid())) or die; $| = 1; print qq(gone\\n); sleep 1000"
      local child = assert(process.spawn { "perl", "-e", leave })
      equal(child.stdout:read_line(), "gone")
      assert(child:kill(0, { group = true }))
      child:close()
      wait_until(function() return not is_known(child.pid) end)
    end)

    it("signals no group that has got the number of its own", function()
      local child = assert(process.spawn { "true", stdin = "null", stdout = "null" })
      child:wait()
      local counter = io.open("/proc/sys/kernel/ns_last_pid", "w")
      if not counter or not counter:write(child.pid - 1) or not counter:close() then
        test.skip "this machine lets nobody choose the number of a process"
      end
      local other = assert(process.spawn { "sleep", "1000", stdin = "null", stdout = "null" })
      if other.pid ~= child.pid then test.skip "another process was quicker" end
      fails("ESRCH", child:kill("KILL", { group = true }))
      assert(other:kill(0))
      other:close()
    end)

    it("has no status when it was let go of while it ran", function()
      local child = assert(process.spawn { "sleep", "1000", detached = true, stdin = "null", stdout = "null" })
      child:close()
      fails("ECLOSED", child:wait())
      assert(child:kill("KILL", { group = true }))
    end)

    it("is reaped when it was dropped", function()
      local pid = assert(process.spawn { "true", stdin = "null", stdout = "null" }).pid
      collectgarbage()
      wait_until(function() return not is_known(pid) end)
    end)

    it("has a session of its own when it is asked for", function()
      local child = assert(process.spawn { "sleep", "1000", session = true })
      equal(tonumber(fs.read_file(("/proc/%d/stat"):format(child.pid)):match "%) %a %d+ %d+ (%d+)"), child.pid)
      child:close()
    end)
  end)

  describe("pipeline", function()
    it("runs all, each reading what the one before it writes", function()
      local result = assert(process.pipeline { { "sort" }, { "uniq" }, { "wc", "-l" }, input = "b\na\nb\n" })
      equal(tonumber(result.stdout), 2)
      equal(#result.statuses, 3)
      equal(result.ok, true)
    end)

    it("puts the errors of all into one file", function()
      local function say(name) return { "sh", "-c", "cat; echo " .. name .. " >&2" } end
      assert(fs.write_file(at "errors", "old\n"))
      assert(process.pipeline { say "one", say "two", say "three", stderr = { path = at "errors" } })
      local lines = {}
      for line in assert(fs.read_file(at "errors")):gmatch "[^\n]+" do lines[#lines + 1] = line end
      table.sort(lines)
      equal(table.concat(lines, " "), "one three two")
      assert(process.pipeline { say "four", say "five", stderr = { path = at "errors", append = true } })
      equal(select(2, fs.read_file(at "errors"):gsub("\n", "")), 5)
      local near, far = stream.pair()
      raises(function() process.pipeline { { "true" }, { "true" }, stderr = near } end, "bad option 'stderr'")
      near:close()
      far:close()
    end)

    it("gives a stage its own options before those of all", function()
      local one = { "sh", "-c", "pwd; echo $A $B; echo one >&2", cwd = "/", env = { A = "1" }, stderr = "stdout" }
      local two = { shell = "cat; pwd; echo $A $B; echo two >&2" }
      local result = assert(process.pipeline { one, two, cwd = folder, env = { A = "a", B = "b" } })
      equal(result.stdout, "/\n1\none\n" .. folder .. "\na b\n")
      equal(result.stderr, "two\n")
    end)

    it("refuses what is no option of a stage, and what would be left out", function()
      local function refuses(given, why)
        raises(function() process.pipeline(given) end, "^spec/process_spec%.lua:%d+: " .. why)
      end
      refuses({ { "true", input = "x" }, { "true" } }, "bad option 'input' of 'stage of pipeline' %(options: cwd,")
      refuses({ { "true" }, { "true", cwd = 1 } }, "bad option 'cwd' of 'stage of pipeline'")
      refuses({ { "true" }, shell = "true" }, "bad option 'shell' of 'pipeline'")
      refuses({ { "true" }, {} }, "bad argument #1 to 'pipeline' %(stage 2: a program")
      refuses({ { "true" }, "true" }, "bad argument #1 to 'pipeline' %(stage 2: table")
      refuses({ { "true" }, [3] = { "true" } }, "bad argument #1 to 'pipeline' %(lists")
      refuses({}, "bad argument #1 to 'pipeline' %(lists")
    end)

    it("starts none that is left running when one is not there", function()
      fails("ENOENT", process.pipeline { { "sleep", "1000" }, { "no-such-program" } })
    end)

    it("tells when one of them fails", function()
      local result = assert(process.pipeline { { "false" }, { "cat" } })
      equal(result.code, 0)
      equal(result.ok, false)
      equal(result.statuses[1].code, 1)
    end)

    it("lets a program end by SIGPIPE when its reader has gone", function()
      local result = assert(process.pipeline { { "yes" }, { "head", "-n", "1" } })
      equal(result.stdout, "y\n")
      equal(result.statuses[1].signal, "SIGPIPE")
    end)
  end)

  it("takes no wrong request in its C half, which restricted scripts reach too", function()
    local spawn = require "neap_process".spawn
    local arguments, stdio = { "true" }, { "null", "null", "null" }
    raises(function() spawn() end, "table expected")
    raises(function() spawn {} end, "arguments")
    raises(function() spawn { arguments = {}, stdio = stdio } end, "arguments")
    raises(function() spawn { arguments = { "true", {} }, stdio = stdio } end, "arguments are strings")
    raises(function() spawn { arguments = arguments } end, "stdio")
    raises(function() spawn { arguments = arguments, stdio = stdio, env = { [true] = "x" } } end, "name is a string")
    fails("EINVAL", spawn { arguments = arguments, stdio = { {}, {}, {} } })
  end)

  it("gives errors that are error objects", function()
    local _, err = process.run { "no-such-program" }
    assert(errors.is(err, "ENOENT"))
    raises(function() process.run { "no-such-program" } end, "no-such-program")
  end)
end)
