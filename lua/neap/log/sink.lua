-- sink.lua: where lines go: standard error, a file, a function. One makes the text and hands it to a bounded queue in
-- C, which writes it; nobody who logs waits for that.

local errors = require "neap.errors"
local format = require "neap.log.format"
local level = require "neap.log.level"
local native = require "neap_log"
local options = require "neap.options"
local task = require "neap.task"
local time = require "neap.time"

local pcall, type = pcall, type
local settle = task.settle

local sink = {}

--- What a line is made of, as formats and functions get it.
---@class neap.log.Record
---@field time number seconds since 1970-01-01 UTC
---@field level string "trace", "debug", "info", "warn" or "error"
---@field message string
---@field fields table<string, any> of the logger and of the call; an error is a table of its fields

--- What becomes of the lines of one sink.
---@class neap.log.SinkState
---@field queued integer bytes that wait to be written
---@field written integer lines
---@field lost integer lines for which there was no room
---@field error? neap.Error why the last write failed

---@class neap.log.Sink
---@field path? string of a file
local Sink = { __name = "neap.log.sink" }
Sink.__index = Sink

-- Options

local BYTES, GRACE = 1024 * 1024, 5
local LOST = "log lines lost"

local format_kind = options.kind('"json", "pretty" or a function', function(value)
  return value == "json" or value == "pretty" or type(value) == "function"
end)

local KINDS = {
  level = level.kind, format = format_kind, color = "boolean", bytes = options.integer(4096, 2 ^ 30),
  grace = options.number(0, 3600),
}

local function kinds(...)
  local chosen = {}
  for _, name in ipairs { ... } do
    chosen[name] = KINDS[name]
  end
  return chosen
end

local check_stderr = options.checker("stderr", kinds("level", "format", "color", "bytes", "grace"))
local check_file = options.checker("file", kinds("level", "format", "color", "bytes", "grace"))
local check_to = options.checker("to", kinds("level", "format", "color"))

-- https://no-color.org
local function wants_color()
  local no, terminal = os.getenv "NO_COLOR", os.getenv "TERM"
  return (no or "") == "" and (terminal or "dumb") ~= "dumb"
end

local function formatter(given, terminal)
  local chosen, color = given.format or (terminal and "pretty" or "json"), given.color
  if type(chosen) == "function" then
    return format.custom(chosen)
  elseif chosen == "json" then
    return format.json
  elseif color == nil then
    color = terminal and wants_color()
  end
  return function(line)
    return format.pretty(line, color)
  end
end

-- Writing

-- The words around the number of lines that were lost: a number nobody else writes marks its place.
local MARK = 12345678987654

local function notice(self)
  local text = self._text { time = time.now(), level = "warn", message = LOST, fields = { lost = MARK } } .. "\n"
  local first, last = text:find(("%.0f"):format(MARK), 1, true)
  if not first then                                -- a format without fields
    return text:sub(1, -2) .. " ", "\n"
  end
  return text:sub(1, first - 1), text:sub(last + 1)
end

local function write_native(self, line)
  local handle = self._native
  local added, wanted = handle:push(self._text(line) .. "\n", line.level == "error")
  if not added and wanted then
    handle:notice(notice(self))
  end
end

-- C calls it, so that nothing in it can wait; and what it logs itself to this sink would have no end.
local function write_function(self, line)
  local ok, err, returned = false, "the function of a log's sink has logged to this sink", nil
  if not self._inside then
    self._inside = true
    ok, err, returned = pcall(native.call, self._fn, self._text(line), line)
    self._inside = false
  end
  if ok and err == nil and errors.is(returned) then
    ok, err = false, returned
  end
  self._written = self._written + (ok and 1 or 0)
  self._lost = self._lost + (ok and 0 or 1)
  local before = self._error
  self._error = not ok and err or nil
  if not ok and not before then                    -- once, or a handler that logs would never end
    errors.report(err)
  end
end

local function new(given, fields)
  fields._threshold = level.number(given.level or "trace")
  return setmetatable(fields, Sink)
end

-- Methods

--- Opens the file again, by its path: after it has been moved or removed (logrotate), new lines go to a new one. What
--- is queued goes there too, whole. Of a sink that is no file there is nothing to open, and it returns at once. When
--- the file cannot be opened, lines go on to the old one.
---
---     -- not run: waits for a signal
---     local file = assert(log.file "app.log")
---     log.configure { sink = file }
---     require("neap.signal").on("HUP", function() file:reopen() end)
---@param callback? fun(err?: neap.Error, ok?: true)
---@return true? ok
---@return neap.Error? err
function Sink:reopen(callback)
  if not self.path then
    return self:flush(callback)
  elseif callback then
    return settle(self._native:open(self.path, callback))
  end
  return settle(self._native:open(self.path))
