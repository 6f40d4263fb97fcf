-- neap.fs.glob: the paths that a pattern matches.

local errors = require "neap.errors"
local native = require "neap_fs"
local options = require "neap.options"
local pattern = require "neap.fs.pattern"
local task = require "neap.task"

local list, stat = native.list, native.stat
local error, pcall, type = error, pcall, type

local glob = {}

local KINDS = {
  folder = "string", dotfiles = "boolean", follow = "boolean",
  exclude = options.kind("pattern or list of patterns", function(value)
    return type(value) == "string" or type(value) == "table"
  end),
}
local check_glob = options.checker("glob", KINDS)
local check_match = options.checker("match", { dotfiles = "boolean" })

-- Where nothing can be looked for there is nothing that matches.
local SILENT = { ENOENT = true, ENOTDIR = true, EACCES = true, ELOOP = true, ENAMETOOLONG = true }

local function compile_all(given)
  local all = {}
  for _, text in ipairs(type(given) == "table" and given or { given }) do
    for _, segments in ipairs(pattern.compile(text)) do
      all[#all + 1] = segments
    end
  end
  return all
end

local function join(folder, name)
  return (folder == "" or folder == "/") and folder .. name or folder .. "/" .. name
end

-- A search: `found` is a list and a set of paths, `seen` which rest of a pattern was looked for in which folder.
local Search = {}
Search.__index = Search

function Search:on_disk(path)
  if path == "" or path:sub(1, 1) == "/" then
    return path == "" and self.folder or path
  end
  return self.folder == "." and path or self.folder .. "/" .. path
end

function Search:tolerate(err)
  if not SILENT[err.code] then
    error(err, 0)
  end
end

function Search:is_excluded(path)
  return self.exclude and pattern.matches_path(self.exclude, path, true)
end

function Search:is_folder(path, kind)
  if kind == "directory" or (kind and kind ~= "link") then
    return kind == "directory"
  end
  local found = stat(self:on_disk(path))
  return found ~= nil and found.type == "directory"
end

function Search:add(path, segments, kind)
  if segments.folder then
    if not self:is_folder(path, kind) then
      return
    end
    path = join(path, "")
  end
  if not self.found[path] then
    self.found[path] = true
    self.found[#self.found + 1] = path
  end
end

function Search:entries(folder)
  local entries, err = list(self:on_disk(folder))
  if not entries then
    self:tolerate(err)
  end
  return entries or {}
end

-- What segment i and those after it match in a folder. `kind` is of the folder, where that is known.
function Search:look(folder, segments, i, kind)
  local key = i .. "\0" .. tostring(segments) .. folder
  if self.seen[key] then
    return
  end
  self.seen[key] = true
  local segment = segments[i]
  if segment == nil then
    self:add(folder, segments, kind)
  elseif segment == "**" then
    self:look_below(folder, segments, i)
  elseif segment.literal then
    self:look_for(join(folder, segment.literal), segments, i)
  else
    for _, entry in ipairs(self:entries(folder)) do
      local path = join(folder, entry.name)
      if pattern.matches(segment, entry.name, self.dotfiles) and not self:is_excluded(path) then
        self:look(path, segments, i + 1, entry.type)
      end
    end
  end
end

function Search:look_for(path, segments, i)
  if self:is_excluded(path) then
    return
  elseif segments[i + 1] then
    return self:look(path, segments, i + 1)
  end
  local found, err = stat(self:on_disk(path), { follow = false })
  if found then
    self:look(path, segments, i + 1, found.type)
  else
    self:tolerate(err)
  end
end

-- The folders on the way from here, to see a circle of links.
function Search:is_circle(path)
  local found = self.follow and stat(self:on_disk(path))
  local id = found and found.device .. ":" .. found.inode
  if not id then
    return true
  end
  for _, above in ipairs(self.way) do
    if above == id then
      return true
    end
  end
  self.way[#self.way + 1] = id
  return false
end

function Search:look_below(folder, segments, i)
  if segments[i + 1] then
    self:look(folder, segments, i + 1, "directory")
  end
  for _, entry in ipairs(self:entries(folder)) do
    local path = join(folder, entry.name)
    local shown = self.dotfiles or entry.name:sub(1, 1) ~= "."
    if shown and not self:is_excluded(path) then
      if not segments[i + 1] then
        self:add(path, segments, entry.type)
      end
      self:enter(path, segments, i, entry.type)
    end
  end
end

function Search:enter(path, segments, i, kind)
  if kind == "directory" then
    return self:look(path, segments, i)
  elseif kind ~= "link" or not self.follow or not self:is_folder(path, kind) then
    return
  end
  local depth = #self.way
  if not self:is_circle(path) then
    self:look(path, segments, i)
  end
  self.way[depth + 1] = nil
end

local function search_all(patterns, given)
  local self = setmetatable({
    folder = given.folder or ".", dotfiles = given.dotfiles, follow = given.follow,
    exclude = given.exclude and compile_all(given.exclude), found = {}, seen = {}, way = {},
  }, Search)
  if self.folder ~= "/" then
    self.folder = self.folder:gsub("/+$", "")
  end
  for _, segments in ipairs(patterns) do
    if segments[1] or segments.absolute then
      self:look(segments.absolute and "/" or "", segments, 1)
    end
  end
  local paths = {}
  for i, path in ipairs(self.found) do
    paths[i] = path
  end
  table.sort(paths)
  return paths
end

local search = task.operation(function(...)
  local ok, found = pcall(search_all, ...)
  if not ok and errors.is(found) then
    return nil, found
  elseif not ok then
    error(found, 0)
  end
  return found
end)

---@class neap.fs.GlobOptions
---@field folder? string where relative patterns begin; results stay relative to it; default "."
---@field dotfiles? boolean wildcards match names that begin with a dot too; default false
---@field follow? boolean `**` enters folders that links lead to; default false
---@field exclude? string|string[] patterns of what is left out, with all that is below it

local function check_patterns(name, patterns)
  if type(patterns) ~= "string" and type(patterns) ~= "table" then
    error(("bad argument #1 to '%s' (pattern or list of patterns expected, got %s)"):format(name, type(patterns)), 3)
  end
  return compile_all(patterns)
end

--- The paths that a pattern matches, each once, sorted byte by byte. `*` is any text in a name, `?` a character,
--- `[a-z]` one of these and `[!a-z]` another one, `{a,b}` either; `**` as a whole name is any number of folders, or
--- none. A backslash takes the meaning of what follows. A dot that begins a name is matched only by a dot. A slash at
--- the end matches folders only.
---
---     for _, path in ipairs(fs.glob("src/**/*.{c,h}", { exclude = "**/build" })) do print(path) end
---@param patterns string|string[]
---@param options? neap.fs.GlobOptions
---@param callback? fun(err?: neap.Error, paths?: string[])
---@return string[]? paths
---@return neap.Error? err
function glob.glob(patterns, given, callback)
  check_glob(given)
  local compiled = check_patterns("glob", patterns)
  if type(given) == "function" then
    given, callback = nil, given
  end
  return search(compiled, given or {}, callback)
end

--- Whether a pattern of `glob` matches a path, by its text.
---@param patterns string|string[]
---@param path string
---@param options? { dotfiles?: boolean }
---@return boolean
function glob.match(patterns, path, given)
  check_match(given)
  if type(path) ~= "string" then
    error(("bad argument #2 to 'match' (string expected, got %s)"):format(type(path)), 2)
  end
  return pattern.matches_path(check_patterns("match", patterns), path, given and given.dotfiles)
end

return glob
