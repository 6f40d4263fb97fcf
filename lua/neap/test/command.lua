-- neap.test.command -- the command `neap test`: its arguments, the files they mean, and the run.
--
--   command.main(arguments) -> status

local fs = require "neap.fs"
local path = require "neap.path"
local runner = require "neap.test.runner"
local tap = require "neap.test.tap"

local command = {}

local USAGE = [[
usage: neap test [options] [file, file:line or folder]…       (spec/, or test/ or tests/)

  --filter TEXT      only tests whose full name holds TEXT
  --only-failed      only what failed when it last ran in this folder
  --list             say which tests there are, and run none
  --timeout SECONDS  that a test or one of its hooks may take (5)
  --jobs N           files at once, each in a process of its own (the number of processors)
  --in-process       all in this process, one after the other: for a debugger
  --fail-fast        stop after the first failure
  --shuffle [SEED]   in an order drawn by chance
  --tap              TAP, as when the output is no terminal
  --junit FILE       JUnit's XML, into FILE

The processes run the program that the variable NEAP names, or this one. The exit status is 0 when something was run
and all passed, 1 when not, 2 for wrong use, 128 and its number after a signal.
]]

local function complain(...)
  io.stderr:write("neap test: ", ...)
  io.stderr:write "\n"
end

-- Files

local function is_spec(name)
  return name:find "_spec%.lua$" or name:find "_test%.lua$"
end

