-- neap.fs.walk: all that is in and below a folder, in a promised order.

local native = require "neap_fs"
local options = require "neap.options"

local list, stat = native.list, native.stat
local error, type = error, type

local walk = {}

local check_walk = options.checker("walk", {
  depth = options.integer(1), follow = "boolean", enter = "function", on_error = "function",
})

---@class neap.fs.Entry
---@field path string beginning with the path that was given
---@field name string
---@field type string as of `stat`: of a link that is followed, of what it leads to
---@field depth integer 1 for what is in the folder itself

---@class neap.fs.WalkOptions
---@field depth? integer how deep it goes: 1 only what is in the folder; default: all
---@field follow? boolean enter folders that links lead to, but none that it is in already; default false
---@field enter? fun(entry: neap.fs.Entry): boolean whether to enter a folder; default: all
---@field on_error? fun(err: neap.Error) gets what cannot be listed, and the walk goes on; default: it is raised

local function join(folder, name)
  return folder:sub(-1) == "/" and folder .. name or folder .. "/" .. name
end

-- Which folder that is, to see a circle; nil where there can be none.
local function identity(path, given)
  local found = given.follow and stat(path)
  return found and found.device .. ":" .. found.inode
end

local function is_above(level, id)
  while level do
    if level.id == id then
      return true
    end
    level = level.up
  end
  return false
end

-- A level is a folder that is being walked. What has gone meanwhile is no error, but for the first folder.
local function open_level(path, up, given)
  local id = identity(path, given)
  if id and is_above(up, id) then
    return nil
  end
  local entries, err = list(path)
  if entries then
    return { path = path, entries = entries, at = 0, up = up, depth = up and up.depth + 1 or 1, id = id }
  elseif up and (err.code == "ENOENT" or err.code == "ENOTDIR") then
    return nil
  end
  return nil, err
end

local function next_entry(level, given)
  level.at = level.at + 1
  local entry = level.entries[level.at]
  if not entry then
    return nil
  end
  entry.path, entry.depth = join(level.path, entry.name), level.depth
  if given.follow and entry.type == "link" then
    local found = stat(entry.path)
    entry.type = found and found.type or "link"
  end
  return entry
end

local function enters(entry, given)
  return entry.type == "directory" and (not given.depth or entry.depth < given.depth) and
    (not given.enter or given.enter(entry))
end

-- The iterator: `pending` is a folder that was given and is to be entered now, if its consumer did not remove it.
local function iterator(root, given)
  local level, pending, started
  local function enter(path)
    local opened, err = open_level(path, level, given)
    if err and not given.on_error then
      error(err, 0)
    elseif err then
      given.on_error(err)
    end
    level = opened or level
  end
  return function()
    if not started then
      started = true
      enter(root)
    elseif pending then
      local entry = pending
      pending = nil
      if enters(entry, given) then
        enter(entry.path)
      end
    end
    while level do
      local entry = next_entry(level, given)
      if entry then
        pending = entry
        return entry
      end
      level = level.up
    end
  end
end

--- Iterates over all that is in and below a folder. In each folder it goes by name, byte by byte, and a folder comes
--- before what is in it. Links are not followed unless asked for. What is removed meanwhile is left out, what is added
--- may be.
---
---     -- not run: there is no src
---     for entry in fs.walk("src", { enter = function(e) return e.name ~= ".git" end }) do
---       print(entry.path, entry.type)
---     end
---@param path string
---@param options? neap.fs.WalkOptions
---@return fun(): neap.fs.Entry?
function walk.walk(path, given)
  check_walk(given)
  if type(path) ~= "string" then
    error(("bad argument #1 to 'walk' (string expected, got %s)"):format(type(path)), 2)
  end
  return iterator(path, given or {})
end

return walk
