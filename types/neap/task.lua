---@meta neap.task
-- Made by scripts/reference.lua from lua/neap/task.lua: for editors, never run.

---@class neap.task.Task
local neap_task_Task = {}

--- Wait for its end: its results. Its error is raised.
---@param callback? fun(err?: neap.Error, ...: any)
---@return any ... what its function returned
function neap_task_Task:wait(callback) end

--- Cancel it: its wait returns nil and an ECANCELED error, every later one raises it.
function neap_task_Task:cancel() end

---@class neap.task.Group
local neap_task_Group = {}

--- Start a task of the group.
---@param fn function
---@param ... any its arguments
---@return neap.task.Task
function neap_task_Group:spawn(fn, ...) end

--- Cancel all of its tasks.
function neap_task_Group:cancel() end

---@class neap.task.Channel
local neap_task_Channel = {}

--- No more is sent: who waits to send gets ECLOSED. What is in it can still be received, then receive
--- gives ECLOSED.
function neap_task_Channel:close() end

--- for value in channel:each() do: until it is closed and empty.
---@return fun(): any
function neap_task_Channel:each() end

--- Put a value in, waiting for room. Not nil, which means the end; a function is a value like others.
---@param value any
---@param callback? fun(err?: neap.Error)
---@return true? ok
---@return neap.Error? err ECLOSED
function neap_task_Channel:send(value, callback) end

--- The next value, waiting for one.
---@param callback? fun(err?: neap.Error, value?: any)
---@return any value
---@return neap.Error? err ECLOSED
function neap_task_Channel:receive(callback) end

---@class neap.task.Pace
---@field limit? integer how many at once
---@field rate? number how many are started a second
---@field timeout? number seconds for each

---@class neap.task.Semaphore
local neap_task_Semaphore = {}

--- Give a permit back: to the first that waits for one.
function neap_task_Semaphore:release() end

--- Take a permit, waiting for one.
---@param callback? fun(err?: neap.Error)
---@return true? ok
---@return neap.Error? err
function neap_task_Semaphore:acquire(callback) end

--- Call fn(...) with a permit: its results.
---@param fn function
---@param ... any
---@return any ... what fn returned; nil and an error when the wait for the permit was cancelled
function neap_task_Semaphore:with(fn, ...) end

---Structured tasks.
local task = {}

--- Returns its arguments. When they are nil and an error, and whoever called the function that ends in
--- `return settle(...)` takes no results, the error raises: so none is lost. The last line of a function that can fail.
---@param ... any
---@return any ... the same
function task.settle(...) end

--- Start a detached task: it has no deadline, and its error goes to on_error unless it is waited for.
---@param fn function
---@param ... any its arguments
---@return neap.task.Task
function task.spawn(fn, ...) end

--- Wait `seconds`.
---@param seconds number
---@param callback? fun(err?: neap.Error)
---@return true? ok
---@return neap.Error? err
function task.sleep(seconds, callback) end

--- Let everything that is ready now run first.
---@param callback? fun(err?: neap.Error)
---@return true? ok
---@return neap.Error? err
function task.yield(callback) end

--- Give a Lua function that waits both ways to wait: with a function as last argument passed it
--- returns at once, and that function is called with (err, ...).
---@param fn function
---@return function
function task.operation(fn) end

--- Run fn after everything that is ready now.
---@param fn function
---@param ... any
function task.defer(fn, ...) end

--- Run fn(group, ...) and wait until all that it spawned is over; the first failure cancels the rest and is
--- raised.
---@param fn fun(group: neap.task.Group, ...): ...
---@param ... any
---@return any ... what fn returned
function task.group(fn, ...) end

--- Run fn(...) for at most `seconds`: then it is cancelled, and the result is nil and ETIMEDOUT.
---@param seconds number below 0 is 0
---@param fn function
---@param ... any
---@return any ... or nil and the error that fn returned
function task.timeout(seconds, fn, ...) end

--- Run fn(...) so that no cancellation from outside reaches it, for at most `seconds`: for cleaning up.
---@param seconds number below 0 is 0
---@param fn function
---@param ... any
---@return any ... what fn returned; nil and ETIMEDOUT when the time is up
function task.shield(seconds, fn, ...) end

--- A queue of values between tasks that holds `size` of them; with 0 (the default) send waits until the
--- value is received.
---@param size? integer
---@return neap.task.Channel
function task.channel(size) end

--- Run every function at once and wait for all; the first failure cancels the rest and is raised.
---@param fns function[]
---@return table results the first result of each, at its index; `n` is their count
function task.all(fns) end

--- Run every function at once: the results of the first that ends, the rest are cancelled.
---@param fns function[]
---@return any ...
function task.race(fns) end

--- fn(input) for every input, at most `limit` at once, `rate` started a second, each for `timeout`
--- seconds (a timeout gives no result and is no failure). The first failure cancels the rest and is raised.
---@param inputs any[]
---@param given? neap.task.Pace
---@param fn fun(input: any): any
---@return table results at their inputs' indexes; `n` is the count of inputs
function task.map(inputs, given, fn) end

--- for input, value, err in task.each(inputs, options, fn): the results as they come; a failure is that
--- input's err and stops nothing. What still runs is cancelled with the task that called each, and, after
--- the loop was left early, when the iterator is collected.
---@param inputs any[]
---@param given? neap.task.Pace
---@param fn fun(input: any): any
---@return fun(): any, any, neap.Error?
function task.each(inputs, given, fn) end

--- Call fn until it succeeds: at most `times` (3), with pauses of `delay` (0.1) seconds that double up to
--- `most` (10). Its last failure is returned, or raised if it was.
---@param given? {times?: integer, delay?: number, most?: number}
---@param fn fun(attempt: integer): ...
---@return any ... its results; nil and an error: of the last attempt
function task.retry(given, fn) end

--- n permits: acquire() and release(), or with(fn, ...), which does both.
---@param n integer
---@return neap.task.Semaphore
function task.semaphore(n) end

return task
