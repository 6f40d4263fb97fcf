-- neap.fs.temporary: files and folders that are removed when their objects go: when they are closed, when nobody has
-- them any more, and when the program ends (but not when it is killed).

local native = require "neap_fs"
local options = require "neap.options"
local settle = require "neap.task".settle

local make, type = native.temporary, type

local temporary = {}

---@class neap.fs.Temporary
---@field close fun(self: neap.fs.Temporary) removes it, and all that is in it, on the thread pool
---@field is_closed fun(self: neap.fs.Temporary): boolean
---@field path fun(self: neap.fs.Temporary): string where it is
---@field keep fun(self: neap.fs.Temporary): string it is not removed; where it is
native.temporary_methods()

---@class neap.fs.TemporaryOptions
---@field folder? string where to make it; default: the environment's TMPDIR, or /tmp
---@field prefix? string its name begins with that; default "neap-"

local KINDS = { folder = "string", prefix = "string" }
local check_file, check_folder = options.checker("temporary_file", KINDS), options.checker("temporary_folder", KINDS)

-- A restricted runtime has no environment.
local function default_folder()
  local os = rawget(_G, "os")
  return os and os.getenv and os.getenv "TMPDIR" or "/tmp"
end

local function start(is_folder, given, callback)
  if type(given) ~= "table" then
    given, callback = {}, given
  end
  local folder = given.folder or default_folder()
  return make(folder:gsub("/*$", "/", 1) .. (given.prefix or "neap-"), is_folder, callback)
end

--- Makes an empty file that only its owner may read and write.
---
---     local temporary = fs.temporary_file()
---     fs.write_file(temporary:path(), "text")
---@param options? neap.fs.TemporaryOptions
---@param callback? fun(err?: neap.Error, temporary?: neap.fs.Temporary)
---@return neap.fs.Temporary? temporary
---@return neap.Error? err
function temporary.temporary_file(...)
  check_file((...))
  return settle(start(false, ...))
end

--- Makes a folder that only its owner may enter.
---@param options? neap.fs.TemporaryOptions
---@param callback? fun(err?: neap.Error, temporary?: neap.fs.Temporary)
---@return neap.fs.Temporary? temporary
---@return neap.Error? err
function temporary.temporary_folder(...)
  check_folder((...))
  return settle(start(true, ...))
end

return temporary
