-- Cancelling, in every state a task can be in.

local errors = require "neap.errors"
local net = require "neap.net"
local task = require "neap.task"
local test = require "neap.test"

local describe, it, equal, same = test.describe, test.it, test.equal, test.same

local function wait_of(t)
  return select(2, pcall(t.wait, t))
end

describe("cancelling a task", function()
  it("that never began: its wait raises ECANCELED, its function never runs", function()
    local ran = false
    local t = task.spawn(function() ran = true end)
    t:cancel()
    equal(wait_of(t).code, "ECANCELED")
    equal(ran, false)
  end)

  it("whose operation is over, but which has not run yet: nil and the error all the same", function()
    local t, got
    t = task.spawn(function() got = { task.yield() } end)
    task.yield()
    t:cancel()                       -- it is ready by now
    equal(pcall(t.wait, t), true)
    equal(got[1], nil)
    equal(got[2].code, "ECANCELED")
  end)

  it("that has ended changes nothing", function()
    local t = task.spawn(function() return 5 end)
    equal(t:wait(), 5)
    t:cancel()
    equal(t:wait(), 5)
  end)

  it("twice is once", function()
    local told = 0
    local t = task.spawn(function()
      if not task.sleep(5) then told = told + 1 end
      return task.shield(1, function() assert(task.sleep(0.002)) return "clean" end)
    end)
    task.yield()
    t:cancel()
    task.yield()
    t:cancel()
    equal(t:wait(), "clean")
    equal(told, 1)
  end)

  it("from its own code takes effect at its next wait", function()
    local t, after
    t = task.spawn(function()
      t:cancel()
      after = "went on"
      return task.sleep(5)
    end)
    equal(wait_of(t).code, "ECANCELED")
    equal(after, "went on")
  end)

  it("gives the same error object each time, and it is the one it ends with", function()
    local seen = {}
    local t = task.spawn(function()
      local _, err = task.sleep(5)
      seen[1] = err
      for i = 2, 4 do
        local ok, raised = pcall(task.sleep, 0)
        assert(not ok)
        seen[i] = raised
      end
      error(err, 0)
    end)
    task.yield()
    t:cancel()
    local last = wait_of(t)
    for i = 1, 4 do same(seen[i], last) end
  end)

  it("is not lost in a loop that ignores it: the second wait raises", function()
    local turns = 0
    local t = task.spawn(function() while true do turns = turns + 1 local _ = task.sleep(0.001) end end)
    task.sleep(0.0005)
    t:cancel()
    equal(wait_of(t).code, "ECANCELED")
    assert(turns <= 2)
  end)

  it("that waits in a coroutine three deep", function()
    local t = task.spawn(function()
      local function nest(n)
        if n == 0 then return select(2, task.sleep(5)).code end
        return coroutine.wrap(function() return nest(n - 1) end)()
      end
      return nest(3)
    end)
    task.yield()
    t:cancel()
    equal(t:wait(), "ECANCELED")
  end)

  it("that waits for another leaves the other alone", function()
    local other = task.spawn(function() task.sleep(0.004) return "done" end)
    local t = task.spawn(function() return other:wait() end)
    task.yield()
    t:cancel()
    equal(wait_of(t).code, "ECANCELED")
    equal(other:wait(), "done")
  end)

  it("that waits for a group cancels the group, and waits until it is over", function()
    local ended = 0
    local t = task.spawn(function()
      return task.group(function(group)
        for i = 1, 3 do
          group:spawn(function()
            local ok = task.sleep(5)
            assert(not ok)
            task.shield(1, task.sleep, 0.002 * i)
            ended = ended + 1
          end)
        end
      end)
    end)
    task.sleep(0.001)
    t:cancel()
    equal(wait_of(t).code, "ECANCELED")
    equal(ended, 3)
  end)

  it("in a shield lets the shield finish first", function()
    local done = false
    local t = task.spawn(function()
      task.shield(1, function() assert(task.sleep(0.004)) done = true end)
      return task.sleep(5)
    end)
    task.yield()
    t:cancel()
    equal(wait_of(t).code, "ECANCELED")
    equal(done, true)
  end)

  it("leaves others' deadlines alone", function()
    local value = task.timeout(1, function()
      local t = task.spawn(task.sleep, 5)
      task.yield()
      t:cancel()
      equal(wait_of(t).code, "ECANCELED")
      assert(task.sleep(0.001))
      return "on time"
    end)
    equal(value, "on time")
  end)

  it("really ends what it waited for: a listening socket takes the next connection for somebody else", function()
    local listener = assert(net.listen { host = "127.0.0.1", port = 0 })
    local _, port = listener:address()
    local t = task.spawn(function() return listener:accept() end)
    task.yield()
    t:cancel()
    equal(wait_of(t).code, "ECANCELED")
    local near = assert(net.connect("127.0.0.1", port))
    local far = assert(listener:accept())
    near:close()
    far:close()
    listener:close()
  end)
end)

