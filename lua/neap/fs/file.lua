-- neap.fs.file: open files, and streams on them: the part of neap.fs that has a descriptor.

local errors = require "neap.errors"
local native = require "neap_fs"
local mode = require "neap.fs.mode"
local options = require "neap.options"
local task = require "neap.task"

local settle = task.settle
local error, pcall, select = error, pcall, select

local files = {}

local open, file = native.open, native.file_methods()
local file_read, file_write, file_seek = file.read, file.write, file.seek
local file_readv, file_writev, file_stream = file.readv, file.writev, file.stream
local file_stat, file_sync, file_truncate = file.stat, file.sync, file.truncate
local file_chmod, file_chown, file_set_times = file.chmod, file.chown, file.set_times
local check_open = options.checker("open", { mode = mode.kind })

--- An open file. It does one thing at a time, in the order asked. `close()` lets what runs finish, unless that waits
--- for the other end of a FIFO; the collector closes it as well. What is asked of a closed file is nil, err (ECLOSED).
---@class neap.fs.File
---@field close fun(self: neap.fs.File)
---@field is_closed fun(self: neap.fs.File): boolean

--- Opens a file.
---@param path string
---@param mode? string "r" (default), "w" (emptied), "a" (to its end), with "+" both ways, "x" not there before
---@param options? { mode?: integer|string } of a new file
---@param callback? fun(err?: neap.Error, file?: neap.fs.File)
---@return neap.fs.File? file
---@return neap.Error? err
function files.open(path, ...)
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

--- Writes all of a text.
---@param text string
---@param offset? integer there, leaving the position; default: at the position
---@param callback? fun(err?: neap.Error, ok?: true)
---@return true? ok
---@return neap.Error? err
function file:write(text, ...)
  return settle(file_write(self, text, ...))
end

--- Moves the position; without arguments it tells where that is.
---@param whence? "set"|"cur"|"end" default "cur"
---@param offset? integer default 0
---@param callback? fun(err?: neap.Error, position?: integer)
---@return integer? position
---@return neap.Error? err
function file:seek(...)
  return settle(file_seek(self, ...))
end

--- Makes it shorter, or longer by zeros that take no room.
---@param size? integer bytes, default 0
---@param callback? fun(err?: neap.Error, ok?: true)
---@return true? ok
---@return neap.Error? err
function file:truncate(...)
  return settle(file_truncate(self, ...))
end

--- Waits until what was written is on the disk, with all that is known of the file.
---@param callback? fun(err?: neap.Error, ok?: true)
---@return true? ok
---@return neap.Error? err
function file:sync(...)
  return settle(file_sync(self, false, ...))
end

--- Waits until what was written is on the disk, with no more than it takes to read it again.
---@param callback? fun(err?: neap.Error, ok?: true)
---@return true? ok
---@return neap.Error? err
function file:datasync(...)
  return settle(file_sync(self, true, ...))
end

--- What is known of it.
---@param callback? fun(err?: neap.Error, stat?: neap.fs.Stat)
---@return neap.fs.Stat? stat
---@return neap.Error? err
function file:stat(...)
  return settle(file_stat(self, ...))
end


--- Reads pieces of known sizes at once: a header and what follows, columns of a record. Fewer, and the last one
--- shorter, only at the end; nil at the end.
---@param sizes integer[] bytes of each
---@param offset? integer from there, leaving the position; default: at the position
---@param callback? fun(err?: neap.Error, texts?: string[])
---@return string[]? texts
---@return neap.Error? err
function file:readv(sizes, ...)
  return settle(file_readv(self, sizes, ...))
end

--- Writes all texts of a list, one after the other, at once.
---@param texts string[]
---@param offset? integer there, leaving the position; default: at the position
---@param callback? fun(err?: neap.Error, ok?: true)
---@return true? ok
---@return neap.Error? err
function file:writev(texts, ...)
  return settle(file_writev(self, texts, ...))
end

--- Sets its permission bits.
---@param bits integer|string a number, or octal text "644"
---@param callback? fun(err?: neap.Error, ok?: true)
---@return true? ok
---@return neap.Error? err
function file:chmod(bits, ...)
  return settle(file_chmod(self, mode.bits(bits, "chmod", 1), ...))
