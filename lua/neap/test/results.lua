-- neap.test.results -- what a run came to, kept beside its report; and what failed in this folder when it last ran.
--
--   results.collect(report) -> report, list      the same report, which also fills the list (see neap.test.junit)
--   results.remember(list, files)                the failures among them; of the files all was run that was not skipped
--   results.remembered() -> files                { [path] = { [name] = true } }, the file's path for a name: all of it

local fs = require "neap.fs"
local json = require "cjson".new()
local path = require "neap.path"
local system = require "neap.system"

local results = {}

local function add(list, file, name, verdict, fields)
  fields.file, fields.name, fields.verdict = file or "?", name, verdict
  list[#list + 1] = fields
end

---@param report table
---@return table report
---@return table[] list
function results.collect(report)
  local list, own = {}, {}
  function own:passed(name, seconds, file)
    add(list, file, name, "passed", { seconds = seconds })
    report:passed(name, seconds, file)
  end
  function own:failed(name, failure, seconds, file)
    add(list, file, name, "failed", { failure = failure, seconds = seconds })
    report:failed(name, failure, seconds, file)
  end
  function own:skipped(name, reason, kind, file)
    add(list, file, name, "skipped", { reason = reason })
    report:skipped(name, reason, kind, file)
  end
  return setmetatable(own, {
    __index = function(_, key)
      local value = report[key]
      return type(value) == "function" and function(_, ...) return value(report, ...) end or value
    end,
  }), list
end

-- One file for each folder in which tests are run. nil: there is no place; containers often have users without a home.
local function state_file()
  local state, home = system.env "XDG_STATE_HOME", system.env "HOME"
  if not state and not home then
    return nil
  end
  state = state or path.join(home, ".local/state")
  return path.join(state, "neap/failed-tests", (system.cwd():gsub("[/%%]", function(char)
    return ("%%%02x"):format(char:byte())
  end)))
end

---@return table<string, table<string, true>> files empty when none failed, or nothing is known
function results.remembered()
  local file = state_file()
  local text = file and fs.read_file(file)
  local ok, files = pcall(json.decode, text or "")
  return ok and type(files) == "table" and files or {}
end

local function note(known, result)
  local names = known[result.file] or {}
  known[result.file] = names
  if result.name ~= result.file then names[result.file] = nil end         -- it does load
  names[result.name] = result.verdict == "failed" or nil
  if not next(names) then known[result.file] = nil end
end

-- A folder in which nothing fails leaves no file behind.
local function save(file, known)
  if not next(known) then
    local ok, err = fs.remove(file)
    return ok or err.code == "ENOENT" or nil, err
  end
  local ok, err = fs.mkdir(path.dirname(file), { parents = true })
  if ok then ok, err = fs.write_file(file, json.encode(known), { sync = false }) end
  return ok, err
end

---What was not run is remembered as it was.
---@param list table[]
---@param files { path: string, line?: integer, unfinished?: boolean }[]
---@return true? ok
---@return neap.Error? err
function results.remember(list, files)
  local known, file = results.remembered(), state_file()
  for _, each in ipairs(files) do
    if not each.line and not each.unfinished then known[each.path] = nil end
  end
  for _, result in ipairs(list) do
    note(known, result)
  end
  for each in pairs(known) do
    if not fs.stat(each) then known[each] = nil end
  end
  if not file then return true end
  return save(file, known)
end

return results
