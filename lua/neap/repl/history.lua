-- neap.repl.history: the lines that were typed, in a file that several sessions may add to at once.
--
--   open() -> history             of NEAP_HISTORY ("": none), or neap/history in the folder for state
--   history:lines() -> array      the last of them, oldest first
--   history:add(line)
--
-- A line is added by one write to the file's end and nothing is ever rewritten, so that no session loses another's.

local fs = require "neap.fs"

local TAIL = 128 * 1024                          -- bytes that are read of it

local history = {}
history.__index = history

local function default_path()
  local state, home = os.getenv "XDG_STATE_HOME", os.getenv "HOME"
  if state and state:sub(1, 1) == "/" then
    return state .. "/neap/history"
  end
  return home and home ~= "" and home .. "/.local/state/neap/history" or nil
end

-- What there is of it: a file that is not there has no lines.
local function read_tail(path)
  local file = fs.open(path)
  if not file then
    return ""
  end
  local about = file:stat()
  local offset = about and math.max(0, about.size - TAIL) or 0
  local text = about and file:read(TAIL, offset) or ""
  file:close()
  return offset > 0 and text:gsub("^[^\n]*\n", "", 1) or text
end

function history:lines()
  local lines = {}
  for line in (self.path and read_tail(self.path) or ""):gmatch "[^\n]+" do
    lines[#lines + 1] = line
  end
  return lines
end

local function append(path, line)
  local file, err = fs.open(path, "a", { mode = "600" })
  if not file then
    return nil, err
  end
  local ok, why = file:write(line .. "\n")
  file:close()
  return ok, why
end

--- Keep a line. When that cannot be done it is said once, and no more are kept.
---@param line string
---@return true? ok
---@return neap.Error? err
function history:add(line)
  local path = self.path
  if not path or not line:find "%S" then
    return true
  end
  local ok, err = append(path, line)
  if not ok and err.code == "ENOENT" then
    local made = fs.mkdir(path:match "^(.*)/" or ".", { parents = true, mode = "700" })
    if made then
      ok, err = append(path, line)
    end
  end
  self.path = ok and path or nil
  return ok, err
end

local function open()
  local given = os.getenv "NEAP_HISTORY"
  local path = given or default_path()
  return setmetatable({ path = path ~= "" and path or nil }, history)
end

return { open = open }
