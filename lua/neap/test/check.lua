-- neap.test.check -- the checks beside plain `assert`; `neap.test` has them under the same names.
--
--   check.equal(actual, expected)        deep: same type, same content, same metatable
--   check.same(actual, expected)         the very same value
--   check.raises(fn, expected)           fn() raises; returns what it raised
--   check.fails(expected, nil, err)      an operation's results, or
--   check.fails(expected, fn, ...)         the function to call for them; returns err
--
-- `expected` is an error's code, plain text of it, or a pattern. A failed check raises a string that begins with
-- the place of the call.

local diff = require "neap.test.diff"
local inspect = require "neap.inspect"

local check = {}

local PATH_KEYS = 40              -- shown of a path

-- Equality

local function key_text(key)
  if type(key) == "string" and key:find "^[%a_][%w_]*$" then return "." .. key end
  return "[" .. inspect(key, { width = math.huge }) .. "]"
end

local function alike(a, b)
  if rawequal(a, b) or a ~= a and b ~= b then return true end      -- here NaN is equal to NaN
  local numeric = type(a) == "cdata" or type(b) == "cdata"         -- 1LL == 1
  return (type(a) == type(b) or numeric and type(a) ~= "string" and type(b) ~= "string") and a == b
end

local SAME, INSIDE = {}, {}

-- SAME; INSIDE: both are tables, whose content decides; or what to say behind the path. Pairs in `seen` are compared
-- already, or further out in a cycle.
local function compare(a, b, seen)
  if alike(a, b) then return SAME end
  if type(a) ~= "table" or type(b) ~= "table" then return "" end
  if getmetatable(a) ~= getmetatable(b) then return " (metatable)" end
  seen[a] = seen[a] or {}
  if seen[a][b] then return SAME end
  seen[a][b] = true
  return INSIDE
end

-- A key that b has and a has not. By type: a NULL pointer is a key, and equal to nil.
local function missing_key(a, b)
  for key in next, b do
    if type(rawget(a, key)) == "nil" then return key end
  end
end

-- Of a pair of tables, which lies at `key` of the pair `outer`, and so on; the outermost parts of a long path are cut.
local function path_of(pair)
  local path, length = {}, 0
  while pair and length < PATH_KEYS do
    path[PATH_KEYS - length], length = key_text(pair.key), length + 1
    pair = pair.outer
  end
  return (pair and "…" or "") .. table.concat(path, "", PATH_KEYS - length + 1, PATH_KEYS)
end

-- The next entry of a pair, or of one outside it: the pair it is in, its values, whether a's is missing. nil: no more.
local function next_entry(pair)
  while pair do
    local value
    pair.key, value = next(pair.a, pair.key)
    if type(pair.key) ~= "nil" then return pair, value, rawget(pair.b, pair.key), false end
    pair.key = missing_key(pair.a, pair.b)
    if type(pair.key) ~= "nil" then return pair, nil, nil, true end
    pair = pair.outer
  end
end

-- The path of the first difference, or nil. Lists linked by the hundred thousand are compared too, so the way back is
-- a list of pairs, not the stack.
local function difference(a, b)
  local seen, pair, missing = {}, nil, false
  repeat
    local verdict = missing and "" or compare(a, b, seen)
    if verdict == INSIDE then
      pair = { a = a, b = b, outer = pair }
    elseif verdict ~= SAME then
      return path_of(pair) .. verdict
    end
    pair, a, b, missing = next_entry(pair)
  until not pair
end

---Fails unless both are equal: tables by content, everything else as `==` has it.
---@param actual any
---@param expected any
function check.equal(actual, expected)
  local path = difference(actual, expected)
  if not path then return end
  error(("not equal%s\n%s"):format(path ~= "" and ", first at " .. path or "", diff(actual, expected)), 2)
end

---Fails unless both are the very same value.
---@param actual any
---@param expected any
function check.same(actual, expected)
  if rawequal(actual, expected) then return end
  local equal = not difference(actual, expected)
  error("not the same" .. (equal and " (though equal)\n" or "\n") .. diff(actual, expected), 2)
end

-- Errors

local function matches(err, expected)
  if expected == nil or type(err) == "table" and rawget(err, "code") == expected then return true end
  local text = tostring(err)
  if text:find(expected, 1, true) then return true end
  local valid, found = pcall(string.find, text, expected)      -- plain text need not be a pattern
  return valid and found ~= nil
end

local function check_expected(what, index, expected)
  if expected == nil or type(expected) == "string" then return end
  error(("bad argument #%d to '%s' (string or nil expected, got %s)"):format(index, what, type(expected)), 3)
end

---Fails unless `fn()` raises what is expected.
---@param fn function
---@param expected? string code, text or pattern
---@return any err what it raised
function check.raises(fn, expected)
  check_expected("raises", 2, expected)
  local ok, err = pcall(fn)
  if ok then error("raised nothing" .. (expected and ", expected: " .. expected or ""), 2) end
  if not matches(err, expected) then
    error(("raised another error\nexpected: %s\n  actual: %s"):format(expected, inspect(err)), 2)
  end
  return err
end

---Fails unless the results are nil and the error expected: `fails("ENOENT", fs.read_file "none")`.
---@param expected? string code, text or pattern
---@param result any the first result, or the function to call for them
---@param ... any
---@return any err
function check.fails(expected, result, ...)
  check_expected("fails", 1, expected)
  local err = (...)
  if type(result) == "function" then result, err = result(...) end
  if result ~= nil or err == nil then
    error(("did not fail%s\n  result: %s"):format(expected and ", expected: " .. expected or "", inspect(result)), 2)
  end
  if not matches(err, expected) then
    error(("failed with another error\nexpected: %s\n  actual: %s"):format(expected, inspect(err)), 2)
  end
  return err
end

return check
