-- neap.fs: files and folders; each call is one trip to the thread pool, and blocks nobody.
--
--   read_file(path, options) -> text                  write_file(path, text, options) -> true
--   open(path, mode, options) -> file                 stat(path, options) -> table
--   list(path) -> { { name =, type = } ... }          mkdir(path, options), mkdtemp(prefix) -> path
--   remove(path, options), rename(from, to) -> true
--   file:read(n, offset), write(text, offset), seek(whence, offset), truncate(size), sync(), stat(), close()
--
-- Every call takes a callback as its last argument, or waits. Refusals are nil, err, with err.code, err.path and
-- err.syscall. A permission is asked for what a call does: "fs.read PATH" to read, list and stat, "fs.write PATH" to
-- write; to make, remove or rename an entry, "fs.write" of the folder that it is in, and to rename it "fs.read" of what
-- gets another name: where it goes it might be readable.

local native = require "neap_fs"
local options = require "neap.options"
local settle = require "neap.task".settle

local fs = {}

local select, type = select, type

local MODE = options.kind("permission bits or their octal digits", function(value)
  if type(value) == "string" then
    return value:find "^[0-7]+$" ~= nil and tonumber(value, 8) <= 4095
  end
  return type(value) == "number" and value % 1 == 0 and value >= 0 and value <= 4095
end)

-- Whole files

local read_file, write_file = native.read_file, native.write_file
local check_read = options.checker("read_file", { limit = options.number(0) })
local check_write = options.checker("write_file", {
  append = "boolean", atomic = "boolean", sync = "boolean", mode = MODE,
})

--- The whole text of a file, also of one that grows or does not know its size (/proc).
---@param path string
---@param options? { limit?: integer } bytes above which it is EFBIG
---@param callback? fun(err?: neap.Error, text?: string)
---@return string? text
---@return neap.Error? err
function fs.read_file(path, ...)
  check_read((...))
  return settle(read_file(path, ...))
end

--- Give a file a new text. A reader sees the old text or the new one, never a part, after a crash as well: the
--- text is written beside it and takes its name. The file keeps its mode. `append` and `atomic = false` write
--- in place; so does what is no regular file, and a permission for the file without its folder.
---@param path string
---@param text string
---@param options? { append?: boolean, atomic?: boolean, sync?: boolean, mode?: integer|string } `sync` (to the disk,
--- true unless written in place), `mode` as a number or octal text "644"
---@param callback? fun(err?: neap.Error, ok?: true)
---@return true? ok
---@return neap.Error? err
function fs.write_file(path, text, ...)
  check_write((...))
  return settle(write_file(path, text, ...))
end

-- Names

local stat, list, mkdir, mkdtemp = native.stat, native.list, native.mkdir, native.mkdtemp
local remove, rename = native.remove, native.rename
local check_stat = options.checker("stat", { follow = "boolean" })
local check_mkdir = options.checker("mkdir", { parents = "boolean", mode = MODE })
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

--- What is known of a file.
---@param path string
---@param options? { follow?: boolean } false: of a link itself
---@param callback? fun(err?: neap.Error, stat?: neap.fs.Stat)
---@return neap.fs.Stat? stat
---@return neap.Error? err
function fs.stat(path, ...)
  check_stat((...))
  return settle(stat(path, ...))
end

--- The entries of a folder, by name, without "." and "..".
---@param path string
---@param callback? fun(err?: neap.Error, entries?: { name: string, type: string }[])
---@return { name: string, type: string }[]? entries
---@return neap.Error? err
function fs.list(path, ...)
  return settle(list(path, ...))
end

--- Make a folder.
---@param path string
---@param options? { parents?: boolean, mode?: integer|string } `parents`: those on the way too, and it may be there
---@param callback? fun(err?: neap.Error, ok?: true)
---@return true? ok
---@return neap.Error? err
function fs.mkdir(path, ...)
  check_mkdir((...))
  return settle(mkdir(path, ...))
end

--- Make a folder of our own (mode 700), whose name begins with a prefix.
---@param prefix string "/tmp/build-"
---@param callback? fun(err?: neap.Error, path?: string)
---@return string? path
---@return neap.Error? err
function fs.mkdtemp(prefix, ...)
  return settle(mkdtemp(prefix, ...))
end

--- Remove a file, a link or an empty folder.
---@param path string
---@param options? { recursive?: boolean } a folder with all that is in it; links are not followed
---@param callback? fun(err?: neap.Error, ok?: true)
---@return true? ok
---@return neap.Error? err
function fs.remove(path, ...)
  check_remove((...))
  return settle(remove(path, ...))
end

--- Give a file or folder another name; a file that had it is gone.
---@param from string
---@param to string
---@param callback? fun(err?: neap.Error, ok?: true)
---@return true? ok
---@return neap.Error? err
function fs.rename(from, to, ...)
  return settle(rename(from, to, ...))
end

-- Open files

local open, file = native.open, native.file_methods()
local file_read, file_write, file_seek = file.read, file.write, file.seek
local file_stat, file_sync, file_truncate = file.stat, file.sync, file.truncate
local check_open = options.checker("open", { mode = MODE })

--- An open file. It does one thing at a time, in the order asked. `close()` lets what runs finish, unless that waits
--- for the other end of a FIFO; the collector closes it as well. What is asked of a closed file is nil, err (ECLOSED).
---@class neap.fs.File
---@field close fun(self: neap.fs.File)
---@field is_closed fun(self: neap.fs.File): boolean

---@param path string
---@param mode? string "r" (default), "w" (emptied), "a" (to its end), with "+" both ways, "x" not there before
---@param options? { mode?: integer|string } of a new file
---@param callback? fun(err?: neap.Error, file?: neap.fs.File)
---@return neap.fs.File? file
---@return neap.Error? err
function fs.open(path, ...)
  check_open((select(2, ...)))
  return settle(open(path, ...))
end

--- At most n bytes, fewer only at the end; nil at the end.
---@param n? integer default 65536
---@param offset? integer from there, leaving the position; default: at the position
---@param callback? fun(err?: neap.Error, text?: string)
---@return string? text
---@return neap.Error? err
function file:read(...)
  return settle(file_read(self, ...))
end

---@param text string
---@param offset? integer there, leaving the position; default: at the position
---@param callback? fun(err?: neap.Error, ok?: true)
---@return true? ok
---@return neap.Error? err
function file:write(text, ...)
  return settle(file_write(self, text, ...))
end

---@param whence? "set"|"cur"|"end" default "cur"
---@param offset? integer default 0
---@param callback? fun(err?: neap.Error, position?: integer)
---@return integer? position
---@return neap.Error? err
function file:seek(...)
  return settle(file_seek(self, ...))
end

---@param size? integer default 0
---@param callback? fun(err?: neap.Error, ok?: true)
---@return true? ok
---@return neap.Error? err
function file:truncate(...)
  return settle(file_truncate(self, ...))
end

--- Wait until what was written is on the disk.
---@param callback? fun(err?: neap.Error, ok?: true)
---@return true? ok
---@return neap.Error? err
function file:sync(...)
  return settle(file_sync(self, ...))
end

---@param callback? fun(err?: neap.Error, stat?: neap.fs.Stat)
---@return neap.fs.Stat? stat
---@return neap.Error? err
function file:stat(...)
  return settle(file_stat(self, ...))
end

return fs
