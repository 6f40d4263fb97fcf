-- neap.test -- what specs are written with, and the command `neap test`.
--
--   local test = require "neap.test"
--   local describe, it = test.describe, test.it
--
--   describe("neap.fs", function()
--     test.before(function() … end)                 -- and after, before_all, after_all
--     it("reads a file", function() … end)          -- may wait; options as a third argument: timeout, skip, todo, only
--   end)
--
--   test.equal, same, raises, fails                 see neap.test.check; plain `assert` works too
--   test.calls(fn, n)                               fn, to be called exactly n times before the test is over
--   test.finally(fn)                                fn, run when the test is over, however it ends
--   test.skip(reason?)                              ends the test here
--   test.spy(fn), test.spy_on(t, key, fn), test.replace(t, key, value)       see neap.test.spy
--   test.clock(options?) -> clock                   virtual time for this test: see neap.test.clock
--   test.main(arguments)                            the command: its exit status
--   test.run(files, options)                        see neap.test.runner
--
-- A file's chunk declares, then its tests run one after the other, each in a task of its own under a deadline. A test
-- is over when its function, its `after` functions and those of `finally` are, each function of `calls` was called, and
-- every handle, task, timer and descriptor it opened is gone; one that stays fails it, and so does a global that it has
-- set, or another folder. A test that returns nil and an error has failed.
--
-- `neap test` runs the files it is given, or what is called *_spec.lua or *_test.lua in the folders it is given
-- (without any: spec, or test, or tests). Each file runs in a process of its own, several at once, and they are
-- reported in their order. One that crashes, calls os.exit, does not load or never comes back has failed, and the
-- others go on. On a terminal the report is for people, elsewhere it is TAP 14. `neap test --help` has the options.
--
-- The processes run the program that the variable NEAP names, so a wrapper (of valgrind, say) reaches them; without it,
-- this one, and under valgrind all is run in the one process. What failed is remembered for --only-failed, a file for
-- each working folder, in $XDG_STATE_HOME/neap/failed-tests (~/.local/state/neap/failed-tests).

local check = require "neap.test.check"
local current = require "neap.test.current"
local guard = require "neap.test.guard"
local runner = require "neap.test.runner"
local spy = require "neap.test.spy"
local suite = require "neap.test.suite"

local test = {
  describe = suite.describe, it = suite.it,
  before = suite.before, after = suite.after, before_all = suite.before_all, after_all = suite.after_all,
  equal = check.equal, same = check.same, raises = check.raises, fails = check.fails,
  skip = guard.skip, calls = current.calls, finally = current.finally, run = runner.run,
  replace = spy.replace,
}

--- A callable that remembers its calls, in `calls` ({ n =, … } each); `count()` and `called_with(...)` ask about them.
---@param fn? function what it does besides, and returns
---@return neap.test.Spy
test.spy = spy.new

--- Puts a spy in place of a function in a table, until the running test is over.
---@param t table
---@param key any
---@param fn? function what is called instead of what was there
---@return neap.test.Spy
test.spy_on = spy.on

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
function test.clock(options)
  return require("neap.test.clock").start(options)
end

---The command `neap test`.
---@param arguments string[] what follows `test`
---@return integer status 0 tests ran and all passed, 1 not, 2 wrong arguments, 128 and its number after a signal
function test.main(arguments)
  return require("neap.test.command").main(arguments)
end

return test
