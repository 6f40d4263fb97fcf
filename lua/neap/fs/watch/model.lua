-- neap.fs.watch.model: what is in the folders that are watched, as it is now and as who listens knows it.
--
--   model.new(path) -> model, whose `root` is the folder at that path
--   model:node(folder, name) -> node or nil        model:path(node) -> string
--   model:create(folder, name, kind, quietly) -> node or nil; quietly: who listens knows it already
--   model:change(node), model:remove(node), with all that is in it
--   model:take_away(node), model:put(node, folder, name)      the two halves of a rename
--   model:take() -> list of events: what leads from what was told last to what there is; telling.lua finds them
--
-- A node has `parent`, `name` and `kind`, a folder that is looked into `children` besides. Where who listens knows it
-- is in `told_in` (a folder) and `told_as` (a name): so a folder that gets another name is one change, whatever is in
-- it. What was told and is no more at its place is in its folder's `left`. A file that nothing has happened to is no
-- table, only its kind in `children`: there may be many.

local telling = require "neap.fs.watch.telling"

local type = type

local Model = {}
Model.__index = Model

local model = {}

local function as_folder(node)
  node.children, node.left = {}, {}
  return node
end

function model.new(path)
  return setmetatable({ root = as_folder { kind = "directory", path = path }, touched = {}, heard = 0 }, Model)
end

function Model:path(node)
  if not node.parent then
    return node.path or node.name
  end
  local above = self:path(node.parent)
  return above:sub(-1) == "/" and above .. node.name or above .. "/" .. node.name
end

-- What is not there any more has no parent.
function Model:is_there(node)
  while node.parent do
    node = node.parent
  end
  return node == self.root
end

-- Taken away, or in what was.
function Model:is_away(node) -- luacheck: no self
  while node and not node.away do
    node = node.parent
  end
  return node ~= nil
end

function Model:node(folder, name)
  local child = folder.children[name]
  if type(child) == "string" then
    child = { parent = folder, name = name, kind = child, told_in = folder, told_as = name }
    folder.children[name] = child
  end
  return child
end

function Model:kind(folder, name)
  local child = folder.children[name]
  return type(child) == "table" and child.kind or child
end

-- Events are told in the order in which their nodes were first heard of, what is in a new folder with that.
function Model:touch(node)
  if not node.order then
    local above = node.parent
    self.heard = self.heard + 1
    node.heard = self.heard
    node.order = above and not above.told_in and above.order or self.heard
    self.touched[#self.touched + 1] = node
  end
end

function Model:is_untouched()
  return self.touched[1] == nil and not self.lost
end

--- `looked_into`: it is a folder whose entries are to be known.
function Model:create(folder, name, kind, looked_into, quietly)
  if quietly and not looked_into then
    folder.children[name] = kind
    return nil
  end
  local node = { parent = folder, name = name, kind = kind }
  folder.children[name] = looked_into and as_folder(node) or node
  if quietly then
    node.told_in, node.told_as = folder, name
  else
    self:touch(node)
  end
  return node
end

function Model:change(node)
  node.changed = true
  self:touch(node)
end

--- It is nowhere now, but keeps the path it had: until it is put somewhere, or removed.
function Model:take_away(node)
  local folder = node.parent
  folder.children[node.name] = nil
  if node.told_in == folder and node.told_as == node.name then
    folder.left[node.name] = node
  end
  node.away = true
  self:touch(node)
end

--- Where there is nothing else.
function Model:put(node, folder, name)
  node.parent, node.name, node.away = folder, name, nil
  folder.children[name] = node
  if folder.left[name] == node then
    folder.left[name] = nil
  end
  self:touch(node)
end

function Model:remove(node)
  if node.children then
    for name in pairs(node.children) do
      self:remove(self:node(node, name))
    end
  end
  if node == self.root then
    self.lost = true
    return
  end
  if not node.away then
    self:take_away(node)
  end
  node.parent, node.away = nil, nil
end

-- A file that was told is its kind again, but where more is known of it.
local function forget(node)
  node.order, node.heard, node.changed = nil, nil, nil
  local folder = node.parent
  if folder and not node.children and not node.id and folder.children[node.name] == node then
    folder.children[node.name] = node.kind
  end
end

function Model:take()
  local events, heard_of = telling.events(self)
  for _, node in ipairs(heard_of) do
    forget(node)
  end
  self.touched, self.lost = {}, nil
  return events
end

return model
