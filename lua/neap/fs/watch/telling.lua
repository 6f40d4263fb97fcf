-- neap.fs.watch.telling: the events that lead from what who listens knows to what there is.
--
--   telling.events(model) -> list of events, list of nodes that were heard of
--
-- Who does to a tree of his own what the events say, one after the other, has the right one in the end: that is the
-- rule for their order. A rename takes what is in a folder with it. What counts is what there was before and what
-- there is now: so a file that came and went is nothing; one that was removed and made again, or that another one was
-- renamed onto (as editors and write_file do), has changed; and a file that got another name twice has been renamed
-- once. Where two folders have changed places and no order of renames would do, one is removed and created again.

local Telling = {}
Telling.__index = Telling

local telling = {}

function Telling:hear_of(node)
  node.order, node.heard = node.order or 0, node.heard or 0
  if not self.heard_of[node] then
    self.heard_of[node] = true
    self.list[#self.list + 1] = node
  end
end

-- Where who listens knows a node to be, after the events so far.
function Telling:told_path(folder, name)
  local model = self.model
  local above = folder == model.root and model.root.path or self:told_path(folder.told_in, folder.told_as)
  return above:sub(-1) == "/" and above .. name or above .. "/" .. name
end

local function tell(self, type, node, path, from)
  self.events[#self.events + 1] = { type = type, path = path, kind = node.kind, from = from }
end

-- What who listens knows at a place.
function Telling:told_at(folder, name)
  local left = folder.left[name]
  if left then
    return left
  end
  local node = self.model:node(folder, name)
  return node and node.told_in == folder and node.told_as == name and node or nil
end

function Telling:told_in(folder)
  local list = {}
  if folder.children then
    for _, node in pairs(folder.left) do
      list[#list + 1] = node
    end
    for name in pairs(folder.children) do
      local node = not folder.left[name] and self:told_at(folder, name)
      list[#list + 1] = node or nil
    end
  end
  table.sort(list, function(a, b)
    return a.told_as < b.told_as
  end)
  return list
end

local function untell(node)
  local folder = node.told_in
  if folder.left[node.told_as] == node then
    folder.left[node.told_as] = nil
  end
  node.told_in, node.told_as = nil, nil
end

local function tell_at(node, folder, name)
  if node.told_in then
    untell(node)
  end
  node.told_in, node.told_as = folder, name
end

-- What replaces something is known by its place: it has changed

-- What takes a place leaves the one where it was known to a node of nothing, which is then removed, or replaced.
function Telling:take_over(node, old)
  if node.told_in then
    local rest = { kind = node.kind, told_in = node.told_in, told_as = node.told_as, order = node.order,
      heard = node.heard }
    node.told_in.left[node.told_as] = rest
    node.told_in = nil
    self:hear_of(rest)
  end
  local folder, name = old.told_in, old.told_as
  untell(old)
  tell_at(node, folder, name)
  self:hear_of(node)
  self:hear_of(old)
  node.order, old.order, node.heard, old.heard = old.order, node.order, old.heard, node.heard
  node.changed = true
end

-- A folder that was removed and made again: so what is in both has changed as well.
function Telling:merge(node, old)
  self:take_over(node, old)
  for _, inner in ipairs(node.children and self:told_in(old) or {}) do
    old.left[inner.told_as] = nil
    inner.told_in = node
    local new = self.model:node(node, inner.told_as)
    node.left[inner.told_as] = new ~= inner and inner or nil
    if new then
      self:replace(new)
    end
  end
end

function Telling:replace(node)
  local old = self.model:is_there(node) and self:told_at(node.parent, node.name)
  if not old or old == node or (old.kind == "directory") ~= (node.kind == "directory") then
    return
  elseif node.kind ~= "directory" then
    self:take_over(node, old)
  elseif not node.told_in and not self.model:is_there(old) then
    self:merge(node, old)
  end
end

-- The events

-- With what is known to be in it; what has been moved out of it is told first.
function Telling:remove(node)
  for _, inner in ipairs(self:told_in(node)) do
    self:settle(inner)
    if inner.told_in == node then
      self:remove(inner)
    end
  end
  if not node.told_in then -- its place was needed meanwhile
    return
  end
  tell(self, "removed", node, self:told_path(node.told_in, node.told_as))
  untell(node)
  self.state[node] = nil
  self:hear_of(node)
end

function Telling:make_room(node, folder, name)
  local old = self:told_at(folder, name)
  if old and old ~= node then
    self:settle(old)
    if self:told_at(folder, name) == old then -- a circle
      self:remove(old)
    end
  end
end

local function is_told_in_place(node)
  return node.told_in == node.parent and node.told_as == node.name
end

-- What gives it room may have told where it is, or that it is nowhere.
function Telling:place(node)
  local folder, name, is_new = node.parent, node.name, false
  if not is_told_in_place(node) then
    self:make_room(node, folder, name)
  end
  if not is_told_in_place(node) then
    local from = node.told_in and self:told_path(node.told_in, node.told_as)
    is_new = not from
    tell_at(node, folder, name)
    tell(self, from and "renamed" or "created", node, self:told_path(folder, name), from)
  end
  if node.changed and not is_new then
    tell(self, "changed", node, self:told_path(folder, name))
  end
  node.changed = nil
end

-- Afterwards it is known where it is, unless it is in the middle of that: then it is done later.
function Telling:settle(node)
  if self.state[node] then
    return
  elseif not self.model:is_there(node) then
    self.state[node] = "done"
    if node.told_in then
      self:remove(node)
    end
    return
  end
  self.state[node] = "under way"
  self:settle(node.parent)
  if self.state[node.parent] ~= "done" then
    self.state[node] = nil
    return
  end
  self:place(node)
  self.state[node] = "done"
end

function telling.events(model)
  local self = setmetatable({ model = model, events = {}, list = {}, heard_of = {}, state = {} }, Telling)
  self.state[model.root] = "done"
  for _, node in ipairs(model.touched) do
    self:hear_of(node)
  end
  for _, node in ipairs(model.touched) do
    self:replace(node)
  end
  table.sort(self.list, function(a, b)
    return a.order < b.order or a.order == b.order and a.heard < b.heard
  end)
  local at = 1
  while self.list[at] do -- grows meanwhile
    self:settle(self.list[at])
    at = at + 1
  end
  if model.lost then
    tell(self, "removed", model.root, model.root.path)
  end
  return self.events, self.list
end

return telling