describe("a callback", function()
  it("of a cancelled group is called with the error, once", function()
    local calls = {}
    pcall(task.group, function(group)
      task.sleep(5, function(err) calls[#calls + 1] = err.code end)
      group:cancel()
    end)
    equal(calls, { "ECANCELED" })
  end)

  it("of a Lua operation, too, whether it had begun or not", function()
    local calls = {}
    local slow = task.operation(function() return task.sleep(5) end)
    pcall(task.group, function(group)
      slow(function(err) calls[#calls + 1] = err.code end)
      local _ = task.yield()
      slow(function(err) calls[#calls + 1] = err.code end)
      group:cancel()
    end)
    equal(calls, { "ECANCELED", "ECANCELED" })
  end)

  it("that came first gets its result", function()
    local got
    pcall(task.group, function(group)
      task.yield(function(err) got = err or "done" end)
      group:cancel()
    end)
    equal(got, "done")
  end)

  it("whose error nobody takes fails its group", function()
    local _, err = pcall(task.group, function(group)
      group:spawn(task.sleep, 5)
      task.sleep(0.001, function() error("in a callback") end)
    end)
    assert(errors.is(err) and err.message:find "in a callback")
  end)
end)

describe("a deadline", function()
  it("reaches through groups and operations of one's own", function()
    local codes = {}
    local work = task.operation(function()
      local _, err = task.sleep(5)
      codes[#codes + 1] = err.code
      return nil, err
    end)
    local value, err = task.timeout(0.005, function()
      task.group(function(group)
        group:spawn(work)
        group:spawn(function() return task.timeout(4, work) end)
      end)
    end)
    equal({ value, err.code }, { nil, "ETIMEDOUT" })
    equal(codes, { "ETIMEDOUT", "ETIMEDOUT" })
  end)

  it("does not reach a detached task", function()
    local t
    local _, err = task.timeout(0.002, function()
      t = task.spawn(function() assert(task.sleep(0.006)) return "alive" end)
      task.sleep(1)
    end)
    equal(err.code, "ETIMEDOUT")
    equal(t:wait(), "alive")
  end)

  it("of zero seconds lets what need not wait pass", function()
    equal(task.timeout(0, function() return 1 end), 1)
    test.fails("ETIMEDOUT", task.timeout, 0, task.sleep, 1)
    test.fails("ETIMEDOUT", task.timeout, -1, task.sleep, 1)
    test.fails("ETIMEDOUT", task.shield, -1, task.sleep, 1)
  end)

  it("ends with its function, and takes nothing of the rest of the task", function()
    equal(task.timeout(0.003, function() return 1 end), 1)
    assert(task.sleep(0.006))
  end)

  it("of a callback's operation is no failure of the callback that raises it again", function()
    local ok, none, err = pcall(task.timeout, 0.005, function()
      task.sleep(1, function(why) assert(not why, why) end)
      task.sleep(1)
    end)
    equal({ ok, none, err.code }, { true, nil, "ETIMEDOUT" })
  end)

  it("names the argument that is wrong", function()
    test.raises(function() task.timeout(1) end, "bad argument #2 to 'timeout' %(function expected, got nil%)")
    test.raises(function() task.shield("x", print) end, "bad argument #1 to 'shield'")
    test.raises(function() task.group(1) end, "bad argument #1 to 'group'")
    test.raises(function() task.defer(1) end, "bad argument #1 to 'defer'")
    test.raises(function() task.operation(1) end, "bad argument #1 to 'operation'")
  end)
end)
