-- sandbox.lua: what a restricted VM has in place of library functions that LuaJIT cannot interrupt or that
-- reach outside: patterns, sort, io, package.searchpath. Run before boot.lua, with the same C functions.
--
-- Whatever is Lua here can be preempted and killed like the script's own code; the C functions below it ask
-- for permission or are short. search gives true and results, nil and a message, or false: to be gone on
-- with, after a few of our instructions, at which the VM may be stopped.

local host = ...
local search, file_open, methods = host.search, host.file_open, host.file_methods
local type, error, select, tostring, tonumber = type, error, select, tostring, tonumber
local rawget, rawset, rawlen, unpack = rawget, rawset, rawlen, unpack
local sub, byte, format = string.sub, string.byte, string.format
local raw_concat, raw_insert = table.concat, table.insert

local RESUME, FIND, MATCH, GSUB, NEXT = 0, 1, 2, 3, 4

local function bad(n, name, expected, value)
  error(format("bad argument #%d to '%s' (%s expected, got %s)", n, name, expected, type(value)), 4)
end

local function check(n, name, expected, value)
  if type(value) ~= expected then
    bad(n, name, expected, value)
  end
end

local function check_text(n, name, value)
  if type(value) ~= "string" and type(value) ~= "number" then
    bad(n, name, "string", value)
  end
  return tostring(value)
end

-- Tables: LuaJIT's insert moves everything from any position on, also from -2^31; its concat takes half a
-- second for a million numbers.

function table.insert(...)
  local t, position = ...
  if select("#", ...) == 3 then
    check(1, "insert", "table", t)
    position = tonumber(position) or position
    check(2, "insert", "number", position)
    if not (position >= 1 and position < 2 ^ 31) then
      error("bad argument #2 to 'insert' (position out of bounds)", 2)
    end
  end
  return raw_insert(...)
end

local AT_ONCE = 5000

local function concat(t, separator, first, last)
  local from = first == nil and 1 or first
  local to = last == nil and type(t) == "table" and #t or last
  if type(from) ~= "number" or type(to) ~= "number" or to - from <= AT_ONCE then
    return raw_concat(t, separator, first, last)
  end
  local parts, n = {}, 0
  for at = from, to, AT_ONCE do
    local till = at + AT_ONCE - 1
    n = n + 1
    parts[n] = raw_concat(t, separator, at, till < to and till or to)
  end
  return concat(parts, separator)
end

table.concat = concat

-- Patterns

local function finish(level, ok, ...)
  if ok then
    return ...
  elseif ok == nil then
    error((...), level)
  end
  return finish(level, search(RESUME))
end

function string.find(s, pattern, init, plain)
  return finish(2, search(FIND, s, pattern, init, plain))
end

function string.match(s, pattern, init)
  return finish(2, search(MATCH, s, pattern, init))
end

function string.gmatch(s, pattern)
  s, pattern = check_text(1, "gmatch", s), check_text(2, "gmatch", pattern)
  local at = 1
  local function take(first, last, ...)
    if first then
      at = (last >= first and last or first) + 1
      return ...
    end
    at = #s + 2
  end
  return function()
    return take(finish(3, search(NEXT, s, pattern, at, true)))
  end
end

local function replacement(replace, is_function, first, last, ...)
  if not first then
    return nil
  elseif is_function then
    return first, last, (replace(...))
  end
  return first, last, replace[(...)]
end

-- gsub with a function or a table.
local function gsub_values(s, pattern, replace, most)
  s, pattern = check_text(1, "gsub", s), check_text(2, "gsub", pattern)
  local is_function, anchored = type(replace) == "function", byte(pattern) == 94
  local out, n, count, at = {}, 0, 0, 1
  while count < most do
    local first, last, value =
      replacement(replace, is_function, finish(3, search(NEXT, s, pattern, at, false, not is_function)))
    if not first then
      break
    end
    count = count + 1
    if not value then
      value = sub(s, first, last)
    elseif type(value) ~= "string" and type(value) ~= "number" then
      error(format("invalid replacement value (a %s)", type(value)), 2)
    end
    out[n + 1], out[n + 2] = sub(s, at, first - 1), value
    n, at = n + 2, last + 1
    if last < first then -- empty: what stands there stays
      n, at = n + 1, first + 1
      out[n] = sub(s, first, first)
    end
    if anchored or at > #s + 1 then
      break
    end
  end
  out[n + 1] = sub(s, at)
  return concat(out), count
