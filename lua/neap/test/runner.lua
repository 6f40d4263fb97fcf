-- neap.test.runner -- runs what spec files declare, and judges it.
--
--   runner.run(files, options)           true when all passed
--   runner.calls(fn, n)                  see `neap.test`
--
-- Tests run one after the other, each function of theirs in a task of its own under a deadline (neap.test.guard).
-- `current` is what runs, and everything that fails meanwhile is its failure: so two tests at once need two runtimes.
--
-- A test that calls os.exit ends the process, but as a failure, and the report says so: not all has been run.

local clock = require "neap.test.clock"
local guard = require "neap.test.guard"
local host = require "neap.host"
local spy = require "neap.test.spy"
local suite = require "neap.test.suite"
local tap = require "neap.test.tap"
local task = require "neap.task"
local time = require "neap.time"

local runner = {}

local TIMEOUT = 5              -- seconds, for a test or one of its hooks

local exit = os.exit
local running                  -- the innermost `runner.run`: its report tells of what ends it
local current                  -- { failures =, counters =, counting = }: the last while only calls are awaited
local strays = 0               -- errors that came when nothing ran

-- counting calls --

---A function that calls `fn` and fails the test unless it is called exactly `n` times before the test is over.
---@param fn? function
---@param n? integer (1)
---@return function
function runner.calls(fn, n)
  if not current then error("'calls' belongs in a test", 2) end
  local where = debug.getinfo(2, "Sl")
  local counter = { calls = 0, expected = n or 1, at = where.short_src .. ":" .. where.currentline }
  table.insert(current.counters, counter)
  return function(...)
    counter.calls = counter.calls + 1
    if fn then return fn(...) end
  end
end

local function pending()
  for _, counter in ipairs(current.counters) do
    if counter.calls < counter.expected then return true end
  end
  return false
end

-- failures --

-- True when there is none.
local function note(failure)
  if failure then table.insert(current.failures, failure) end
  return failure == nil
end

local function note_counters()
  for _, counter in ipairs(current.counters) do
    if counter.calls ~= counter.expected then
      note { message = ("called %d times, not %d"):format(counter.calls, counter.expected), at = counter.at }
    end
  end
end

local SILENT = { __index = function() return function() end end }

-- In place of os.exit, while tests run. The runner is cancelled then, and what it still has to say is of no interest.
local function exit_early(status)
  local report = running.report
  report:bail_out(("os.exit(%s) was called before all tests had run"):format(status == nil and "" or tostring(status)))
  running.report = setmetatable({ count = 1, failures = 1 }, SILENT)
  exit(1)
end

-- An error nobody took: of a callback or a detached task, which the running test has most likely started.
local function on_error(err, traceback)
  local failure = guard.failure(err, traceback)
  failure.message = "in a callback or task: " .. failure.message
  if current then
    note(failure)
  else
    strays = strays + 1
    io.stderr:write(failure.message, "\n", failure.traceback or "", "\n")
  end
end

-- What fails while fn runs, and what it leaves open beyond `before` (nil: it may).
local function failures_of(before, fn)
  local outer, record = current, { failures = {}, counters = {} }
  current = record
  fn()
  note_counters()
  if before then note(guard.leaks(before)) end
  current = outer
  return record.failures
end

-- reporting --

