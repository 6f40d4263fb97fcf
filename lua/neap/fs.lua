-- neap.fs: files and folders; each call is a trip to the thread pool, and blocks nobody.
--
--   read_file(path, options) -> text                  write_file(path, text, options) -> true
--   open(path, mode, options) -> file                 stream(path, mode, options) -> stream
--   temporary_file(options), temporary_folder(options) -> object that removes it again
--   lock(path, options) -> lock                       watch(path, options) -> watcher
--
--   stat, lstat, exists, access, statfs               what is known of a path
--   list(path), walk(path, options), glob(pattern, options)                  what is there
--   mkdir, mkdtemp, remove, rename, move, copy        entries, and all that is in them
--   link, symlink, readlink, realpath                 links
--   chmod, chown, lchown, set_times, truncate         changing what is there
--
--   file:read(n, offset), write(text, offset), readv(sizes, offset), writev(texts, offset)
--   file:seek(whence, offset), stat(), truncate(size), sync(), datasync(), chmod, chown, set_times
--   file:stream(options) -> stream                    file:lines(), chunks(n), read_exactly(n)
--
-- Every call takes a callback as its last argument, or waits. Refusals are nil, err, with err.code, err.path and
-- err.syscall. A path is any string without a zero byte, as the system takes it: it need not be UTF-8.
--
-- A permission is asked for what a call does: "fs.read PATH" to read, list, watch and stat, "fs.write PATH" to write
-- and to change what is known of it; to make, remove or rename an entry, "fs.write" of the folder that it is in, and to
-- rename it "fs.read" of what gets another name: where it goes it might be readable. A hard link needs both of its
-- file, a symbolic one both of everything: who is not restricted might be led astray by it.
--
-- neap/fs/ holds the parts: names.lua, file.lua, tree.lua (copy, move), walk.lua, glob.lua, watch.lua, temporary.lua
-- and lock.lua.

local file = require "neap.fs.file"
local mode = require "neap.fs.mode"
local names = require "neap.fs.names"
local native = require "neap_fs"
local options = require "neap.options"
local settle = require "neap.task".settle

local fs = { open = file.open, stream = file.stream }

for name, fn in pairs(names) do
  fs[name] = fn
end

-- Whole files

local read_file, write_file = native.read_file, native.write_file
local check_read = options.checker("read_file", { limit = options.number(0) })
local check_write = options.checker("write_file", {
  append = "boolean", atomic = "boolean", sync = "boolean", mode = mode.kind,
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

--- Gives a file a new text. A reader sees the old text or the new one, never a part, after a crash as well: the
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

-- What is built on these is loaded by the first call of it: a plugin that uses none has none.
local function on_demand(module, ...)
  for _, name in ipairs { ... } do
    local fn
    fs[name] = function(...)
      fn = fn or require(module)[name]
      return fn(...)
    end
  end
end

on_demand("neap.fs.tree", "copy", "move")
on_demand("neap.fs.walk", "walk")
on_demand("neap.fs.glob", "glob", "match")
on_demand("neap.fs.watch", "watch")
on_demand("neap.fs.temporary", "temporary_file", "temporary_folder")
on_demand("neap.fs.lock", "lock")

return fs
