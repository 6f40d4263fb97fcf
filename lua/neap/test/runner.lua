-- neap.test.runner -- runs what spec files declare, and judges it.
--
--   runner.run(files, options)           true when all passed
--
-- Tests run one after the other, each function of theirs in a task of its own under a deadline (neap.test.guard).
--
-- A test that calls os.exit ends the process, but as a failure, and the report says so: not all has been run.
--
-- Functions of Lua are taken once: a test may have set another, until neap.test.leaks finds it.

local current = require "neap.test.current"
local excerpt = require "neap.test.excerpt"
local guard = require "neap.test.guard"
local host = require "neap.host"
local leaks = require "neap.test.leaks"
local selection = require "neap.test.selection"
local suite = require "neap.test.suite"
local tap = require "neap.test.tap"

local real_time = require "neap_clock".real      -- tests may have another

local assert, error, ipairs, pcall, rawset, setmetatable = assert, error, ipairs, pcall, rawset, setmetatable
local concat, loadstring, tonumber, tostring, type = table.concat, loadstring, tonumber, tostring, type

local runner = {}

local TIMEOUT = 5              -- seconds, for a test or one of its hooks

local exit = os.exit
local running                  -- the innermost `runner.run`: its report tells of what ends it
local strays = 0               -- errors that came when nothing ran

-- What ends a run, and what comes from elsewhere

local SILENT = { __index = function() return function() end end }

-- In place of os.exit, while tests run. The runner is cancelled then, and what it still has to say is of no interest.
local function exit_early(status)
  local report = running.report
  report:bail_out(("os.exit(%s) was called before all tests had run"):format(status == nil and "" or tostring(status)))
  running.report = setmetatable({ count = 1, failures = 1 }, SILENT)
  exit(1)
end

-- The "file:line" that a message begins with.
local function place_of(message)
  return message:match "^([^\n]-:%d+): "
end

-- An error nobody took: of a callback or a detached task, which the running test has most likely started.
local function on_error(err, traceback)
  local failure = guard.failure(err, traceback)
  failure.at = place_of(failure.message)
  failure.message = "in a callback or task: " .. failure.message
  if current.is_open() then
    current.note(failure)
  else
    strays = strays + 1
    io.stderr:write(failure.message, "\n", failure.traceback or "", "\n")
  end
end

-- Reporting

-- The source at "file:line", if that is of the spec file.
local function excerpt_at(run, at)
  local path, line = (at or ""):match "^(.*):(%d+)$"
  return path == run.path and run.text and excerpt(run.text, tonumber(line)) or nil
end

