-- neap.fs.watch.tree: the folders that are watched, what is known to be in them, and what the system's events mean.
--
--   tree.new(root, given, watches, changes) -> tree
--   tree:scan(folder) -> true | nil, err      watch it and what is below it; what is not known yet is created
--   tree:handle(event)                        an event of inotify: { number, mask, cookie, name }
--   tree:settle()                             names that were taken away and have not come back
--   tree:rescan()                             after events were lost
--
-- A folder is watched first and listed then: what is made in it in between is seen twice, but never missed.

local bit = require "bit"
local native = require "neap_fs"

local band = bit.band
local list = native.list

local CREATED, DELETED, MOVED_FROM, MOVED_TO = 0x100, 0x200, 0x40, 0x80
local MODIFIED, ATTRIBUTES, CLOSED = 0x2, 0x4, 0x8
local IGNORED, FOLDER = 0x8000, 0x40000000

-- What has gone meanwhile, or may not be looked into, is left out.
local GONE = { ENOENT = true, ENOTDIR = true, ELOOP = true, EACCES = true, EINVAL = true }

local Tree = {}
Tree.__index = Tree

local tree = {}

-- `only`: a name; nothing else in the folder counts.
function tree.new(root, given, watches, changes)
  return setmetatable({
    root = root, recursive = given.recursive, ignore = given.ignore, only = given.only, watches = watches,
    changes = changes, numbers = {}, folders = {}, moved = {},
  }, Tree)
end

local function join(folder, name)
  return folder:sub(-1) == "/" and folder .. name or folder .. "/" .. name
end

function Tree:counts(path, name)
  return (not self.only or name == self.only) and not (self.ignore and self.ignore(path))
end

-- Scanning

function Tree:add_watch(path, is_below)
  local number, err = self.watches.add(path, self.watches, is_below)
  if not number then
    return nil, err
  end
  local folder = self.numbers[number]
  if folder and folder.path ~= path then -- renamed, which is still to be told: what is in it is found anew
    folder.number = nil
    folder = nil
  end
  if not folder then
    folder = { number = number, names = {}, leaving = {} }
    self.numbers[number] = folder
  end
  folder.path = path
  self.folders[path] = folder
  return folder
end

-- What was known and is not there has gone.
function Tree:forget_missing(folder, present)
  for name, kind in pairs(folder.names) do
    if not present[name] then
      self:remove(folder, name, kind)
    end
  end
end

function Tree:scan(path, quietly)
  local folder, err = self:add_watch(path, path ~= self.root)
  if not folder then
    return nil, err
  end
  local entries, failure = list(path)
  if not entries then
    return nil, failure
  end
  local present = {}
  for _, entry in ipairs(entries) do
    present[entry.name] = true
    local added, why = self:add(folder, entry.name, entry.type, quietly)
    if not added then
      return nil, why
    end
  end
  self:forget_missing(folder, present)
  return true
end

-- A name that is there. Folders are scanned, when they are to be.
function Tree:add(folder, name, kind, quietly)
  local path = join(folder.path, name)
  if not self:counts(path, name) then
    return true
  end
  local known = folder.names[name]
  folder.names[name] = kind
  if not known and not quietly then
    self.changes:create(path, kind)
  end
  if kind == "directory" and self.recursive then
    local ok, err = self:scan(path, quietly)
    if not ok and not GONE[err.code] then
      return nil, err
    end
  end
  return true
end

function Tree:rescan()
  return self:scan(self.root)
end

-- Removing