local function joined(failures)
  local first, messages = nil, {}
  for _, failure in ipairs(failures) do
    if not failure.skip then
      first = first or failure
      messages[#messages + 1] = failure.message
    end
  end
  return first and { message = table.concat(messages, "\n"), at = first.at, traceback = first.traceback }
end

local function report(run, name, failures, seconds, todo)
  local failure = joined(failures)
  if failure and todo then
    run.report:skipped(name, todo, "TODO")
  elseif failure then
    run.report:failed(name, failure, seconds)
  elseif failures[1] then
    run.report:skipped(name, failures[1].skip, "SKIP")
  elseif todo then
    run.report:failed(name, { message = "it passes: " .. todo .. " is done" }, seconds)
  else
    run.report:passed(name, seconds)
  end
end

-- running --

local function attempt(run, fn, name, seconds)
  run.report:began(name or run.path, seconds or run.timeout)
  return guard.attempt(seconds or run.timeout, run.path, fn)
end

-- The functions of one hook that a test runs, the outer groups' first.
local function inherited(group, hook)
  local fns = group.parent and inherited(group.parent, hook) or {}
  for _, fn in ipairs(group[hook]) do fns[#fns + 1] = fn end
  return fns
end

local function attempt_until_failure(run, fns, name)
  for _, fn in ipairs(fns) do
    if not note(attempt(run, fn, name)) then return false end
  end
  return true
end

local function attempt_backwards(run, fns, name)
  for i = #fns, 1, -1 do note(attempt(run, fns[i], name)) end
end

local function run_test(run, group, case, name)
  local function until_counted()
    local result, err = case.fn()
    if result == nil and err ~= nil then return nil, err end
    current.counting = true
    while pending() do task.sleep(0.001) end
  end
  local began = time.monotonic()
  local failures = failures_of(guard.snapshot(), function()
    if attempt_until_failure(run, inherited(group, "before"), name) then
      local failure = attempt(run, until_counted, name, case.options.timeout)
      if not current.counting then note(failure) end       -- then note_counters has more to say
    end
    attempt_backwards(run, inherited(group, "after"), name)
    spy.restore()
    clock.stop()
  end)
  report(run, name, failures, time.monotonic() - began, case.options.todo)
end

local function joined_name(name, inner)
  return name == "" and inner or name .. " > " .. inner
end

local function is_wanted(run, case, name)
  local named = not run.filter or name:find(run.filter, 1, true) ~= nil
  local listed = not run.names or run.names[name]
  return named and listed and (case.options.only or not run.only) or false
end

local function holds(run, item)
  return not run.line or item.first and item.first <= run.line and run.line <= item.last
end

-- A line names the innermost thing around it: a group is all that is in it.
local function names_line_inside(run, item)
  for _, inner in ipairs(item.items or {}) do
    if holds(run, inner) then return true end
  end
  return false
end

local function selected(run, item, name)
  if item.first and not holds(run, item) then
    return false
  elseif run.line and item.first and not names_line_inside(run, item) then
    local line = run.line
    run.line = nil                     -- all of it
    local any = selected(run, item, name)
    run.line = line
    return any
  end
  if not item.items then return is_wanted(run, item, name) end
  for _, inner in ipairs(item.items) do
    if selected(run, inner, joined_name(name, inner.name)) then return true end
  end
  return false
end

local run_group

-- In the order declared, or by chance (Fisher and Yates).
local function in_order(run, items)
  if not run.shuffle then return items end
  local shuffled = { unpack(items) }
  for i = #shuffled, 2, -1 do
    local j = math.random(i)
    shuffled[i], shuffled[j] = shuffled[j], shuffled[i]
  end
  return shuffled
end

local function run_item(run, group, item, name)
  local line = run.line
  if line and item.first and not names_line_inside(run, item) then run.line = nil end
  if item.items then
    run_group(run, item, name)
  elseif item.options.skip then
    run.report:skipped(name, item.options.skip, "SKIP")
  else
    run_test(run, group, item, name)
  end
  run.line = line
end

local function run_items(run, group, name)
  for _, item in ipairs(in_order(run, group.items)) do
    local item_name = joined_name(name, item.name)
    if run.fail_fast and run.report.failures > 0 then return end
    if selected(run, item, item_name) then run_item(run, group, item, item_name) end
  end
end

-- `before_all` and `after_all` are lines of the report only when they fail.
function run_group(run, group, name)
  local before = guard.snapshot()
  local failures = failures_of(nil, function() attempt_until_failure(run, group.before_all) end)
  if failures[1] then
    report(run, joined_name(name, "before_all"), failures)
  else
    run_items(run, group, name)
  end
  failures = failures_of(before, function() attempt_backwards(run, group.after_all) end)
  if failures[1] then report(run, joined_name(name, "after_all"), failures) end
end

local function load_file(run)
  local text = assert(run.read(run.path))
  assert(loadstring(text, "@" .. run.path))()
end

local function has_only(group)
  for _, item in ipairs(group.items) do
    if item.items and has_only(item) or item.options and item.options.only then return true end
  end
  return false
end

local function list(run, item, name)
  for _, inner in ipairs(item.items or {}) do
    local inner_name = joined_name(name, inner.name)
    if selected(run, inner, inner_name) then list(run, inner, inner_name) end
  end
  if not item.items then run.report:passed(("%s:%d: %s"):format(run.path, item.first, name)) end
end

local function run_file(run, path)
  run.path = path
  local root = suite.open()
  local failures = failures_of(nil, function() note(attempt(run, function() load_file(run) end)) end)
  suite.close()
  if failures[1] then return report(run, path, failures) end
  run.only = has_only(root)
  if run.list then
    list(run, root, "")
  elseif selected(run, root, "") then
    run.report:comment(path)
    run_group(run, root, "")
    if run.only then
      report(run, path, { { message = "not all of it was run: a test is marked `only`", at = path } })
    end
  end
end

local function write_now(text)
  io.stdout:write(text)
  io.stdout:flush()            -- what passed is known, should the next test end the process
end

---@class neap.test.Options
---@field timeout? number seconds a test may take (5)
---@field filter? string only tests whose full name holds this text
---@field line? integer only what stands at this line of the file
---@field names? table<string, true> only tests of these full names
---@field shuffle? integer run in an order drawn from this seed
---@field fail_fast? boolean stop after the first failure
---@field list? boolean run nothing; each test that would be is "passed"
---@field report? table in place of TAP (neap.test.tap)
---@field read fun(path: string): string? text of a spec file
---@field write? fun(text: string) takes the report (standard output)

local function run_files(run, files)
  for _, path in ipairs(files) do run_file(run, path) end
  run.report:finish()
end

---Runs spec files in the order given. Should the runner itself fail, that is what is raised.
---@param files string[]
---@param options neap.test.Options
---@return boolean passed all of them, and there was one
function runner.run(files, options)
  local run = {
    timeout = options.timeout or TIMEOUT, filter = options.filter, read = options.read, line = options.line,
    names = options.names, shuffle = options.shuffle, fail_fast = options.fail_fast, list = options.list,
    report = options.report or tap.new(options.write or write_now),
  }
  if run.shuffle then math.randomseed(run.shuffle) end
  local outer, outer_exit = running, os.exit
  running = run
  rawset(os, "exit", exit_early)       -- for a time the tests' os is not Lua's
  host.on_error(on_error)
  local ok, err = pcall(run_files, run, files)
  running = outer
  rawset(os, "exit", outer_exit)
  if not ok then error(err, 0) end
  return run.report.count > 0 and run.report.failures == 0 and strays == 0
end

return runner
