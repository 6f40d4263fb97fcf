-- What neap.stream promises of pipe.
local errors = require "neap.errors"
local fs = require "neap.fs"
local stream = require "neap.stream"
local task = require "neap.task"
local support = require "spec.stream.support"
local test = require "neap.test"

local describe, it, equal, fails, raises = test.describe, test.it, test.equal, test.fails, test.raises
local keep, in_memory, over_tcp, from = support.keep, support.in_memory, support.over_tcp, support.from

test.after(support.close)

describe("pipe", function()
  it("sends what was read and not taken first", function()
    local s, list = from "abcdef", {}
    equal(s:read(2), "ab")
    equal(s:pipe(keep(stream.to(list))), 4)
    equal(table.concat(list), "cdef")
  end)

  it("sends a length and leaves the rest", function()
    local s, list = from "abcdef", {}
    local sink = keep(stream.to(list))
    equal(s:pipe(sink, { length = 4 }), 4)
    equal(s:read(), "ef")
    assert(sink:shutdown())
    equal(table.concat(list), "abcd")
    fails("EOF", from "abc":pipe(in_memory(), { length = 4 }))
  end)

  it("leaves its sink open when asked to", function()
    local near, far = in_memory()
    equal(from "abc":pipe(near, { shutdown = false }), 3)
    near:write "def"
    equal(far:read_exactly(6), "abcdef")
  end)

  it("may go back where it comes from", function()
    local near, far = in_memory()
    local echo = task.spawn(far.pipe, far, far)
    near:write "hello"
    equal(near:read(), "hello")
    near:shutdown()
    equal(echo:wait(), 5)
    equal(near:read(), nil)
  end)

  it("closes both when it fails, and when it is cancelled", function()
    local near, far = in_memory()
    local inner, outer = in_memory()
    outer:close()
    near:write "x"
    fails("EPIPE", far:pipe(inner))
    equal(far:is_closed() and inner:is_closed(), true)

    near, far = in_memory()
    inner = in_memory()
    local pipe = task.spawn(far.pipe, far, inner)
    task.yield()
    fails("EBUSY", far:read())
    pipe:cancel()
    equal(pcall(pipe.wait, pipe), false)
    equal(far:is_closed() and inner:is_closed(), true)
    equal(near:read(), nil)
  end)

  it("takes whatever has a method write", function()
    local object = { texts = {} }
    function object:write(text)
      self.texts[#self.texts + 1] = text
      return #self.texts < 3 or nil, errors.new("EMINE", "enough")
    end
    equal(from "abc":pipe(object), 3)
    fails("EMINE", from(("x"):rep(10)):pipe { write = function() return nil, errors.new("EMINE", "no") end })
    raises(function() from "x":pipe(5) end, "stream expected, got number")
  end)
end)

describe("a file piped into a connection", function()
  local path = os.tmpname()

  it("arrives whole, from where the file is, with what is written before and after it", function()
    local text = ("0123456789abcdef"):rep(100000)
    assert(fs.write_file(path, text))
    local near, far = over_tcp()
    local sender = task.spawn(function()
      near:write "begin "
      local file = keep(assert(fs.stream(path)))
      assert(file:pipe(near, { shutdown = false }) == #text)
      near:write " end"
      near:shutdown()
    end)
    equal(far:read_all() == "begin " .. text .. " end", true)
    sender:wait()
  end)

  it("is not sent from another file when its stream is closed meanwhile", function()
    assert(fs.write_file(path, ("x"):rep(8000000)))
    local near, far = over_tcp()
    local file = keep(assert(fs.stream(path)))
    local sender = task.spawn(file.pipe, file, near)
    far:read_exactly(100000)
    file:close()
    equal(pcall(sender.wait, sender), false)
    equal(near:is_closed(), true)
    local rest = far:read_all()
    equal(not rest or not rest:find "[^x]", true)
  end)

  test.after_all(function() os.remove(path) end)
end)
