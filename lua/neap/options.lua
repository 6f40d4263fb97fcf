-- options.lua: what the options of a call may hold. A name that it has not, and a value of the wrong kind, raise in
-- the caller's line and say what there is: so no mistyped option is without effect.
--
--   local check = options.checker("listen", { port = options.integer(0, 65535), host = "string" })
--   check(given)                           in the function itself; nil, or the callback: there are none
--   options.argument("split", 1, "string", value)      the same of an argument
--
-- A kind is a type's name, one of the functions below, or options.kind(expected, holds).

local pairs, type = pairs, type

local options = {}

---@class neap.options.Kind
---@field expected string "integer from 0 to 65535"
---@field holds fun(value: any): boolean

--- A kind of one's own.
---@param expected string what a message says
---@param holds fun(value: any): boolean
---@return neap.options.Kind
function options.kind(expected, holds)
  return { expected = expected, holds = holds }
end

local function range(name, lowest, highest, is_one)
  local format = highest and "%s from %d to %d" or "%s from %d on"
  local expected = format:format(name, lowest, highest)
  highest = highest or math.huge
  return options.kind(expected, function(value)
    return type(value) == "number" and value >= lowest and value <= highest and is_one(value)
  end)
end

---@param lowest integer
---@param highest? integer
---@return neap.options.Kind
function options.integer(lowest, highest)
  return range("integer", lowest, highest, function(value)
    return value % 1 == 0
  end)
end

---@param lowest integer
---@param highest? integer
---@return neap.options.Kind
function options.number(lowest, highest)
  return range("number", lowest, highest, function()
    return true
  end)
end

---@param limit integer
---@return neap.options.Kind
function options.above(limit)
  return options.kind(("number above %d"):format(limit), function(value)
    return type(value) == "number" and value > limit
  end)
end

local function kind_of(kind)
  if type(kind) == "table" then
    return kind
  end
  return options.kind(kind, function(value)
    return type(value) == kind
  end)
end

local function names_of(kinds)
  local names = {}
  for name in pairs(kinds) do
    names[#names + 1] = name
  end
  table.sort(names)
  return table.concat(names, ", ")
end

local function shown(value)
  return type(value) == "number" and tostring(value) or type(value)
end

--- A function that checks the options given to the public function `name`, which calls it directly; `level` is 3, and
--- one more for each function in between.
---@param name string
---@param kinds table<string, string|neap.options.Kind>
---@return fun(given: table|function|nil, level?: integer)
function options.checker(name, kinds)
  for option, kind in pairs(kinds) do
    kinds[option] = kind_of(kind)
  end
  return function(given, level)
    if given == nil or type(given) == "function" then
      return
    elseif type(given) ~= "table" then
      error(("bad options of '%s' (table expected, got %s)"):format(name, type(given)), level or 3)
    end
    for option, value in pairs(given) do
      local kind = kinds[option]
      if not kind then
        error(("bad option '%s' of '%s' (options: %s)"):format(tostring(option), name, names_of(kinds)), level or 3)
      elseif not kind.holds(value) then
        error(("bad option '%s' of '%s' (%s expected, got %s)"):format(option, name, kind.expected, shown(value)),
          level or 3)
      end
    end
  end
end

--- Raises unless an argument of the public function `name`, which calls this directly, is of a kind; `level` as above.
---@param name string
---@param index integer as the caller counts: `self` is none
---@param kind string|neap.options.Kind
---@param value any
---@param level? integer
function options.argument(name, index, kind, value, level)
  if type(value) == kind then
    return
  end
  local expected, got = kind, type(value)
  if type(kind) == "table" then
    if kind.holds(value) then
      return
    end
    expected, got = kind.expected, shown(value)
  end
  error(("bad argument #%d to '%s' (%s expected, got %s)"):format(index, name, expected, got), level or 3)
end

return options
