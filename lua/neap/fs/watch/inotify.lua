-- neap.fs.watch.inotify: what inotify(7) tells. looking.lua finds out what is in folders that are new.
--
--   inotify.new(model, given, watches) -> tree
--   tree:handle(event)                    { number, mask, cookie, name }
--   tree:step() -> true: there is more to do; false; or nil, err         when there are no more events for now
--   tree:settle()                         what was taken away and has not been put anywhere has left
--
-- Events are about names; what has a name may have been looked at already and be another one, which is still to come.

local bit = require "bit"
local looking = require "neap.fs.watch.looking"

local band = bit.band

local CREATED, DELETED, MOVED_FROM, MOVED_TO = 0x100, 0x200, 0x40, 0x80
local MODIFIED, ATTRIBUTES, CLOSED = 0x2, 0x4, 0x8
local OVERFLOW, IGNORED, FOLDER = 0x4000, 0x8000, 0x40000000

local Tree = {}
Tree.__index = Tree

for name, fn in pairs(looking) do
  Tree[name] = fn
end

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
