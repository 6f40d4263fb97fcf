-- neap.path: the text of paths, as POSIX has it; only absolute, resolve and expand ask where we are and who we are.
--
--   join(...), normalize(path)             absolute(path, base), resolve(...), expand(path)
--   dirname(path), basename(path, suffix)  split(path) -> dirname, basename       parts(path) -> list
--   extension(path), stem(path)            with_extension(path, extension), with_name(path, name)
--   is_absolute(path), is_within(path, folder)
--   relative(from, to), common(paths)
--
-- No file is looked at: "a/../b" is "b" here, though it need not be where `a` is a link; fs.realpath knows. Slashes in
-- a row are one, one at the end is none, and the empty path is ".".
--
-- neap/path/ holds the parts: lexical.lua, and place.lua (absolute, resolve, relative, expand).

local lexical = require "neap.path.lexical"
local options = require "neap.options"
local place = require "neap.path.place"

local check = options.argument
local concat, find, match, select, sub = table.concat, string.find, string.match, select, string.sub
local normalize, reduced, shared, strip = lexical.normalize, lexical.reduced, lexical.shared, lexical.strip

local path = {}

for name, fn in pairs(place) do
  path[name] = fn
end

-- Taking apart

--- Whether a path starts at the root.
---@param text string
---@return boolean
function path.is_absolute(text)
  check("is_absolute", 1, "string", text)
  return sub(text, 1, 1) == "/"
end

-- The position of the last slash, or 0.
local function last_slash(text)
  local at = #text
  while at > 0 and sub(text, at, at) ~= "/" do
    at = at - 1
  end
  return at
end

local function split(text)
  text = strip(text)
  local at = last_slash(text)
  if at == 0 then
    return ".", text
  end
  return strip(sub(text, 1, at)), sub(text, at + 1)
end

--- The folder that a path's last name is in, and that name: "/a/b/" is "/a" and "b", "b" is "." and "b".
---@param text string
---@return string dirname
---@return string basename empty of "/" and ""
function path.split(text)
  check("split", 1, "string", text)
  return split(text)
end

--- The folder that a path's last name is in, as dirname(1) has it: "." of "b", "/" of "/".
---@param text string
---@return string
function path.dirname(text)
  check("dirname", 1, "string", text)
  return (split(text))
end

