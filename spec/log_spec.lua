-- log_spec.lua -- what neap.log promises of levels, fields, children and formats. spec/log/sink_spec.lua: of sinks.

local json = require "cjson"
local errors = require "neap.errors"
local log = require "neap.log"
local process = require "neap.process"
local task = require "neap.task"
local test = require "neap.test"
local time = require "neap.time"

local describe, it = test.describe, test.it
local equal, raises = test.equal, test.raises

-- A logger, and what it has written: as text and as records.
local function recorder(given)
  local lines, records = {}, {}
  given = given or {}
  given.sink = log.to(function(text, record)
    lines[#lines + 1], records[#records + 1] = text, record
  end, { format = given.format, color = given.color })
  given.format, given.color = nil, nil
  return log.new(given), lines, records
end

local function run(code, env)
  return assert(process.run { "build/neap", "-e", code, env = env })
end

local function decoded(logger_call, given)
  local logger, lines = recorder(given)
  logger_call(logger)
  return json.decode(lines[1]), lines[1]
end

describe("neap.log", function()
  describe("levels", function()
    it("writes what is as serious as the level, or more", function()
      local logger, _, records = recorder { level = "warn" }
      for _, name in ipairs { "trace", "debug", "info", "warn", "error" } do
        logger[name](logger, name)
      end
      equal(#records, 2)
      equal(records[1].level, "warn")
      equal(records[2].level, "error")
    end)

    it("tells whether a level is written", function()
      local logger = recorder { level = "info" }
      equal(logger:is_enabled "debug", false)
      equal(logger:is_enabled "info", true)
      equal(recorder({ level = "off" }):is_enabled "error", false)
      raises(function() logger:is_enabled "loud" end, "trace, debug, info, warn, error or off expected")
    end)

    it("takes the level of NEAP_LOG, and info without it", function()
      local code = "log.debug 'd' log.info 'i'"
      local function count(text) return select(2, text:gsub("\n", "")) end
      equal(count(run(code, { NEAP_LOG = false }).stderr), 1)
      equal(count(run(code, { NEAP_LOG = "debug" }).stderr), 2)
      equal(run(code, { NEAP_LOG = "off" }).stderr, "")
      local wrong = run(code, { NEAP_LOG = "chatty" }).stderr
      assert(wrong:find("NEAP_LOG names no level", 1, true) and wrong:find "chatty", wrong)
    end)

    it("changes with configure, for children too", function()
      local result = run([[local c = log.child { a = 1 }
        c:debug "no"
        log.configure { level = "debug", fields = { app = "shop" } }
        c:debug "yes"]], { NEAP_LOG = false })
      local line = json.decode(result.stderr)
      equal(line.message, "yes")
      equal(line.app, "shop")
      equal(line.a, 1)
    end)

    it("refuses options that it has not", function()
      raises(function() log.new { levle = "info" } end, "bad option 'levle' of 'new'")
      raises(function() log.configure { level = "loud" } end, "bad option 'level' of 'configure'")
      raises(function() log.new { sink = { "x" } } end, "bad option 'sink'")
      raises(function() log.stderr { bytes = 1 } end, "bad option 'bytes' of 'stderr'")
      raises(function() log.to "x" end, "function expected")
      raises(function() log.file(7) end, "a path expected")
      raises(function() log.child(7) end, "table expected")
    end)
  end)

  describe("JSON", function()
    it("is an object with an RFC 3339 time, level, message and fields", function()
      local before = time.now()
      local line = decoded(function(logger) logger:info("listening", { port = 80, tls = true }) end)
      local at = assert(time.parse_rfc3339(line.time))
      assert(at >= before - 0.002 and at <= time.now() + 0.002)
      line.time = nil
      equal(line, { level = "info", message = "listening", port = 80, tls = true })
    end)

    it("has every value that JSON cannot have as text", function()
      local cycle = {}
      cycle.self = cycle
      local line = decoded(function(logger)
        logger:info("odd", {
          nan = 0 / 0, huge = math.huge, fn = print, cycle = cycle, sparse = { [1] = 1, [1e6] = 2 },
          null = json.null, nulls = { json.null }, mixed = { 1, x = 2 },
          thread = coroutine.create(print), [7] = "seven", nested = { deep = { f = print } },
        })
      end)
      equal(line.nan, "NaN")
      equal(line.huge, "Infinity")
      equal({ line.null, line.nulls }, { json.null, { json.null } })
      equal(line.cycle, { self = "<cycle>" })
      equal(line.sparse, { ["1"] = 1, ["1000000"] = 2 })
      equal(line.mixed, { ["1"] = 1, x = 2 })
      equal(line["7"], "seven")
      assert(line.fn:find "function" and line.thread:find "thread" and line.nested.deep.f:find "function")
    end)

    it("bounds what is nested without end or shared without measure", function()
      local deep, wide, long = {}, {}, {}
      for _ = 1, 5000 do deep = { deep } end
      for _ = 1, 40 do wide = { wide, wide, a = wide } end
      for i = 1, 20000 do long[i] = i end
      local line, text = decoded(function(logger) logger:info("big", { deep = deep, wide = wide, long = long }) end)
      assert(#text < 1000000)
      equal(line.long[#line.long], "<...>")
    end)

    it("is UTF-8 and one line whatever is logged", function()
      local _, text = decoded(function(logger)
        logger:info("a\nb\0\127\255\195", { ["k\n\254"] = "é\128/" .. ("\192"):rep(3) })
      end)
      assert(not text:find "[%z\1-\31]", text)
      assert(require("neap.text").is_valid(text))
      local line = json.decode(text)
      equal(line.message, "a\nb\0\127\239\191\189\239\191\189")
      equal(line["k\n\239\191\189"], "é\239\191\189/" .. ("\239\191\189"):rep(3))
    end)

    it("keeps paths readable", function()
      local _, text = decoded(function(logger)
        logger:info("/a/b", { path = "/x\\/y\"", list = { "/c" } })
      end)
      assert(text:find('"/a/b"', 1, true) and text:find('["/c"]', 1, true), text)
      equal(json.decode(text).path, "/x\\/y\"")
    end)

    it("renames fields that are called as its own", function()
      local line = decoded(function(logger) logger:info("m", { time = 1, level = 2, message = 3 }) end)
      equal({ line.time_, line.level_, line.message_, line.message, line.level }, { 1, 2, 3, "m", "info" })
    end)

    it("takes anything as message or fields", function()
      equal(decoded(function(logger) logger:info(42) end).message, "42")
      equal(decoded(function(logger) logger:info(nil) end).message, "nil")
      equal(decoded(function(logger) logger:info("m", "text") end).value, "text")
      local hostile = setmetatable({}, { __index = error, __pairs = error, __tostring = error, __len = error })
      equal(decoded(function(logger) logger:info(hostile, hostile) end).level, "info")
    end)
  end)

  describe("errors", function()
    local function failure()
      local spawned = task.spawn(function() error(errors.new("ENOTEA", "no tea", { path = "/kitchen" })) end)
      local _, err = pcall(spawned.wait, spawned)
      return err
    end

    it("stand with code, fields and traceback as message, in place of the fields, or among them", function()
      local err = failure()
      for _, call in ipairs {
        function(logger) logger:error(err) end,
        function(logger) logger:error("failed", err) end,
        function(logger) logger:error("failed", { error = err }) end,
      } do
        local line = decoded(call)
        equal(line.error.code, "ENOTEA")
        equal(line.error.path, "/kitchen")
        assert(line.error.traceback:find "log_spec.lua", line.error.traceback)
      end
      equal(decoded(function(logger) logger:error(err) end).message, tostring(err))
    end)

    it("may have been raised with any value", function()
      local line = decoded(function(logger)
        logger:error(errors.new("ESCRIPT", "odd", { value = { print } }))
      end)
      equal(line.error.code, "ESCRIPT")
      assert(line.error.value:find "function")
    end)
  end)

  describe("children", function()
    it("have fields of their own, which calls can override", function()
      local logger, lines = recorder { fields = { app = "shop" } }
      local child = logger:child({ request = 1 }):child { user = "mia" }
      child:info("one", { request = 2 })
      child:info "two"
      logger:info "three"
      local one, two, three = json.decode(lines[1]), json.decode(lines[2]), json.decode(lines[3])
      equal({ one.app, one.request, one.user }, { "shop", 2, "mia" })
      equal({ two.app, two.request, two.user }, { "shop", 1, "mia" })
      equal({ three.app, three.request, three.user }, { "shop" })
    end)

    it("may have a level of their own", function()
      local logger, lines = recorder { level = "error" }
      local child = logger:child({}, { level = "trace" })
      child:trace "yes"
      child:child({}):debug "yes"
      logger:warn "no"
      equal(#lines, 2)
    end)

    it("see a change of the table they were given no more", function()
      local logger, lines = recorder()
      local fields = { a = 1 }
      local child = logger:child(fields)
      fields.a = 2
      child:info "m"
      equal(json.decode(lines[1]).a, 1)
    end)
  end)

  describe("pretty", function()
    it("is a line to read, with fields by name", function()
      local logger, lines = recorder { format = "pretty", color = false }
      logger:info("listening", { port = 80, host = "::1", name = "two words", list = { 1, 2 } })
      local text = lines[1]:match "^%S+Z (.*)$"
      equal(text, 'INFO  listening host=::1 list={ 1, 2 } name="two words" port=80')
    end)

    it("has colors when asked", function()
      local logger, lines = recorder { format = "pretty", color = true }
      logger:error "m"
      assert(lines[1]:find("\27[31mERROR\27[0m", 1, true))
    end)

    it("shows tracebacks below the line", function()
      local logger, lines = recorder { format = "pretty", color = false }
      logger:error("m", errors.new("EX", "gone", { traceback = "stack traceback:\n\ta.lua:1: x\27[2J" }))
      local first, below = lines[1]:match "^([^\n]*)\n(.*)$"
      assert(first:find('code = "EX"', 1, true) and not first:find "traceback", first)
      equal(below, "    stack traceback:\n      a.lua:1: x\\x1b[2J")
    end)

    it("lets nobody forge a line or talk to the terminal", function()
      local logger, lines = recorder { format = "pretty", color = false }
      logger:info("a\n2026-01-01 ERROR \27[31m", { ["k\27"] = "\r\n\27]0;x\7", list = { "\n", ("x"):rep(200) } })
      assert(not lines[1]:find "%c", lines[1])
    end)
  end)

  it("takes a format of one's own, and JSON where that fails", function()
    local logger, lines = recorder { format = function(record) return record.level .. "!" .. record.message end }
    logger:info "m"
    equal(lines[1], "info!m")
    local result = run [[
      local l = log.new { sink = log.to(function(text) print(text) end, { format = function() error "no format" end }) }
      l:info "still there"]]
    assert(result.stdout:find '"message":"still there"')
    assert(result.stderr:find "no format", result.stderr)
  end)
end)
