-- neap.process.options: what a program may be given: checked, and taken apart. What is wrong raises in the line that
-- calls neap.process.
--
--   spawn(given), run(given) -> { arguments =, and options }      pipeline(given) -> options, stages
--   is_file(value) -> boolean                                     of neap.fs

local options = require "neap.options"
local stream = require "neap.stream"

local error, ipairs, next, pairs, tostring, type = error, ipairs, next, pairs, tostring, type

local read = {}

-- Kinds

local function is_list(value)
  if type(value) ~= "table" then
    return false
  end
  local n = 0
  for i, text in ipairs(value) do
    if type(text) ~= "string" or text:find("\0", 1, true) then
      return false
    end
    n = i
  end
  for key in pairs(value) do -- behind a nil: it would be left out in silence
    if type(key) == "number" and not (key >= 1 and key <= n) then
      return false
    end
  end
  return true
end

local function is_environment(value)
  if type(value) ~= "table" then
    return false
  end
  for name, text in pairs(value) do
    local holds = type(text) == "string" and not text:find("\0", 1, true) or text == false
    if type(name) ~= "string" or name == "" or name:find "[=%z]" or not holds then
      return false
    end
  end
  return true
end

-- Of neap.fs: no stream, but it gives one.
function read.is_file(value)
  return type(value) == "userdata" and tostring(value):find("^neap%.file") ~= nil
end

local words = { pipe = true, null = true, inherit = true }

local function is_place(value)
  if type(value) == "table" then
    return type(value.path) == "string" and not value.path:find("\0", 1, true)
  end
  return words[value] or stream.is(value) or read.is_file(value)
end

local ENVIRONMENT = options.kind("table of names and texts", is_environment)
local TEXT = options.kind("string without a zero byte", function(value)
  return type(value) == "string" and not value:find("\0", 1, true)
end)
local PLACE = options.kind('"pipe", "null", "inherit", { path = }, an open stream or file', is_place)
local ERRORS = options.kind('"pipe", "null", "inherit", "stdout", { path = }, an open stream or file', function(value)
  return value == "stdout" or is_place(value)
end)
local INPUT = options.kind("string, { path = }, an open stream or file", function(value)
  return type(value) == "string" or is_place(value)
end)
local ID = options.integer(0, 4294967294)

-- Errors of several programs go there: a stream would be the first one's alone.
local SHARED = options.kind('"pipe", "null", "inherit", "stdout" or { path = }', function(value)
  return ERRORS.holds(value) and not stream.is(value)
end)

local function kinds(more)
  for name, kind in pairs {
    cwd = TEXT, env = ENVIRONMENT, replace_env = "boolean", uid = ID, gid = ID, stderr = ERRORS,
  } do
    more[name] = more[name] or kind
  end
  return more
end

local check_spawn = options.checker("spawn", kinds {
  shell = TEXT, stdin = PLACE, stdout = PLACE, group = "boolean", session = "boolean", detached = "boolean",
})
local check_run = options.checker("run", kinds {
  shell = TEXT, input = INPUT, stdout = PLACE, timeout = options.number(0), limit = options.integer(0),
  group = "boolean", session = "boolean",
})
local check_pipeline = options.checker("pipeline", kinds {
  input = INPUT, stdout = PLACE, timeout = options.number(0), limit = options.integer(0), group = "boolean",
  session = "boolean", stderr = SHARED,
})
local check_stage = options.checker("stage of pipeline", kinds { shell = TEXT })

-- Taking apart

-- What was given by numbers, and what by names.
local function apart(given)
  local list, named = {}, {}
  for key, value in pairs(given) do
    local into = type(key) == "number" and list or named
    into[key] = value
  end
  return list, named
end

-- `level` is that of the line to blame, as error counts. `where` begins what is said.
local function program(name, check, given, level, where)
  if type(given) ~= "table" or not is_list(given) then
    error(("bad argument #1 to '%s' (%stable of strings and options expected)"):format(name, where), level)
  end
  local arguments, chosen = apart(given)
  check(chosen, level + 1)
  if chosen.shell then
    arguments = { "/bin/sh", "-c", chosen.shell, "sh", unpack(arguments) }
  elseif not arguments[1] then
    error(("bad argument #1 to '%s' (%sa program or shell expected)"):format(name, where), level)
  end
  chosen.arguments = arguments
  return chosen
end

function read.spawn(given)
  return program("spawn", check_spawn, given, 3, "") -- tail calls are no levels
end

function read.run(given)
  return program("run", check_run, given, 3, "")
end

-- What is chosen for one stage comes before what is for all. `own_errors`: they go where it says itself.
local function stage_of(i, given, shared)
  local stage = program("pipeline", check_stage, given, 5, ("stage %d: "):format(i))
  stage.own_errors = stage.stderr ~= nil
  for name, value in pairs(shared) do
    if stage[name] == nil then
      stage[name] = value
    end
  end
  return stage
end

function read.pipeline(given)
  local list, chosen = apart(type(given) == "table" and given or {})
  check_pipeline(chosen, 4)
  local stages = {}
  for i, each in ipairs(list) do
    stages[i] = stage_of(i, each, chosen)
    list[i] = nil
  end
  if not stages[1] or next(list) then
    error("bad argument #1 to 'pipeline' (lists of a program and its arguments expected)", 3)
  end
  return chosen, stages
end

return read