--- A path's last name, without a suffix if it ends in that (and is not all of it).
---
---     local path = require "neap.path"
---     assert(path.basename("/srv/www/index.html") == "index.html")
---     assert(path.basename("/srv/www/index.html", ".html") == "index")
---@param text string
---@param suffix? string
---@return string basename empty of "/" and ""
function path.basename(text, suffix)
  check("basename", 1, "string", text)
  local _, name = split(text)
  if suffix ~= nil then
    check("basename", 2, "string", suffix)
    if #suffix > 0 and #suffix < #name and sub(name, -#suffix) == suffix then
      return sub(name, 1, #name - #suffix)
    end
  end
  return name
end

-- Where the last name's extension begins; behind its end when there is none. Dots at the beginning make a name hidden,
-- and one at the end ends it.
local function extension_start(name)
  local at = match(name, "^.*()%.")
  if not at or at == #name or not find(sub(name, 1, at - 1), "[^.]") then
    return #name + 1
  end
  return at
end

--- What the last name ends in, from its last dot on: ".gz" of "a.tar.gz"; empty of "README", ".profile" and "a.".
---@param text string
---@return string
function path.extension(text)
  check("extension", 1, "string", text)
  local _, name = split(text)
  return sub(name, extension_start(name))
end

--- The last name without its extension: "a.tar" of "/x/a.tar.gz".
---@param text string
---@return string
function path.stem(text)
  check("stem", 1, "string", text)
  local _, name = split(text)
  return sub(name, 1, extension_start(name) - 1)
end

local function names_of(text)
  local names = {}
  for name in text:gmatch "[^/]+" do
    names[#names + 1] = name
  end
  return names
end

--- The names that a path goes along, with "/" first if it starts there: { "/", "a", "b" } of "/a//b/".
---@param text string
---@return string[]
function path.parts(text)
  check("parts", 1, "string", text)
  local names = names_of(text)
  if sub(text, 1, 1) == "/" then
    table.insert(names, 1, "/")
  end
  return names
end

-- Putting together

--- A path without ".", "..", empty names and a slash at the end, as far as its text goes.
---@param text string
---@return string
function path.normalize(text)
  check("normalize", 1, "string", text)
  return normalize(text)
end

--- One path of several, one below the other, normalized. Empty ones count for nothing.
---
---     local path = require "neap.path"
---     assert(path.join("/srv", "www/", "../logs", "today") == "/srv/logs/today")
---@param ... string
---@return string
function path.join(...)
  local given, n = {}, 0
  for i = 1, select("#", ...) do
    local text = select(i, ...)
    check("join", i, "string", text)
    if text ~= "" then
      n = n + 1
      given[n] = text
    end
  end
  return normalize(concat(given, "/"))
end

--- The path with another last name.
---@param text string
---@param name string
---@return string
function path.with_name(text, name)
  check("with_name", 1, "string", text)
  check("with_name", 2, "string", name)
  local stripped = strip(text)
  if stripped == "" or stripped == "/" then
    error(("bad argument #1 to 'with_name' (there is no name in '%s')"):format(text), 2)
  end
  return sub(stripped, 1, last_slash(stripped)) .. name
end

--- The path with another extension, or with one; with "" it has none.
---
---     local path = require "neap.path"
---     assert(path.with_extension("a/b.tar.gz", ".xz") == "a/b.tar.xz")
---@param text string
---@param extension string ".gz"; the dot may be left out
---@return string
function path.with_extension(text, extension)
  check("with_extension", 1, "string", text)
  check("with_extension", 2, "string", extension)
  local stripped = strip(text)
  local at = last_slash(stripped)
  local name = sub(stripped, at + 1)
  if name == "" or name == "." or name == ".." then
    error(("bad argument #1 to 'with_extension' (there is no name in '%s')"):format(text), 2)
  end
  if extension ~= "" and sub(extension, 1, 1) ~= "." then
    extension = "." .. extension
  end
  return sub(stripped, 1, at) .. sub(name, 1, extension_start(name) - 1) .. extension
end

--- The deepest folder that all the paths lie in: "/srv" of "/srv/www/a" and "/srv/logs". "." when relative ones have
--- none in common; nil when some are absolute and some are not, and of no paths.
---@param paths string[]
---@return string?
function path.common(paths)
  check("common", 1, "table", paths)
  if #paths == 0 then
    return nil
  end
  check("common", 1, "string", paths[1])
  local names, absolute = reduced(paths[1])
  for i = 2, #paths do
    check("common", 1, "string", paths[i])
    local others, other_absolute = reduced(paths[i])
    if absolute ~= other_absolute then
      return nil
    end
    local n = shared(names, others)
    for k = #names, n + 1, -1 do
      names[k] = nil
    end
  end
  return normalize((absolute and "/" or "") .. concat(names, "/"))
end

--- Whether a path lies in a folder, or is that folder, by its text: with links it may lead elsewhere.
---
---     local path = require "neap.path"
---     assert(path.is_within("www/a/../b", "www"))
---     assert(not path.is_within("www/../secret", "www"))
---@param text string
---@param folder string absolute if the path is, else it is not in it
---@return boolean
function path.is_within(text, folder)
  check("is_within", 1, "string", text)
  check("is_within", 2, "string", folder)
  local inner, absolute = reduced(text)
  local outer, outer_absolute = reduced(folder)
  local n = #outer
  return absolute == outer_absolute and shared(inner, outer) == n and inner[n + 1] ~= ".."
end

return path
