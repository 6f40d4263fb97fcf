-- neap.repl.chunk: what was typed, as a function.
--
--   compile(text) -> fn | nil, why | nil         nil alone: more has to come
--
-- fn(show) calls show with the values of an expression, with or without "=" before it; anything else is a chunk. A
-- `local` at its top level would be gone with the line: it sets a global.

local NAME = "=stdin"

local find, sub = string.find, string.sub

local DEEPER = { ["function"] = 1, ["do"] = 1, ["if"] = 1, ["repeat"] = 1, ["end"] = -1, ["until"] = -1 }

-- Where a comment or a string that begins at `at` ends; nil when none does.
local function skip_quoted(text, at)
  local _, open, level = find(text, "^%-%-%[(=*)%[", at)
  if not open then
    _, open, level = find(text, "^%[(=*)%[", at)
  end
  if open then
    return select(2, find(text, "]" .. level .. "]", open + 1, true)) or #text
  elseif find(text, "^%-%-", at) then
    return find(text, "\n", at, true) or #text
  end
  local quote = find(text, "^[\"']", at) and sub(text, at, at)
  local i = quote and at + 1
  while i and i <= #text and sub(text, i, i) ~= quote do
    i = i + (sub(text, i, i) == "\\" and 2 or 1)
  end
  return i
end

-- The position before which the names of a `local` that has no value end; nil: it has one, or is a function.
local function names_end(text, at)
  local _, last = find(text, "^%s*[%a_][%w_]*", at)
  if not last or find(text, "^%s*function%f[^%w_]", at) then
    return nil
  end
  local more = last
  while more do
    last = more
    more = select(2, find(text, "^%s*,%s*[%a_][%w_]*", last + 1))
  end
  if not find(text, "^%s*=", last + 1) and not find(text, "^%s*,", last + 1) then
    return last
  end
end

-- The text without `local` at its top level; lines stay where they are.
local function globals(text)
  local parts, from, at, depth = {}, 1, 1, 0
  while at <= #text do
    local skipped = skip_quoted(text, at)
    local _, last, word = find(text, "^([%a_][%w_]*)", at)
    if word == "local" and depth == 0 then
      local names = names_end(text, last + 1)
      parts[#parts + 1] = sub(text, from, at - 1)
      if names then
        parts[#parts + 1] = sub(text, last + 1, names) .. " = nil;"
      end
      last = names or last
      from = last + 1
    elseif word then
      depth = depth + (DEEPER[word] or 0)
    end
    at = (skipped or last or select(2, find(text, "^%d[%w_.]*", at)) or at) + 1
  end
  parts[#parts + 1] = sub(text, from)
  return table.concat(parts)
end

-- A string in quotes does not go on in the next line.
local function is_incomplete(why)
  return why and find(why, "near '<eof>'$") and not find(why, "unfinished string", 1, true)
end

--- A function that does what the text says, and hands on the values of an expression.
---@param text string
---@return fun(show: fun(...))? fn
---@return string? why what is wrong with it; nil: it is not complete yet
local function compile(text)
  local expression = text:gsub("^%s*=", "", 1)
  local fn, expression_why = loadstring("return " .. expression, NAME)
  if fn then
    return loadstring("(...)(" .. expression .. "\n)", NAME) -- no tail call: a traceback has its frame
  end
  local chunk, why = loadstring(globals(text), NAME)
  if chunk then
    return chunk
  elseif is_incomplete(expression_why) or is_incomplete(why) then
    return nil
  end
  return nil, find(text, "^%s*[%a_]") and why or expression_why
end

return { compile = compile, globals = globals }
