---@meta neap.test
-- Made by scripts/reference.lua from lua/neap/test.lua: for editors, never run.

---@class neap.test.Clock
local neap_test_Clock = {}

--- Lets time go on. What becomes due on the way happens in order, each at its time and with all that follows from it,
--- before time goes on further.
---@param seconds number 0 to 1e9
---@param callback? fun(err?: neap.Error)
---@return true? ok
---@return neap.Error? err EBUSY when another task does so
function neap_test_Clock:advance(seconds, callback) end

--- Lets time go on to the next timer.
---@param callback? fun(err?: neap.Error, fired?: boolean)
---@return boolean? fired false when there is none, or none but such as never fire (`math.huge` seconds)
---@return neap.Error? err EBUSY when another task does so
function neap_test_Clock:next(callback) end

---@class neap.test.ClockOptions
---@field now? number the time it begins at, in seconds since 1970 (what it is)
---@field automatic? boolean it goes on to the next timer whenever nothing else is to be done (false)

---@class neap.test.Options
---@field read fun(path: string): string? text of a spec file
---@field timeout? number seconds a test may take (5)
---@field filter? string only tests whose full name holds this text
---@field line? integer only what stands at this line of each file
---@field names? table<string, true> only tests of these full names
---@field shuffle? integer run in an order drawn from this seed
---@field fail_fast? boolean stop after the first failure
---@field list? boolean run nothing; each test that would be is "passed"
---@field report? table in place of TAP (neap.test.tap)
---@field write? fun(text: string) takes the report (standard output)

---@class neap.test.Spy
---@field calls { n: integer, [integer]: any }[] the arguments of each call, in order
local neap_test_Spy = {}

--- How often it was called.
---@return integer
function neap_test_Spy:count() end

--- Whether some call had these arguments, and no others.
---@param ... any compared by `==`
---@return boolean
function neap_test_Spy:called_with(...) end

---@class neap.test.ItOptions
---@field timeout? number seconds, in place of the run's
---@field skip? string|boolean why it is not run; false: it is
---@field todo? string|boolean what is missing: it is run, and may fail; that it passes is a failure
---@field only? boolean of its file only such tests are run, and the run fails, so that none stays behind

---What specs are written with, and the command `neap test`.
local test = {}

--- A callable that remembers its calls, in `calls` ({ n =, … } each); `count()` and `called_with(...)` ask about them.
---@param fn? function what it does besides, and returns
---@return neap.test.Spy
function test.spy(fn) end

--- Puts a spy in place of a function in a table, until the running test is over.
---@param t table
---@param key any
---@param fn? function what is called instead of what was there
---@return neap.test.Spy
function test.spy_on(t, key, fn) end

--- Virtual time, until the test is over: it stands still until `clock:advance(seconds)` lets it go on, which fires what
--- is due on the way, in order, each at its time; `clock:next()` goes to the next timer. It holds for what is started
--- meanwhile: timers, sleeps, timeouts, and the clocks of neap.time and os. The test's own timeout keeps to the real
--- one, and sockets, files and processes are real.
---
---     -- not run: a test
---     it("gives up after a minute", function()
---       local clock, err = test.clock()
---       task.spawn(function() _, err = task.timeout(60, task.sleep, 100) end)
---       clock:advance(60)
---       test.equal(err.code, "ETIMEDOUT")
---     end)
---
--- One that is automatic goes on by itself whenever nothing else is to be done, so what takes hours is over at once:
---
---     -- not run: a test
---     it("tries again until the server is back", function()
---       test.clock { automatic = true }
---       assert(connect_with_patience(server))
---     end)
---@param options? neap.test.ClockOptions
---@return neap.test.Clock
function test.clock(options) end

---The command `neap test`.
---@param arguments string[] what follows `test`
---@return integer status 0 tests ran and all passed, 1 not, 2 wrong arguments, 128 and its number after a signal
function test.main(arguments) end

---Fails unless both are equal: tables by content, everything else as `==` has it.
---@param actual any
---@param expected any
function test.equal(actual, expected) end

---Fails unless both are the very same value.
---@param actual any
---@param expected any
function test.same(actual, expected) end

---Fails unless `fn()` raises what is expected.
---@param fn function
---@param expected? string code, text or pattern
---@return any err what it raised
function test.raises(fn, expected) end

---Fails unless the results are nil and the error expected: `fails("ENOENT", fs.read_file "none")`.
---@param expected? string code, text or pattern
---@param result any the first result, or the function to call for them
---@param ... any
---@return any err
function test.fails(expected, result, ...) end

---A function that calls `fn` and fails the test unless it is called exactly `n` times before the test is over, which
---waits for that.
---@param fn? function
---@param n? integer (1)
---@return function
function test.calls(fn, n) end

---Runs `fn` when the running test is over, however it ends: after the `after` functions, before it is judged. What was
---given last runs first. In `before_all`, and beside the tests of a file, it runs when the last of them is over.
---
---     -- not run: in a test
---     local server = http.serve(0, handler)
---     test.finally(function() server:close() end)
---@param fn fun()
function test.finally(fn) end

---Ends the running test here: it is neither passed nor failed, and reported with the reason.
---@param reason? any shown as text
function test.skip(reason) end

---Runs spec files in this process, in the order given. Should the runner itself fail, that is what is raised.
---@param files (string|{ path: string, line?: integer, names?: table<string, true> })[]
---@param options neap.test.Options
---@return boolean passed all of them, and there was one
function test.run(files, options) end

--- Gives a field another value until the running test is over; in `before_all`, until the last test of its group is.
---@param t table
---@param key any
---@param value any nil: none
function test.replace(t, key, value) end

---Names a group of tests. Its options hold for each test in it that does not say otherwise.
---@param name string
---@param fn fun() declares them
---@param given? neap.test.ItOptions
function test.describe(name, fn, given) end

---Declares a test.
---
---     -- not run: a spec
---     test.it("answers within a minute", function() … end, { timeout = 60, skip = not has_peer and "no peer" })
---@param name string what the thing described does
---@param fn fun() the test; it may wait
---@param given? neap.test.ItOptions
function test.it(name, fn, given) end

---Runs `fn` before each test of this group and of the groups in it, the outer groups' first.
---@param fn fun()
function test.before(fn) end

---Runs `fn` after each test, also after one that failed; the last declared first.
---@param fn fun()
function test.after(fn) end

---Runs `fn` once, before the group's first test.
---@param fn fun()
function test.before_all(fn) end

---Runs `fn` once, after the group's last test; the last declared first.
---@param fn fun()
function test.after_all(fn) end

return test
