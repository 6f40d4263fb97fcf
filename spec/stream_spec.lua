-- What neap.stream promises, over streams in memory and over sockets of this machine.
local errors = require "neap.errors"
local fs = require "neap.fs"
local net = require "neap.net"
local process = require "neap.process"
local stream = require "neap.stream"
local task = require "neap.task"
local test = require "neap.test"

local describe, it, equal, fails, raises = test.describe, test.it, test.equal, test.fails, test.raises

local opened = {} -- closed after each test

local function keep(...)
  for _, each in ipairs { ... } do opened[#opened + 1] = each end
  return ...
end

test.after(function()
  for _, each in ipairs(opened) do each:close() end
  opened = {}
end)

local function in_memory()
  return keep(stream.pair())
end

local function over_tcp()
  local listener = keep(assert(net.listen { host = "127.0.0.1", port = 0 }))
  local _, port = listener:address()
  local near = keep(assert(net.connect("127.0.0.1", port)))
  return near, keep(assert(listener:accept()))
end

local function from(text)
  return keep(stream.from(text))
end

-- What comes in pieces of one byte is what comes at once.
local function trickle(text)
  local near, far = in_memory()
  task.spawn(function()
    for i = 1, #text do
      near:write(text:sub(i, i))
      task.yield()
    end
    near:close()
  end)
  return far
end

for name, pair in pairs { ["a pair in memory"] = in_memory, ["a connection"] = over_tcp } do
  describe(name, function()
    it("gives what was written, in order, and then the end", function()
      local near, far = pair()
      assert(near:write("one", 2, "three"))
      equal(far:read_exactly(9), "one2three")
      assert(near:shutdown())
      equal(far:read(), nil)
      equal(far:read(), nil)
    end)

    it("goes both ways after one half has ended", function()
      local near, far = pair()
      near:shutdown()
      equal(far:read(), nil)
      far:write("still")
      equal(near:read(), "still")
    end)

    it("lets a writer wait while nobody reads", function()
      local near, far = pair()
      local piece, written = ("x"):rep(64 * 1024), 0
      local writer = task.spawn(function()
        for _ = 1, 200 do
          assert(near:write(piece))
          written = written + 1
        end
        near:shutdown()
      end)
      task.sleep(0.02)
      assert(written < 200, "all was taken")
      equal(#far:read_all(), 200 * #piece)
      writer:wait()
    end)

    it("pipes into another, at the pace of the slower, and ends it", function()
      local near, middle = pair()
      local inner, far = pair()
      local text = ("0123456789"):rep(100000)
      local pipe = task.spawn(middle.pipe, middle, inner)
      local writer = task.spawn(function()
        near:write(text)
        near:shutdown()
      end)
      local got = {}
      for chunk in far:chunks() do
        got[#got + 1] = chunk
        task.yield()
      end
      equal(table.concat(got) == text, true)
      equal(pipe:wait(), #text)
      writer:wait()
    end)

    it("fails writes once the peer has closed", function()
      local near, far = pair()
      far:close()
      local err
      repeat -- a socket says so when the peer has answered
        local _, failure = near:write("x")
        err = failure
        task.sleep(0.001)
      until err
      assert(err.code == "EPIPE" or err.code == "ECONNRESET", err)
    end)

    it("wakes a read and closes its stream together", function()
      local near = pair()
      task.defer(near.close, near)
      fails("ECANCELED", near:read())
      fails("ECLOSED", near:read())
      fails("ECLOSED", near:write("x"))
    end)

    it("has one reader at a time", function()
      local near, far = pair()
      local first = task.spawn(near.read, near)
      task.yield()
      fails("EBUSY", near:read())
      far:write("x")
      equal(first:wait(), "x")
    end)
  end)
end

describe("read", function()
  it("fails again and again where nothing can be read", function()
    local out = process.stdout
    fails("EBADF", task.timeout(5, out.read, out))
    fails("EBADF", task.timeout(5, out.read, out))
  end)

  it("gives at most n bytes, and keeps the rest", function()
    local s = from "abcdef"
    equal(s:read(2), "ab")
    equal(s:read(1), "c")
    equal(s:read(), "def")
    equal(s:read(), nil)
  end)

  it("takes a callback", function()
    local done = test.calls(function(err, bytes)
      equal(err, nil)
      equal(bytes, "ab")
    end, 1)
    from "abc":read(2, done)
    task.yield()
  end)

  it("refuses what is no count, also a text of digits", function()
    for _, wrong in ipairs { 0, -1, 1.5, 0 / 0, "5" } do
      raises(function() from "x":read(wrong) end, "read")
    end
  end)

  it("puts back what a cancelled read was given", function()
    local near, far = in_memory()
    local reader = task.spawn(function()
      return far:read()
    end)
    task.yield()
    near:write("kept")
    task.spawn(function() reader:cancel() end)
    pcall(reader.wait, reader)
    equal(far:read(), "kept")
  end)
end)

describe("read_exactly", function()
  it("waits for all of them", function()
    local s = trickle "abcdefgh"
    equal(s:read_exactly(3), "abc")
    equal(s:read_exactly(0), "")
    equal(s:read_exactly(5), "defgh")
    equal(s:read_exactly(1), nil)
  end)

  it("says how much there was, and leaves it, when the end comes first", function()
    local s = from "abc"
    local err = fails("EOF", s:read_exactly(5))
    equal(err.message, "the stream ended after 3 of 5 bytes")
    equal(s:read(), "abc")
  end)

  it("takes more than a stream keeps of itself", function()
    local near, far = in_memory()
    local text = ("x"):rep(300000)
    task.spawn(near.write, near, text)
    equal(far:read_exactly(#text) == text, true)
  end)
end)

describe("read_until", function()
  it("gives what stands before the delimiter, however it comes", function()
    for _, s in ipairs { from "one\r\n\r\ntwo\r\n\r\n", trickle "one\r\n\r\ntwo\r\n\r\n" } do
      equal(s:read_until "\r\n\r\n", "one")
      equal(s:read_until "\r\n\r\n", "two")
      equal(s:read_until "\r\n\r\n", nil)
    end
  end)

  it("finds a delimiter whose beginning came before, and one that looked like it", function()
    equal(trickle "aaab!":read_until "aab", "a")
    equal(trickle "\0\0\1x":read_until "\0\1", "\0")
  end)

  it("is EOF without the delimiter, ELIMIT above the limit, and takes nothing then", function()
    local s = from "abc"
    fails("EOF", s:read_until ";")
    equal(s:read(), "abc")
    s = from "abcdef;"
    local err = fails("ELIMIT", s:read_until(";", 5))
    equal(err.message, "no delimiter in 5 bytes")
    equal(s:read_until(";", 6), "abcdef")
  end)

  it("does not go through what it has seen again", function()
    local near, far = in_memory()
    task.spawn(function()
      for _ = 1, 1000 do near:write(("x"):rep(1000)) end
      near:write ";"
    end)
    equal(#far:read_until(";", 2e6), 1e6)
  end)
end)

describe("lines", function()
  it("gives each without its end, the last also when it has none", function()
    local lines = {}
    for line in trickle "one\r\ntwo\n\nthree\rfour\nlast":lines() do lines[#lines + 1] = line end
    equal(lines, { "one", "two", "", "three\rfour", "last" })
  end)

  it("leaves the rest when one stops", function()
    local s = from "one\ntwo\nthree\n"
    local line = s:lines()
    equal(line(), "one")
    equal(s:read_line(), "two")
    equal(s:read_all(), "three\n")
  end)

  it("raises what fails", function()
    raises(function()
      local line = from "abcdef":lines(3)
      line()
    end, "no delimiter in 3 bytes")
  end)
end)

describe("read_all", function()
  it("gives everything, an empty text when there is nothing", function()
    equal(trickle "abc":read_all(), "abc")
    equal(from "":read_all(), "")
  end)

  it("is ELIMIT above its limit, and takes nothing then", function()
    local s = from "abcdef"
    fails("ELIMIT", s:read_all(5))
    equal(s:read_all(6), "abcdef")
  end)
end)

describe("limit", function()
  it("lets so many bytes through and then fails, saying so", function()
    local s = from "abcdef"
    s:limit(4)
    equal(s:read(), "abcd")
    equal(fails("ELIMIT", s:read()).message, "more than 4 bytes")
  end)

  it("lets exactly so many end well", function()
    local s = from "abcd"
    s:limit(4)
    equal(s:read_all(), "abcd")
  end)

  it("counts what has come and was not taken", function()
    local near, far = in_memory()
    near:write "abcdef"
    equal(far:read(1), "a")
    far:limit(5)
    near:write "g"
    near:shutdown()
    fails("ELIMIT", far:read_all())
  end)
end)

describe("timeout", function()
  it("ends a read that waits too long; what comes later is for the next", function()
    local near, far = in_memory()
    far:timeout(0.01)
    fails("ETIMEDOUT", far:read())
    near:write "late"
    equal(far:read(), "late")
    far:timeout(false)
  end)

  it("ends a write that waits too long, and the stream with it", function()
    local near = in_memory()
    near:timeout(0.01)
    fails("ETIMEDOUT", near:write(("x"):rep(100000)))
    equal(near:is_closed(), true)
  end)

  it("ends no pipe whose file goes slowly, and one whose file does not go", function()
    local SIZE, STEP = 64 * 1024 * 1024, 8 * 1024 * 1024 -- a step is more than the kernel's buffers hold
    local path = os.tmpname()
    local sparse = assert(io.open(path, "w"))
    sparse:seek("set", SIZE - 1)
    sparse:write "x"
    sparse:close()
    local near, far = over_tcp()
    local clock = test.clock()
    near:timeout(10)
    local sent, failure
    keep(assert(fs.stream(path))):pipe(near, { shutdown = false }, function(err, n)
      sent, failure = n, err
    end)
    for _ = 1, SIZE / STEP do
      far:read_exactly(STEP)
      clock:advance(6)
    end
    while not sent and not failure do task.yield() end
    equal(failure, nil)
    equal(sent, SIZE)
    keep(assert(fs.stream(path))):pipe(near, function(err) failure = err end)
    far:read_exactly(STEP)
    while not failure do clock:advance(10) end
    fails("ETIMEDOUT", nil, failure)
    os.remove(path)
  end)

  it("ends a pipe through which nothing goes", function()
    local _, far = in_memory()
    local other = in_memory()
    far:timeout(0.01)
    fails("ETIMEDOUT", far:pipe(other))
  end)
end)

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

describe("take", function()
  it("moves a connection to another object, with what was not taken", function()
    local near, far = in_memory()
    near:write "abc"
    equal(far:read(1), "a")
    local mine = keep(assert(far:take()))
    equal(far:is_closed(), true)
    equal(mine:read(), "bc")
    mine:write "back"
    equal(near:read(), "back")
  end)

  it("is refused while something waits", function()
    local near, far = in_memory()
    local reader = task.spawn(far.read, far)
    task.yield()
    fails("EBUSY", far:take())
    near:write "x"
    reader:wait()
  end)
end)

describe("from and to", function()
  it("take texts, lists and iterators", function()
    equal(from "abc":read_all(), "abc")
    equal(keep(stream.from { "a", "b", "c" }):read_all(), "abc")
    equal(keep(stream.from(("a b c"):gmatch "%S")):read_all(), "abc")
    equal(keep(stream.from(from "a\nb\n":lines())):read_all(), "ab")
    raises(function() stream.from(5) end, "text, list or iterator expected, got number")
  end)

  it("give a reader what the iterator raised", function()
    local s = keep(stream.from(function() error(errors.new("ENOENT", "no such thing")) end))
    equal(fails("ENOENT", s:read()).message, "no such thing")
  end)

  it("give a writer what the sink raised", function()
    local s = keep(stream.to(function() error "full" end))
    local err
    repeat
      local _, failure = s:write "x"
      err = failure
      task.yield()
    until err
    assert(err.message:find("full", 1, true), err.message)
  end)
end)

describe("transform", function()
  it("gives what its function makes of each chunk, and what is left at the end", function()
    local s = keep(stream.transform(string.upper, function() return "." end))
    s:write "abc"
    equal(s:read(), "ABC")
    s:shutdown()
    equal(s:read_all(), ".")
  end)

  it("ends its task when it is dropped", function()
    stream.transform(string.upper):write "x"
    collectgarbage()
    collectgarbage()
  end)
end)

describe("tee", function()
  it("gives all of the source to each", function()
    local a, b, c = keep(stream.tee(from "abc", 3))
    equal(a:read_all(), "abc")
    equal(b:read_all(), "abc")
    equal(c:read_all(), "abc")
  end)

  it("goes on with those that are left, and closes the source after the last", function()
    local near, far = in_memory()
    local a, b = keep(stream.tee(far))
    a:close()
    near:write "abc"
    equal(b:read(), "abc")
    b:close()
    repeat
      near:write "x"
      task.yield()
    until far:is_closed()
  end)

  it("raises for a number that is none, or too large, and for what is no stream", function()
    local source = keep(from "abc")
    for _, n in ipairs { 0, 65, 1e300, 1.5, 0 / 0, "2" } do
      raises(function() stream.tee(source, n) end, "stream_spec.lua:%d+: bad argument #2 to 'tee' %(integer from")
    end
    raises(function() stream.tee({}, 2) end, "stream_spec.lua:%d+: bad argument #1 to 'tee' %(open stream expected")
    equal(select("#", keep(stream.tee(source, 64))), 64)
  end)
end)

describe("pipeline", function()
  it("goes through all stages", function()
    local list = {}
    equal(stream.pipeline("abc", string.upper, stream.transform(string.reverse), list), true)
    equal(table.concat(list), "CBA")
  end)

  it("gives the first failure as it was, and closes all", function()
    local near, far = in_memory()
    near:write "x"
    local mine = errors.new("EMINE", "mine", { detail = 5 })
    local sink = keep(stream.to(function() end))
    local err = fails("EMINE", stream.pipeline(far, function() return nil, mine end, sink))
    equal(rawequal(err, mine), true)
    equal(far:is_closed() and sink:is_closed(), true)
  end)

  it("closes all when it is cancelled", function()
    local _, far = in_memory()
    local sink = keep(stream.to(function() end))
    fails("ETIMEDOUT", task.timeout(0.01, stream.pipeline, far, string.upper, sink))
    equal(far:is_closed() and sink:is_closed(), true)
  end)

  it("takes a callback", function()
    local list = {}
    stream.pipeline("abc", list, test.calls(function(err, ok)
      equal(err, nil)
      equal(ok, true)
    end, 1))
  end)
end)

describe("any reads of any writes", function()
  -- Bytes with many delimiters, written in pieces of any size by one task and read in any way by another.
  local function random_text(random, n)
    local parts = {}
    for i = 1, n do parts[i] = ("ab;\r\n"):sub(random(5)):sub(1, 1) end
    return table.concat(parts)
  end

  local reads = {
    function(s, rest, random)
      local n = random(40)
      return s:read(n), #rest > 0 and rest:sub(1, n) or nil, true
    end,
    function(s, rest, random)
      local n = random(40)
      if n > #rest then return nil, nil end
      return s:read_exactly(n), rest:sub(1, n)
    end,
    function(s, rest)
      local at = rest:find(";\r", 1, true)
      if not at then return nil, nil end
      return s:read_until ";\r", rest:sub(1, at - 1), false, 2
    end,
    function(s, rest)
      local line, ending = rest:match "^(.-)(\r?\n)"
      if not line then return nil, nil end
      return s:read_line(), line, false, #ending
    end,
  }

  for name, pair in pairs { ["in memory"] = in_memory, ["over a connection"] = over_tcp } do
    it("give what was written, " .. name, function()
      local seed = os.time()
      local state = seed
      local function random(n)
        state = (state * 1103515245 + 12345) % 2147483648
        return math.floor(state / 65536) % n + 1
      end
      for _ = 1, 20 do
        local text = random_text(random, 2000)
        local near, far = pair()
        task.spawn(function()
          local at = 1
          while at <= #text do
            local n = random(100)
            near:write(text:sub(at, at + n - 1))
            at = at + n
            if random(3) == 1 then task.yield() end
          end
          near:shutdown()
        end)
        local rest = text
        while #rest > 0 do
          local got, wanted, may_be_less, skipped = reads[random(#reads)](far, rest, random)
          if may_be_less and got then wanted = wanted:sub(1, #got) end
          if got ~= wanted then error(("seed %d: got %q, wanted %q"):format(seed, tostring(got), tostring(wanted))) end
          rest = rest:sub((got and #got or 0) + (skipped or 0) + 1)
        end
        equal(far:read(), nil)
        near:close()
        far:close()
      end
    end)
  end
end)
