---@meta neap.log
-- Made by scripts/reference.lua from lua/neap/log.lua: for editors, never run.

---@class neap.log.Options
---@field level? "trace"|"debug"|"info"|"warn"|"error"|"off" the lowest that is written (NEAP_LOG, else "info")
---@field sink? neap.log.Sink|function|table where lines go: one, or a list of several (standard error)
---@field fields? table of every line

---@class neap.log.Logger
local neap_log_Logger = {}

--- Logs what is of use only to who looks for one mistake.
---@param message any a text; an error object; anything else is shown
---@param fields? table|neap.Error
function neap_log_Logger:trace(message, fields) end

--- Logs what is of use to who develops.
---@param message any
---@param fields? table|neap.Error
function neap_log_Logger:debug(message, fields) end

--- Logs what goes on.
---@param message any
---@param fields? table|neap.Error
function neap_log_Logger:info(message, fields) end

--- Logs what somebody should look at some day.
---@param message any
---@param fields? table|neap.Error
function neap_log_Logger:warn(message, fields) end

--- Logs what has failed; written at once. An error object, as message or in place of the fields, becomes the field
--- `error`, with its code, its fields and its traceback.
---@param message any
---@param fields? table|neap.Error
function neap_log_Logger:error(message, fields) end

--- Whether lines of a level are written: to be asked before something is found out only for them.
---@param name string
---@return boolean
function neap_log_Logger:is_enabled(name) end

--- A logger whose lines have these fields too. It follows its parent's level and sinks, but for a level of its own.
---@param fields table
---@param given? { level?: string }
---@return neap.log.Logger
function neap_log_Logger:child(fields, given) end

--- Waits until everything logged so far is written, by all its sinks.
---@param callback? fun(err?: neap.Error, ok?: true)
---@return true? ok
---@return neap.Error? err of the first sink that could not
function neap_log_Logger:flush(callback) end

---What a line is made of, as formats and functions get it.
---@class neap.log.Record
---@field time number seconds since 1970-01-01 UTC
---@field level string "trace", "debug", "info", "warn" or "error"
---@field message string
---@field fields table<string, any> of the logger and of the call; an error is a table of its fields

---What becomes of the lines of one sink.
---@class neap.log.SinkState
---@field queued integer bytes that wait to be written
---@field written integer lines
---@field lost integer lines for which there was no room
---@field error? neap.Error why the last write failed

---@class neap.log.Sink
---@field path? string of a file
local neap_log_Sink = {}

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
function neap_log_Sink:reopen(callback) end

--- Waits until everything logged so far is written.
---@param callback? fun(err?: neap.Error, ok?: true)
---@return true? ok
---@return neap.Error? err of the write; the lines are kept, and it is tried again with the next
function neap_log_Sink:flush(callback) end

--- How much waits, was written and was lost.
---@return neap.log.SinkState
function neap_log_Sink:state() end

--- No more lines. Those that are queued are still written, for at most `grace` seconds. What is logged to a closed
--- sink goes nowhere.
function neap_log_Sink:close() end

---@class neap.log.SinkOptions
---@field level? string the lowest that it takes ("trace": all that the logger lets through)
---@field format? "json"|"pretty"|fun(record: neap.log.Record): string (pretty on a terminal, else JSON)
---@field color? boolean of pretty (on a terminal, unless NO_COLOR is set)
---@field bytes? integer that may wait to be written (1 MiB); lines above are lost, and counted
---@field grace? number seconds for what is still queued when the program ends (5)

---Lines with a level and fields, for people on a terminal and as JSON for programs; logging never waits.
local log = {}

--- Logs what is of use only to who looks for one mistake.
---@param message any a text; an error object; anything else is shown
---@param fields? table|neap.Error
function log.trace(message, fields) end

--- Logs what is of use to who develops.
---@param message any
---@param fields? table|neap.Error
function log.debug(message, fields) end

--- Logs what goes on.
---
---     log.info("listening", { port = 80 })
---@param message any
---@param fields? table|neap.Error
function log.info(message, fields) end

--- Logs what somebody should look at some day.
---@param message any
---@param fields? table|neap.Error
function log.warn(message, fields) end

--- Logs what has failed; written at once. An error object, as message or in place of the fields, becomes the field
--- `error`, with its code, its fields and its traceback.
---
---     local text, err = require("neap.fs").read_file "motd"
---     if not text then
---       log.error("no message of the day", err)
---     end
---@param message any
---@param fields? table|neap.Error
function log.error(message, fields) end

--- Whether lines of a level are written: to be asked before something is found out only for them.
---@param name string
---@return boolean
function log.is_enabled(name) end

--- A logger whose lines have these fields too. Its functions are called with a colon. It follows what is configured,
--- but for a level of its own.
---
---     local request_log = log.child({ request = 17 }, { level = "debug" })
---     request_log:debug("routed", { to = "/index" })
---@param fields table
---@param given? { level?: string }
---@return neap.log.Logger
function log.child(fields, given) end

--- A logger that no `configure` of others changes.
---
---     local lines = {}
---     local audit = log.new { sink = function(text) lines[#lines + 1] = text end, fields = { app = "shop" } }
---     audit:info("sold", { pieces = 2 })
---     assert(lines[1]:find '"pieces":2')
---@param given? neap.log.Options
---@return neap.log.Logger
function log.new(given) end

--- Changes the module's own logger, and all its children with it; what is not given stays as it is.
---
---     log.configure { level = "debug", fields = { app = "shop" } }
---@param given neap.log.Options
function log.configure(given) end

--- Waits until everything logged so far is written, by all its sinks.
---@param callback? fun(err?: neap.Error, ok?: true)
---@return true? ok
---@return neap.Error? err of the first sink that could not
function log.flush(callback) end

--- A sink for standard error, which loggers have unless they are given another. A slow reader, or a terminal that is
--- stopped, never stops the program.
---
---     log.configure { sink = log.stderr { format = "json", level = "warn" } }
---@param given? neap.log.SinkOptions
---@return neap.log.Sink? sink
---@return neap.Error? err EBADF when the program has no standard error
function log.stderr(given) end

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
function log.file(path, given, callback) end

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
function log.to(fn, given) end

return log
