-- stdio_spec.lua -- io.read, io.lines, io.popen and os.execute, as Lua has them, but waiting; the process's streams.

local errors = require "neap.errors"
local fs = require "neap.fs"
local process = require "neap.process"
local task = require "neap.task"
local test = require "neap.test"
local uv = require "uv"

local describe, it = test.describe, test.it
local equal, raises = test.equal, test.raises

local folder

local function at(name) return folder .. "/" .. name end

local function run(program, text, given)
  assert(fs.write_file(at "script.lua", text))
  local request = { program, at "script.lua" }
  for key, value in pairs(given or {}) do
    request[key] = value
  end
  local result = assert(process.run(request))
  equal(result.stderr, "")
  return result.stdout, result
end

local function neap(text, given) return run(uv.exepath(), text, given) end

-- Starts a script that is talked with; fn gets the child.
local function talk(text, fn)
  assert(fs.write_file(at "script.lua", text))
  local child = assert(process.spawn { uv.exepath(), at "script.lua" })
  local ok, err = pcall(fn, child)
  child:close()
  assert(ok, err)
end

local SHOW = [[
local function show(...)
  for i = 1, select("#", ...) do
    local value = select(i, ...)
    io.write(type(value) == "string" and ("%q"):format(value) or tostring(value), " ")
  end
  io.write "\n"
end
]]

local function ticks_during(fn)
  local ticks, over = 0, false
  local ticker = task.spawn(function()
    while not over do
      ticks = ticks + 1
      task.yield()
    end
  end)
  fn()
  over = true
  ticker:wait()
  return ticks
end

