-- neap.fs.watch.inotify: what inotify(7) tells, and looking into folders that are new.
--
--   inotify.new(model, given, watches) -> tree
--   tree:handle(event)                    { number, mask, cookie, name }
--   tree:step() -> true: there is more to do; false; or nil, err         when there are no more events for now
--   tree:settle()                         what was taken away and has not been put anywhere has left
--
-- A folder is watched first and listed then: what is made in it in between is seen twice, but never missed. It is found
-- by its path, which may lead elsewhere by now: to another folder that has its name, while the events that say so are
-- still to come. So what is found counts only when no folder was moved or removed since all that was told before had
-- been handled; otherwise it is looked at again. What was found missing is gone only then.

local bit = require "bit"
local native = require "neap_fs"

local band = bit.band
local list = native.list
local type = type

local CREATED, DELETED, MOVED_FROM, MOVED_TO = 0x100, 0x200, 0x40, 0x80
local MODIFIED, ATTRIBUTES, CLOSED = 0x2, 0x4, 0x8
local OVERFLOW, IGNORED, FOLDER = 0x4000, 0x8000, 0x40000000
local TRIES = 3 -- for a folder that seems to be in two places: mounted twice, it is

-- What has gone meanwhile, or may not be looked into, is left out.
local GONE = { ENOENT = true, ENOTDIR = true, ELOOP = true }
local CLOSED_TO_US = { EACCES = true, EPERM = true, EPERMISSION = true, EINVAL = true }

local Tree = {}
Tree.__index = Tree

local inotify = {}

-- `only`: a name; nothing else in the folder counts.
function inotify.new(model, given, watches)
  return setmetatable({
    model = model, recursive = given.recursive, ignore = given.ignore, only = given.only, watches = watches,
    numbers = {}, moved = {}, unsure = { model.root }, at = 1, looked = {}, quietly = true,
  }, Tree)
end

function Tree:counts(folder, name)
  if self.only and name ~= self.only then
    return false
  end
  return not self.ignore or not self.ignore(self.model:path { parent = folder, name = name })
end

-- What is there and what is not

function Tree:unwatch(folder)
  if folder.number then
    self.watches:remove(folder.number)
    self.numbers[folder.number] = nil
    folder.number = nil
  end
  for _, child in ipairs(self:folders_in(folder)) do
    self:unwatch(child)
  end
end

function Tree:remove(node)
  if node.cookie then
    self.moved[node.cookie], node.cookie = nil, nil
  end
  if node.children then
    self:unwatch(node)
  end
  self.model:remove(node)
end