end

--- Sets its owner.
---@param uid? integer nil: as it is
---@param gid? integer nil: as it is
---@param callback? fun(err?: neap.Error, ok?: true)
---@return true? ok
---@return neap.Error? err
function file:chown(uid, gid, ...)
  return settle(file_chown(self, uid, gid, ...))
end

--- Sets when it was read and changed last.
---@param accessed? number seconds since 1970; nil: as it is
---@param modified? number seconds since 1970; nil: as it is
---@param callback? fun(err?: neap.Error, ok?: true)
---@return true? ok
---@return neap.Error? err
function file:set_times(accessed, modified, ...)
  return settle(file_set_times(self, accessed, modified, ...))
end

-- Streams

local STREAM = { offset = options.integer(0), length = options.integer(0), sync = "boolean" }
local check_file_stream = options.checker("stream", {
  offset = STREAM.offset, length = STREAM.length, sync = STREAM.sync,
})
local check_stream = options.checker("stream", {
  offset = STREAM.offset, length = STREAM.length, sync = STREAM.sync, mode = mode.kind,
})

---@class neap.fs.StreamOptions
---@field offset? integer where it begins; default: the position of the file
---@field length? integer bytes after which reading ends; default: at the end of the file
---@field sync? boolean its shutdown() waits until what was written is on the disk; default false

--- A stream on the file, with a descriptor and a place of its own: the file may be closed, and its position stays where
--- it is. `shutdown()` waits until all is written; what was written before `close()` is written too, but nobody hears
--- how that went.
---
---     -- not run: a fragment
---     for line in file:stream():lines() do print(line) end
---@param given? neap.fs.StreamOptions
---@return neap.Stream? stream
---@return neap.Error? err
function file:stream(given)
  check_file_stream(given)
  require "neap.stream" -- has their class
  given = given or {}
  return settle(file_stream(self, given.offset, given.length, given.sync))
end

local open_stream = task.operation(function(path, how, given)
  require "neap.stream"
  given = given or {}
  local opened, err = open(path, how, { mode = given.mode })
  if not opened then
    return nil, err
  end
  local stream
  stream, err = file_stream(opened, given.offset, given.length, given.sync)
  opened:close()
  return stream, err
end)

--- Opens a file as a stream; see `file:stream`.
---
---     -- not run: a fragment of a handler
---     fs.stream("big.log"):pipe(response)
---@param path string
---@param how? string as of `open`, default "r"
---@param options? neap.fs.StreamOptions with `mode`, of a new file
---@param callback? fun(err?: neap.Error, stream?: neap.Stream)
---@return neap.Stream? stream
---@return neap.Error? err
function files.stream(path, ...)
  check_stream((select(2, ...)))
  return open_stream(path, ...)
end

-- The stream is closed when all has come, or what failed is raised; one that is left before is the collector's.
local function iterate(self, method, argument)
  local stream = assert(file.stream(self))
  local next_one = stream[method](stream, argument)
  return function()
    local ok, bytes = pcall(next_one)
    if ok and bytes then
      return bytes
    end
    stream:close()
    if not ok then
      error(bytes, 0)
    end
  end
end

--- Iterates over the lines from the position on, without their ends, leaving the position; raises what fails.
---@param longest? integer bytes of a line, default 1 MiB
---@return fun(): string?
function file:lines(longest)
  return iterate(self, "lines", longest)
end

--- Iterates over what there is from the position on, in pieces, leaving the position; raises what fails.
---@param n? integer bytes of a piece at most, default 64 KiB
---@return fun(): string?
function file:chunks(n)
  return iterate(self, "chunks", n)
end

--- All of `n` bytes. At the end it is nil without an error; an end in between is EOF.
---@param n integer bytes
---@param callback? fun(err?: neap.Error, bytes?: string)
---@return string? bytes
---@return neap.Error? err
file.read_exactly = task.operation(function(self, n)
  local bytes, err = file_read(self, n)
  if bytes and #bytes < n then
    return nil, errors.new("EOF", ("the file ended after %d of %d bytes"):format(#bytes, n))
  end
  return bytes, err
end)

return files