describe("standard input", function()
  test.before(function() folder = assert(fs.mkdtemp "/tmp/neap-stdio-") end)
  test.after(function() assert(fs.remove(folder, { recursive = true })) end)

  it("is read by Lua's formats, with LuaJIT's results", function()
    local calls = {
      'io.read("*n", "*n", "*n")', 'io.read("*l", "*L", "*a")', 'io.read(3, 0, "*l", 1000)', 'io.read("*a", "*a")',
      'io.read("n", "l", "L", "a")', "io.read(0)", "io.read()", "io.read(2.7)", 'io.stdin:read("*n", 1)',
    }
    local inputs = {
      "", "a", "\n", "1 2 3", "12abc", "0x1p4 -3.5e2\n 7", "1e+x", "inf nan infinity\n", "+.5.5", "a\nb\r\n\nlast",
      "  \n\n 5\n6", "0x", "1e400 5", "1.2.3",
    }
    for i, call in ipairs(calls) do
      local script = ("%sfor _ = 1, 4 do show(%s) end"):format(SHOW, call)
      for j = 1 + i % 4, #inputs, 4 do
        local given = { input = inputs[j] }
        equal(neap(script, given), (run("luajit", script, given)), call .. " of " .. inputs[j])
      end
    end
  end)

  it("is read line by line by io.lines and io.stdin:lines, with formats", function()
    equal(neap("for line in io.lines() do print(line) end", { input = "a\n\nb" }), "a\n\nb\n")
    equal(neap("for n, c in io.lines(nil, '*n', 1) do print(n, c) end", { input = "1,2;3" }), "1\t,\n2\t;\n3\tnil\n")
    equal(neap("for text in io.stdin:lines(2) do print(text) end", { input = "abcde" }), "ab\ncd\ne\n")
  end)

  it("holds lines and numbers that come in pieces", function()
    talk("print(io.read('*n', '*l', 5))", function(child)
      for _, piece in ipairs { " 1", "2", ".5", " re", "st\n", "ab", "cde" } do
        assert(child.stdin:write(piece))
        task.sleep(0.001)
      end
      equal(child.stdout:read_line(), "12.5\t rest\tabcde")
    end)
  end)

  it("lets other tasks run while one waits, which is no deadlock", function()
    talk([[
      require("neap.task").spawn(function()
        require("neap.task").sleep(0.001)
        print "meanwhile"
        io.flush()
      end)
      print(io.read())]], function(child)
      equal(child.stdout:read_line(), "meanwhile")
      assert(child.stdin:write "later\n")
      equal(child.stdout:read_line(), "later")
      equal(child:wait().code, 0)                    -- the input is still open
    end)
  end)

  it("gives each of several tasks a whole answer", function()
    local script = [[
      local task = require "neap.task"
      task.all { function() print(io.read("*l", "*l")) end, function() print(io.read("*l", "*l")) end }]]
    talk(script, function(child)
      for _, piece in ipairs { "1\n", "2\n3", "\n4\n" } do
        assert(child.stdin:write(piece))
        task.sleep(0.001)
      end
      equal(child.stdout:read_all(), "1\t2\n3\t4\n")
    end)
  end)

  it("is given up by a task whose time is up, and what comes is the next one's", function()
    talk([[
      local task = require "neap.task"
      local line, err = task.timeout(0.01, io.read)
      print(line, err.code)
      io.flush()
      print(io.read())]], function(child)
      equal(child.stdout:read_line(), "nil\tETIMEDOUT")
      assert(child.stdin:write "line\n")
      equal(child.stdout:read_line(), "line")
    end)
  end)

  it("is a deadlock no longer when nobody reads it", function()
    talk([[
      print(io.read())
      require("neap.task").channel(0):receive()]], function(child)
      assert(child.stdin:write "line\n")
      equal(child.stdout:read_line(), "line")
      equal(child:wait().code, 1)
    end)
  end)

  it("may be a file, /dev/null, a FIFO or closed", function()
    assert(fs.write_file(at "input", ("x"):rep(200000) .. "\nend"))
    local script = "local a, b, c = io.read('*l', '*l', '*l') print(#a, b, c, io.read())"
    equal(neap(script, { input = { path = at "input" } }), "200000\tend\tnil\tnil\n")
    equal(neap("print(io.read(), #io.read('*a'))"), "nil\t0\n")
    assert(fs.write_file(at "script.lua", "print(io.read(), io.read(0))"))
    equal(process.run({ shell = '"$1" "$2" <&-', uv.exepath(), at "script.lua" }).stdout, "nil\tnil\n")
    equal(process.run({ shell = 'echo a | "$1" "$2"', uv.exepath(), at "script.lua" }).stdout, "a\tnil\n")
  end)

  it("leaves its descriptor as it is, for others that have it", function()
    assert(fs.write_file(at "script.lua", "print(io.read())"))
    local shell = '{ "$1" "$2"; grep flags /proc/self/fdinfo/0; }'
    local child = assert(process.spawn { shell = shell, uv.exepath(), at "script.lua" })
    assert(child.stdin:write "one\n")
    local said = child.stdout:read_all()
    child:close()
    local flags = tonumber(said:match "one\nflags:%s*0(%d+)", 8)
    equal(math.floor(flags / 2048) % 2, 0, "O_NONBLOCK")
  end)

  it("is read again after its end, when there is more", function()
    assert(fs.write_file(at "input", "one\n"))
    local script = [[
      print(io.read(), io.read())
      local file = io.open(arg[1], "a")
      file:write "two\n"
      file:close()
      print(io.read(), io.read())]]
    assert(fs.write_file(at "script.lua", script))
    local result = process.run { uv.exepath(), at "script.lua", at "input", input = { path = at "input" } }
    equal(result.stdout, "one\tnil\ntwo\tnil\n")
  end)

  it("is sought from where the script is, however much has been read ahead", function()
    assert(fs.write_file(at "input", "one\ntwo\nthree\n" .. ("x"):rep(200000)))
    local script = SHOW .. [[
      show(io.stdin:seek(), io.read(), io.stdin:seek(), io.read())
      show(io.stdin:seek("cur", -4), io.read(), io.stdin:seek("set", 1), io.read())
      show(io.stdin:seek("end", -1), io.read(), io.read(), io.stdin:seek("set"), io.read())
      local _, err = io.stdin:seek("set", -1)
      show(err.code, io.read(), io.stdin:seek())
      show(#io.read "*a", io.stdin:seek())]]
    equal(neap(script, { input = { path = at "input" } }), '0 "one" 4 "two" \n4 "two" 1 "ne" \n' ..
      '200013 "x" nil 0 "one" \n"EINVAL" "two" 8 \n200006 200014 \n')
  end)

  it("leaves to a program what a seek has given back", function()
    assert(fs.write_file(at "input", "one\ntwo\n"))
    local script = "io.read() io.stdin:seek() os.execute 'cat'"
    equal(neap(script, { input = { path = at "input" } }), "two\n")
  end)

  it("that is a pipe cannot be sought", function()
    equal(neap("io.read() print(select(2, io.stdin:seek()).code, io.read())", { input = "a\nb\n" }), "ESPIPE\tb\n")
    local said = neap "print(pcall(function() io.stdin:seek 'here' end))"
    assert(said:find("script.lua:1: bad argument #1 to 'seek' (invalid option 'here')", 1, true), said)
  end)

  it("gives way to what io.input has selected", function()
    assert(fs.write_file(at "other", "from a file\n"))
    local script = ([[
      io.input(%q)
      print(io.read())
      for line in io.lines(%q) do print(line) end
      io.input(io.stdin)
      print(io.read())]]):format(at "other", at "other")
    equal(neap(script, { input = "from the input" }), "from a file\nfrom a file\nfrom the input\n")
  end)

  it("is read within coroutines, and not where nothing can wait", function()
    equal(neap("print(coroutine.wrap(function() return io.read() end)())", { input = "in" }), "in\n")
    local said = neap("print(pcall(table.sort, { 2, 1 }, function() return io.read() end))", { input = "in" })
    assert(said:find("^false\tEWAIT"), said)
  end)

  it("raises for formats that are none", function()
    local said = neap [[
      print(select(2, pcall(io.read, "*l", "x")))
      print(select(2, pcall(io.read, {})))
      print(select(2, pcall(io.read, -1)))]]
    equal(said, "bad argument #2 to 'read' (invalid format)\nbad argument #1 to 'read' (invalid option)\n"
      .. "bad argument #1 to 'read' (invalid count)\n")
  end)
end)

describe("io.popen", function()
  it("gives what a program says, while others run", function()
    local fifo = assert(fs.mkdtemp "/tmp/neap-popen-") .. "/fifo"
    assert(process.run { "mkfifo", fifo }.ok)
    local file = assert(io.popen("echo first; cat " .. fifo))
    equal(file:read(), "first")
    local writer = assert(process.spawn { shell = 'read -r _; printf "second\\n3" > "$1"', fifo })
    task.spawn(function() assert(writer.stdin:write "go\n") end)
    assert(ticks_during(function() equal({ file:read("*L", "*n") }, { "second\n", 3 }) end) > 0)
    equal({ file:close() }, { true, "exit", 0 })
    writer:wait()
    writer:close()
    assert(fs.remove(fifo:match "^(.*)/", { recursive = true }))
  end)

  it("takes what a program reads, and close waits for it", function()
    local folder_of = assert(fs.mkdtemp "/tmp/neap-popen-")
    local file = assert(io.popen("sort > " .. folder_of .. "/out", "w"))
    equal(file:write("b\n", "a\n", 1, "\n"), file)
    equal(file:flush(), true)
    equal({ file:close() }, { true, "exit", 0 })
    equal(fs.read_file(folder_of .. "/out"), "1\na\nb\n")
    assert(fs.remove(folder_of, { recursive = true }))
  end)

  it("passes on more than a pipe holds", function()
    local file = assert(io.popen("wc -c >&2; exit 0", "w"))
    file:close()
    local counted = assert(io.popen "head -c 1000000 /dev/zero")
    equal(#counted:read "*a", 1000000)
    equal(counted:read "*a", "")
    equal(counted:read(1), nil)
    counted:close()
  end)

  it("is a file to io.type, tostring, io.input, io.output and io.close", function()
    local file = assert(io.popen "echo one")
    equal(io.type(file), "file")
    equal(type(file), "userdata")
    assert(tostring(file):find "^file %(0x")
    local before = io.input()
    io.input(file)
    equal(io.read(), "one")
    io.input(before)
    equal({ io.close(file) }, { true, "exit", 0 })
    equal(io.type(file), "closed file")
    raises(function() file:read() end, "closed file")
    raises(function() file:close() end, "closed file")
    local sink, was = assert(io.popen("cat > /dev/null", "w")), io.output()
    io.output(sink)
    equal(io.write "text", sink)
    equal({ io.close() }, { true, "exit", 0 })
    io.output(was)
  end)

  it("says how the program ended", function()
    equal({ io.popen("exit 3"):close() }, { nil, "exit", 3 })
    equal({ io.popen("kill -9 $$"):close() }, { nil, "signal", 9 })
  end)

  it("refuses what the direction forbids, and other modes", function()
    local file = assert(io.popen "true")
    local ok, err = file:write "x"
    equal(ok, nil)
    equal(err.code, "EBADF")
    file:close()
    file = assert(io.popen("true", "w"))
    ok, err = file:read()
    equal(ok, nil)
    equal(err.code, "EBADF")
    file:close()
    ok, err = io.popen("true", "rw")
    equal(ok, nil)
    equal(err.code, "EINVAL")
    raises(function() io.popen() end, "bad argument #1 to 'popen'")
  end)

  it("says EPIPE when the program has gone", function()
    local file = assert(io.popen("exec <&-; echo", "w"))
    local ok, err
    repeat
      ok, err = file:write(("x"):rep(1000))
      task.yield()
    until not ok
    assert(errors.is(err, "EPIPE") or errors.is(err, "ECONNRESET"), tostring(err))
    equal({ file:close() }, { true, "exit", 0 })
  end)

  it("iterates over lines", function()
    local file, lines = assert(io.popen "printf 'a\\n\\nb'"), {}
    for line in file:lines() do
      lines[#lines + 1] = line
    end
    equal(lines, { "a", "", "b" })
    file:close()
  end)

  it("leaves files of the disk alone", function()
    local file = assert(io.tmpfile())
    file:write("text\n")
    file:seek("set")
    equal(file:read(), "text")
    equal(file:close(), true)
  end)
end)

describe("os.execute", function()
  it("gives a command's outcome, while others run", function()
    equal({ os.execute "exit 4" }, { nil, "exit", 4 })
    equal({ os.execute "true" }, { true, "exit", 0 })
    equal({ os.execute "kill -15 $$" }, { nil, "signal", 15 })
    equal(os.execute(), true)
    assert(ticks_during(function() os.execute "sleep 0.01" end) > 0)
  end)

  it("runs nothing where nothing can wait", function()
    local ok, err = pcall(table.sort, { 2, 1 }, function() return os.execute "echo it ran" end)
    equal(ok, false)
    equal(err.code, "EWAIT")
    raises(function() os.execute {} end, "bad argument #1 to 'execute'")
  end)

  it("comes after what was said before, and shares the standard streams", function()
    folder = assert(fs.mkdtemp "/tmp/neap-stdio-")
    local said = neap("io.write 'before ' os.execute 'cat' io.write ' after'", { input = "between" })
    equal(said, "before between after")
    assert(fs.remove(folder, { recursive = true }))
  end)

  it("kills the command when its task is cancelled", function()
    local value, err = task.timeout(0.02, os.execute, "exec sleep 100")
    equal(value, nil)
    equal(err.code, "ETIMEDOUT")
  end)

  it("gives children the limit of descriptors that we were given", function()
    folder = assert(fs.mkdtemp "/tmp/neap-stdio-")
    assert(fs.write_file(at "script.lua", "os.execute 'ulimit -n' print(io.popen('ulimit -n'):read())"))
    local said = process.run({ shell = 'ulimit -S -n 99; exec "$1" "$2"', uv.exepath(), at "script.lua" }).stdout
    equal(said, "99\n99\n")
    assert(fs.remove(folder, { recursive = true }))
  end)
end)

describe("the process itself", function()
  test.before(function() folder = assert(fs.mkdtemp "/tmp/neap-stdio-") end)
  test.after(function() assert(fs.remove(folder, { recursive = true })) end)

  it("has its standard streams as streams, in one order with print and io.read", function()
    local said = neap([[
      local process = require "neap.process"
      print(process.stdin:read_line(), io.read(), process.stdin:read_exactly(2))
      process.stdout:write "a"
      io.write "b"
      process.stdout:write("c", "\n")
      print(process.stdin == process.stdin, pcall(process.stdout.read, process.stdout))
      process.stdout:close()
      print "still there"]], { input = "1\n2\n345" })
    equal(said, "1\t2\t34\nabc\ntrue\ttrue\tnil\tEBADF: bad file descriptor, read\nstill there\n")
  end)

  it("pipes its input to its output", function()
    assert(fs.write_file(at "input", ("line\n"):rep(50000)))
    local script = "local p = require 'neap.process' print(p.stdin:pipe(p.stdout))"
    local said = neap(script, { input = { path = at "input" } })
    equal(#said, 250000 + #"250000\n")
  end)

  it("writes standard error after what was printed", function()
    assert(fs.write_file(at "script.lua", "print 'one' require('neap.process').stderr:write 'two'"))
    equal(process.run({ uv.exepath(), at "script.lua", stderr = "stdout" }).stdout, "one\ntwo")
  end)

  it("calls what on_exit was given, the last first, at the end, by exit, and by an error", function()
    local script = [[
      local process = require "neap.process"
      process.on_exit(function() print "first" end)
      process.on_exit(function() require("neap.task").sleep(0) end)
      process.on_exit(function() error "in a hook" end)
      process.on_exit(function() print "last" end)
      ]]
    for ending, code in pairs { [""] = 0, ["os.exit(3)"] = 3, ["process.exit(4)"] = 4, ["error 'x'"] = 1 } do
      assert(fs.write_file(at "script.lua", script .. ending))
      local result = assert(process.run { uv.exepath(), at "script.lua" })
      equal(result.stdout, "last\nfirst\n", ending)
      equal(result.code, code, ending)
      assert(result.stderr:find "in a hook" and result.stderr:find "EWAIT", result.stderr)
    end
  end)

  it("calls what on_exit was given in a restricted runtime too, which needs no permission for it", function()
    local code = "require 'neap.process'.on_exit(function() print 'bye' end) print 'hello'"
    local result = assert(process.run { uv.exepath(), "--sandbox", "-e", code .. " error 'x'" })
    equal({ result.stdout, result.code }, { "hello\nbye\n", 1 })
  end)

  it("has a number, and a title that can be set", function()
    equal(process.pid, uv.os_getpid())
    local said = neap("local p = require 'neap.process' assert(p.set_title 'tidal') print(p.title)")
    equal(said, "tidal\n")
  end)

  it("gives a file of neap.fs to a child, at its place", function()
    local file = assert(fs.open(at "both", "w+"))
    assert(file:write "before ")
    assert(process.run { shell = "printf out", stdout = file })
    assert(file:write("after", 10))
    equal(fs.read_file(at "both"), "before outafter")
    file:seek("set", 7)
    equal(process.run({ "cat", input = file }).stdout, "outafter")
    file:close()
    test.fails("ECLOSED", process.run { "true", stdout = file })
  end)
end)
