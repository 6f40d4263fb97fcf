---@meta neap.path
-- Made by scripts/reference.lua from lua/neap/path.lua: for editors, never run.

---The text of paths, as POSIX has it; only absolute, resolve and expand ask where we are and who we are.
local path = {}

--- Whether a path starts at the root.
---@param text string
---@return boolean
function path.is_absolute(text) end

--- The folder that a path's last name is in, and that name: "/a/b/" is "/a" and "b", "b" is "." and "b".
---@param text string
---@return string dirname
---@return string basename empty of "/" and ""
function path.split(text) end

--- The folder that a path's last name is in, as dirname(1) has it: "." of "b", "/" of "/".
---@param text string
---@return string
function path.dirname(text) end

--- A path's last name, without a suffix if it ends in that (and is not all of it).
---
---     local path = require "neap.path"
---     assert(path.basename("/srv/www/index.html") == "index.html")
---     assert(path.basename("/srv/www/index.html", ".html") == "index")
---@param text string
---@param suffix? string
---@return string basename empty of "/" and ""
function path.basename(text, suffix) end

--- What the last name ends in, from its last dot on: ".gz" of "a.tar.gz"; empty of "README", ".profile" and "a.".
---@param text string
---@return string
function path.extension(text) end

--- The last name without its extension: "a.tar" of "/x/a.tar.gz".
---@param text string
---@return string
function path.stem(text) end

--- The names that a path goes along, with "/" first if it starts there: { "/", "a", "b" } of "/a//b/".
---@param text string
---@return string[]
function path.parts(text) end

--- A path without ".", "..", empty names and a slash at the end, as far as its text goes.
---@param text string
---@return string
function path.normalize(text) end

--- One path of several, one below the other, normalized. Empty ones count for nothing.
---
---     local path = require "neap.path"
---     assert(path.join("/srv", "www/", "../logs", "today") == "/srv/logs/today")
---@param ... string
---@return string
function path.join(...) end

--- The path with another last name.
---@param text string
---@param name string
---@return string
function path.with_name(text, name) end

--- The path with another extension, or with one; with "" it has none.
---
---     local path = require "neap.path"
---     assert(path.with_extension("a/b.tar.gz", ".xz") == "a/b.tar.xz")
---@param text string
---@param extension string ".gz"; the dot may be left out
---@return string
function path.with_extension(text, extension) end

--- The deepest folder that all the paths lie in: "/srv" of "/srv/www/a" and "/srv/logs". "." when relative ones have
--- none in common; nil when some are absolute and some are not, and of no paths.
---@param paths string[]
---@return string?
function path.common(paths) end

--- Whether a path lies in a folder, or is that folder, by its text: with links it may lead elsewhere.
---
---     local path = require "neap.path"
---     assert(path.is_within("www/a/../b", "www"))
---     assert(not path.is_within("www/../secret", "www"))
---@param text string
---@param folder string absolute if the path is, else it is not in it
---@return boolean
function path.is_within(text, folder) end

--- Where the paths lead, one after the other, as if by cd: the absolute path of the last. An absolute one starts anew.
---
---     local path = require "neap.path"
---     assert(path.resolve("/srv/www", "../logs", "today") == "/srv/logs/today")
---     assert(path.resolve("/srv/www", "/etc", "hosts") == "/etc/hosts")
---@param ... string
---@return string? path
---@return neap.Error? err when the working folder is asked for, and gone or not permitted
function path.resolve(...) end

--- A path from the root on.
---@param text string
---@param base? string where it starts, itself absolute or from the working folder; default: there
---@return string? path
---@return neap.Error? err when the working folder is asked for, and gone or not permitted
function path.absolute(text, base) end

--- How to get from one folder to a path: "../logs/today" from "/srv/www" to "/srv/logs/today".
---@param from string a folder
---@param to string
---@return string? path "." when it is the same
---@return neap.Error? err when the working folder is asked for, and gone or not permitted
function path.relative(from, to) end

--- A path with "~" at its beginning replaced by our home (HOME, or what the system's list of users says), "~name" by
--- that user's.
---@param text string
---@param callback? fun(err?: neap.Error, path?: string)
---@return string? path
---@return neap.Error? err ENOENT there is no such user, EPERMISSION
function path.expand(text, callback) end

return path
