-- neap.fs.watch.survey: where the system tells only that something is different in a folder, what that is.
--
--   survey.new(model, given, watches) -> tree
--   tree:handle(event)                    { number }: the folder is to be looked at
--   tree:step() -> true: there is more to do; false; or nil, err         when there are no more events for now
--   tree:settle()                         nothing: all is settled by then
--
-- Of each name it is known which file it was (`id`) and how it looked (`stamp`). What has gone from one folder and has
-- come to another one was renamed. Folders are watched by their paths: of one that was renamed, anew.

local native = require "neap_fs"

local type = type

-- What has gone meanwhile, or may not be looked into, is left out.
local GONE = { ENOENT = true, ENOTDIR = true, ELOOP = true, EACCES = true, EPERM = true, EPERMISSION = true }

local Tree = {}
Tree.__index = Tree

local survey = {}

-- `only`: a name; nothing else in the folder counts.
function survey.new(model, given, watches)
  return setmetatable({
    model = model, recursive = given.recursive, ignore = given.ignore, only = given.only, watches = watches,
    numbers = {}, unsure = { model.root }, at = 1, found = {}, away = {}, quietly = true,
  }, Tree)
end

function Tree:counts(folder, name)
  if self.only and name ~= self.only then
    return false
  end
  return not self.ignore or not self.ignore(self.model:path { parent = folder, name = name })
end

function Tree:look_at(folder)
  if not folder.is_unsure then
    folder.is_unsure = true
    self.unsure[#self.unsure + 1] = folder
  end
end

-- Looking at a folder: what has come and gone is only noted, since it may have been renamed

function Tree:see(folder, entry, found)
  local known = self.model:node(folder, entry.name)
  if not known or known.id ~= entry.id or known.kind ~= entry.type then
    found.come[#found.come + 1] = entry
    found.gone[#found.gone + 1] = known
    return
  elseif known.children and not known.number then
    self:look_at(known)
  elseif known.stamp ~= entry.stamp and known.kind ~= "directory" then
    self.model:change(known)
  end
  known.stamp = entry.stamp
end

-- What is found now replaces what was found before.
function Tree:compare(folder, entries)
  local present, found = {}, { folder = folder, come = {}, gone = {} }
  for _, entry in ipairs(entries) do
    if self:counts(folder, entry.name) then
      present[entry.name] = true
      self:see(folder, entry, found)
    end
  end
  for name in pairs(folder.children) do
    if not present[name] then
      found.gone[#found.gone + 1] = self.model:node(folder, name)
    end
  end
  if folder.found then
    folder.found.folder = nil
  end
  folder.found = found
  self.found[#self.found + 1] = found
end

function Tree:unwatch_one(folder)
  if folder.number then
    self.watches:remove(folder.number)
    self.numbers[folder.number], folder.number = nil, nil
  end
end

function Tree:watch(folder, path)
  local number, err = self.watches.add(path, self.watches, folder ~= self.model.root)
  if number then
    folder.number, self.numbers[number] = number, folder
  end
  return number, err
end

-- Another folder has its name now: the one that it is in will say so.
function Tree:is_elsewhere(folder, id)
  if folder == self.model.root or folder.id == id then
    return false
  end
  self:unwatch_one(folder)
  self:look_at(folder.parent)
  return true
end

-- nil, or what went wrong.
function Tree:look_at_entries(folder, path)
  local number, err = folder.number, nil
  if not number then
    number, err = self:watch(folder, path)
  end
  if not number then
    return err
  end
  local entries, id = native.survey(path)
  if not entries then
    return id
  elseif not self:is_elsewhere(folder, id) then
    self:compare(folder, entries)
  end
end

function Tree:look_into(folder)
  local err = self:look_at_entries(folder, self.model:path(folder))
  if err and folder == self.model.root and not self.quietly and GONE[err.code] then
    self:end_all()
  elseif err and (folder == self.model.root or not GONE[err.code]) then
    return nil, err
  end
  return true
end

-- Who is cancelled goes on there next time.
function Tree:look()
  while self.unsure[self.at] do
    local folder = self.unsure[self.at]
    folder.is_unsure = nil
    if self.model:is_there(folder) and not self.model:is_away(folder) then
      local ok, err = self:look_into(folder)
      if not ok then
        return nil, err
      end
    end
    self.at = self.at + 1
  end
  self.unsure, self.at = {}, 1
  return true
end

-- What came and went

function Tree:unwatch(folder, is_moved)
  self:unwatch_one(folder)
  for _, child in pairs(folder.children) do
    if type(child) == "table" and child.children then
      self:unwatch(child, is_moved)
    end
  end
  if is_moved then
    self:look_at(folder)
  end
end

function Tree:end_all()
  self:unwatch(self.model.root)
  self.model:remove(self.model.root)
  self.ended = true
end

-- By which file each was that has gone.
function Tree:take_away(gone)
  for _, node in ipairs(gone) do
    if node.parent and not node.away then
      self.model:take_away(node)
      self.away[#self.away + 1], self.away[node.id] = node, node
    end
  end
end

-- Renaming changes when a file was changed, which is what comes behind the comma. One that looks otherwise may be new,
-- with the number that another one had.
local function is_same(node, entry)
  return node.kind == entry.type and
    (node.kind == "directory" or node.stamp:match "^[^,]*" == entry.stamp:match "^[^,]*")
end

function Tree:move(node, folder, entry)
  self.model:put(node, folder, entry.name)
  node.stamp = entry.stamp
  if node.children then
    self:unwatch(node, true)
  end
end

function Tree:create(folder, entry)
  local looked_into = entry.type == "directory" and self.recursive or false
  self.model:create(folder, entry.name, entry.type, looked_into, self.quietly)
  local node = self.model:node(folder, entry.name)
  node.id, node.stamp = entry.id, entry.stamp
  if looked_into then
    self:look_at(node)
  end
end

local function is_inside(folder, node)
  while folder and folder ~= node do
    folder = folder.parent
  end
  return folder ~= nil
end

function Tree:put(folder, entry)
  local node = self.away[entry.id]
  if node and node.away and is_same(node, entry) and not is_inside(folder, node) then
    self:move(node, folder, entry)
  else
    self:create(folder, entry)
  end
end

-- All that has come and gone: two lists.
function Tree:take_found()
  local come, gone = {}, {}
  for _, found in ipairs(self.found) do
    local folder = found.folder
    if folder and self.model:is_there(folder) then
      folder.found = nil
      for _, entry in ipairs(found.come) do
        come[#come + 1] = { folder, entry }
      end
      for _, node in ipairs(found.gone) do
        gone[#gone + 1] = node
      end
    end
  end
  self.found = {}
  return come, gone
end

function Tree:put_together()
  local come, gone = self:take_found()
  self:take_away(gone)
  for _, new in ipairs(come) do
    self:put(new[1], new[2])
  end
end

-- What has not come anywhere.
function Tree:remove_all()
  for _, node in ipairs(self.away) do
    if node.away then
      if node.children then
        self:unwatch(node)
      end
      self.model:remove(node)
    end
  end
  self.away, self.quietly = {}, nil
end

-- It may have come into a folder that is new itself.
function Tree:step()
  if self.unsure[1] then
    return self:look()
  end
  self:put_together()
  if not self.unsure[1] then
    self:remove_all()
  end
  return self.unsure[1] ~= nil
end

function Tree:settle() -- luacheck: no self
end

function Tree:handle(event)
  local folder = self.numbers[event.number]
  if folder then
    self:look_at(folder)
  else
    self.watches:remove(event.number)
  end
end

return survey
