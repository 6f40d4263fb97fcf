---@meta neap.test
-- Made by scripts/reference.lua from lua/neap/test.lua: for editors, never run.

---@class neap.test.Clock
local neap_test_Clock = {}

--- Moves time on. Timers that are due on the way are fired in order, each at its time, and what they wake runs before
--- time goes on.
---@param seconds number 0 to 1e9
function neap_test_Clock:advance(seconds) end

--- Moves time on to the next timer.
---@return boolean fired false when there is none, or none but such as never fire (`math.huge` seconds)
function neap_test_Clock:next() end

---@class neap.test.FilesOptions
---@field report table
---@field write fun(text: string) takes what tests print
---@field jobs? integer files at once
---@field timeout number seconds, as the processes have it
---@field fail_fast? boolean
---@field passed_on string[] options of the command for each process

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
---@field skip? string why it is not run
---@field todo? string what is missing: it is run, and may fail; that it passes is a failure
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

--- Virtual time, until the test is over: `clock:advance(seconds)` fires what is due on the way, in order, each at its
--- time; `clock:next()` goes to the next timer. It holds for what was started since: timers, sleeps, timeouts, and the
--- clocks of neap.time. The test's own timeout keeps to the real one, and so do files and peers.
---
---     -- not run: a test
---     it("gives up after a minute", function()
---       local clock, err = test.clock()
---       task.spawn(function() _, err = task.timeout(60, task.sleep, 100) end)
---       clock:advance(60)
---       test.equal(err.code, "ETIMEDOUT")
---     end)
---@return neap.test.Clock
function test.clock() end

---The command `neap test`.
---@param arguments string[] what follows `test`
---@return integer status 0 all passed, 1 not, 2 wrong arguments
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

---@param list { path: string, line?: integer }[]
---@param options neap.test.FilesOptions
---@return boolean passed all of them, and there was one
function test.run(list, options) end

---Ends the running test here: it is neither passed nor failed, and reported with the reason.
---@param reason? any shown as text
function test.skip(reason) end

---A function that calls `fn` and fails the test unless it is called exactly `n` times before the test is over.
---@param fn? function
---@param n? integer (1)
---@return function
function test.calls(fn, n) end

--- Gives a field another value until the running test is over.
---@param t table
---@param key any
---@param value any
function test.replace(t, key, value) end

---Names a group of tests.
---@param name string
---@param fn fun() declares them
function test.describe(name, fn) end

---Declares a test.
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
