-- What threads and semaphores in `uv` promise.
local uv = require "uv"
local task = require "neap.task"
local test = require "neap.test"
local support = require "spec.uv.support"

local describe, it, equal = test.describe, test.it, test.equal
local refuses, run = support.refuses, support.run

-- An async handle, and receive() for what is sent to it.
local function inbox()
  local channel = task.channel(100)
  local async = assert(uv.new_async(function(...) channel:send { n = select("#", ...), ... } end))
  return async, function()
    local got = channel:receive()
    return unpack(got, 1, got.n)
  end
end

describe("uv.new_thread", function()
  it("runs a function with the arguments, which are copied", function()
    local async, receive = inbox()
    local thread = assert(uv.new_thread(function(reply, ...)
      reply:send(select("#", ...), ...)
    end, async, nil, true, 1.5, "a\0b", false, nil))
    equal({ receive() }, { 6, nil, true, 1.5, "a\0b", false, nil })
    equal(thread:join(), true)
    async:close()
  end)

  it("runs code", function()
    local async, receive = inbox()
    local thread = assert(uv.new_thread("local reply, n = ... reply:send(n + 1)", async, 41))
    equal(receive(), 42)
    assert(uv.thread_join(thread))
    async:close()
  end)

  it("gives it a state of its own: no upvalues, no globals", function()
    local async, receive = inbox()
    local value = 5
    _G.neap_spec_global = 5
    local thread = assert(uv.new_thread(function(reply)
      reply:send(value, _G.neap_spec_global)
    end, async))
    equal({ receive() }, { nil, nil })
    _G.neap_spec_global = nil
    assert(thread:join())
    async:close()
  end)

  it("lets it require uv and neap's modules, wait, and run its loop", function()
    local async, receive = inbox()
    local thread = assert(uv.new_thread(function(reply)
      local inner, tasks = require "uv", require "neap.task"
      assert(inner == require "luv")
      local timer = inner.new_timer()
      local channel = tasks.channel(1)
      timer:start(5, 0, function() timer:close() channel:send "fired" end)
      local got = channel:receive()
      tasks.sleep(0.005)
      tasks.spawn(function() tasks.sleep(0.005) reply:send(got, inner.thread_self()) end)
    end, async))
    local got, self = receive()
    equal(got, "fired")
    assert(self == thread and self:equal(thread))
    assert(thread:join())
    async:close()
  end)

  it("lets it run its loop itself", function()
    local async, receive = inbox()
    local thread = assert(uv.new_thread(function(reply)
      local inner, fired = require "uv", 0
      local timer = inner.new_timer()
      timer:start(1, 1, function()
        fired = fired + 1
        if fired == 3 then timer:close() end
      end)
      local more = inner.run()
      reply:send(fired, more)
    end, async))
    equal({ receive() }, { 3, false })
    assert(thread:join())
    async:close()
  end)

  it("finds modules where its starter does", function()
    local async, receive = inbox()
    local path = package.path
    package.path = "/nowhere/?.lua;" .. path
    local thread = assert(uv.new_thread(function(reply) reply:send(package.path) end, async))
    package.path = path
    equal(receive(), "/nowhere/?.lua;" .. path)
    assert(thread:join())
    async:close()
  end)

  it("runs fifty at once", function()
    local threads, sum, total = {}, uv.new_sem(0), 0
    for i = 1, 50 do
      threads[i] = assert(uv.new_thread(function(sem, n)
        require "neap.task".sleep(0.01)
        for _ = 1, n do sem:post() end
      end, sum, i))
    end
    for i = 1, 50 do assert(threads[i]:join()) end
    while sum:trywait() do total = total + 1 end
    equal(total, 50 * 51 / 2)
  end)

  it("has the stack that is asked for, and enough of it", function()
    local deep = function(reply)
      local function depth(n) return n == 0 and 0 or 1 + depth(n - 1) end
      reply:send(depth(1000), (("x"):rep(100):gsub("x", "y")))
    end
    local async, receive = inbox()
    for _, size in ipairs { 1, 100000, 4e6 } do
      local thread = assert(uv.new_thread({ stack_size = size }, deep, async))
      equal({ receive() }, { 1000, ("y"):rep(100) })
      assert(thread:join())
    end
    async:close()
    refuses("stack_size option must be a number", uv.new_thread, { stack_size = "x" }, print)
  end)

  it("refuses what cannot go there", function()
    local timer = uv.new_timer()
    refuses("function expected", uv.new_thread)
    refuses("bad argument #2", uv.new_thread, {})
    refuses("unable to dump", uv.new_thread, math.sin)
    refuses("thread arg not support type 'function' at 2", uv.new_thread, "", 1, print)
    refuses("thread arg not support type 'userdata' at 1", uv.new_thread, "", io.stdout)
    timer:close()
    refuses("thread arg not support type 'userdata' at 1", uv.new_thread, "", timer)
  end)

  it("can be joined once", function()
    local thread = assert(uv.new_thread "")
    equal(thread:join(), true)
    equal({ thread:join() }, { nil, "ESRCH: no such process", "ESRCH" })
    equal(uv.thread_join(uv.thread_self()), nil)
    refuses("uv_thread expected", uv.thread_join, 5)
  end)

  it("is told apart from others", function()
    local one, two = assert(uv.new_thread "require 'uv'.sleep(20)"), assert(uv.new_thread "require 'uv'.sleep(20)")
    assert(uv.thread_self() == uv.thread_self() and uv.thread_equal(one, one))
    assert(one ~= two and one ~= uv.thread_self() and not uv.thread_equal(one, two))
    assert(tostring(one):find "^uv_thread_t: 0x", tostring(one))
    assert(one:join() and two:join())
    assert(one ~= two)
  end)

  it("can be joined by another thread", function()
    local async, receive = inbox()
    local slow = assert(uv.new_thread "require 'uv'.sleep(20)")
    local other = assert(uv.new_thread(function(thread, reply) reply:send(thread:join()) end, slow, async))
    equal(receive(), true)
    assert(other:join())
    equal(select(3, slow:join()), "ESRCH")
    async:close()
  end)
end)