end

local nothing = task.operation(function()
  return true
end)

--- Waits until everything logged so far is written.
---@param callback? fun(err?: neap.Error, ok?: true)
---@return true? ok
---@return neap.Error? err of the write; the lines are kept, and it is tried again with the next
function Sink:flush(callback)
  local flush = self._native and self._native.flush or nothing
  if callback then
    return settle(flush(self._native, callback))
  end
  return settle(flush(self._native))
end

--- How much waits, was written and was lost.
---@return neap.log.SinkState
function Sink:state()
  if self._fn then
    return { queued = 0, written = self._written, lost = self._lost, error = self._error }
  end
  local queued, written, lost, err = self._native:state()
  if not queued then
    return self._last
  end
  return { queued = queued, written = written, lost = lost, error = err }
end

--- No more lines. Those that are queued are still written, for at most `grace` seconds. What is logged to a closed
--- sink goes nowhere.
function Sink:close()
  if not self._closed then
    self._last = self:state()
    self._closed = true
    if self._native then
      self._native:close()
    end
  end
end

-- Used by the logger: no part of the interface.
function Sink:_write(line)
  if not self._closed then
    return (self._fn and write_function or write_native)(self, line)
  end
end

-- Making

local function native_sink(given)
  return native.sink(given.bytes or BYTES, given.grace or GRACE)
end

---@class neap.log.SinkOptions
---@field level? string the lowest that it takes ("trace": all that the logger lets through)
---@field format? "json"|"pretty"|fun(record: neap.log.Record): string (pretty on a terminal, else JSON)
---@field color? boolean of pretty (on a terminal, unless NO_COLOR is set)
---@field bytes? integer that may wait to be written (1 MiB); lines above are lost, and counted
---@field grace? number seconds for what is still queued when the program ends (5)

--- A sink for standard error, which loggers have unless they are given another. A slow reader, or a terminal that is
--- stopped, never stops the program.
---
---     log.configure { sink = log.stderr { format = "json", level = "warn" } }
---@param given? neap.log.SinkOptions
---@return neap.log.Sink? sink
---@return neap.Error? err EBADF when the program has no standard error
function sink.stderr(given)
  check_stderr(given)
  given = given or {}
  local handle = native_sink(given)
  local ok, err = handle:open_standard_error()
  if not ok then
    handle:close()
    return settle(nil, err)
  end
  return new(given, { _native = handle, _text = formatter(given, handle:is_terminal()) })
end

local open_file = task.operation(function(path, given)
  local handle = native_sink(given)
  local ok, err = handle:open(path)
  if not ok then
    handle:close()
    return nil, err
  end
  return new(given, { _native = handle, path = path, _text = formatter(given, false) })
end)

--- A sink for a file, which is made if it is not there, and appended to. Needs the permission "fs.write PATH".
---
---     local file = assert(log.file("app.log", { level = "info" }))
---     log.configure { sink = { log.stderr(), file } }
---     log.info "written to both"
---@param path string
---@param given? neap.log.SinkOptions
---@param callback? fun(err?: neap.Error, sink?: neap.log.Sink)
---@return neap.log.Sink? sink
---@return neap.Error? err
function sink.file(path, given, callback)
  if type(path) ~= "string" or path:find("\0", 1, true) then
    error(("bad argument #1 to 'file' (a path expected, got %s)"):format(type(path)), 2)
  elseif type(given) == "function" then
    given, callback = nil, given
  end
  check_file(given)
  if callback then
    return settle(open_file(path, given or {}, callback))
  end
  return settle(open_file(path, given or {}))
end

--- A sink that calls a function with each line: its text without an end, and what it was made of. It is called where
--- the line is logged, and must not wait (EWAIT): what takes longer goes to a channel or a task. An error of its is
--- reported, once until it works again.
---
---     local errors_seen = 0
---     log.configure { sink = log.to(function(text, record)
---       errors_seen = errors_seen + 1
---     end, { level = "error" }) }
---     log.error "so"
---     assert(errors_seen == 1)
---@param fn fun(text: string, record: neap.log.Record)
---@param given? { level?: string, format?: "json"|"pretty"|function, color?: boolean } as of the other sinks
---@return neap.log.Sink
function sink.to(fn, given)
  if type(fn) ~= "function" then
    error(("bad argument #1 to 'to' (function expected, got %s)"):format(type(fn)), 2)
  end
  check_to(given)
  given = given or {}
  return new(given, { _fn = fn, _written = 0, _lost = 0, _text = formatter(given, false) })
end

---@param value any
---@return boolean
function sink.is(value)
  return getmetatable(value) == Sink
end

return sink
