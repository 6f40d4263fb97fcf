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
--   test.skip(reason?)                              ends the test here
--   test.spy(fn), test.spy_on(t, key, fn), test.replace(t, key, value)       see neap.test.spy
--   test.clock() -> clock                           virtual time for this test: see neap.test.clock
--   test.main(arguments)                            the command: its exit status
--   test.run(files, options)                        see neap.test.runner
--
-- A file's chunk declares, then its tests run one after the other, each in a task of its own under a deadline. A
-- test is over when its function and its `after` functions are, each function of `calls` was called, and every
-- handle and task it opened is gone; one that stays fails it. A test that returns nil and an error has failed.

local check = require "neap.test.check"
local fs = require "neap.fs"
local guard = require "neap.test.guard"
local runner = require "neap.test.runner"
local spy = require "neap.test.spy"
local suite = require "neap.test.suite"

local USAGE = [[
usage: neap test [options] [file, file:line or folder]…       (spec/, or test/ or tests/)

  --filter TEXT      only tests whose full name holds TEXT
  --only-failed      only what failed last time in this folder
  --list             say which tests there are, and run none
  --timeout SECONDS  that a test or one of its hooks may take (5)
  --jobs N           files at once, each in a process of its own (the number of processors)
  --in-process       all in this process, one after the other: for a debugger
  --fail-fast        stop after the first failure
  --shuffle [SEED]   in an order drawn by chance
  --tap              TAP, as when the output is no terminal
  --junit FILE       JUnit's XML, into FILE

The processes run the program that the variable NEAP names, or this one. The exit status is 0 when something was run
and all passed, 1 when not, 2 for wrong use.
]]