-- A name that is there, now or in a moment.
function Tree:add(folder, name, kind)
  if not self:counts(folder, name) then
    return
  end
  local is_folder, known = kind == "directory", folder.children[name]
  if folder.present then
    folder.present[name] = true
  end
  if known and (self.model:kind(folder, name) == "directory") == is_folder then
    return
  elseif known then
    self:remove(self.model:node(folder, name))
  end
  local looked_into = is_folder and self.recursive or false
  local node = self.model:create(folder, name, kind, looked_into, self.quietly)
  if looked_into then
    self.unsure[#self.unsure + 1] = node
  end
end

-- Looking

function Tree:look_again(folders)
  for _, folder in ipairs(folders) do
    self.unsure[#self.unsure + 1] = folder
  end
end

function Tree:folders_in(folder) -- luacheck: no self
  local folders = {}
  for _, child in pairs(folder.children) do
    if type(child) == "table" and child.children then
      folders[#folders + 1] = child
    end
  end
  return folders
end

-- Two folders that are the same: one has been moved, which is to be found out. Whether it may be listed.
function Tree:bind(folder, number)
  local other = self.numbers[number]
  if other and other ~= folder then
    folder.twin = other
    return folder.tries == TRIES
  elseif folder.number ~= number then
    self.numbers[folder.number or 0] = nil
    self:look_again(self:folders_in(folder)) -- whatever they were: nobody has told since
  end
  folder.number, folder.tries, self.numbers[number] = number, nil, folder
  return true
end

-- nil, or what went wrong.
function Tree:list(folder, path)
  local entries, err = list(path)
  folder.present = entries and {}
  for _, entry in ipairs(entries or {}) do
    self:add(folder, entry.name, entry.type)
  end
  return err
end

function Tree:look_into(folder)
  folder.missing, folder.twin, folder.present = nil, nil, nil
  local path = self.model:path(folder)
  local number, err = self.watches.add(path, self.watches, folder ~= self.model.root)
  if number then
    err = self:bind(folder, number) and self:list(folder, path)
  end
  folder.missing = err and GONE[err.code]
  if err and (folder == self.model.root and self.quietly or not GONE[err.code] and not CLOSED_TO_US[err.code]) then
    return nil, err
  end
  return true
end

-- All that is to be looked at, also what is found on the way. Who is cancelled goes on there next time.
function Tree:look()
  self.disturbed = false
  while self.unsure[self.at] do
    local folder = self.unsure[self.at]
    if self.model:is_there(folder) then
      local ok, err = true, nil
      if not self.model:is_away(folder) then
        ok, err = self:look_into(folder)
      end
      if not ok then
        return nil, err
      end
      self.looked[#self.looked + 1] = folder
    end
    self.at = self.at + 1
  end
  self.unsure, self.at = {}, 1
  return true
end

-- The same folder by another name: it was moved while nobody could see where to.
function Tree:adopt(folder)
  local twin, parent, name = folder.twin, folder.parent, folder.name
  self:remove(folder)
  self.moved[twin.cookie or 0], twin.cookie, twin.missing = nil, nil, nil
  if not twin.away then
    self.model:take_away(twin)
  end
  self.model:put(twin, parent, name)
  self:look_again { twin }
  self:look_at_new(twin)
end

function Tree:is_in(folder, other)
  while folder and folder ~= other do
    folder = folder.parent
  end
  return folder ~= nil
end

function Tree:meet_twin(folder)
  local twin = folder.twin
  if not self.model:is_there(twin) then
    self:look_again { folder }
  elseif (twin.away or twin.missing) and not self:is_in(folder, twin) then
    self:adopt(folder)
    return true
  elseif (folder.tries or 0) < TRIES then
    folder.tries = (folder.tries or 0) + 1
    self:look_again { twin, folder }
  end
end

-- Nothing has been moved since: what was found is so. Where that moves a folder, other paths lead elsewhere again; what
-- is on its way is looked at when it has arrived.
function Tree:confirm()
  local looked, adopts = self.looked, false
  self.looked = {}
  for _, folder in ipairs(looked) do
    if folder.twin and self.model:is_there(folder) then
      adopts = self:meet_twin(folder) or adopts
    end
  end
  if adopts then
    return self:look_again(looked)
  end
  self.quietly = nil
  for _, folder in ipairs(looked) do
    if self.model:is_away(folder) then
      self.looked[#self.looked + 1] = folder
    elseif folder.missing and folder.parent then
      self:remove(folder)
    elseif folder.present and self.model:is_there(folder) then
      self:remove_missing(folder)
    end
    folder.present, folder.twin, folder.missing = nil, nil, nil
  end
end

function Tree:remove_missing(folder)
  for name in pairs(folder.children) do
    if not folder.present[name] then
      self:remove(self.model:node(folder, name))
    end
  end
end

function Tree:step()
  if self.disturbed and self.looked[1] then
    for _, folder in ipairs(self.looked) do
      folder.tries = nil
    end
    self:look_again(self.looked)
    self.looked = {}
  end
  if self.unsure[1] then
    return self:look()
  elseif self.looked[1] then
    self:confirm()
  end
  return self.unsure[1] ~= nil
end

-- After events were lost.
function Tree:look_everywhere(folder)
  folder.tries = nil
  self:look_again { folder }
  for _, child in ipairs(self:folders_in(folder)) do
    self:look_everywhere(child)
  end
end

function Tree:settle()
  for _, node in pairs(self.moved) do
    self:remove(node)
  end
end

-- Events

-- What an event is about. Something else of that name has been seen already: events about it are still to come.
function Tree:subject(folder, name, kind)
  local node = self.model:node(folder, name)
  return node and (node.kind == "directory") == (kind == "directory") and node or nil
end

function Tree:on_moved_from(folder, name, kind, cookie)
  local node = self:subject(folder, name, kind)
  if node then
    self.model:take_away(node)
    node.cookie, self.moved[cookie] = cookie, node
  end
end

-- Nobody could look into it while it was on its way.
function Tree:look_at_new(node)
  if not node.children then
    return
  elseif not node.number then
    self:look_again { node }
  end
  for _, child in ipairs(self:folders_in(node)) do
    self:look_at_new(child)
  end
end

-- Into itself cannot be: what is known of them is not so any more.
function Tree:move(node, folder, name)
  node.cookie = nil
  if self:is_in(folder, node) then
    self:remove(node)
    return self:look_everywhere(self.model.root)
  end
  local there = self.model:node(folder, name)
  if there then
    self:remove(there)
  end
  if folder.present then
    folder.present[name] = true
  end
  self.model:put(node, folder, name)
  self:look_at_new(node)
end

-- `known`: there is something of that name already. It may be what is moved, where that was seen in a list.
function Tree:on_moved_in(folder, name, kind, known)
  self:add(folder, name, kind)
  local node = known and self.model:node(folder, name)
  if node and node.children then
    self:look_again { node }
  elseif node then
    self.model:change(node)
  end
end

function Tree:on_moved_to(folder, name, kind, cookie)
  local node = self.moved[cookie]
  self.moved[cookie] = nil
  if node and self:counts(folder, name) then
    self:move(node, folder, name)
  elseif node then
    self:remove(node)
  elseif self:counts(folder, name) then
    self:on_moved_in(folder, name, kind, folder.children[name] ~= nil)
  end
end

function Tree:on_deleted(folder, name, kind)
  local node = self:subject(folder, name, kind)
  if node then
    self:remove(node)
  end
end

-- Of folders it is of use that one may be looked into now.
function Tree:on_changed(folder, name)
  local node = self.model:node(folder, name)
  if node and node.kind ~= "directory" then
    self.model:change(node)
  elseif node and node.children and not node.number then
    self:look_again { node }
  end
end

-- The folder itself is no more watched: it has gone, which is told of the one that it is in as well.
function Tree:on_ignored(folder)
  self.numbers[folder.number], folder.number = nil, nil
  if folder == self.model.root then
    self.model:remove(folder)
    self.ended = true
  end
end

function Tree:on_overflow()
  self.lost = true
  self:settle()
  self.unsure, self.at, self.looked = {}, 1, {}
  self:look_everywhere(self.model.root)
end

function Tree:handle(event)
  local mask, name = event.mask, event.name
  if band(mask, OVERFLOW) ~= 0 then
    return self:on_overflow()
  end
  local folder = self.numbers[event.number]
  local is_folder = band(mask, FOLDER) ~= 0
  if not folder then
    if band(mask, IGNORED) == 0 then
      self.watches:remove(event.number) -- of what was moved out, or cannot be found: it will be added again
    end
    return
  elseif is_folder and band(mask, DELETED + MOVED_FROM + MOVED_TO) ~= 0 then
    self.disturbed = true
  end
  local kind = is_folder and "directory" or "file"
  if band(mask, IGNORED) ~= 0 then
    self:on_ignored(folder)
  elseif band(mask, CREATED) ~= 0 then
    self:add(folder, name, kind)
  elseif band(mask, MOVED_TO) ~= 0 then
    self:on_moved_to(folder, name, kind, event.cookie)
  elseif band(mask, DELETED) ~= 0 then
    self:on_deleted(folder, name, kind)
  elseif band(mask, MOVED_FROM) ~= 0 then
    self:on_moved_from(folder, name, kind, event.cookie)
  elseif band(mask, MODIFIED + ATTRIBUTES + CLOSED) ~= 0 and name ~= "" then
    self:on_changed(folder, name)
  end
end

return inotify
