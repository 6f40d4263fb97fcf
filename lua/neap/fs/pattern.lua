-- neap.fs.pattern: the patterns of glob, compiled and matched against names.
--
--   compile(pattern) -> list of alternatives, one for each way the braces can be read; each is a list of segments:
--     "**"                          any folders, or none
--     { literal = "src" }           a name
--     { items = { … } }             a name, matched character by character
--   matches(segment, name, dotfiles) -> boolean
--   matches_path(alternatives, path, dotfiles) -> boolean
--
-- A character is one of UTF-8; a byte that begins none is a character by itself.

local byte, concat, sub = string.byte, table.concat, string.sub

local pattern = {}

local MOST = 10000 -- alternatives of one pattern

local ANY, STAR = {}, {}

-- How many bytes the character at `i` has.
local function length_at(text, i)
  local first = byte(text, i)
  local n = first >= 0xf0 and first < 0xf8 and 4 or first >= 0xe0 and first < 0xf0 and 3 or
    first >= 0xc2 and first < 0xe0 and 2 or 1
  return text:find("^[\128-\191]+", i + 1) and select(2, text:find("^[\128-\191]+", i + 1)) >= i + n - 1 and n or 1
end

local function characters(text)
  local list, i = {}, 1
  while i <= #text do
    local n = length_at(text, i)
    list[#list + 1] = sub(text, i, i + n - 1)
    i = i + n
  end
  return list
end

-- Braces

-- The end of the braces that begin at i, and where their commas are; nil: they are never closed.
local function find_braces(text, i)
  local depth, commas = 0, {}
  while i <= #text do
    local c = sub(text, i, i)
    if c == "\\" then
      i = i + 1
    elseif c == "{" then
      depth = depth + 1
    elseif c == "}" then
      depth = depth - 1
      if depth == 0 then
        return i, commas
      end
    elseif c == "," and depth == 1 then
      commas[#commas + 1] = i
    end
    i = i + 1
  end
end

-- The first braces that mean alternatives: "{a}" and "{" mean themselves.
local function first_braces(text)
  local i = 1
  while i <= #text do
    local c = sub(text, i, i)
    if c == "\\" then
      i = i + 1
    elseif c == "{" then
      local last, commas = find_braces(text, i)
      if last and commas[1] then
        return i, last, commas
      end
    end
    i = i + 1
  end
end

local function expand(text, list)
  local first, last, commas = first_braces(text)
  if not first then
    list[#list + 1] = text
    if #list > MOST then
      error(("a pattern of more than %d alternatives"):format(MOST), 0)
    end
    return list
  end
  commas[#commas + 1] = last
  local from = first + 1
  for _, comma in ipairs(commas) do
    expand(sub(text, 1, first - 1) .. sub(text, from, comma - 1) .. sub(text, last + 1), list)
    from = comma + 1
  end
  return list
end

-- Names

-- The set that begins after "[" at i, and where it ends; nil: it is no set.
local function set_at(list, i)
  local set = { negated = list[i] == "!" or list[i] == "^" }
  i = set.negated and i + 1 or i
  local first = i
  while list[i] and (list[i] ~= "]" or i == first) do
    local from = list[i]
    if from == "\\" and list[i + 1] then
      i = i + 1
      from = list[i]
    end
    local to = from
    if list[i + 1] == "-" and list[i + 2] and list[i + 2] ~= "]" then
      i = i + 2
      to = list[i]
    end
    set[#set + 1] = { from, to }
    i = i + 1
  end
  if list[i] then
    return set, i
  end
end

local function segment_of(text)
  if text == "**" then
    return text
  end
  local list, items, literal, i = characters(text), {}, true, 1
  while list[i] do
    local item = list[i]
    if item == "\\" and list[i + 1] then
      i = i + 1
      item = list[i]
    elseif item == "*" then
      item, literal = STAR, false
    elseif item == "?" then
      item, literal = ANY, false
    elseif item == "[" then
      local set, last = set_at(list, i + 1)
      if set then
        item, i, literal = set, last, false
      end
    end
    items[#items + 1] = item
    i = i + 1
  end
  return literal and { literal = concat(items) } or { items = items }
end

local function in_set(set, c)
  for _, range in ipairs(set) do
    if c >= range[1] and c <= range[2] then
      return not set.negated
    end
  end
  return set.negated
end

local function fits(item, c)
  if item == ANY then
    return true
  elseif type(item) == "table" then
    return in_set(item, c)
  end
  return item == c
end

-- When it does not fit, the last star takes one character more: no other could do better.
local function match_items(items, list)
  local i, at, star, marked = 1, 1, nil, nil
  while list[at] do
    local item = items[i]
    if item == STAR then
      star, marked, i = i, at, i + 1
    elseif item and fits(item, list[at]) then
      i, at = i + 1, at + 1
    elseif star then
      marked = marked + 1
      i, at = star + 1, marked
    else
      return false
    end
  end
  while items[i] == STAR do
    i = i + 1
  end
  return items[i] == nil
end

--- A dot at the beginning of a name is matched by a dot only, unless `dotfiles`.
---@param segment table of `compile`, not "**"
---@param name string
---@param dotfiles? boolean
---@return boolean
function pattern.matches(segment, name, dotfiles)
  if segment.literal then
    return segment.literal == name
  elseif not dotfiles and byte(name) == 46 and segment.items[1] ~= "." then
    return false
  end
  return match_items(segment.items, characters(name))
end

-- Paths

---@param text string
---@return table[] alternatives
function pattern.compile(text)
  local alternatives = {}
  for i, each in ipairs(expand(text, {})) do
    local segments = { absolute = each:find "^/" ~= nil, folder = each:find "/$" ~= nil }
    for name in each:gmatch "[^/]+" do
      if name ~= "**" or segments[#segments] ~= "**" then
        segments[#segments + 1] = segment_of(name)
      end
    end
    alternatives[i] = segments
  end
  return alternatives
end

local function match_from(segments, i, names, at, dotfiles)
  local segment = segments[i]
  if segment == nil then
    return names[at] == nil
  elseif segment ~= "**" then
    return names[at] ~= nil and pattern.matches(segment, names[at], dotfiles) and
      match_from(segments, i + 1, names, at + 1, dotfiles)
  end
  while not match_from(segments, i + 1, names, at, dotfiles) do
    if names[at] == nil or (not dotfiles and byte(names[at]) == 46) then
      return false
    end
    at = at + 1
  end
  return true
end

---@param alternatives table[] of `compile`
---@param path string
---@param dotfiles? boolean
---@return boolean
function pattern.matches_path(alternatives, path, dotfiles)
  local names = {}
  for name in path:gmatch "[^/]+" do
    names[#names + 1] = name
  end
  for _, segments in ipairs(alternatives) do
    if segments.absolute == (byte(path) == 47) and match_from(segments, 1, names, 1, dotfiles) then
      return true
    end
  end
  return false
end

return pattern
