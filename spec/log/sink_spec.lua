-- sink_spec.lua -- what neap.log promises of sinks: nobody waits for one, and what is queued is not lost.

local json = require "cjson"
local errors = require "neap.errors"
local fs = require "neap.fs"
local log = require "neap.log"
local process = require "neap.process"
local task = require "neap.task"
local test = require "neap.test"

local describe, it = test.describe, test.it
local equal, fails = test.equal, test.fails

local folder
local PAD = ("x"):rep(100)

local function at(name) return folder .. "/" .. name end

local function wait_until(condition)
  while not condition() do task.sleep(0.001) end
end

-- Lines of a text, each of them decoded: one that was torn raises.
local function decoded(text)
  local list = {}
  for line in text:gmatch "[^\n]+" do list[#list + 1] = json.decode(line) end
  return list
end

local function file_logger(name, given)
  local sink = assert(log.file(at(name), given))
  return log.new { sink = sink }, sink
end

-- A pipe that nobody reads yet, with a logger at its other end.
local function fifo_logger(given)
  assert(process.run { "mkfifo", at "fifo" })
  local reader = assert(fs.stream(at "fifo"))
  local sink
  wait_until(function()                            -- the reader is opened by the pool
    sink = log.file(at "fifo", given)
    return sink
  end)
  return log.new { sink = sink }, sink, reader
end

-- A child that logs 4,000 lines, more than a pipe holds, says "logged" and ends as told; its standard error is not
-- read before that.
local function slow_child(ending, lines)
  local child = assert(process.spawn { "build/neap", "-e", ([[
    for i = 1, %d do log.info("line", { i = i, pad = "%s" }) end
    print "logged"
    io.flush()
    %s]]):format(lines or 4000, PAD, ending), stderr = "pipe" })
  equal(child.stdout:read_line(), "logged")
  return child
end

describe("neap.log's sinks", function()
  test.before(function() folder = assert(fs.mkdtemp "/tmp/neap-log-") end)
  test.after(function() assert(fs.remove(folder, { recursive = true })) end)

  describe("a file", function()
    it("is appended to, with what is queued when the sink is closed", function()
      assert(fs.write_file(at "a.log", '{"message":"old"}\n'))
      local logger, sink = file_logger "a.log"
      for i = 1, 10 do logger:info("m", { i = i }) end
      sink:close()
      local lines = decoded(assert(fs.read_file(at "a.log")))
      equal(#lines, 11)
      equal(lines[11].i, 10)
      logger:info "goes nowhere"
      equal(#decoded(assert(fs.read_file(at "a.log"))), 11)
    end)

    it("has everything after flush, and an error at once", function()
      local logger, sink = file_logger "a.log"
      logger:info "one"
      assert(sink:state().queued > 0)              -- to be written when the turn ends
      logger:error "two"
      equal(sink:state().queued, 0)
      logger:info "three"
      assert(logger:flush())
      equal(#decoded(assert(fs.read_file(at "a.log"))), 3)
      equal(sink:state(), { queued = 0, written = 3, lost = 0 })
      sink:close()
      equal(sink:state().written, 3)
      fails("ECLOSED", sink:flush())
    end)

    it("is opened again after it was moved away", function()
      local logger, sink = file_logger "a.log"
      logger:error "first"
      assert(fs.rename(at "a.log", at "a.log.1"))
      logger:error "second"
      assert(sink:reopen())
      logger:error "third"
      equal(#decoded(assert(fs.read_file(at "a.log.1"))), 2)
      equal(decoded(assert(fs.read_file(at "a.log")))[1].message, "third")
      sink:close()
      fails("ECLOSED", sink:reopen())
    end)

    it("goes on in the old one when it cannot be opened again", function()
      assert(fs.mkdir(at "sub"))
      local logger, sink = file_logger "sub/a.log"
      assert(fs.rename(at "sub", at "other"))
      fails("ENOENT", sink:reopen())
      logger:error "m"
      equal(#decoded(assert(fs.read_file(at "other/a.log"))), 1)
      sink:close()
    end)

    it("takes callbacks", function()
      local sink
      local opened = test.calls(function(err, made) sink = made equal(err, nil) end, 1)
      log.file(at "a.log", opened)
      wait_until(function() return sink end)
      local flushed
      sink:flush(function(err, ok) flushed = err == nil and ok end)
      wait_until(function() return flushed end)
      local failed
      log.file(at "none/a.log", {}, function(err) failed = err end)
      wait_until(function() return failed end)
      equal(failed.code, "ENOENT")
      sink:close()
    end)

    it("says what the disk refuses, and keeps the lines", function()
      local sink = assert(log.file "/dev/full")
      local logger = log.new { sink = sink }
      logger:info "m"
      local _, err = logger:flush()
      equal(err.code, "ENOSPC")
      equal(err.path, "/dev/full")
      equal(sink:state().error.code, "ENOSPC")
      assert(sink:state().queued > 0)
      sink:close()
    end)

    it("is refused with EPERMISSION in a restricted runtime", function()
      local code = ("log.info 'on standard error' print(log.file '%s')"):format(at "a.log")
      local result = assert(process.run { "build/neap", "--sandbox", "-e", code })
      assert(result.stdout:find(('needs permission "fs.write %s"'):format(at "a.log"), 1, true), result.stdout)
      equal(decoded(result.stderr)[1].message, "on standard error")
      local allowed = assert(process.run { "build/neap", "--sandbox", "--allow", "fs.write " .. folder, "-e",
        ("log.configure { sink = log.file '%s' } log.info 'm'"):format(at "a.log") })
      equal(allowed.stderr, "")
      equal(#decoded(assert(fs.read_file(at "a.log"))), 1)
    end)
  end)

  describe("a reader that does not read", function()
    it("makes nobody wait, and gets what was queued once it does", function()
      local logger, sink, reader = fifo_logger()
      for i = 1, 2000 do logger:info("m", { i = i, pad = PAD }) end
      task.yield()
      assert(sink:state().queued > 0)
      local flushing = task.spawn(logger.flush, logger)
      local seen = 0
      for line in reader:lines() do
        seen = seen + 1
        equal(json.decode(line).i, seen)
        if seen == 2000 then break end
      end
      assert(flushing:wait())
      equal(sink:state(), { queued = 0, written = 2000, lost = 0 })
      reader:close()
      sink:close()
    end)

    it("costs at most the queue's bytes, and what was lost is counted and said", function()
      local logger, sink, reader = fifo_logger { bytes = 8192 }
      for i = 1, 3000 do
        logger:info("m", { i = i, pad = PAD })
        assert(sink:state().queued <= 8192)
      end
      local lost = sink:state().lost
      assert(lost > 0)
      local told, lines = 0, 0
      while lines + told < 3000 do
        local line = json.decode(reader:read_line())
        if line.lost then
          equal(line.level, "warn")
          told = told + line.lost
        else
          equal(line.i, lines + told + 1)          -- said where they are missing
          lines = lines + 1
        end
      end
      equal(told, lost)
      logger:info "again"
      equal(json.decode(reader:read_line()).message, "again")
      reader:close()
      sink:close()
    end)

    it("loses a line longer than the queue, and that alone", function()
      local logger, sink = file_logger("a.log", { bytes = 4096 })
      logger:info(("x"):rep(5000))
      logger:info "next"
      sink:close()
      local lines = decoded(assert(fs.read_file(at "a.log")))
      equal({ lines[1].lost, lines[2].message, #lines }, { 1, "next", 2 })
    end)

    it("is told what was lost in every format", function()
      for name, format in pairs { pretty = "pretty", custom = function(record) return record.message end } do
        local logger, sink = file_logger(name, { bytes = 4096, format = format })
        logger:info(("x"):rep(5000))
        logger:info "next"
        sink:close()
        local first = assert(fs.read_file(at(name))):match "^[^\n]*"
        assert(first:find "log lines lost" and first:find("1", -1, true), first)
      end
    end)

    it("may have gone: no signal, no wait, an error for who asks", function()
      local logger, sink, reader = fifo_logger { grace = 0 }
      reader:close()
      wait_until(function()
        logger:info "m"
        local _, err = logger:flush()
        return err and err.code == "EPIPE"
      end)
      sink:close()
    end)

    it("lets a flush be cancelled", function()
      local logger, sink, reader = fifo_logger { grace = 0 }
      for _ = 1, 2000 do logger:info("m", { pad = PAD }) end
      fails("ETIMEDOUT", task.timeout(0.01, logger.flush, logger))
      local failure
      sink:flush(function(err) failure = err end)
      sink:close()                                 -- its time is up at once
      wait_until(function() return failure end)
      equal(failure.code, "ECANCELED")
      reader:close()
    end)

    it("has lines whole though others write to the same pipe", function()
      local child = assert(process.spawn { shell = [[
        for n in 1 2 3; do
          build/neap -e 'for i = 1, 500 do log.info("m", { pad = ("x"):rep(i * 7 % 3000) }) end' &
        done
        wait]], stderr = "pipe" })
      equal(#decoded(child.stderr:read_all()), 1500)
      child:wait()
      child:close()
    end)
  end)

  describe("the end of the program", function()
    local ENDINGS = {
      ["by itself"] = { "", 0 }, ["os.exit"] = { "os.exit(3)", 3 }, ["an error"] = { "log.info 'm' error 'boom'", 1 },
      ["os.exit in a task"] = { "task.spawn(os.exit, 4) task.sleep(100)", 4 },
    }
    for name, ending in pairs(ENDINGS) do
      it("writes what is queued: " .. name, function()
        local child = slow_child(ending[1])
        local count = 0
        for line in child.stderr:lines() do
          local i = line:match '"i":(%d+)'
          if i then
            count = count + 1
            equal(tonumber(i), count)
          end
        end
        equal(count, 4000)
        equal(child:wait().code, ending[2])
        child:close()
      end)
    end

    it("does not wait longer than the grace", function()
      local child = assert(process.spawn { "build/neap", "-e", ([[
        log.configure { sink = log.stderr { grace = 0.01 } }
        for i = 1, 4000 do log.info("line", { pad = "%s" }) end]]):format(PAD), stderr = "pipe" })
      equal(child:wait().code, 0)
      local text = child.stderr:read_all()
      assert(#text > 0 and #text < 4000 * #PAD)
      child:close()
    end)

    it("does not wait for a logger that is idle, nor one that has been collected", function()
      local result = assert(process.run { "build/neap", "-e", ([[
        local l = log.new { sink = log.file "%s" }
        l:info "m"
        l = nil
        collectgarbage() collectgarbage()]]):format(at "a.log") })
      equal(result.stderr, "")
      equal(#decoded(assert(fs.read_file(at "a.log"))), 1)
    end)
  end)

  describe("standard error", function()
    it("has lines before the report of an error that ends the program", function()
      for _, code in ipairs { "log.info 'm' error 'boom'", "task.spawn(function() log.info 'm' error 'boom' end)" } do
        local text = assert(process.run { "build/neap", "-e", code }).stderr
        assert(text:find '"message":"m"' < text:find "boom", text)
      end
    end)

    it("does not become non-blocking for others", function()
      local result = assert(process.run { shell = [[
        build/neap -e 'log.info "m" log.flush()'
        grep flags /proc/self/fdinfo/2]] })
      local flags = tonumber(result.stdout:match "flags:%s+(%d+)", 8)
      equal(math.floor(flags / 2048) % 2, 0)       -- O_NONBLOCK is 04000
    end)

    it("may be a socket", function()
      local net = require "neap.net"
      local text
      local server = assert(net.listen({ path = at "socket" }, function(connection)
        text = connection:read_all()
      end))
      local client = assert(net.connect { path = at "socket" })
      local child = assert(process.spawn { "build/neap", "-e",
        ("for i = 1, 4000 do log.info('m', { i = i, pad = '%s' }) end"):format(PAD), stderr = client })
      equal(child:wait().code, 0)
      wait_until(function() return text end)
      equal(#decoded(text), 4000)
      child:close()
      server:close()
    end)

    it("may be a terminal that shows nothing for now", function()
      assert(fs.write_file(at "loud.lua", ([[
        local log = require "neap.log"
        for i = 1, 4000 do log.info("m", { i = i, pad = "%s" }) end
        io.open("%s", "w"):close()]]):format(PAD, at "logged")))
      local child = assert(process.spawn { "script", "-qec", "build/neap " .. at "loud.lua", "/dev/null" })
      wait_until(function() return fs.exists(at "logged") end)
      local text = child.stdout:read_all()
      equal(select(2, text:gsub("INFO", "")), 4000)
      equal(child:wait().code, 0)
      child:close()
    end)

    it("is pretty on a terminal, with colors unless NO_COLOR", function()
      local function shown(prefix)
        return assert(process.run { "script", "-qec", prefix .. " build/neap -e 'log.info(\"m\", { a = 1 })'",
          "/dev/null", env = { TERM = "xterm", NO_COLOR = false } }).stdout
      end
      assert(shown(""):find("\27[32mINFO \27[0m", 1, true))
      local plain = shown "NO_COLOR=1"
      assert(plain:find "INFO  m a=1" and not plain:find "\27", plain)
    end)
  end)

  describe("a function", function()
    it("gets the text and the record of lines that are serious enough", function()
      local seen = {}
      local logger = log.new { level = "trace", sink = log.to(function(text, record)
        seen[#seen + 1] = { json.decode(text).message, record.level, record.fields.a }
      end, { level = "warn" }) }
      logger:info "no"
      logger:warn("yes", { a = 1 })
      equal(seen, { { "yes", "warn", 1 } })
    end)

    it("cannot wait, and a failure of its is reported once", function()
      local host = require "neap.host"
      local reported = {}
      local before = host.on_error(function(err) reported[#reported + 1] = err.code end)
      local fail = function() task.sleep(0.01) end
      local sink = log.to(function() return fail() end)
      local logger = log.new { sink = sink }
      logger:info "one"
      logger:info "two"
      fail = function() return nil, errors.new("EX", "no") end
      logger:info "three"
      equal(sink:state().lost, 3)
      equal(sink:state().error.code, "EX")
      fail = function() end
      logger:info "four"
      equal({ sink:state().written, sink:state().error }, { 1, nil })
      fail = function() logger:info "again" end
      logger:info "five"
      equal(sink:state().lost, 4)
      task.sleep(0)
      host.on_error(before)
      equal(reported, { "EWAIT", "ESCRIPT" })
    end)

    it("may be one sink of several", function()
      local seen = 0
      local file = assert(log.file(at "a.log", { level = "error" }))
      local logger = log.new { sink = { function() seen = seen + 1 end, file } }
      logger:info "m"
      logger:error "m"
      assert(logger:flush())
      equal(seen, 2)
      equal(#decoded(assert(fs.read_file(at "a.log"))), 1)
      file:close()
    end)
  end)
end)
