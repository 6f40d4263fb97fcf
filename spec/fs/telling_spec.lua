-- telling_spec.lua -- the events that neap.fs.watch.telling finds lead to what there is, whatever happened to a model.

local model = require "neap.fs.watch.model"
local support = require "spec.fs.support"
local task = require "neap.task"
local test = require "neap.test"

local describe, it, equal = test.describe, test.it, test.equal

local NAMES, ROUNDS = 4, 80

-- By chance, but the same for a seed.
local state
local function random(n)
  state = (state * 1103515245 + 12345) % 2147483648
  return math.floor(state / 65536) % n + 1
end

local function random_name()
  return string.char(96 + random(NAMES))
end

local function folders_of(what, folder, list)
  list[#list + 1] = folder
  for name in pairs(folder.children) do
    local node = what:node(folder, name)
    if node.children then
      folders_of(what, node, list)
    end
  end
  return list
end

local function random_folder(what)
  local list = folders_of(what, what.root, {})
  table.sort(list, function(a, b) return what:path(a) < what:path(b) end)
  return list[random(#list)]
end

local function is_in(folder, node)
  while folder and folder ~= node do
    folder = folder.parent
  end
  return folder ~= nil
end

local function create(what, quietly)
  local folder, name, is_folder = random_folder(what), random_name(), random(5) < 4
  if not folder.children[name] then
    what:create(folder, name, is_folder and "directory" or "file", is_folder, quietly)
  end
end

local function rename(what, node)
  local folder, name = random_folder(what), random_name()
  local there = what:node(folder, name)
  if is_in(folder, node) or there == node or there and is_in(node, there) then
    return
  elseif there then
    what:remove(there)
  end
  what:take_away(node)
  what:put(node, folder, name)
end

local function something(what)
  local chance, node = random(20), what:node(random_folder(what), random_name())
  if chance <= 8 then
    create(what)
  elseif node and chance <= 16 then
    rename(what, node)
  elseif node and chance <= 19 then
    what:remove(node)
  elseif node and not node.children then
    what:change(node)
  end
end

local function tree(what)
  local found = {}
  for _, folder in ipairs(folders_of(what, what.root, {})) do
    for name in pairs(folder.children) do
      local node = what:node(folder, name)
      found[what:path(node)] = node.kind
    end
  end
  return found
end

describe("events", function()
  it("lead from what was told to what there is", function()
    for seed = 1, ROUNDS do
      task.yield() -- what never waits is taken for hanging, on a slow machine
      state = seed
      local what = model.new "root"
      for _ = 1, 25 do create(what, true) end
      local known = tree(what)
      for _ = 1, 3 do
        for _ = 1, random(15) do something(what) end
        for _, event in ipairs(what:take()) do support.follow(known, event, "root") end
        equal(known, tree(what))
        equal(what:take(), {})
      end
    end
  end)
end)