local test = {
  describe = suite.describe, it = suite.it,
  before = suite.before, after = suite.after, before_all = suite.before_all, after_all = suite.after_all,
  equal = check.equal, same = check.same, raises = check.raises, fails = check.fails,
  skip = guard.skip, calls = runner.calls, run = runner.run,
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
function test.clock()
  return require("neap.test.clock").start()
end

-- Adds the spec files in and below a folder, in the order of their names; or nil, err.
local function add_folder(files, folder)
  local entries, err = fs.list(folder)
  if not entries then return nil, err end
  table.sort(entries, function(a, b) return a.name < b.name end)
  for _, entry in ipairs(entries) do
    local path, added = folder:gsub("/+$", "") .. "/" .. entry.name, true
    if entry.type == "directory" and entry.name:sub(1, 1) ~= "." then
      added, err = add_folder(files, path)
    elseif entry.name:find "_spec%.lua$" then
      files[#files + 1] = { path = path }
    end
    if not added then return nil, err end
  end
  return true
end

local function default_folder()
  for _, folder in ipairs { "spec", "test", "tests" } do
    local stat = fs.stat(folder)
    if stat and stat.type == "directory" then return folder end
  end
  return "spec"
end

-- A path that ends in .lua is a file, whatever its name, and may have a line behind it; any other a folder.
local function find_specs(paths)
  local files = {}
  for _, path in ipairs(#paths > 0 and paths or { default_folder() }) do
    local file, line = path:match "^(.*%.lua):(%d+)$"
    if file or path:find "%.lua$" then
      files[#files + 1] = { path = file or path, line = tonumber(line) }
    else
      local found, err = add_folder(files, path)
      if not found then return nil, err end
    end
  end
  return files
end

-- The command line. What an option takes: a name for the message, and what makes a value of its text.

local function integer_above_0(text)
  local n = tonumber(text)
  return n and n >= 1 and n % 1 == 0 and n or nil
end

local VALUES = {
  ["--filter"] = { "a text", tostring }, ["--timeout"] = { "a number of seconds", tonumber },
  ["--jobs"] = { "a number of files", integer_above_0 }, ["--junit"] = { "a file's name", tostring },
  ["--child"] = { "a token", tostring }, -- neap.test.files'
}
local FLAGS = {
  ["--only-failed"] = true, ["--list"] = true, ["--in-process"] = true, ["--fail-fast"] = true, ["--tap"] = true,
}
local PASSED_ON = { ["--filter"] = true, ["--timeout"] = true, ["--fail-fast"] = true, ["--only-failed"] = true }

local function key_of(word)
  return (word:sub(3):gsub("%-", "_"))
end

local function pass_on(given, ...)
  for _, word in ipairs { ... } do given.passed_on[#given.passed_on + 1] = word end
end

-- How many words were read at i; or nil and what is wrong.
local function parse_word(given, arguments, i)
  local word, value = arguments[i], arguments[i + 1]
  local takes = VALUES[word]
  if takes then
    local ok = value and takes[2](value)
    if not ok then return nil, word .. " takes " .. takes[1] end
    given[key_of(word)] = ok
    if PASSED_ON[word] then pass_on(given, word, value) end
    return 2
  elseif word == "--shuffle" then
    given.shuffle = tonumber(value) or os.time() % 100000
    pass_on(given, word, tostring(given.shuffle))
    return tonumber(value) and 2 or 1
  elseif FLAGS[word] then
    given[key_of(word)] = true
    if PASSED_ON[word] then pass_on(given, word) end
    return 1
  elseif word:sub(1, 1) == "-" then
    return nil, "unknown option " .. word
  end
  given.paths[#given.paths + 1] = word
  return 1
end

local function parse(arguments)
  local given, i = { paths = {}, passed_on = {} }, 1
  while i <= #arguments do
    local read, why = parse_word(given, arguments, i)
    if not read then return nil, why end
    i = i + read
  end
  return given
end

-- Running

-- What failed last time, among the files that were found.
local function keep_failed(files)
  local failed = require("neap.test.results").remembered()
  if not failed then
    io.stderr:write "neap test: no failure is remembered: everything is run\n"
    return files
  end
  local kept = {}
  for _, file in ipairs(files) do
    local names = failed[file.path]
    if names then
      kept[#kept + 1] = { path = file.path, names = not names[file.path] and names or nil } -- its loading failed
    end
  end
  return kept
end

local function write_now(text)
  io.stdout:write(text)
  io.stdout:flush()            -- what passed is known, should the next test end the process
end

local function new_report(given)
  local terminal = require("uv").guess_handle(1) == "tty"
  if given.tap or not terminal then return require("neap.test.tap").new(write_now) end
  local plain = os.getenv "NO_COLOR"
  return require("neap.test.pretty").new(write_now, not plain or plain == "")
end

-- One after the other, here; a child of neap.test.files among them.
local function run_here(files, given, report)
  local passed = true
  for _, file in ipairs(files) do
    passed = runner.run({ file.path }, {
      read = fs.read_file, timeout = given.timeout, filter = given.filter, line = file.line, names = file.names,
      shuffle = given.shuffle, fail_fast = given.fail_fast, list = given.list, report = report,
    }) and passed
  end
  return passed and #files > 0
end

local function run_apart(files, given)
  local results = require "neap.test.results"
  local report, list = results.collect(new_report(given))
  if given.shuffle then report:comment("shuffled by --shuffle " .. given.shuffle) end
  local passed = require("neap.test.files").run(files, {
    report = report, write = write_now, jobs = given.jobs, timeout = given.timeout or 5, fail_fast = given.fail_fast,
    passed_on = given.passed_on,
  })
  local ok, err = results.remember(list)
  if not ok then io.stderr:write("neap test: failures are not remembered: ", tostring(err), "\n") end
  if given.junit then assert(fs.write_file(given.junit, require("neap.test.junit").text(list), { sync = false })) end
  return passed
end

local function list_report()
  return setmetatable({ count = 0, failures = 0, passed = function(self, name)
    self.count = self.count + 1
    print(name)
  end, failed = function(self, name, failure)
    self.count, self.failures = self.count + 1, self.failures + 1
    io.stderr:write(name, ": ", failure.message, "\n")
  end }, { __index = function() return function() end end })
end

local function run(files, given)
  if given.child then
    return run_here(files, given, require("neap.test.records").new(given.child))
  elseif given.list then
    return run_here(files, given, list_report())
  elseif given.in_process then
    return run_here(files, given, new_report(given))
  end
  return run_apart(files, given)
end

---The command `neap test`.
---@param arguments string[] what follows `test`
---@return integer status 0 all passed, 1 not, 2 wrong arguments
function test.main(arguments)
  if arguments[1] == "--help" or arguments[1] == "-h" then
    io.stdout:write(USAGE)
    return 0
  end
  local given, why = parse(arguments)
  if not given then
    io.stderr:write("neap test: ", why, "\n", USAGE)
    return 2
  end
  local files, err = find_specs(given.paths)
  if not files then
    io.stderr:write("neap test: ", tostring(err), "\n")
    return 1
  end
  local ok, passed = pcall(run, given.only_failed and keep_failed(files) or files, given)
  if not ok then io.stderr:write("neap test: ", tostring(passed), "\n") end
  return ok and passed and 0 or 1
end

return test