describe("a thread's error", function()
  it("is reported with its traceback, and ends that thread only", function()
    local text, status = run [[
      local uv = require "uv"
      local function entry() local function inner() error "oops" end inner() end
      print(uv.new_thread(entry):join())
      print(uv.new_thread(function() require "neap.task".sleep(0.01) error "later" end):join())
      print(uv.new_thread("no code"):join())
    ]]
    equal(status, "0")
    equal(select(2, text:gsub("true\n", "")), 3)
    assert(text:find ":2: oops\nstack traceback:.-in function 'inner'", text)
    assert(text:find ":4: later\nstack traceback:", text)
    assert(text:find "thread:1: .-near 'code'", text)
  end)

  it("ends all that it has started", function()
    local text = run [[
      local uv = require "uv"
      uv.new_thread(function()
        require "uv".new_timer():start(20, 0, function() print "fired" end)
        require "neap.task".spawn(error, "oops")
      end):join()
    ]]
    assert(text:find "oops" and not text:find "fired", text)
  end)

  it("may be os.exit, which ends the thread only", function()
    equal({ run [[
      print(require "uv".new_thread(function() print "a" os.exit(3) print "b" end):join())
    ]] }, { "a\ntrue\n", "0" })
  end)
end)

describe("the program's end", function()
  it("waits for threads that work", function()
    equal({ run [[
      require "uv".new_thread(function() local uv = require "uv" for _ = 1, 5 do uv.sleep(10) end print "done" end)
      print "over"
    ]] }, { "over\ndone\n", "0" })
  end)

  it("stops those that wait", function()
    equal({ run [[
      local uv = require "uv"
      local sem = uv.new_sem()
      uv.new_thread(function() require "neap.task".sleep(1000) print "no" end)
      uv.new_thread(function() require "uv".new_timer():start(1e6, 0, print) require "uv".run() print "no" end)
      uv.new_thread(function(s) while true do s:wait() print "no" end end, sem)
      uv.new_thread(function() require "neap.net".listen({ port = 0, host = "127.0.0.1" }):accept() end)
      uv.sleep(50)
    ]] }, { "", "0" })
  end)

  it("stops them at os.exit too, and after an error", function()
    local start = "require 'uv'.new_thread(function() require 'neap.task'.sleep(1000) end) "
    equal({ run(start .. "os.exit(7)") }, { "", "7" })
    equal(select(2, run(start .. "error 'x'")), "1")
  end)
end)

describe("handles in other threads", function()
  it("are async handles to be sent to, until they close", function()
    local async, receive = inbox()
    local go, closed = uv.new_sem(), uv.new_sem()
    local thread = assert(uv.new_thread(function(to, ready, gone)
      assert(to:send("one", to) == 0)
      ready:post()
      gone:wait()
      assert(require "uv".async_send(to, "two") == 0)
      assert(not pcall(require "uv".close, to))
    end, async, go, closed))
    go:wait()
    local text, back = receive()
    equal(text, "one")
    assert(rawequal(back, async))
    async:close()
    closed:post()
    assert(thread:join())
  end)

  it("are others to be named only", function()
    local async, receive = inbox()
    local timer = uv.new_timer()
    local thread = assert(uv.new_thread(function(reply, other)
      reply:send(tostring(other), (pcall(require "uv".timer_stop, other)))
    end, async, timer))
    local name, ok = receive()
    equal({ name, ok }, { tostring(timer), false })
    assert(thread:join())
    timer:close()
    async:close()
  end)

  it("may be sent to by many at once", function()
    local async = uv.new_async(function() end)
    local threads = {}
    for i = 1, 8 do
      threads[i] = assert(uv.new_thread(function(to) for n = 1, 2000 do to:send(n, ("x"):rep(n % 50)) end end, async))
    end
    task.sleep(0.005)
    async:close()
    for i = 1, 8 do assert(threads[i]:join()) end
  end)
end)

describe("uv.new_sem", function()
  it("counts", function()
    local sem = assert(uv.new_sem(2))
    equal({ sem:trywait(), sem:trywait(), sem:trywait() }, { true, true, false })
    equal(select("#", uv.sem_post(sem)), 0)
    equal(select("#", uv.sem_wait(sem)), 0)
    equal(uv.sem_trywait(sem), false)
    refuses("value must be >= 0", uv.new_sem, -1)
    refuses("uv_sem expected", uv.sem_wait, 5)
    assert(tostring(sem):find "^uv_sem_t: ")
  end)

  it("makes threads wait for each other", function()
    local async, receive = inbox()
    local ping, pong = uv.new_sem(), uv.new_sem()
    local thread = assert(uv.new_thread(function(a, b, reply)
      for _ = 1, 1000 do a:wait() b:post() end
      reply:send "done"
    end, ping, pong, async))
    for _ = 1, 1000 do ping:post() pong:wait() end
    equal(receive(), "done")
    assert(thread:join())
    async:close()
  end)

  it("lives as long as anybody refers to it", function()
    local async, receive = inbox()
    local thread = assert(uv.new_thread(function(sem, reply)
      require "uv".sleep(10)
      sem:wait()
      reply:send(sem:trywait())
    end, uv.new_sem(1), async))
    collectgarbage()
    equal(receive(), false)
    assert(thread:join())
    async:close()
  end)
end)
