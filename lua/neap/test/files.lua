-- neap.test.files -- runs each spec file in a process of its own, several at once.
--
--   files.run_each(files, options)       true when all passed; else false, and the signal that ended it, if one did
--
-- So a file that never ends, crashes or calls os.exit is that file's failure and the others go on. What they report and
-- print is passed on file by file, in the order of the files: of the first that is not over at once, of the others
-- when it is their turn.
--
-- The processes run the program that the environment's NEAP names (a wrapper, say), else the one that runs this.

local process = require "neap.process"
local records = require "neap.test.records"
local signal = require "neap.signal"
local system = require "neap.system"
local task = require "neap.task"
local time = require "neap.time"
local uv = require "uv"

local files = {}

local PATIENCE = 3 -- seconds more than a test may take, in which its process must say something
local QUIET = 0.25 -- seconds, twice: after a process has ended, for what is still to be read of it

-- Turns: what a file has to say goes out at once when it is its turn, else when that comes.

local function say(run, file, fn, ...)
  if file.index == run.turn then
    fn(...)
  else
    file.held[#file.held + 1] = { fn = fn, n = select("#", ...), ... }
  end
end

local function next_turn(run)
  while run.files[run.turn] and run.files[run.turn].over do
    run.turn = run.turn + 1
    local file = run.files[run.turn]
    for _, held in ipairs(file and file.held or {}) do
      held.fn(unpack(held, 1, held.n))
    end
  end
end

-- Records

local function failed(run, file, name, failure, seconds)
  run.failed, file.failed, file.running = true, true, nil
  say(run, file, function()
    run.report:failed(name, failure, seconds, file.path)
  end)
end

local handlers = {}

function handlers.began(_, file, record)
  file.running, file.limit = record.name, record.seconds
end

function handlers.passed(run, file, record)
  file.passed, file.running = true, nil
  say(run, file, function()
    run.report:passed(record.name, record.seconds, file.path)
  end)
end

function handlers.skipped(run, file, record)
  file.running = nil
  say(run, file, function()
    run.report:skipped(record.name, record.reason, record.kind, file.path)
  end)
end

function handlers.failed(run, file, record)
  failed(run, file, record.name, record.failure, record.seconds)
end

function handlers.comment(run, file, record)
  say(run, file, function()
    run.report:comment(record.name)
  end)
end

function handlers.finish(_, file)
  file.finished = true
end

function handlers.bail_out(run, file, record)
  file.finished, file.left = true, true
  failed(run, file, file.running or file.path, { message = record.name, at = file.path })
end

-- One file

local function arguments_of(run, file)
  local arguments = { run.program, "test", "--child", run.token, file.path .. (file.line and ":" .. file.line or "") }
  for _, word in ipairs(run.options.passed_on) do
    arguments[#arguments + 1] = word
  end
  return arguments
end

-- All that descends from it, where the system tells: when their parents are gone they are somebody else's.
local function add_descendants(list, pid)
  local file = io.open(("/proc/%d/task/%d/children"):format(pid, pid))
  local text = file and file:read "*a" or ""
  if file then file:close() end
  for child in text:gmatch "%d+" do
    list[#list + 1] = tonumber(child)
    add_descendants(list, tonumber(child))
  end
  return list
end

-- With what it has started, in its group or in others. It may have ended meanwhile.
local function kill(child)
  local descendants = add_descendants({}, child.pid)
  local _ = child:kill("SIGKILL", { group = true })
  for _, pid in ipairs(descendants) do uv.kill(pid, "sigkill") end
end

-- What it has left behind may hold its output open for ever: that is closed when nothing more comes.
local function close_when_quiet(file, child)
  child:wait()
  file.ended = true
  local quiet = 0
  while quiet < 2 do
    local heard = file.heard
    task.sleep(QUIET)
    quiet = file.heard == heard and quiet + 1 or 0
  end
  child.stdout:close()
  child.stderr:close()
end

-- Everything it says, until its end; nil and why it was stopped before.
local function follow(run, file, child)
  local heard = time.monotonic()
  local feed = records.reader(run.token, function(text)
    say(run, file, run.report.output, run.report, text)
  end, function(record)
    heard = time.monotonic()
    handlers[record.event](run, file, record)
  end)
  while true do
    local silence = file.limit + PATIENCE
    child.stdout:timeout(silence)
    local bytes, err = child.stdout:read()
    file.heard = file.heard + 1
    if file.ended and not bytes then
      feed()
      return true
    elseif err and err.code ~= "ETIMEDOUT" then
      return nil, tostring(err)
    elseif err or time.monotonic() - heard > silence then
      return nil, ("nothing was heard for %g s: does it never wait?"):format(silence)
    end
    feed(bytes)
    if not bytes then
      return true
    end
  end
end

local function pass_on_errors(run, file, child)
  local text = child.stderr:read()
  while text do
    file.heard = file.heard + 1
    local now = text
    say(run, file, function()
      io.stderr:write(now)
    end)
    text = child.stderr:read()
  end
end

-- 1 also says that there was nothing to run. Whatever watches the process (valgrind, a sanitizer) has others.
local function is_expected(file, status)
  return file.finished and not status.signal and (status.code == 0 and not file.failed or
    status.code == 1 and (file.failed or not file.passed))
end

local function why_it_ended(status)
  return status.signal and "ended by " .. status.signal or "ended with status " .. status.code
end

local function run_process(run, file)
  local arguments = arguments_of(run, file)
  arguments.stdin, arguments.stderr = "null", "pipe"
  local child = assert(process.spawn(arguments))
  run.children[child] = file
  local errors = task.spawn(pass_on_errors, run, file, child)
  local closer = task.spawn(close_when_quiet, file, child)
  local ok, why = follow(run, file, child)
  if not ok then kill(child) end
  local status = child:wait()
  run.children[child] = nil
  pcall(errors.wait, errors)
  closer:cancel()
  child.stdout:close()
  child.stderr:close()
  file.given.unfinished = file.left or not file.finished
  if not run.signal and (not ok or not is_expected(file, status)) then
    failed(run, file, file.running or file.path, {
      message = ok and "its process " .. why_it_ended(status) or "its process was stopped: " .. why, at = file.path,
    })
  end
end

local function run_file(run, file)
  if not (run.options.fail_fast and run.failed) and not run.signal then
    run_process(run, file)
  end
  file.over = true
  next_turn(run)
end

-- All files

local function new_token()
  return ("\1neap-test-%d-%.0f-%s "):format(system.pid(), time.now() * 1e6, tostring({}):match "%x+$")
end

local SIGNALS = { SIGHUP = 1, SIGINT = 2, SIGTERM = 15 }

-- The report has what was over, and names what was not.
local function stop(run, number)
  local under_way = {}
  run.signal = number
  for child, file in pairs(run.children) do
    under_way[#under_way + 1] = file.path .. (file.running and ": " .. file.running or "")
    kill(child)
  end
  table.sort(under_way)
  run.interrupted_in = table.concat(under_way, "; ")
end

local function watch_signals(run)
  local watchers = {}
  for name, number in pairs(SIGNALS) do
    watchers[#watchers + 1] = signal.on(name, function() stop(run, number) end)
  end
  return watchers
end

local function finish(run, watchers)
  for _, watcher in ipairs(watchers) do watcher:close() end
  if run.signal then
    run.report:bail_out("interrupted, while this ran: " .. run.interrupted_in)
  else
    run.report:finish()
  end
end

---@class neap.test.FilesOptions
---@field report table
---@field jobs? integer files at once
---@field timeout number seconds, as the processes have it
---@field fail_fast? boolean
---@field passed_on string[] options of the command for each process

---@param list { path: string, line?: integer }[] gets `unfinished` where not all was run
---@param options neap.test.FilesOptions
---@return boolean passed all of them, and there was one
---@return integer? signal
function files.run_each(list, options)
  local run = {
    files = {}, turn = 1, children = {}, options = options, report = options.report, token = new_token(),
    program = system.env "NEAP" or assert(system.executable()),
  }
  for i, file in ipairs(list) do
    run.files[i] = {
      index = i, given = file, path = file.path, line = file.line, held = {}, limit = options.timeout, heard = 0,
    }
  end
  local watchers = watch_signals(run)
  task.map(run.files, { limit = options.jobs or system.parallelism() }, function(file)
    run_file(run, file)
  end)
  finish(run, watchers)
  return not run.signal and not run.failed and run.report.count > 0, run.signal
end

return files
