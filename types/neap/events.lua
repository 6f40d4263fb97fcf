---@meta neap.events
-- Made by scripts/reference.lua from lua/neap/events.lua: for editors, never run.

---@class neap.events.Emitter
local neap_events_Emitter = {}

--- Call fn at every event of that name. Added twice it is called twice.
---
---     local task = require "neap.task"
---     local jobs = require("neap.events").new()
---     jobs:on("done", function(name, seconds)
---       print(name .. " took " .. seconds .. " s")
---     end)
---     jobs:emit("done", "backup", 12)
---@param name any but nil: mostly a string
---@param fn fun(...)
---@return fun(...) fn the same, to be given to `off`
function neap_events_Emitter:on(name, fn) end

--- Call fn at the next event of that name only.
---@param name any
---@param fn fun(...)
---@return fun(...) fn the same, to be given to `off`
function neap_events_Emitter:once(name, fn) end

--- Do not call fn any more. Of one that was added several times the latest goes.
---@param name any
---@param fn fun(...)
---@return boolean was_listening
function neap_events_Emitter:off(name, fn) end

--- Remove all listeners of an event, or of every one. Tasks that wait go on waiting.
---@param name? any
function neap_events_Emitter:remove_all(name) end

--- How many listen to an event: functions, and tasks that wait for it.
---@param name any
---@return integer
function neap_events_Emitter:listener_count(name) end

--- The events that somebody listens to or waits for, in no order.
---@return any[]
function neap_events_Emitter:event_names() end

--- Tell everybody: call the listeners in turn, wake the tasks that wait. Nobody listens to an "error": it is raised.
--- An "error" also wakes who waits for any other event, with that error.
---@param name any
---@param ... any what the listeners get
---@return boolean heard whether anybody listened
function neap_events_Emitter:emit(name, ...) end

--- Wait for the next event of that name: what it carries. task.timeout bounds the wait.
---
---     local task = require "neap.task"
---     local server = require("neap.events").new()
---     task.defer(server.emit, server, "ready", 8080)
---     local port = server:wait("ready")
---@param name any
---@param callback? fun(err?: neap.Error, ...: any)
---@return any ... what was given to emit
---@return neap.Error? err that an "error" event carried meanwhile, unless that is what is waited for
function neap_events_Emitter:wait(name, callback) end

---Objects that say what happens to them, and who listens.
local events = {}

--- A new emitter.
---@return neap.events.Emitter
function events.new() end

--- Give a class (the table that is its objects' `__index`) an emitter's methods; those it has stay.
---
---     local Job = require("neap.events").mixin {}
---     Job.__index = Job
---     local job = setmetatable({}, Job)
---     job:on("done", print)
---     job:emit("done", "well")
---@generic T: table
---@param class T
---@return T|neap.events.Emitter class the same
function events.mixin(class) end

return events
