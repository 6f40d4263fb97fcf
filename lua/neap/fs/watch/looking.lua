-- neap.fs.watch.looking: what watch/inotify.lua's trees do to know what is in folders that are new to them.
--
--   tree:look_again(folders)        they are to be looked into
--   tree:look_at_new(folder)        so are those in it, and itself, that nobody has looked into
--   tree:look_everywhere(folder)    so is all that is there
--   tree:step() -> true: there is more to do; false; or nil, err         when there are no more events for now
--
-- A folder is watched first and listed then: what is made in it in between is seen twice, but never missed. It is found
-- by its path, which may lead elsewhere by now: to another folder that has its name, while the events that say so are
-- still to come. So what is found counts only when no folder was moved or removed since all that was told before had
-- been handled; otherwise it is looked at again. What was found missing is gone only then.
--
-- The number of a watch is a folder's own, whatever its name: where it has two nodes, one is its twin.

local native = require "neap_fs"

local list = native.list
local type = type

local TRIES = 3 -- for a folder that seems to be in two places: mounted twice, it is

-- What has gone meanwhile, or may not be looked into, is left out.
local GONE = { ENOENT = true, ENOTDIR = true, ELOOP = true }
local CLOSED_TO_US = { EACCES = true, EPERM = true, EPERMISSION = true, EINVAL = true }

local Looking = {}

function Looking:look_again(folders)
  for _, folder in ipairs(folders) do
    self.unsure[#self.unsure + 1] = folder
  end
end

function Looking:folders_in(folder) -- luacheck: no self
  local folders = {}
  for _, child in pairs(folder.children) do
    if type(child) == "table" and child.children then
      folders[#folders + 1] = child
    end
  end
  return folders
end

-- Two folders that are the same: one has been moved, which is to be found out. Whether it may be listed.
function Looking:bind(folder, number)
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
function Looking:list(folder, path)
  local entries, err = list(path)
  folder.present = entries and {}
  for _, entry in ipairs(entries or {}) do
    self:add(folder, entry.name, entry.type)
  end
  return err
end

function Looking:look_into(folder)
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
function Looking:look()
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
function Looking:adopt(folder)
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

function Looking:is_in(folder, other)
  while folder and folder ~= other do
    folder = folder.parent
  end
  return folder ~= nil
end

function Looking:meet_twin(folder)
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
function Looking:confirm()
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

function Looking:remove_missing(folder)
  for name in pairs(folder.children) do
    if not folder.present[name] then
      self:remove(self.model:node(folder, name))
    end
  end
end

function Looking:step()
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
function Looking:look_everywhere(folder)
  folder.tries = nil
  self:look_again { folder }
  for _, child in ipairs(self:folders_in(folder)) do
    self:look_everywhere(child)
  end
end

-- Nobody could look into it while it was on its way.
function Looking:look_at_new(node)
  if not node.children then
    return
  elseif not node.number then
    self:look_again { node }
  end
  for _, child in ipairs(self:folders_in(node)) do
    self:look_at_new(child)
  end
end

return Looking