local function joined(run, failures)
  local first, messages = nil, {}
  for _, failure in ipairs(failures) do
    if not failure.skip then
      first = first or failure
      messages[#messages + 1] = failure.message
    end
  end
  if not first then return nil end
  local at = first.at or place_of(first.message)         -- of a file that does not load
  local source = excerpt_at(run, at)
  return {
    message = concat(messages, "\n"), at = first.at or source and at, traceback = first.traceback, excerpt = source,
  }
end

local function report_todo(run, name, failure, todo, seconds)
  if failure then return run.report:skipped(name, todo == true and "no reason given" or todo, "TODO", run.path) end
  local done = todo == true and "nothing is left to do" or todo .. " is done"
  run.report:failed(name, { message = "it passes: " .. done }, seconds, run.path)
end

local function report(run, name, failures, seconds, todo)
  local failure = joined(run, failures)
  if failures[1] and not failure then
    run.report:skipped(name, failures[1].skip, "SKIP", run.path)
  elseif todo then
    report_todo(run, name, failure, todo, seconds)
  elseif failure then
    run.report:failed(name, failure, seconds, run.path)
  else
    run.report:passed(name, seconds, run.path)
  end
end

-- Running a test

local function attempt(run, name, fn, seconds)
  seconds = seconds or run.timeout
  run.report:began(name, seconds)
  return current.note(guard.attempt(seconds, run.path, fn))
end

-- The functions of one hook that a test runs, the outer groups' first.
local function inherited(group, hook)
  local fns = group.parent and inherited(group.parent, hook) or {}
  for _, fn in ipairs(group[hook]) do fns[#fns + 1] = fn end
  return fns
end

local function attempt_until_failure(run, name, fns)
  for _, fn in ipairs(fns) do
    if not attempt(run, name, fn) then return false end
  end
  return true
end

local function attempt_backwards(run, name, fns)
  for i = #fns, 1, -1 do attempt(run, name, fns[i]) end
end

local function run_finals(run, name)
  current.run_finals(function(fn) attempt(run, name, fn) end)
  current.note_calls()
end

local function attempt_test(run, test, name)
  local function until_called()
    local result, err = test.fn()
    if result == nil and err ~= nil then return nil, err end
    return current.wait_for_calls()
  end
  local seconds = test.options.timeout or run.timeout
  run.report:began(name, seconds)
  local failure = guard.attempt(seconds, run.path, until_called)
  if not current.is_waiting() then current.note(failure) end           -- else note_calls has more to say
end

local function run_test(run, test, name)
  local began, before = real_time(), leaks.snapshot()
  current.open()
  if attempt_until_failure(run, name, inherited(test.parent, "before")) then attempt_test(run, test, name) end
  attempt_backwards(run, name, inherited(test.parent, "after"))
  run_finals(run, name)
  if not current.note(leaks.failure(before)) then run.leaks = run.leaks + 1 end
  report(run, name, current.close(), real_time() - began, test.options.todo)
end

-- Running groups

-- Is there one that is run? Without, their group's hooks are not, either.
local function any_runs(run, item)
  if not run.has(item) then return false end
  for _, inner in ipairs(item.items or {}) do
    if any_runs(run, inner) then return true end
  end
  return not item.items and not item.options.skip
end

local run_group

local function run_items(run, group)
  for _, item in ipairs(group.items) do
    if run.fail_fast and run.report.failures > 0 then return end
    local skip = item.options.skip
    if item.items then
      run_group(run, item)
    elseif run.has(item) and skip then
      run.report:skipped(suite.full_name(item), skip == true and "no reason given" or skip, "SKIP", run.path)
    elseif run.has(item) then
      run_test(run, item, suite.full_name(item))
    end
  end
end

-- `before_all` and `after_all` are lines of the report only when they fail.
function run_group(run, group)
  if not any_runs(run, group) then return run_items(run, group) end
  local before, leaked = leaks.snapshot(), run.leaks
  local before_name, after_name = suite.hook_name(group, "before_all"), suite.hook_name(group, "after_all")
  current.open()
  attempt_until_failure(run, before_name, group.before_all)
  local failures = current.take_failures()
  if failures[1] then
    report(run, before_name, failures)
  else
    run_items(run, group)
  end
  attempt_backwards(run, after_name, group.after_all)
  run_finals(run, after_name)
  if run.leaks == leaked then current.note(leaks.failure(before)) end         -- else it is a test's
  failures = current.close()
  if failures[1] then report(run, after_name, failures) end
end

-- Running files

local function load_file(run)
  run.text = assert(run.read(run.path))
  local chunk, why = loadstring(run.text, "@" .. run.path)
  if not chunk then error(why, 0) end
  chunk()
end

local function list(run, group)
  for _, item in ipairs(group.items) do
    if item.items then
      list(run, item)
    elseif run.has(item) then
      run.report:passed(("%s:%d: %s"):format(run.path, item.first, suite.full_name(item)))
    end
  end
end

local function run_root(run, root)
  local only
  run.has, only = selection.of(root, run)
  if run.list then return list(run, root) end
  if not run.has(root) then return end
  if run.shuffle then selection.shuffle(root, run.shuffle) end
  run.report:comment(run.path)
  run_group(run, root)
  if only then
    report(run, run.path, { { message = "not all of it was run: a test is marked `only`", at = run.path } })
  end
end

local function run_file(run, path)
  run.path, run.text = path, nil
  current.open()
  local root = suite.open()
  attempt(run, path, function() load_file(run) end)
  suite.close()
  local failures = current.take_failures()
  if failures[1] then
    report(run, path, failures)
  else
    run_root(run, root)
  end
  run_finals(run, path)
  failures = current.close()
  if failures[1] then report(run, path, failures) end
end

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

local function run_files(run, files)
  for _, file in ipairs(files) do
    if type(file) ~= "table" then file = { path = file } end
    if run.fail_fast and run.report.failures > 0 then break end
    run.line, run.names = file.line, file.names         -- nil: the run's
    run_file(run, file.path)
  end
  run.report:finish()
end

---Runs spec files in this process, in the order given. Should the runner itself fail, that is what is raised.
---@param files (string|{ path: string, line?: integer, names?: table<string, true> })[]
---@param options neap.test.Options
---@return boolean passed all of them, and there was one
function runner.run(files, options)
  local run = setmetatable({
    leaks = 0, timeout = options.timeout or TIMEOUT, report = options.report or tap.new(options.write or tap.write_now),
  }, { __index = options })
  local outer, outer_exit = running, os.exit
  running = run
  rawset(os, "exit", exit_early)       -- for a time the tests' os is not Lua's
  leaks.open()
  host.on_error(on_error)
  local ok, err = pcall(run_files, run, files)
  running = outer
  rawset(os, "exit", outer_exit)
  if not ok then error(err, 0) end
  return run.report.count > 0 and run.report.failures == 0 and strays == 0
end

return runner