-- Adds the spec files in and below a folder, in the order of their names; or nil, err.
local function add_folder(files, folder)
  local entries, err = fs.list(folder)
  if not entries then return nil, err end
  table.sort(entries, function(a, b) return a.name < b.name end)
  for _, entry in ipairs(entries) do
    local inner, added = path.join(folder, entry.name), true
    if entry.type == "directory" and entry.name:sub(1, 1) ~= "." then
      added, err = add_folder(files, inner)
    elseif is_spec(entry.name) then
      files[#files + 1] = { path = inner }
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
  for _, each in ipairs(#paths > 0 and paths or { default_folder() }) do
    local file, line = each:match "^(.*%.lua):(%d+)$"
    if file or each:find "%.lua$" then
      files[#files + 1] = { path = path.normalize(file or each), line = tonumber(line) }
    else
      local found, err = add_folder(files, each)
      if not found then return nil, err end
    end
  end
  return files
end

-- Arguments. What an option takes: a name for the message, and what makes a value of its text.

local function integer_above_0(text)
  local n = tonumber(text)
  return n and n >= 1 and n % 1 == 0 and n or nil
end

local VALUES = {
  ["--filter"] = { "a text", tostring }, ["--timeout"] = { "a number of seconds", tonumber },
  ["--jobs"] = { "a number of files", integer_above_0 }, ["--junit"] = { "a file's name", tostring },
  ["--shuffle"] = { "a number", tonumber }, ["--child"] = { "a token", tostring }, -- neap.test.files'
}
local FLAGS = {
  ["--only-failed"] = true, ["--list"] = true, ["--in-process"] = true, ["--fail-fast"] = true, ["--tap"] = true,
}

local function key_of(name)
  return (name:sub(3):gsub("%-", "_"))
end

-- How many words were read at i; or nil and what is wrong.
local function parse_word(given, arguments, i)
  local word = arguments[i]
  local name, text = word:match "^(%-%-[%w-]+)=(.*)$"
  name = name or word
  local takes, value = VALUES[name], text or arguments[i + 1]
  if takes then
    value = value and takes[2](value)
    if not value and (text or name ~= "--shuffle") then return nil, name .. " takes " .. takes[1] end
    given[key_of(name)] = value or os.time() % 100000
    return value and not text and 2 or 1
  elseif FLAGS[word] then
    given[key_of(word)] = true
  elseif word:sub(1, 1) == "-" then
    return nil, "unknown option " .. word
  else
    given.paths[#given.paths + 1] = word
  end
  return 1
end

local function parse(arguments)
  local given, i = { paths = {} }, 1
  while i <= #arguments do
    local read, why = parse_word(given, arguments, i)
    if not read then return nil, why end
    i = i + read
  end
  return given
end

-- What concerns each process of a file.
local function passed_on(given)
  local words = {}
  for _, name in ipairs { "filter", "timeout", "shuffle", "fail-fast", "only-failed" } do
    local value = given[key_of("--" .. name)]
    if value then words[#words + 1] = "--" .. name end
    if value and value ~= true then words[#words + 1] = tostring(value) end
  end
  return words
end

-- What is to be run

-- Of the files that were found, those in which something failed, and what.
local function keep_failed(files)
  local failed, kept = require("neap.test.results").remembered(), {}
  for _, file in ipairs(files) do
    local names = failed[file.path]
    if names then
      kept[#kept + 1] = {
        path = file.path, line = file.line, names = not names[file.path] and names or nil, -- its loading failed
      }
    end
  end
  return kept
end

local function choose(files, given)
  if not given.only_failed then return files end
  local kept = keep_failed(files)
  if kept[1] then return kept end
  complain "no failure is remembered: everything is run"
  given.only_failed = nil
  return files
end

-- Running

local function new_report(given)
  local terminal = require("uv").guess_handle(1) == "tty"
  if given.tap or not terminal then return tap.new(tap.write_now) end
  local plain = os.getenv "NO_COLOR"
  return require("neap.test.pretty").new(tap.write_now, not plain or plain == "")
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

-- One after the other, here; a child of neap.test.files among them.
local function run_here(files, given, report)
  return runner.run(files, {
    read = fs.read_file, timeout = given.timeout, filter = given.filter, shuffle = given.shuffle,
    fail_fast = given.fail_fast, list = given.list, report = report,
  })
end

local function run_apart(files, given, report)
  return require("neap.test.files").run_each(files, {
    report = report, jobs = given.jobs, timeout = given.timeout or 5, fail_fast = given.fail_fast,
    passed_on = passed_on(given),
  })
end

-- Valgrind does not look into other processes, unless NEAP names a wrapper with it.
local function is_alone(given)
  local preloaded, program = os.getenv "LD_PRELOAD", os.getenv "NEAP"
  return given.in_process or not program and preloaded and preloaded:find("vgpreload", 1, true)
end

local function remember(list, files, given, signal)
  local whole = not (given.filter or given.fail_fast or signal)
  local ok, err = require("neap.test.results").remember(list, whole and files or {})
  if not ok then complain("failures are not remembered: ", tostring(err)) end
end

-- Did all pass? And the number of the signal that ended it, if one did.
local function run(files, given)
  if given.child then
    return run_here(files, given, require("neap.test.records").new(given.child))
  elseif given.list then
    return run_here(files, given, list_report())
  end
  local report, list = require("neap.test.results").collect(new_report(given))
  if given.shuffle then report:comment("shuffled by --shuffle " .. given.shuffle) end
  local passed, signal = (is_alone(given) and run_here or run_apart)(files, given, report)
  if report.count == 0 and not signal then complain "there is no test to run" end
  remember(list, files, given, signal)
  if given.junit then assert(fs.write_file(given.junit, require("neap.test.junit").text(list), { sync = false })) end
  return passed, signal
end

---@param arguments string[] what follows `test`
---@return integer status
function command.main(arguments)
  if arguments[1] == "--help" or arguments[1] == "-h" then
    io.stdout:write(USAGE)
    return 0
  end
  local given, why = parse(arguments)
  if not given then
    complain(why, "\n", USAGE)
    return 2
  end
  local files, err = find_specs(given.paths)
  if not files then
    complain(tostring(err))
    return 1
  end
  local ok, passed, signal = pcall(run, choose(files, given), given)
  if not ok then complain(tostring(passed)) end
  return signal and 128 + signal or ok and passed and 0 or 1
end

return command
