---@meta neap.fs
-- Made by scripts/reference.lua from lua/neap/fs.lua: for editors, never run.

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

---An open file. It does one thing at a time, in the order asked. `close()` lets what runs finish, unless that waits
---for the other end of a FIFO; the collector closes it as well. What is asked of a closed file is nil, err (ECLOSED).
---@class neap.fs.File
---@field close fun(self: neap.fs.File)
---@field is_closed fun(self: neap.fs.File): boolean
local neap_fs_File = {}

--- At most n bytes, fewer only at the end; nil at the end.
---@param n? integer default 65536
---@param offset? integer from there, leaving the position; default: at the position
---@param callback? fun(err?: neap.Error, text?: string)
---@return string? text
---@return neap.Error? err
function neap_fs_File:read(n, offset, callback) end

---@param text string
---@param offset? integer there, leaving the position; default: at the position
---@param callback? fun(err?: neap.Error, ok?: true)
---@return true? ok
---@return neap.Error? err
function neap_fs_File:write(text, offset, callback) end

---@param whence? "set"|"cur"|"end" default "cur"
---@param offset? integer default 0
---@param callback? fun(err?: neap.Error, position?: integer)
---@return integer? position
---@return neap.Error? err
function neap_fs_File:seek(whence, offset, callback) end

---@param size? integer default 0
---@param callback? fun(err?: neap.Error, ok?: true)
---@return true? ok
---@return neap.Error? err
function neap_fs_File:truncate(size, callback) end

--- Wait until what was written is on the disk.
---@param callback? fun(err?: neap.Error, ok?: true)
---@return true? ok
---@return neap.Error? err
function neap_fs_File:sync(callback) end

---@param callback? fun(err?: neap.Error, stat?: neap.fs.Stat)
---@return neap.fs.Stat? stat
---@return neap.Error? err
function neap_fs_File:stat(callback) end

---Files and folders; each call is one trip to the thread pool, and blocks nobody.
local fs = {}

--- The whole text of a file, also of one that grows or does not know its size (/proc).
---@param path string
---@param options? { limit?: integer } bytes above which it is EFBIG
---@param callback? fun(err?: neap.Error, text?: string)
---@return string? text
---@return neap.Error? err
function fs.read_file(path, options, callback) end

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
function fs.write_file(path, text, options, callback) end

--- What is known of a file.
---@param path string
---@param options? { follow?: boolean } false: of a link itself
---@param callback? fun(err?: neap.Error, stat?: neap.fs.Stat)
---@return neap.fs.Stat? stat
---@return neap.Error? err
function fs.stat(path, options, callback) end

--- The entries of a folder, by name, without "." and "..".
---@param path string
---@param callback? fun(err?: neap.Error, entries?: { name: string, type: string }[])
---@return { name: string, type: string }[]? entries
---@return neap.Error? err
function fs.list(path, callback) end

--- Make a folder.
---@param path string
---@param options? { parents?: boolean, mode?: integer|string } `parents`: those on the way too, and it may be there
---@param callback? fun(err?: neap.Error, ok?: true)
---@return true? ok
---@return neap.Error? err
function fs.mkdir(path, options, callback) end

--- Make a folder of our own (mode 700), whose name begins with a prefix.
---@param prefix string "/tmp/build-"
---@param callback? fun(err?: neap.Error, path?: string)
---@return string? path
---@return neap.Error? err
function fs.mkdtemp(prefix, callback) end

--- Remove a file, a link or an empty folder.
---@param path string
---@param options? { recursive?: boolean } a folder with all that is in it; links are not followed
---@param callback? fun(err?: neap.Error, ok?: true)
---@return true? ok
---@return neap.Error? err
function fs.remove(path, options, callback) end

--- Give a file or folder another name; a file that had it is gone.
---@param from string
---@param to string
---@param callback? fun(err?: neap.Error, ok?: true)
---@return true? ok
---@return neap.Error? err
function fs.rename(from, to, callback) end

---@param path string
---@param mode? string "r" (default), "w" (emptied), "a" (to its end), with "+" both ways, "x" not there before
---@param options? { mode?: integer|string } of a new file
---@param callback? fun(err?: neap.Error, file?: neap.fs.File)
---@return neap.fs.File? file
---@return neap.Error? err
function fs.open(path, mode, options, callback) end

return fs
