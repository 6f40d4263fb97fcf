-- logger.lua: a logger: a level, sinks and fields, which children share.

local level = require "neap.log.level"
local options = require "neap.options"
local record = require "neap.log.record"
local sink = require "neap.log.sink"
local task = require "neap.task"
local time = require "neap.time"

local next, setmetatable, type = next, setmetatable, type
local now, number, settle = time.now, level.number, task.settle

local logger = {}

---@class neap.log.Logger
local Logger = { __name = "neap.log.logger" }
Logger.__index = Logger

-- A logger is { _core =, _fields = }. What `configure` changes is in the core, which children share; a child with a
-- level of its own has a core that takes the rest from its parent's.

-- Writing

local standard_error

-- Made with the first line: who configures something else needs none. Where there is no standard error, nobody reads.
local function default_sinks()
  if not standard_error then
    local made = sink.stderr()
    standard_error = { made }
  end
  return standard_error
end

local function write(self, name, message, fields)
  local core = self._core
  local all = {}
  for key, value in next, core.fields do
    all[key] = value
  end
  for key, value in next, self._fields do
    all[key] = value
  end
  record.add(fields, all)
  local line = { time = now(), level = name, message = record.message(message, all), fields = all }
  local rank = number(name)
  for _, each in ipairs(core.sinks or default_sinks()) do
    if rank >= each._threshold then
      each:_write(line)
    end
  end
end

local TRACE, DEBUG, INFO, WARN, ERROR = number "trace", number "debug", number "info", number "warn", number "error"

--- Logs what is of use only to who looks for one mistake.
---@param message any a text; an error object; anything else is shown
---@param fields? table|neap.Error
function Logger:trace(message, fields)
  if self._core.threshold <= TRACE then
    write(self, "trace", message, fields)
  end
end

--- Logs what is of use to who develops.
---@param message any
---@param fields? table|neap.Error
function Logger:debug(message, fields)
  if self._core.threshold <= DEBUG then
    write(self, "debug", message, fields)
  end
end

--- Logs what goes on.
---@param message any
---@param fields? table|neap.Error
function Logger:info(message, fields)
  if self._core.threshold <= INFO then
    write(self, "info", message, fields)
  end
end

--- Logs what somebody should look at some day.
---@param message any
---@param fields? table|neap.Error
function Logger:warn(message, fields)
  if self._core.threshold <= WARN then
    write(self, "warn", message, fields)
  end
end

--- Logs what has failed; written at once. An error object, as message or in place of the fields, becomes the field
--- `error`, with its code, its fields and its traceback.
---@param message any
---@param fields? table|neap.Error
function Logger:error(message, fields)
  if self._core.threshold <= ERROR then
    write(self, "error", message, fields)
  end
end

-- Loggers

local function check_level(name, value)
  if not level.kind.holds(value) then
    error(("bad argument #1 to '%s' (%s expected, got %s)"):format(name, level.kind.expected, tostring(value)), 3)
  end
end

local function check_fields(name, value)
  if type(value) ~= "table" then
    error(("bad argument #1 to '%s' (table expected, got %s)"):format(name, type(value)), 3)
  end
end

--- Whether lines of a level are written: to be asked before something is found out only for them.
---@param name string
---@return boolean
function Logger:is_enabled(name)
  check_level("is_enabled", name)
  return name ~= "off" and self._core.threshold <= number(name)
end

local check_child = options.checker("child", { level = level.kind })

--- A logger whose lines have these fields too. It follows its parent's level and sinks, but for a level of its own.
---@param fields table
---@param given? { level?: string }
---@return neap.log.Logger
function Logger:child(fields, given)
  check_fields("child", fields)
  check_child(given)
  local all = {}
  for key, value in next, self._fields do
    all[key] = value
  end
  local core = self._core
  if given and given.level then
    core = setmetatable({ threshold = number(given.level) }, { __index = core })
  end
  return setmetatable({ _core = core, _fields = record.add(fields, all) }, Logger)
end

local function is_sink(value)
  return sink.is(value) or type(value) == "function"
end

local sink_kind = options.kind("a sink, a function or a list of them", function(value)
  if is_sink(value) then
    return true
  end
  for _, each in ipairs(type(value) == "table" and value or {}) do
    if not is_sink(each) then
      return false
    end
  end
  return type(value) == "table"
end)

--- The kinds of the options of `new` and `configure`.
---@return table<string, string|neap.options.Kind>
function logger.kinds()
  return { level = level.kind, sink = sink_kind, fields = "table" }
end

local function sinks_of(value)
  local list = {}
  for i, each in ipairs(is_sink(value) and { value } or value) do
    list[i] = type(each) == "function" and sink.to(each) or each
  end
  return list
end

---@param self neap.log.Logger
---@param given neap.log.Options
function logger.configure(self, given)
  local core = self._core
  if given.level then
    core.threshold = number(given.level)
  end
  if given.sink then
    core.sinks = sinks_of(given.sink)
  end
  if given.fields then
    core.fields = record.add(given.fields, {})
  end
end

local flush = task.operation(function(sinks)
  local first
  for _, each in ipairs(sinks) do
    local ok, err = each:flush()
    first = first or not ok and err or nil
  end
  if first then
    return nil, first
  end
  return true
end)

--- Waits until everything logged so far is written, by all its sinks.
---@param callback? fun(err?: neap.Error, ok?: true)
---@return true? ok
---@return neap.Error? err of the first sink that could not
function Logger:flush(callback)
  local sinks = self._core.sinks or standard_error or {}
  if callback then
    return settle(flush(sinks, callback))
  end
  return settle(flush(sinks))
end

-- Making

local DEFAULT = "info"

--- A logger of its own.
---@param given neap.log.Options
---@return neap.log.Logger
---@return string? unknown what NEAP_LOG says, when that is no level
function logger.new(given)
  local wanted = os.getenv "NEAP_LOG" or ""
  local known = number(wanted:lower())
  local core = { threshold = known or number(DEFAULT), fields = {} }
  local made = setmetatable({ _core = core, _fields = {} }, Logger)
  logger.configure(made, given)
  return made, wanted ~= "" and not known and wanted or nil
end

return logger
