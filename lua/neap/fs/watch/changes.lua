-- neap.fs.watch.changes: what has happened to paths since it was told last, put together.
--
--   changes.new() -> changes
--   changes:create(path, kind), remove(path), change(path), rename(from, to, kind)
--   changes:take() -> list of events, in the order in which their paths were first heard of
--   changes:is_empty()
--
-- What counts is what there was before and what there is now. So a file that came and went is nothing; one that was
-- removed and made again, or that another one was renamed onto (as editors and write_file do), has changed; and a file
-- that got another name twice has been renamed once.

local Changes = {}
Changes.__index = Changes

local changes = {}

function changes.new()
  return setmetatable({ paths = {}, order = {} }, Changes)
end

function Changes:is_empty()
  return self.order[1] == nil
end

-- `before`: whether it was there, when it has not been heard of yet.
function Changes:about(path, before, kind)
  local known = self.paths[path]
  if not known then
    known = { path = path, before = before, now = before, kind = kind }
    self.paths[path] = known
    self.order[#self.order + 1] = known
  end
  known.kind = kind or known.kind
  return known
end

function Changes:create(path, kind)
  local known = self:about(path, false, kind)
  known.now, known.replaced, known.origin = true, known.before, nil
end

function Changes:remove(path, kind)
  local known = self:about(path, true, kind)
  known.now, known.origin, known.changed = false, nil, nil
end

function Changes:change(path, kind)
  local known = self:about(path, true, kind)
  known.changed = true
end

-- `there`: there was something at `to`, which is gone.
function Changes:rename(from, to, kind, there)
  local old, new = self:about(from, true, kind), self:about(to, there, kind)
  local origin = old.origin or (old.before and not old.replaced and from) or nil
  new.now, new.changed, new.origin = true, old.changed, origin
  new.replaced = new.before
  old.now, old.origin, old.changed, old.replaced = false, nil, nil, nil
end

-- A folder has another name, and so has what is in it: that is not told again.
function Changes:move_below(from, to)
  local prefix, below = from .. "/", {}
  for _, known in ipairs(self.order) do
    if known.now and known.path:sub(1, #prefix) == prefix then
      below[#below + 1] = known
    end
  end
  for _, known in ipairs(below) do
    local new = self:about(to .. known.path:sub(#from + 1), known.before, known.kind)
    new.now, new.changed, new.replaced = true, known.changed, known.replaced
    known.before, known.now = false, false
  end
end

local function event(type, known, from)
  return { type = type, path = known.path, kind = known.kind, from = from }
end

function Changes:add_events(list, known)
  if known.before and not known.now then
    if not known.renamed then
      list[#list + 1] = event("removed", known)
    end
  elseif known.before and (known.replaced or known.changed) then
    list[#list + 1] = event("changed", known)
  elseif not known.before and known.now then
    local origin = known.origin and self.paths[known.origin]
    local from = origin and origin.renamed and origin.path or nil
    list[#list + 1] = event(from and "renamed" or "created", known, from)
    if from and known.changed then
      list[#list + 1] = event("changed", known)
    end
  end
end

function Changes:take()
  local list = {}
  for _, known in ipairs(self.order) do
    local origin = known.now and not known.before and known.origin and self.paths[known.origin]
    if origin then -- it has only another name, which is told there
      origin.renamed = not origin.now
    end
  end
  for _, known in ipairs(self.order) do
    self:add_events(list, known)
  end
  self.paths, self.order = {}, {}
  return list
end

return changes
