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

local errors = require "neap.errors"
local task = require "neap.task"

local settle = task.settle
local concat, find, match, select, sub, type = table.concat, string.find, string.match, select, string.sub, type

local path = {}

local function check(name, index, value, level)
  if type(value) ~= "string" then
    error(("bad argument #%d to '%s' (string expected, got %s)"):format(index, name, type(value)), (level or 1) + 2)
  end
end

-- Taking apart

-- Without slashes at the end, but for the root's.
local function strip(text)
  local last = #text
  while last > 1 and sub(text, last, last) == "/" do
    last = last - 1
  end
  return sub(text, 1, last)
end

--- Whether a path starts at the root.
---@param text string
---@return boolean
function path.is_absolute(text)
  check("is_absolute", 1, text)
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
  check("split", 1, text)
  return split(text)
end

--- The folder that a path's last name is in, as dirname(1) has it: "." of "b", "/" of "/".
---@param text string
---@return string
function path.dirname(text)
  check("dirname", 1, text)
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
  check("basename", 1, text)
  local _, name = split(text)
  if suffix ~= nil then
    check("basename", 2, suffix)
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
  check("extension", 1, text)
  local _, name = split(text)
  return sub(name, extension_start(name))
end

--- The last name without its extension: "a.tar" of "/x/a.tar.gz".
---@param text string
---@return string
function path.stem(text)
  check("stem", 1, text)
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
  check("parts", 1, text)
  local names = names_of(text)
  if sub(text, 1, 1) == "/" then
    table.insert(names, 1, "/")
  end
  return names
end

-- Putting together

-- The names that are left when "." and ".." are carried out; above the root is the root.
local function reduced(text)
  local absolute, out, n = sub(text, 1, 1) == "/", {}, 0
  for name in text:gmatch "[^/]+" do
    if name == ".." and n > 0 and out[n] ~= ".." then
      out[n], n = nil, n - 1
    elseif name ~= "." and not (name == ".." and absolute) then
      n = n + 1
      out[n] = name
    end
  end
  return out, absolute
end

local function normalize(text)
  local names, absolute = reduced(text)
  local whole = concat(names, "/")
  if absolute then
    return "/" .. whole
  end
  return whole ~= "" and whole or "."
end

--- A path without ".", "..", empty names and a slash at the end, as far as its text goes.
---@param text string
---@return string
function path.normalize(text)
  check("normalize", 1, text)
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
    check("join", i, text)
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
  check("with_name", 1, text)
  check("with_name", 2, name)
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
  check("with_extension", 1, text)
  check("with_extension", 2, extension)
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

-- From where we are

-- nil, err where there is no working folder any more, or we may not know it.
local function working_folder()
  return require("neap.system").cwd()
end

-- The last absolute one of the paths with those behind it, or with the working folder before them all.
local function resolve(name, ...)
  local whole = ""
  for i = select("#", ...), 1, -1 do
    local text = select(i, ...)
    check(name, i, text, 2)
    if sub(whole, 1, 1) ~= "/" and text ~= "" then
      whole = whole == "" and text or text .. "/" .. whole
    end
  end
  if sub(whole, 1, 1) == "/" then
    return normalize(whole)
  end
  local folder, err = working_folder()
  if not folder then
    return nil, err
  end
  return normalize(folder .. "/" .. whole)
end

--- Where the paths lead, one after the other, as if by cd: the absolute path of the last. An absolute one starts anew.
---
---     local path = require "neap.path"
---     assert(path.resolve("/srv/www", "../logs", "today") == "/srv/logs/today")
---     assert(path.resolve("/srv/www", "/etc", "hosts") == "/etc/hosts")
---@param ... string
---@return string? path
---@return neap.Error? err when the working folder is asked for, and gone or not permitted
function path.resolve(...)
  return settle(resolve("resolve", ...))
end

--- A path from the root on.
---@param text string
---@param base? string where it starts, itself absolute or from the working folder; default: there
---@return string? path
---@return neap.Error? err when the working folder is asked for, and gone or not permitted
function path.absolute(text, base)
  check("absolute", 1, text)
  if base == nil then
    return settle(resolve("absolute", text))
  end
  check("absolute", 2, base)
  return settle(resolve("absolute", base, text))
end

local function shared(a, b)
  local n = 0
  while a[n + 1] ~= nil and a[n + 1] == b[n + 1] do
    n = n + 1
  end
  return n
end

-- Both absolute or neither, and none of them led above where it starts; else nil, err.
local function comparable(from, to)
  if (sub(from, 1, 1) == "/") == (sub(to, 1, 1) == "/") and not find(normalize(from), "^%.%.%f[/%z]") then
    return normalize(from), normalize(to)
  end
  local start, err = resolve("relative", from)
  if not start then
    return nil, err
  end
  return start, resolve("relative", to)
end

--- How to get from one folder to a path: "../logs/today" from "/srv/www" to "/srv/logs/today".
---@param from string a folder
---@param to string
---@return string? path "." when it is the same
---@return neap.Error? err when the working folder is asked for, and gone or not permitted
function path.relative(from, to)
  check("relative", 1, from)
  check("relative", 2, to)
  local start, target = comparable(from, to)
  if not start then
    return settle(nil, target)
  end
  local a, b = reduced(start), reduced(target)
  local same, way = shared(a, b), {}
  for _ = same + 1, #a do
    way[#way + 1] = ".."
  end
  for i = same + 1, #b do
    way[#way + 1] = b[i]
  end
  return #way > 0 and concat(way, "/") or "."
end

--- The deepest folder that all the paths lie in: "/srv" of "/srv/www/a" and "/srv/logs". "." when relative ones have
--- none in common; nil when some are absolute and some are not, and of no paths.
---@param paths string[]
---@return string?
function path.common(paths)
  if type(paths) ~= "table" then
    error(("bad argument #1 to 'common' (table expected, got %s)"):format(type(paths)), 2)
  elseif #paths == 0 then
    return nil
  end
  check("common", 1, paths[1])
  local names, absolute = reduced(paths[1])
  for i = 2, #paths do
    check("common", 1, paths[i])
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
  check("is_within", 1, text)
  check("is_within", 2, folder)
  local inner, absolute = reduced(text)
  local outer, outer_absolute = reduced(folder)
  local n = #outer
  return absolute == outer_absolute and shared(inner, outer) == n and inner[n + 1] ~= ".."
end

-- Homes

local function home_of(name)
  local system = require "neap.system"
  if name ~= "" then
    local user, err = system.user(name)
    return user and user.home, err
  end
  local home = system.env "HOME"
  if home and home ~= "" then
    return home
  end
  local user, err = system.user()
  return user and user.home, err
end

local expand = task.operation(function(text)
  local name, rest = match(text, "^~([^/]*)(.*)$")
  if not name then
    return text
  end
  local home, err = home_of(name)
  if not home then
    return nil, err or errors.new("ENOENT", "there is no home of user '" .. name .. "'")
  end
  return strip(home) .. rest
end)

--- A path with "~" at its beginning replaced by our home (HOME, or what the system's list of users says), "~name" by
--- that user's.
---@param text string
---@param callback? fun(err?: neap.Error, path?: string)
---@return string? path
---@return neap.Error? err ENOENT there is no such user, EPERMISSION
function path.expand(text, ...)
  check("expand", 1, text)
  return settle(expand(text, ...))
end

return path
