-- neap.repl.complete: what a half-typed name may become.
--
--   complete(text) -> rest, names     text: the line up to the cursor. rest: what all of the names have more; names:
--                                     in order
--
-- Modules within the quotes of a require; fields behind "."; methods behind ":", those of strings and handles too; else
-- globals, Neap's modules, words of the language. It looks and does not touch: no __index that is a function is called.

local host = require "neap_host"

local KEYWORDS = {
  "and", "break", "do", "else", "elseif", "end", "false", "for", "function", "goto", "if", "in", "local", "nil", "not",
  "or", "repeat", "return", "then", "true", "until", "while",
}

local MOST = 500                                 -- names of one table

local function metatable(value)
  return debug.getmetatable(value)
end

-- The table that the fields of a value are in, and after it, that of its metatable's __index.
local function next_table(value)
  local meta = metatable(value)
  local index = type(meta) == "table" and rawget(meta, "__index")
  return type(index) == "table" and index or nil
end

local function field(value, name)
  local at, steps = type(value) == "table" and value or next_table(value), 0
  while at and steps < 20 do
    local found = rawget(at, name)
    if found ~= nil then
      return found
    end
    at, steps = next_table(at), steps + 1
  end
end

local function add(names, name, prefix)
  if type(name) == "string" and name:sub(1, #prefix) == prefix and not names[name] then
    names[name] = true
    names[#names + 1] = name
  end
end

-- A name that can stand behind a dot; those that begin with "_" when that is typed.
local function is_plain(name, prefix)
  return type(name) == "string" and name:find "^[%a_][%w_]*$" and (prefix ~= "" or name:sub(1, 1) ~= "_")
end

local function add_fields(names, value, prefix, functions_only)
  local at, steps = type(value) == "table" and value or next_table(value), 0
  while at and steps < 20 and #names < MOST do
    for name, item in next, at do
      if is_plain(name, prefix) and (not functions_only or type(item) == "function") then
        add(names, name, prefix)
      end
    end
    at, steps = next_table(at), steps + 1
  end
end

-- Neap's modules that are there under their last name.
local function add_modules(names, prefix)
  for _, module in ipairs(host.modules()) do
    local last = module:match "^neap%.([%w_]+)$"
    if last then
      add(names, last, prefix)
    end
  end
end

-- Files of package.path and folders of modules, for what is before the name's last dot.
local function add_files(names, prefix)
  local fs = require "neap.fs"
  local folder = (prefix:match "^(.*)%." or ""):gsub("%.", "/")
  local before = folder == "" and "" or folder:gsub("/", ".") .. "."
  for pattern in (package.path .. ";"):gmatch "([^;]*)%?%.lua;" do
    for _, entry in ipairs(fs.list(pattern .. folder) or {}) do
      local name = entry.name:match "^([%w_-]+)%.lua$"
        or (entry.type == "directory" and entry.name:match "^[%w_-]+$")
      if name and name ~= "init" then
        add(names, before .. name, prefix)
      end
    end
  end
end

local function modules(prefix)
  local names = {}
  for _, name in ipairs(host.modules()) do
    add(names, name, prefix)
  end
  for name in next, package.loaded do
    add(names, name, prefix)
  end
  for name in next, package.preload do
    add(names, name, prefix)
  end
  add_files(names, prefix)
  return names
end

-- The value of "a.b.c", or nil. Its first word may be a module of Neap's that is not loaded yet.
local function value_of(path)
  local value = _G
  for name in path:gmatch "[%a_][%w_]*" do
    local found = field(value, name)
    if found == nil and value == _G then
      local ok, module = pcall(require, "neap." .. name)
      found = ok and module or nil
    end
    if found == nil then
      return nil
    end
    value = found
  end
  return value
end

local function candidates(text)
  local prefix = text:match "require%s*%(?%s*[\"']([%w_.-]*)$"
  if prefix then
    return modules(prefix), prefix
  end
  local path, mark, last = text:match "([%a_][%w_.]*)([.:])([%w_]*)$"
  local names = {}
  if path then
    local value = value_of(path)
    if value ~= nil then
      add_fields(names, value, last, mark == ":")
    end
    return names, last
  end
  prefix = text:match "[%a_][%w_]*$" or ""
  add_fields(names, _G, prefix)
  add_modules(names, prefix)
  for _, word in ipairs(KEYWORDS) do
    add(names, word, prefix)
  end
  return names, prefix
end

local function common_prefix(names)
  local prefix = names[1] or ""
  for _, name in ipairs(names) do
    while name:sub(1, #prefix) ~= prefix do
      prefix = prefix:sub(1, -2)
    end
  end
  return prefix
end

--- What may follow.
---@param text string the line up to the cursor
---@return string rest what all names have beyond what is typed
---@return string[] names
return function(text)
  local found, prefix = candidates(text)
  local names = { unpack(found) }                -- without its keys
  table.sort(names)
  return common_prefix(names):sub(#prefix + 1), names
end
