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

local inspect = require "neap.inspect"

local check = {}

local DIFF_CELLS = 1000000        -- of the table that finds common lines; above it, no line is common
local DIFF_LINES = 60             -- shown
local PATH_KEYS = 40              -- shown of a path

-- differences --

local function lines_of(text)
  local lines = {}
  for text_line in (text .. "\n"):gmatch "(.-)\n" do lines[#lines + 1] = text_line end
  return lines
end

-- lengths[i][j]: how many lines a[i..] and b[j..] have in common, in order
local function common_lengths(a, b)
  local lengths = { [#a + 1] = {} }
  for i = #a, 1, -1 do
    local row, below = {}, lengths[i + 1]
    for j = #b, 1, -1 do
      row[j] = a[i] == b[j] and 1 + (below[j + 1] or 0) or math.max(below[j] or 0, row[j + 1] or 0)
    end
    lengths[i] = row
  end
  return lengths
end

local function diff(expected, actual)
  local a, b, out = lines_of(expected), lines_of(actual), {}
  local lengths = #a * #b <= DIFF_CELLS and common_lengths(a, b)
  local i, j = 1, 1
  while i <= #a or j <= #b do
    if lengths and i <= #a and j <= #b and a[i] == b[j] then
      out[#out + 1], i, j = "  " .. a[i], i + 1, j + 1
    elseif i <= #a and (j > #b or not lengths or (lengths[i + 1][j] or 0) >= (lengths[i][j + 1] or 0)) then
      out[#out + 1], i = "- " .. a[i], i + 1
    else
      out[#out + 1], j = "+ " .. b[j], j + 1
    end
  end
  return out
end

-- The changed lines with two of context, the rest left out.
local function shortened(lines)
  local near = {}
  for i, text in ipairs(lines) do
    if text:sub(1, 1) ~= " " then
      for k = i - 2, i + 2 do near[k] = true end
    end
  end
  local out = {}
  for i, text in ipairs(lines) do
    if #out == DIFF_LINES then
      out[#out + 1] = "…"
      break
    elseif near[i] then
      out[#out + 1] = text
    elseif near[i - 1] or i == 1 then
      out[#out + 1] = "  …"
    end
  end
  return table.concat(out, "\n")
end

local function texts_of(actual, expected, width)
  if type(actual) == "string" and type(expected) == "string" and width == 1 then return actual, expected end
  local options = { width = width, depth = 20, items = 1000, length = 100000 }
  local actual_text, expected_text = inspect(actual, options), inspect(expected, options)
  if actual_text ~= expected_text then return actual_text, expected_text end
  options.raw = true                             -- the same by __tostring: look inside
  return inspect(actual, options), inspect(expected, options)
end

local function comparison(actual, expected)
  local actual_text, expected_text = texts_of(actual, expected)
  local strings = type(actual) == "string" and type(expected) == "string"
  local long = strings and actual:find "\n" and expected:find "\n"
  if not long and not actual_text:find "\n" and not expected_text:find "\n" then
    return ("expected: %s\n  actual: %s"):format(expected_text, actual_text)
  end
  actual_text, expected_text = texts_of(actual, expected, 1)
  return "- expected, + actual\n" .. shortened(diff(expected_text, actual_text))
end

-- equality --

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
  error(("not equal%s\n%s"):format(path ~= "" and ", first at " .. path or "", comparison(actual, expected)), 2)
end

---Fails unless both are the very same value.
---@param actual any
---@param expected any
function check.same(actual, expected)
  if rawequal(actual, expected) then return end
  local equal = not difference(actual, expected)
  error("not the same" .. (equal and " (though equal)\n" or "\n") .. comparison(actual, expected), 2)
end

-- errors --

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
