-- neap.stream: the one face of everything that flows: sockets, files, pipes, the terminal, bodies, TLS.
--
--   stream:read(n) -> bytes | nil            what has come, at least one byte; nil at the end
--   stream:read_exactly(n), read_until(delimiter, limit), read_line(limit) -> bytes | nil
--   stream:read_all(limit) -> bytes          up to the end
--   for line in stream:lines() do            for chunk in stream:chunks() do         these raise what fails
--   stream:write(text, …) -> true            waits while more than 64 KiB are queued
--   stream:shutdown() -> true                ends our half, once all is written
--   stream:pipe(to, options) -> bytes        all of it into another stream, without Lua in between
--   stream:timeout(seconds | false)          that a single wait may take
--   stream:limit(bytes | false)              that may come: more is ELIMIT
--   stream:take() -> stream                  another object for it: a handler may so keep its connection
--   stream:close(), is_closed()              what waits then gets ECANCELED, later calls ECLOSED
--
--   pair() -> stream, stream                 what is written to one is read from the other
--   from(text | list | iterator) -> stream   to(list | fn) -> stream
--   transform(fn, flush) -> stream           what is written to it is read from it, through fn
--   tee(source, n) -> stream, …              each gives all of the source
--   pipeline(source, stage, …) -> true       each into the next, until all is through
--
-- A read that fails, is cancelled or runs out of time takes no bytes: they are there for the next. A stream that is
-- dropped is closed by the collector.
--
--   local stream = require "neap.stream"
--   stream.pipeline("a\nb\n", string.upper, stream.to(io.write))

local errors = require "neap.errors"
local native = require "neap_stream"
local options = require "neap.options"
local task = require "neap.task"

local settle = task.settle
local pcall, type = pcall, type

local stream = {}

-- Streams are C's; here their operations get the face that raises a dropped error.

---@class neap.Stream
---@field close fun(self: neap.Stream) lets go of it at once: what is still queued is lost, so shut down first
---@field is_closed fun(self: neap.Stream): boolean
local Stream = native.methods()
local read, read_exactly, read_until = Stream.read, Stream.read_exactly, Stream.read_until
local read_line, read_all = Stream.read_line, Stream.read_all
local write, shutdown, pipe, take = Stream.write, Stream.shutdown, Stream.pipe, Stream.take
local address, peer_address = Stream.address, Stream.peer_address
local nodelay, keepalive, timeout, limit = Stream.nodelay, Stream.keepalive, Stream.timeout, Stream.limit

-- Reading

--- What has come, at least one byte and at most `n`; nil without an error at the end. One read at a time (EBUSY).
---@param n? integer bytes; as many as there are
---@param callback? fun(err?: neap.Error, bytes?: string)
---@return string? bytes
---@return neap.Error? err
function Stream:read(...)
  return settle(read(self, ...))
end

--- All of `n` bytes. At the end it is nil without an error; an end in between is EOF.
---@param n integer bytes
---@param callback? fun(err?: neap.Error, bytes?: string)
---@return string? bytes
---@return neap.Error? err
function Stream:read_exactly(n, ...)
  return settle(read_exactly(self, n, ...))
end

--- What stands before a delimiter, which is taken too. At the end it is nil without an error; an end without a
--- delimiter is EOF, and more than `limit` bytes without one are ELIMIT: neither takes any.
---@param delimiter string 1 to 256 bytes
---@param limit? integer bytes (1 MiB)
---@param callback? fun(err?: neap.Error, bytes?: string)
---@return string? bytes
---@return neap.Error? err
function Stream:read_until(delimiter, ...)
  return settle(read_until(self, delimiter, ...))
end

--- A line without its "\n" or "\r\n"; nil without an error at the end. The last line may lack its end.
---@param limit? integer bytes (1 MiB), above which it is ELIMIT
---@param callback? fun(err?: neap.Error, line?: string)
---@return string? line
---@return neap.Error? err
function Stream:read_line(...)
  return settle(read_line(self, ...))
end

--- Everything up to the end.
---@param limit? integer bytes (64 MiB), above which it is ELIMIT
---@param callback? fun(err?: neap.Error, bytes?: string)
---@return string? bytes
---@return neap.Error? err
function Stream:read_all(...)
  return settle(read_all(self, ...))
end

-- Called by `for` with the stream; an error raises, or the loop would end as if all had come.
local function iterate(next_one, self, argument)
  return function()
    local bytes, err = next_one(self, argument)
    if err then
      error(err, 2)
    end
    return bytes
  end
end

--- Iterates over lines, without their ends; raises what fails.
---@param longest? integer bytes of a line (1 MiB)
---@return fun(): string?
function Stream:lines(longest)
  return iterate(read_line, self, longest)
end

--- Iterates over what comes, as it comes; raises what fails.
---@param n? integer bytes at most
---@return fun(): string?
function Stream:chunks(n)
  return iterate(read, self, n)
end

-- Writing

