-- neap.test.results -- what a run came to, kept beside its report; and what the last run in this folder failed.
--
--   results.collect(report) -> report, list      the same report, which also fills the list (see neap.test.junit)
--   results.remember(list)                       the failures among them, for the next run
--   results.remembered() -> files | nil          { [path] = { [name] = true } }

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

---@param list table[]
---@return true? ok
---@return neap.Error? err
function results.remember(list)
  local files = {}
  for _, result in ipairs(list) do
    if result.verdict == "failed" then
      files[result.file] = files[result.file] or {}
      files[result.file][result.name] = true
    end
  end
  local file = state_file()
  if not file then
    return true
  end
  local ok, err = fs.mkdir(path.dirname(file), { parents = true })
  if not ok then
    return nil, err
  end
  return fs.write_file(file, json.encode(files), { sync = false })
end

---@return table<string, table<string, true>>? files nil when none failed, or nothing is known
function results.remembered()
  local file = state_file()
  local text = file and fs.read_file(file)
  local ok, files = pcall(json.decode, text or "")
  return ok and type(files) == "table" and next(files) and files or nil
end

return results
