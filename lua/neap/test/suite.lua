-- neap.test.suite -- what spec files declare: a tree of groups and tests. `neap.test` has these functions too.
--
--   describe(name, fn, options)  it(name, fn, options)  before(fn)  after(fn)  before_all(fn)  after_all(fn)
--   suite.open() … suite.close()         around a file's chunk; open returns the root it declares into
--   suite.full_name(item), hook_name(group, hook)
--
-- A group: { name =, parent =, options =, items =, first =, last = }, items being tests { name =, parent =, options =,
-- fn =, first =, last = } and groups, with the lines of their function; and a list of functions under each hook's name.

local options = require "neap.options"

local suite = {}

local declaring                -- the group whose function runs

local function new_group(name, parent)
  return {
    name = name, parent = parent, options = {}, before = {}, after = {}, before_all = {}, after_all = {}, items = {},
  }
end

function suite.open()
  declaring = new_group("", nil)
  return declaring
end

function suite.close()
  declaring = nil
end

local function declare(what, list, item)
  if not declaring then error("'" .. what .. "' belongs in a spec file, outside of 'it'", 3) end
  table.insert(declaring[list], item)
end

local REASON = options.kind("reason, true or false", function(value)
  return type(value) == "string" or type(value) == "boolean"
end)
local KINDS = { timeout = options.above(0), skip = REASON, todo = REASON, only = "boolean" }

local check_describe, check_it = options.checker("describe", KINDS), options.checker("it", KINDS)

-- What its group says holds for it too, unless it says otherwise itself.
local function set_options(item, given)
  item.options = {}
  for name in pairs(KINDS) do
    local own = given and given[name]
    if own == nil and item.parent then own = item.parent.options[name] end
    item.options[name] = own
  end
end

-- The lines of the file that a function stands in.
local function with_lines(item, fn)
  local info = debug.getinfo(fn, "S")
  item.first, item.last = info.linedefined, info.lastlinedefined
  return item
end

local function check_type(what, index, value, expected)
  if type(value) == expected then return end
  error(("bad argument #%d to '%s' (%s expected, got %s)"):format(index, what, expected, type(value)), 3)
end

---@class neap.test.ItOptions
---@field timeout? number seconds, in place of the run's
---@field skip? string|boolean why it is not run; false: it is
---@field todo? string|boolean what is missing: it is run, and may fail; that it passes is a failure
---@field only? boolean of its file only such tests are run, and the run fails, so that none stays behind

---Names a group of tests. Its options hold for each test in it that does not say otherwise.
---@param name string
---@param fn fun() declares them
---@param given? neap.test.ItOptions
function suite.describe(name, fn, given)
  check_type("describe", 1, name, "string")
  check_type("describe", 2, fn, "function")
  check_describe(given)
  local group = with_lines(new_group(name, declaring), fn)
  set_options(group, given)
  declare("describe", "items", group)
  declaring = group
  fn()
  declaring = group.parent
end

---Declares a test.
---
---     -- not run: a spec
---     test.it("answers within a minute", function() … end, { timeout = 60, skip = not has_peer and "no peer" })
---@param name string what the thing described does
---@param fn fun() the test; it may wait
---@param given? neap.test.ItOptions
function suite.it(name, fn, given)
  check_type("it", 1, name, "string")
  check_type("it", 2, fn, "function")
  check_it(given)
  local test = with_lines({ name = name, fn = fn, parent = declaring }, fn)
  set_options(test, given)
  declare("it", "items", test)
end

---Runs `fn` before each test of this group and of the groups in it, the outer groups' first.
---@param fn fun()
function suite.before(fn)
  check_type("before", 1, fn, "function")
  declare("before", "before", fn)
end

---Runs `fn` after each test, also after one that failed; the last declared first.
---@param fn fun()
function suite.after(fn)
  check_type("after", 1, fn, "function")
  declare("after", "after", fn)
end

---Runs `fn` once, before the group's first test.
---@param fn fun()
function suite.before_all(fn)
  check_type("before_all", 1, fn, "function")
  declare("before_all", "before_all", fn)
end

---Runs `fn` once, after the group's last test; the last declared first.
---@param fn fun()
function suite.after_all(fn)
  check_type("after_all", 1, fn, "function")
  declare("after_all", "after_all", fn)
end

---Its name behind those of the groups around it: "neap.fs > reads a file".
---@param item table
---@return string
function suite.full_name(item)
  local outer = item.parent and suite.full_name(item.parent) or ""
  return outer == "" and item.name or outer .. " > " .. item.name
end

---What stands for a group's hook in reports: "neap.fs > before_all".
---@param group table
---@param hook string
---@return string
function suite.hook_name(group, hook)
  local name = suite.full_name(group)
  return name == "" and hook or name .. " > " .. hook
end

return suite
