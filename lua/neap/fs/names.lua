-- neap.fs.names: what is known of a path, and what changes it: the part of neap.fs that needs no open file.

local native = require "neap_fs"
local mode = require "neap.fs.mode"
local options = require "neap.options"
local settle = require "neap.task".settle

local names = {}

local stat, list, mkdir, mkdtemp = native.stat, native.list, native.mkdir, native.mkdtemp
local remove, rename = native.remove, native.rename
local access, exists, statfs = native.access, native.exists, native.statfs
local link, symlink, readlink, realpath = native.link, native.symlink, native.readlink, native.realpath
local chmod, chown, set_times, truncate = native.chmod, native.chown, native.set_times, native.truncate
local check_stat = options.checker("stat", { follow = "boolean" })
local check_mkdir = options.checker("mkdir", { parents = "boolean", mode = mode.kind })
local check_remove = options.checker("remove", { recursive = "boolean" })


---@class neap.fs.Stat
---@field type "file"|"directory"|"link"|"fifo"|"socket"|"char"|"block"|"unknown"
---@field size integer bytes
---@field mode integer permission bits
---@field modified number seconds since 1970; also `accessed` and `changed`
---@field accessed number
---@field changed number
---@field uid integer
---@field gid integer
---@field inode integer
---@field device integer
---@field links integer

--- What is known of a file, a folder, or what a link leads to.
---@param path string
---@param options? { follow?: boolean } false: of a link itself, as lstat
---@param callback? fun(err?: neap.Error, stat?: neap.fs.Stat)
---@return neap.fs.Stat? stat
---@return neap.Error? err
function names.stat(path, ...)
  check_stat((...))
  return settle(stat(path, ...))
end

--- What is known of a path itself: of a link, not of what it leads to.
---@param path string
---@param callback? fun(err?: neap.Error, stat?: neap.fs.Stat)
---@return neap.fs.Stat? stat
---@return neap.Error? err
function names.lstat(path, ...)
  return settle(stat(path, { follow = false }, ...))
end

--- Whether there is something, at the end of links too. What cannot be looked for, because a folder on the way may not
--- be searched, is an error and no answer.
---@param path string
---@param callback? fun(err?: neap.Error, there?: boolean)
---@return boolean? there
---@return neap.Error? err
function names.exists(path, ...)
  return settle(exists(path, ...))
end

--- Whether this process may read, write or execute a file (or search a folder): true, or EACCES. To open it and see is
--- better where it is to be opened anyway: nothing can change in between.
---@param path string
---@param how? string default "r"; some of "r", "w" and "x": all of these
---@param callback? fun(err?: neap.Error, ok?: true)
---@return true? ok
---@return neap.Error? err
function names.access(path, ...)
  return settle(access(path, ...))
end

---@class neap.fs.Space
---@field size integer bytes of the file system
---@field free integer bytes
---@field available integer bytes that are free for who is not root
---@field block_size integer bytes
---@field files integer that it has room for
---@field files_free integer
---@field name_max integer bytes of a name
---@field read_only boolean

--- The room there is on the file system that a path is on.
---@param path string
---@param callback? fun(err?: neap.Error, space?: neap.fs.Space)
---@return neap.fs.Space? space
---@return neap.Error? err
function names.statfs(path, ...)
  return settle(statfs(path, ...))
end

--- The entries of a folder, by name, without "." and "..".
---@param path string
---@param callback? fun(err?: neap.Error, entries?: { name: string, type: string }[])
---@return { name: string, type: string }[]? entries
---@return neap.Error? err
function names.list(path, ...)
  return settle(list(path, ...))
end

--- Makes a folder.
---@param path string
---@param options? { parents?: boolean, mode?: integer|string } `parents`: those on the way too, and it may be there
---@param callback? fun(err?: neap.Error, ok?: true)
---@return true? ok
---@return neap.Error? err
function names.mkdir(path, ...)
  check_mkdir((...))
  return settle(mkdir(path, ...))
end

