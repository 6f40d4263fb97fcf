-- neap.log: lines with a level and fields, for people on a terminal and as JSON for programs; logging never waits.
--
--   trace, debug, info, warn, error(message, fields)         log.info("listening", { port = 80 })
--   is_enabled(level) -> boolean                             for what is expensive to find out
--   child(fields, options) -> logger                         the same with colons: logger:info("hello")
--   new(options) -> logger                                   one of its own
--   configure(options)                                       level, sink and fields of them all but those of `new`
--   flush() -> true                                          waits until all is written
--
--   stderr(options), file(path, options), to(fn, options) -> sink
--   sink:reopen(), flush(), state(), close()
--
-- A logger without a sink of its own writes to standard error, from level "info" on: the environment variable NEAP_LOG
-- names another ("debug", "off"). On a terminal a line is written for people, else it is one JSON object with `time`
-- (RFC 3339), `level`, `message` and the fields; one that is called so itself becomes `time_`.
--
-- Nothing that is logged can fail or wait: any value may be a message or a field. Lines are written together when the
-- turn ends; on a terminal, and those of errors, at once. What a slow reader does not take waits in the sink's queue;
-- what finds no room there is lost, and a line says how many were as soon as there is room. A regular file is written
-- directly, which is a copy into the system's cache. A pipe gets lines of up to 4,096 bytes whole, also when others
-- write to it. What is queued when the program ends, by itself, by os.exit or by an error, is written first, for
-- `grace` seconds at most.
--
-- In a restricted runtime standard error is allowed, as io.stderr is; a file needs "fs.write PATH", and NEAP_LOG,
-- NO_COLOR and TERM are seen with "env NAME".
--
-- neap/log/ holds the parts: logger.lua, sink.lua, format.lua, record.lua and level.lua.

local logger = require "neap.log.logger"
local options = require "neap.options"
local sink = require "neap.log.sink"
local settle = require("neap.task").settle

local log = { stderr = sink.stderr, file = sink.file, to = sink.to }

local check_new = options.checker("new", logger.kinds())
local check_configure = options.checker("configure", logger.kinds())

-- The module is a logger too, without colons

local root, unknown = logger.new {}

--- Logs what is of use only to who looks for one mistake.
---@param message any a text; an error object; anything else is shown
---@param fields? table|neap.Error
function log.trace(message, fields)
  root:trace(message, fields)
end

--- Logs what is of use to who develops.
---@param message any
---@param fields? table|neap.Error
function log.debug(message, fields)
  root:debug(message, fields)
end

--- Logs what goes on.
---
---     log.info("listening", { port = 80 })
---@param message any
---@param fields? table|neap.Error
function log.info(message, fields)
  root:info(message, fields)
end

--- Logs what somebody should look at some day.
---@param message any
---@param fields? table|neap.Error
function log.warn(message, fields)
  root:warn(message, fields)
end

--- Logs what has failed; written at once. An error object, as message or in place of the fields, becomes the field
--- `error`, with its code, its fields and its traceback.
---
---     local text, err = require("neap.fs").read_file "motd"
---     if not text then
---       log.error("no message of the day", err)
---     end
---@param message any
---@param fields? table|neap.Error
function log.error(message, fields)
  root:error(message, fields)
end

--- Whether lines of a level are written: to be asked before something is found out only for them.
---@param name string
---@return boolean
function log.is_enabled(name)
  return root:is_enabled(name)
end

--- A logger whose lines have these fields too. Its functions are called with a colon. It follows what is configured,
--- but for a level of its own.
---
---     local request_log = log.child({ request = 17 }, { level = "debug" })
---     request_log:debug("routed", { to = "/index" })
---@param fields table
---@param given? { level?: string }
---@return neap.log.Logger
function log.child(fields, given)
  return root:child(fields, given)
end

---@class neap.log.Options
---@field level? "trace"|"debug"|"info"|"warn"|"error"|"off" the lowest that is written (NEAP_LOG, else "info")
---@field sink? neap.log.Sink|function|table where lines go: one, or a list of several (standard error)
---@field fields? table of every line

--- A logger that no `configure` of others changes.
---
---     local lines = {}
---     local audit = log.new { sink = function(text) lines[#lines + 1] = text end, fields = { app = "shop" } }
---     audit:info("sold", { pieces = 2 })
---     assert(lines[1]:find '"pieces":2')
---@param given? neap.log.Options
---@return neap.log.Logger
function log.new(given)
  check_new(given)
  return (logger.new(given or {}))
end

--- Changes the module's own logger, and all its children with it; what is not given stays as it is.
---
---     log.configure { level = "debug", fields = { app = "shop" } }
---@param given neap.log.Options
function log.configure(given)
  check_configure(given)
  logger.configure(root, given or {})
end

--- Waits until everything logged so far is written, by all its sinks.
---@param callback? fun(err?: neap.Error, ok?: true)
---@return true? ok
---@return neap.Error? err of the first sink that could not
function log.flush(callback)
  return settle(root:flush(callback))
end

if unknown then
  log.warn("NEAP_LOG names no level", { value = unknown, level = "info" })
end

return log
