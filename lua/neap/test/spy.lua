-- neap.test.spy -- functions that remember their calls, and fields that are replaced until the test is over.
--
--   spy.new(fn) -> spy                   calls fn; spy.calls is a list of { n =, … }
--   spy.replace(t, key, value)           t[key] until the test is over
--   spy.on(t, key, fn) -> spy            both: t[key] becomes a spy, which calls fn or what was there

local current = require "neap.test.current"

local rawget, rawset = rawget, rawset

local spy = {}

---@class neap.test.Spy
---@field calls { n: integer, [integer]: any }[] the arguments of each call, in order
---@operator call: any
local Spy = { __name = "neap.test.spy" }
Spy.__index = Spy

function Spy:__call(...)
  self.calls[#self.calls + 1] = { n = select("#", ...), ... }
  if self.fn then return self.fn(...) end
end

--- How often it was called.
---@return integer
function Spy:count()
  return #self.calls
end

--- Whether some call had these arguments, and no others.
---@param ... any compared by `==`
---@return boolean
function Spy:called_with(...)
  local n, wanted = select("#", ...), { ... }
  for _, call in ipairs(self.calls) do
    local same = call.n == n
    for i = 1, n do same = same and call[i] == wanted[i] end
    if same then return true end
  end
  return false
end

--- A callable that remembers its calls.
---@param fn? function what it does besides, and returns
---@return neap.test.Spy
function spy.new(fn)
  return setmetatable({ calls = {}, fn = fn }, Spy)
end

local function check(what, t)
  if type(t) ~= "table" then
    error(("bad argument #1 to '%s' (table expected, got %s)"):format(what, type(t)), 3)
  end
  if not current.is_open() then error(("'%s' belongs in a test"):format(what), 3) end
end

local function put(t, key, value)
  local before = rawget(t, key)
  current.finally(function() rawset(t, key, before) end)
  rawset(t, key, value)
end

--- Gives a field another value until the running test is over; in `before_all`, until the last test of its group is.
---@param t table
---@param key any
---@param value any nil: none
function spy.replace(t, key, value)
  check("replace", t)
  put(t, key, value)
end

--- Puts a spy in place of a function in a table, until the running test is over. It is a function, so that it passes
--- wherever the one that was there does; its spy is returned.
---@param t table
---@param key any
---@param fn? function what is called instead of what was there
---@return neap.test.Spy
function spy.on(t, key, fn)
  check("spy_on", t)
  fn = fn or t[key]
  if fn == nil then error(("bad argument #2 to 'spy_on' (there is no function '%s')"):format(tostring(key)), 2) end
  local made = spy.new(fn)
  put(t, key, function(...)
    return made(...)
  end)
  return made
end

return spy
