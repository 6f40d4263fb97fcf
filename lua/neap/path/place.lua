-- neap.path.place: paths from where we are and who we are, in neap.path: resolve, absolute, relative, expand.

local errors = require "neap.errors"
local lexical = require "neap.path.lexical"
local options = require "neap.options"
local task = require "neap.task"

local check, settle = options.argument, task.settle
local concat, find, match, select, sub = table.concat, string.find, string.match, select, string.sub
local normalize, reduced, shared, strip = lexical.normalize, lexical.reduced, lexical.shared, lexical.strip

local place = {}

-- nil, err where there is no working folder any more, or we may not know it.
local function working_folder()
  return require("neap.system").cwd()
end

-- The last absolute one of the paths with those behind it, or with the working folder before them all.
local function resolve(name, ...)
  local whole = ""
  for i = select("#", ...), 1, -1 do
    local text = select(i, ...)
    check(name, i, "string", text, 4)
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
function place.resolve(...)
  return settle(resolve("resolve", ...))
end

--- A path from the root on.
---@param text string
---@param base? string where it starts, itself absolute or from the working folder; default: there
---@return string? path
---@return neap.Error? err when the working folder is asked for, and gone or not permitted
function place.absolute(text, base)
  check("absolute", 1, "string", text)
  if base == nil then
    return settle(resolve("absolute", text))
  end
  check("absolute", 2, "string", base)
  return settle(resolve("absolute", base, text))
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
function place.relative(from, to)
  check("relative", 1, "string", from)
  check("relative", 2, "string", to)
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
function place.expand(text, ...)
  check("expand", 1, "string", text)
  return settle(expand(text, ...))
end

return place