function Tree:forget_folder(path)
  local prefix = path .. "/"
  for below, folder in pairs(self.folders) do
    if below == path or below:sub(1, #prefix) == prefix then
      if folder.number then
        self.watches:remove(folder.number)
        self.numbers[folder.number] = nil
      end
      self.folders[below] = nil
    end
  end
end

function Tree:remove(folder, name, kind)
  local path = join(folder.path, name)
  local inner = self.folders[path]
  folder.names[name] = nil
  if inner then
    for below, its_kind in pairs(inner.names) do
      self:remove(inner, below, its_kind)
    end
    self:forget_folder(path)
  end
  self.changes:remove(path, kind)
end

-- Renaming: what is taken away waits in `moved`, and in its folder's `leaving`, for the event that says where it went.

function Tree:on_moved_from(folder, name, kind, cookie)
  self:has_left(folder, name)
  if folder.names[name] then
    local old = { folder = folder, name = name, kind = kind, cookie = cookie }
    self.moved[cookie], folder.leaving[name] = old, old
  end
end

function Tree:come_back(cookie)
  local old = self.moved[cookie]
  self.moved[cookie] = nil
  if old and old.folder.leaving[old.name] == old then
    old.folder.leaving[old.name] = nil
  end
  return old
end

-- Something else has its name now.
function Tree:has_left(folder, name)
  local old = folder.leaving[name]
  if old and self:come_back(old.cookie) and folder.names[name] then
    self:remove(folder, name, old.kind)
  end
end

function Tree:rename_folders(from, to)
  local prefix, renamed = from .. "/", {}
  for path, folder in pairs(self.folders) do
    if path == from or path:sub(1, #prefix) == prefix then
      self.folders[path] = nil
      folder.path = to .. path:sub(#from + 1)
      renamed[folder.path] = folder
    end
  end
  for path, folder in pairs(renamed) do
    self.folders[path] = folder
  end
end

function Tree:move(old, folder, name)
  local from, to = join(old.folder.path, old.name), join(folder.path, name)
  local there = folder.names[name]
  if there and self.folders[to] then
    self:forget_folder(to)
  end
  old.folder.names[old.name] = nil
  folder.names[name] = old.kind
  self.changes:rename(from, to, old.kind, there ~= nil)
  if old.kind == "directory" then
    self.changes:move_below(from, to)
    self:rename_folders(from, to)
  end
  return self:add(folder, name, old.kind) -- it may have had this name before it was scanned under the other
end

function Tree:on_moved_to(folder, name, kind, cookie)
  local old = self:come_back(cookie)
  self:has_left(folder, name)
  local path = join(folder.path, name)
  if old and self:counts(path, name) then
    return self:move(old, folder, name)
  elseif old then
    self:remove(old.folder, old.name, old.kind)
    return true
  elseif folder.names[name] then -- another file has its name now
    self:change(folder, name)
  end
  return self:add(folder, name, kind)
end

--- What was taken away and has not come back by now has left.
function Tree:settle()
  for _, old in pairs(self.moved) do
    self:has_left(old.folder, old.name)
  end
end

-- Events

function Tree:change(folder, name)
  local path = name == "" and folder.path or join(folder.path, name)
  if self:counts(path, name) and (name == "" or folder.names[name]) then
    self.changes:change(path, folder.names[name] or "directory")
  end
end

-- The folder itself is no more watched: it has gone.
function Tree:on_ignored(folder)
  self.numbers[folder.number] = nil
  if self.folders[folder.path] == folder then
    self.folders[folder.path] = nil
  end
  if folder.path == self.root then
    self.changes:remove(self.root, "directory")
    self.ended = true
  end
end

function Tree:handle(event)
  local folder, mask, name = self.numbers[event.number], event.mask, event.name
  if not folder then
    return true
  end
  local kind = band(mask, FOLDER) ~= 0 and "directory" or "file"
  if band(mask, IGNORED) ~= 0 then
    self:on_ignored(folder)
  elseif band(mask, CREATED) ~= 0 then
    self:has_left(folder, name)
    return self:add(folder, name, kind)
  elseif band(mask, MOVED_TO) ~= 0 then
    return self:on_moved_to(folder, name, kind, event.cookie)
  elseif band(mask, DELETED) ~= 0 and folder.names[name] then
    self:remove(folder, name, kind)
  elseif band(mask, MOVED_FROM) ~= 0 then
    self:on_moved_from(folder, name, kind, event.cookie)
  elseif band(mask, MODIFIED + ATTRIBUTES + CLOSED) ~= 0 and name ~= "" and band(mask, FOLDER) == 0 then
    self:change(folder, name)
  end
  return true
end

return tree
