-- What neap.stream promises, over streams in memory and over sockets of this machine.
local fs = require "neap.fs"
local process = require "neap.process"
local task = require "neap.task"
local support = require "spec.stream.support"
local test = require "neap.test"

local describe, it, equal, fails, raises = test.describe, test.it, test.equal, test.fails, test.raises
local keep, in_memory, over_tcp, from = support.keep, support.in_memory, support.over_tcp, support.from

test.after(support.close)

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