--- Makes a folder of our own (mode 700), whose name begins with a prefix.
---@param prefix string "/tmp/build-"
---@param callback? fun(err?: neap.Error, path?: string)
---@return string? path
---@return neap.Error? err
function names.mkdtemp(prefix, ...)
  return settle(mkdtemp(prefix, ...))
end

--- Removes a file, a link or an empty folder. With `recursive` a folder goes with all that is in it; links in it are
--- removed, and what they lead to stays.
---@param path string
---@param options? { recursive?: boolean } default false: a folder that is not empty is ENOTEMPTY
---@param callback? fun(err?: neap.Error, ok?: true)
---@return true? ok
---@return neap.Error? err
function names.remove(path, ...)
  check_remove((...))
  return settle(remove(path, ...))
end

--- Gives a file or folder another name on the same file system; a file that had it is gone. From one file system to
--- another it is EXDEV: `move` does both.
---@param from string
---@param to string
---@param callback? fun(err?: neap.Error, ok?: true)
---@return true? ok
---@return neap.Error? err
function names.rename(from, to, ...)
  return settle(rename(from, to, ...))
end

-- Links

--- Gives a file a second name: a hard link. Folders have none, and both names are on one file system (EXDEV).
---@param from string the file
---@param to string its new name; EEXIST when that is there
---@param callback? fun(err?: neap.Error, ok?: true)
---@return true? ok
---@return neap.Error? err
function names.link(from, to, ...)
  return settle(link(from, to, ...))
end

--- Makes a symbolic link.
---@param text string where it leads, seen from the folder it is in; nothing need be there
---@param path string of the link; EEXIST when that is there
---@param callback? fun(err?: neap.Error, ok?: true)
---@return true? ok
---@return neap.Error? err
function names.symlink(text, path, ...)
  return settle(symlink(text, path, ...))
end

--- Where a symbolic link leads, as it was made. EINVAL: it is none.
---@param path string
---@param callback? fun(err?: neap.Error, text?: string)
---@return string? text
---@return neap.Error? err
function names.readlink(path, ...)
  return settle(readlink(path, ...))
end

--- The absolute path of what is there, without links, "." and "..".
---@param path string
---@param callback? fun(err?: neap.Error, path?: string)
---@return string? path
---@return neap.Error? err
function names.realpath(path, ...)
  return settle(realpath(path, ...))
end

-- Changing what is known

--- Sets the permission bits; a link is followed.
---@param path string
---@param bits integer|string a number, or octal text "644"
---@param callback? fun(err?: neap.Error, ok?: true)
---@return true? ok
---@return neap.Error? err
function names.chmod(path, bits, ...)
  return settle(chmod(path, mode.bits(bits, "chmod", 2), ...))
end

--- Sets the owner; a link is followed.
---@param path string
---@param uid? integer nil: as it is
---@param gid? integer nil: as it is
---@param callback? fun(err?: neap.Error, ok?: true)
---@return true? ok
---@return neap.Error? err
function names.chown(path, uid, gid, ...)
  return settle(chown(path, uid, gid, {}, ...))
end

--- Sets the owner of a link itself.
---@param path string
---@param uid? integer nil: as it is
---@param gid? integer nil: as it is
---@param callback? fun(err?: neap.Error, ok?: true)
---@return true? ok
---@return neap.Error? err
function names.lchown(path, uid, gid, ...)
  return settle(chown(path, uid, gid, { follow = false }, ...))
end

local check_times = options.checker("set_times", { follow = "boolean" })

--- Sets when a file was read and changed last.
---@param path string
---@param accessed? number seconds since 1970; nil: as it is
---@param modified? number seconds since 1970; nil: as it is
---@param options? { follow?: boolean } false: of a link itself
---@param callback? fun(err?: neap.Error, ok?: true)
---@return true? ok
---@return neap.Error? err
function names.set_times(path, accessed, modified, ...)
  check_times((...))
  return settle(set_times(path, accessed, modified, ...))
end

--- Makes a file shorter, or longer by zeros that take no room.
---@param path string
---@param size? integer bytes, default 0
---@param callback? fun(err?: neap.Error, ok?: true)
---@return true? ok
---@return neap.Error? err
function names.truncate(path, ...)
  return settle(truncate(path, ...))
end

return names