--- Writes all arguments, in order. Waits only while more than 64 KiB are queued; then until 16 are. To cancel it
--- while it waits closes the stream.
---@param ... string texts, then perhaps a callback
---@return true? ok
---@return neap.Error? err
function Stream:write(...)
  local ok, err = write(self, ...)
  if err then
    return settle(nil, err)
  elseif ok then -- not by settle: a call less, each time
    return ok
  end
end

--- Ends our half, once all is written.
---@param callback? fun(err?: neap.Error)
---@return true? ok
---@return neap.Error? err
function Stream:shutdown(callback)
  return settle(shutdown(self, callback))
end

local check_pipe = options.checker("pipe", { shutdown = "boolean", length = options.integer(0) })

-- Into what is no stream of ours but can be written to: a response, an object of the script's own.
local function copy_to(self, to, given)
  local bytes, left = 0, given and given.length
  while left ~= 0 do
    local chunk, err = read(self, left)
    if err then
      return nil, err
    elseif not chunk then
      break
    end
    local ok, failure = to:write(chunk)
    if not ok and failure then
      return nil, failure
    end
    bytes, left = bytes + #chunk, left and left - #chunk
  end
  if left and left > 0 then
    return nil, errors.new("EOF", ("the stream ended %d bytes before its length"):format(left))
  elseif not left and to.shutdown and (not given or given.shutdown ~= false) then
    local ok, failure = to:shutdown()
    if not ok and failure then
      return nil, failure
    end
  end
  return bytes
end

local pipe_to = task.operation(function(self, to, given)
  local ok, bytes, err = pcall(copy_to, self, to, given)
  if ok and bytes then
    return bytes
  end
  self:close()
  if to.close then
    to:close()
  end
  if not ok then
    error(bytes, 0)
  end
  return nil, err
end)

---@class neap.stream.PipeOptions
---@field shutdown? boolean shut `to` down at the end (true)
---@field length? integer end after so many bytes, and shut nothing down; an end before that is EOF

--- Writes everything to another stream, at the pace of the slower one, and shuts that down at the end. When it fails
--- or is cancelled both are closed. `to` may be any object with a method `write`, and `shutdown`.
---@param to neap.Stream
---@param given? neap.stream.PipeOptions
---@param callback? fun(err?: neap.Error, bytes?: integer)
---@return integer? bytes that went through
---@return neap.Error? err
function Stream:pipe(to, given, callback)
  check_pipe(given)
  if type(given) == "function" then
    given, callback = nil, given
  end
  if not native.is(to) then
    if type(to) ~= "userdata" and (type(to) ~= "table" or not to.write) then
      error(("bad argument #1 to 'pipe' (stream expected, got %s)"):format(type(to)), 2)
    end
    return pipe_to(self, to, given, callback)
  end
  return settle(pipe(self, to, not given or given.shutdown ~= false, given and given.length, callback))
end

-- What it is

--- Another object for the same bytes, also those that were read and not taken; this one is closed, so that who closes
--- it later (a server after its handler) does not end the connection.
---@return neap.Stream? stream
---@return neap.Error? err EBUSY while something waits
function Stream:take()
  return settle(take(self))
end

---@return string? address of our end; a Unix socket's path, "" if it has none
---@return integer|neap.Error|nil port
function Stream:address()
  return settle(address(self))
end

---@return string? address of the other end
---@return integer|neap.Error|nil port
function Stream:peer_address()
  return settle(peer_address(self))
end

--- Whether small writes are sent at once (TCP_NODELAY): they are, unless this turns it off.
---@param on boolean
---@return true? ok
---@return neap.Error? err
function Stream:nodelay(on)
  return settle(nodelay(self, on))
end

--- Finds out that the peer is gone by probes after so many seconds of silence (SO_KEEPALIVE); false: never.
---@param seconds number|false
---@return true? ok
---@return neap.Error? err
function Stream:keepalive(seconds)
  return settle(keepalive(self, seconds))
end

--- How long a single wait of a read, write, pipe or shutdown may take: then it is ETIMEDOUT. A write that ran out of
--- time closes the stream, as its peer has only a part. From the next call on.
---@param seconds number|false
---@return true? ok
---@return neap.Error? err
function Stream:timeout(seconds)
  return settle(timeout(self, seconds))
end

--- How many bytes may come from now on, with those that came and were not taken: where there are more, reading ends
--- with ELIMIT after them.
---@param bytes integer|false
---@return true? ok
---@return neap.Error? err
function Stream:limit(bytes)
  return settle(limit(self, bytes))
end

-- Making streams

--- Two streams in memory: what is written to one is read from the other. Writers wait for readers as with a socket.
---@return neap.Stream
---@return neap.Stream
function stream.pair()
  return native.pair(false)
end

--- Whether a value is an open stream.
---@param value any
---@return boolean
stream.is = native.is

-- What is built on these is loaded by the first call of it.
local function on_demand(module, ...)
  for _, name in ipairs { ... } do
    local fn
    stream[name] = function(...)
      fn = fn or require(module)[name]
      return fn(...)
    end
  end
end

on_demand("neap.stream.made", "from", "to", "transform", "tee")
on_demand("neap.stream.pipeline", "pipeline")

return stream