end

function string.gsub(s, pattern, replace, most)
  local kind = type(replace)
  if kind == "function" or kind == "table" then
    return gsub_values(s, pattern, replace, tonumber(most) or 1 / 0)
  end
  return finish(2, search(GSUB, s, pattern, replace, most))
end

-- Sorting: by merging, which takes n log n steps whatever the values and the comparison are.

local function less(a, b)
  return a < b
end

local function merge(from, to, low, middle, high, before)
  local i, j = low, middle
  for k = low, high - 1 do
    if j >= high or (i < middle and not before(rawget(from, j), rawget(from, i))) then
      rawset(to, k, rawget(from, i))
      i = i + 1
    else
      rawset(to, k, rawget(from, j))
      j = j + 1
    end
  end
end

local function merge_sort(t, before)
  local n, width, from, to = rawlen(t), 1, t, {}
  while width < n do
    for low = 1, n, 2 * width do
      local middle, high = low + width, low + 2 * width
      merge(from, to, low, middle > n and n + 1 or middle, high > n and n + 1 or high, before)
    end
    from, to, width = to, from, 2 * width
  end
  for i = 1, from ~= t and n or 0 do
    rawset(t, i, rawget(from, i))
  end
end

function table.sort(t, before)
  check(1, "sort", "table", t)
  if before ~= nil then
    check(2, "sort", "function", before)
  end
  merge_sort(t, before or less)
end

-- Files

io = { type = host.file_type, open = file_open, popen = host.refuse, tmpfile = host.refuse }
os.tmpname = host.refuse
io.stdout, io.stderr = host.file_standard("stdout"), host.file_standard("stderr")
if not host.child then
  io.stdin = host.file_standard("stdin")
end
local input, output = io.stdin, io.stdout

local function open_or_raise(path, mode)
  local file, why = file_open(path, mode)
  return file or error(why, 3)
end

function io.input(file)
  if file ~= nil then
    input = type(file) == "string" and open_or_raise(file, "r") or file
  end
  return input
end

function io.output(file)
  if file ~= nil then
    output = type(file) == "string" and open_or_raise(file, "w") or file
  end
  return output
end

function io.read(...)
  if not input then
    return nil, "no standard input in a child runtime"
  end
  return methods.read(input, ...)
end

function io.write(...)
  return methods.write(output, ...)
end

function io.flush()
  return methods.flush(output)
end

function io.close(file)
  return methods.close(file or output)
end

local function each(file, closes, ...)
  local formats, n = { ... }, select("#", ...)
  local function pass(first, why, ...)
    if first == nil and why then
      error(why, 3)
    elseif first == nil and closes then
      methods.close(file)
    end
    return first, why, ...
  end
  return function()
    return pass(methods.read(file, unpack(formats, 1, n)))
  end
end

function methods.lines(file, ...)
  return each(file, false, ...)
end

function io.lines(path, ...)
  if path == nil then
    return each(input, false, ...)
  end
  return each(open_or_raise(path, "r"), true, ...)
end

package.loaded.io = io

local function readable(path)
  local file, why = file_open(path, "r")
  return file and methods.close(file), why
end

-- The first of `path`'s files that `there` finds, or nil and what was tried.
local function search_path(there, name, path, separator, by)
  name = name:gsub("%" .. (separator or "."), "%" .. (by or "/")):gsub("%%", "%%%%")
  local tried = {}
  for template in path:gmatch("[^;]+") do
    local candidate = template:gsub("%?", name)
    local found, why = there(candidate)
    if found then
      return candidate
    end
    tried[#tried + 1] = format("\n\tno file '%s'%s", candidate, why:match(": needs permission.*") or "")
  end
  return nil, concat(tried)
end

--- The first file of `path` that can be read, or nil and what was tried.
function package.searchpath(name, path, separator, by)
  return search_path(readable, name, path, separator, by)
end

function host.find_library(name)
  return search_path(host.loadable, name, package.cpath)
end
