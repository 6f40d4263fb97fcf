-- What works in `uv` promise: functions on libuv's thread pool.
local uv = require "uv"
local task = require "neap.task"
local test = require "neap.test"
local support = require "spec.uv.support"

local describe, it, equal = test.describe, test.it, test.equal
local refuses, run = support.refuses, support.run

-- Queue a work with these arguments, and wait for its results.
local function work(fn, ...)
  local channel = task.channel(1)
  local context = uv.new_work(fn, function(...) channel:send { n = select("#", ...), ... } end)
  equal(context:queue(...), true)
  local got = channel:receive()
  return unpack(got, 1, got.n)
end

describe("uv.queue_work", function()
  it("runs a function with copies of the arguments, and gives copies of its results", function()
    local function echo(...) return select("#", ...), ... end
    equal({ work(echo, nil, true, 1.5, "a\0b", false, nil) }, { 6, nil, true, 1.5, "a\0b", false, nil })
    equal(select("#", work(function() end)), 0)
    equal(select("#", work(function() return nil, nil end)), 2)
    equal({ work("return 'code', ...", 1) }, { "code", 1 })
  end)

  it("runs it on another thread, in a state without upvalues", function()
    local value = 5
    local id, seen = work(function() return require "uv".thread_self(), value end)
    assert(id ~= uv.thread_self())
    equal(seen, nil)
  end)

  it("lets it require uv and neap's modules, and run a loop", function()
    equal(work(function()
      local inner = require "luv"
      local timer = inner.new_timer()
      timer:start(2, 0, function() timer:close() end)
      inner.run()
      return inner.cwd()
    end), uv.cwd())
    equal(work(function() return require "neap.errors" ~= nil end), true)
  end)

  it("passes handles on, and gives them back", function()
    local timer, sem, channel = uv.new_timer(), uv.new_sem(), task.channel(1)
    local async = uv.new_async(function(...) channel:send { ... } end)
    local back, name = work(function(t, s, a)
      s:post()
      a:send "from the pool"
      return t, tostring(t)
    end, timer, sem, async)
    assert(rawequal(back, timer))
    equal(name, tostring(timer))
    equal(channel:receive(), { "from the pool" })
    equal(sem:trywait(), true)
    timer:close()
    async:close()
  end)

  it("runs a thousand", function()
    local sum, left, channel = 0, 1000, task.channel(1)
    local context = uv.new_work(function(a, b) return a + b end, function(c)
      sum, left = sum + c, left - 1
      if left == 0 then channel:send(true) end
    end)
    for i = 1, 1000 do assert(uv.queue_work(context, i, 1)) end
    collectgarbage()
    channel:receive()
    equal(sum, 1000 * 1001 / 2 + 1000)
  end)

  it("runs as many at once as the pool has threads", function()
    local size = tonumber(os.getenv "UV_THREADPOOL_SIZE") or 4
    local here, go, channel = uv.new_sem(), uv.new_sem(), task.channel(size)
    local context = uv.new_work(function(a, b) a:post() b:wait() end, function() channel:send(true) end)
    for _ = 1, size do context:queue(here, go) end
    for _ = 1, size do here:wait() end
    for _ = 1, size do go:post() end
    for _ = 1, size do channel:receive() end
  end)

  it("uses its states again", function()
    local channel, most = task.channel(64), 0
    local context = uv.new_work(function()
      _G.calls = (_G.calls or 0) + 1
      return _G.calls
    end, function(n) channel:send(n) end)
    for _ = 1, 64 do context:queue() end
    for _ = 1, 64 do most = math.max(most, channel:receive()) end
    assert(most >= 64 / (tonumber(os.getenv "UV_THREADPOOL_SIZE") or 4), most)
  end)

  it("does not keep code that is made anew each time", function()
    for i = 1, 200 do equal(work("return " .. i), i) end
  end)

  it("lets its callback wait", function()
    local channel = task.channel(1)
    uv.new_work("return 7", function(n) task.sleep(0.005) channel:send(n) end):queue()
    equal(channel:receive(), 7)
  end)

  it("takes a callable table as its callback", function()
    local got = task.channel(1)
    local after = setmetatable({}, { __call = function(self, ...) got:send { type(self), ... } end })
    uv.new_work("return ...", after):queue(5)
    equal(got:receive(), { "table", 5 })
  end)

  it("refuses what it cannot take", function()
    local context = uv.new_work("", function() error "called" end)
    refuses("function expected", uv.new_work)
    refuses("bad argument #2", uv.new_work, "")
    refuses("bad argument #2", uv.new_work, "", {})
    refuses("bad argument #3", uv.new_work, "", print, 5)
    refuses("unable to dump", uv.new_work, math.sin, print)
    refuses("luv_work_ctx expected", uv.queue_work, 5)
    refuses("thread arg not support type 'table' at 2", uv.queue_work, context, 1, {})
    assert(tostring(context):find "^luv_work_ctx_t: ")
  end)
end)

describe("an error in a work", function()
  it("is reported, and the callback gets nothing", function()
    local text, status = run [[
      local uv = require "uv"
      local function after(...) print("after", select("#", ...)) end
      local function work() error "oops" end
      uv.new_work(work, after):queue()
      uv.new_work("return 1, {}", after):queue()
      uv.new_work("no code", after):queue()
      uv.new_work(function() require "neap.task".sleep(1) end, after):queue()
      uv.run()
      print "on"
    ]]
    equal(status, "0")
    equal(select(2, text:gsub("after\t0\n", "")), 4)
    assert(text:find "on\n$", text)
    assert(text:find(":3: oops\n.-stack traceback:"), text)
    assert(text:find "thread arg not support type 'table' at 2", text)
    assert(text:find "pool:1: .-near 'code'", text)
    assert(text:find "EWAIT: .-task.sleep would wait", text)
  end)

  it("goes to host.on_error", function()
    equal({ run [[
      require "neap.host".on_error(function(err) print(err.message, err.traceback ~= nil) end)
      require "uv".new_work("error 'oops'", print):queue()
    ]] }, { "\npool:1: oops\ttrue\n", "0" })
  end)
end)

describe("the program's end", function()
  it("waits for a work that has begun, not for those that have not", function()
    local text, status = run [[
      local uv = require "uv"
      local begun = uv.new_sem()
      local context = uv.new_work(function(sem) sem:post() require "uv".sleep(30) print "worked" end, print)
      for _ = 1, 1000 do context:queue(begun) end
      begun:wait()
      os.exit(5)
    ]]
    equal(status, "5")
    local n = select(2, text:gsub("worked\n", ""))
    assert(n >= 1 and n < 500, n)
  end)

  it("waits for what is queued, when nothing stops it", function()
    equal({ run [[
      require "uv".new_work("require 'uv'.sleep(10) return 'worked'", print):queue()
    ]] }, { "worked\n", "0" })
  end)

  it("that waits for a semaphore, or a thread, is told to stop when the program ends", function()
    local said, status = run [[
      local uv = require "uv"
      local sem = uv.new_sem(0)
      uv.new_work(function(sem) sem:wait() end, function() end):queue(sem)
      local thread = uv.new_thread(function()
        require "uv".new_timer():start(1e9, 0, function() end)
      end)
      uv.new_work(function(thread) thread:join() end, function() end):queue(thread)
      uv.new_timer():start(50, 0, function() os.exit(3) end)
    ]]
    equal({ said, status }, { "", "3" })
  end)
end)
