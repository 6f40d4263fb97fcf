-- neap.test.suite -- what spec files declare: a tree of groups and tests. `neap.test` has these functions too.
--
--   describe(name, fn)  it(name, fn, options)  before(fn)  after(fn)  before_all(fn)  after_all(fn)
--   suite.open() … suite.close()         around a file's chunk; open returns the root it declares into
--
-- A group: { name =, parent =, items = }, items being tests { name =, fn =, timeout = } and groups; and a
-- list of functions under each hook's name.

local suite = {}

local declaring                -- the group whose function runs

local function new_group(name, parent)
  return { name = name, parent = parent, before = {}, after = {}, before_all = {}, after_all = {}, items = {} }
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

local function check_type(what, index, value, expected)
  if type(value) == expected then return end
  error(("bad argument #%d to '%s' (%s expected, got %s)"):format(index, what, expected, type(value)), 3)
end

---Names a group of tests.
---@param name string
---@param fn fun() declares them
function suite.describe(name, fn)
  check_type("describe", 1, name, "string")
  check_type("describe", 2, fn, "function")
  local group = new_group(name, declaring)
  declare("describe", "items", group)
  declaring = group
  fn()
  declaring = group.parent
end

---Declares a test.
---@param name string what the thing described does
---@param fn fun() the test; it may wait
---@param options? { timeout: number } seconds, in place of the run's
function suite.it(name, fn, options)
  check_type("it", 1, name, "string")
  check_type("it", 2, fn, "function")
  declare("it", "items", { name = name, fn = fn, timeout = options and options.timeout })
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

return suite
