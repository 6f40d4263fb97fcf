-- neap.test.selection -- which tests of a file are run, and in which order.
--
--   selection.of(root, wanted) -> has(item), only            has: is this test run, or one of this group?
--   selection.shuffle(group, seed)                           the same seed gives the same order
--
-- All that is wanted has to hold: filter (plain text of the full name), names (a set of full names, or of failed hooks'
-- for all in their group), line (the innermost thing around it, or all in it). Where a test says `only`, only such are
-- run.

local suite = require "neap.test.suite"

local ipairs = ipairs

local selection = {}

-- Marks the innermost items that hold the line: several, when a loop declared them.
local function mark_line(group, line, marked)
  local found = false
  for _, item in ipairs(group.items) do
    if item.first <= line and line <= item.last then
      found = true
      marked[item] = not item.items or not mark_line(item, line, marked)
    end
  end
  return found
end

local function is_within(item, marked)
  while item and not marked[item] do item = item.parent end
  return item ~= nil
end

local function any_only(group)
  for _, item in ipairs(group.items) do
    if item.items and any_only(item) or not item.items and item.options.only then return true end
  end
  return false
end

local function is_named(test, names)
  if names[suite.full_name(test)] then return true end
  local group = test.parent
  while group and not (names[suite.hook_name(group, "before_all")] or names[suite.hook_name(group, "after_all")]) do
    group = group.parent
  end
  return group ~= nil
end

---@param root table of suite.open
---@param wanted { filter?: string, names?: table<string, true>, line?: integer }
---@return fun(item: table): boolean has
---@return boolean only some test says so
function selection.of(root, wanted)
  local only, marked = any_only(root), {}
  if wanted.line then mark_line(root, wanted.line, marked) end

  local function is_wanted(test)
    local name = suite.full_name(test)
    return (test.options.only or not only)
      and (not wanted.filter or name:find(wanted.filter, 1, true) ~= nil)
      and (not wanted.names or is_named(test, wanted.names))
      and (not wanted.line or is_within(test, marked))
  end

  local function has(item)
    if not item.items then return is_wanted(item) end
    for _, inner in ipairs(item.items) do
      if has(inner) then return true end
    end
    return false
  end

  return has, only
end

-- Fisher and Yates.
local function shuffle_items(group)
  local items = group.items
  for i = #items, 2, -1 do
    local j = math.random(i)
    items[i], items[j] = items[j], items[i]
  end
  for _, item in ipairs(items) do
    if item.items then shuffle_items(item) end
  end
end

---All before the first test runs: tests draw random numbers too.
---@param group table
---@param seed integer
function selection.shuffle(group, seed)
  math.randomseed(seed)
  shuffle_items(group)
end

return selection
