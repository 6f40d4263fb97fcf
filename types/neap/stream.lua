---@meta neap.stream
-- Made by scripts/reference.lua from lua/neap/stream.lua: for editors, never run.

---@class neap.Stream
---@field close fun(self: neap.Stream) lets go of it at once: what is still queued is lost, so shut down first
---@field is_closed fun(self: neap.Stream): boolean
local neap_Stream = {}

--- What has come, at least one byte and at most `n`; nil without an error at the end. One read at a time (EBUSY).
---@param n? integer bytes; as many as there are
---@param callback? fun(err?: neap.Error, bytes?: string)
---@return string? bytes
---@return neap.Error? err
function neap_Stream:read(n, callback) end

--- All of `n` bytes. At the end it is nil without an error; an end in between is EOF.
---@param n integer bytes
---@param callback? fun(err?: neap.Error, bytes?: string)
---@return string? bytes
---@return neap.Error? err
function neap_Stream:read_exactly(n, callback) end

--- What stands before a delimiter, which is taken too. At the end it is nil without an error; an end without a
--- delimiter is EOF, and more than `limit` bytes without one are ELIMIT: neither takes any.
---@param delimiter string 1 to 256 bytes
---@param limit? integer bytes (1 MiB)
---@param callback? fun(err?: neap.Error, bytes?: string)
---@return string? bytes
---@return neap.Error? err
function neap_Stream:read_until(delimiter, limit, callback) end

--- A line without its "\n" or "\r\n"; nil without an error at the end. The last line may lack its end.
---@param limit? integer bytes (1 MiB), above which it is ELIMIT
---@param callback? fun(err?: neap.Error, line?: string)
---@return string? line
---@return neap.Error? err
function neap_Stream:read_line(limit, callback) end

--- Everything up to the end.
---@param limit? integer bytes (64 MiB), above which it is ELIMIT
---@param callback? fun(err?: neap.Error, bytes?: string)
---@return string? bytes
---@return neap.Error? err
function neap_Stream:read_all(limit, callback) end

--- Iterates over lines, without their ends; raises what fails.
---@param longest? integer bytes of a line (1 MiB)
---@return fun(): string?
function neap_Stream:lines(longest) end

--- Iterates over what comes, as it comes; raises what fails.
---@param n? integer bytes at most
---@return fun(): string?
function neap_Stream:chunks(n) end

--- Writes all arguments, in order. Waits only while more than 64 KiB are queued; then until 16 are. To cancel it
--- while it waits closes the stream.
---@param ... string texts, then perhaps a callback
---@return true? ok
---@return neap.Error? err
function neap_Stream:write(...) end

--- Ends our half, once all is written.
---@param callback? fun(err?: neap.Error)
---@return true? ok
---@return neap.Error? err
function neap_Stream:shutdown(callback) end

--- Writes everything to another stream, at the pace of the slower one, and shuts that down at the end. When it fails
--- or is cancelled both are closed. `to` may be any object with a method `write`, and `shutdown`.
---@param to neap.Stream
---@param given? neap.stream.PipeOptions
---@param callback? fun(err?: neap.Error, bytes?: integer)
---@return integer? bytes that went through
---@return neap.Error? err
function neap_Stream:pipe(to, given, callback) end

--- Another object for the same bytes, also those that were read and not taken; this one is closed, so that who closes
--- it later (a server after its handler) does not end the connection.
---@return neap.Stream? stream
---@return neap.Error? err EBUSY while something waits
function neap_Stream:take() end

---@return string? address of our end; a Unix socket's path, "" if it has none
---@return integer|neap.Error|nil port
function neap_Stream:address() end

---@return string? address of the other end
---@return integer|neap.Error|nil port
function neap_Stream:peer_address() end

--- Whether small writes are sent at once (TCP_NODELAY): they are, unless this turns it off.
---@param on boolean
---@return true? ok
---@return neap.Error? err
function neap_Stream:nodelay(on) end

--- Finds out that the peer is gone by probes after so many seconds of silence (SO_KEEPALIVE); false: never.
---@param seconds number|false
---@return true? ok
---@return neap.Error? err
function neap_Stream:keepalive(seconds) end

--- How long a single wait of a read, write, pipe or shutdown may take: then it is ETIMEDOUT. A write that ran out of
--- time closes the stream, as its peer has only a part. From the next call on.
---@param seconds number|false
---@return true? ok
---@return neap.Error? err
function neap_Stream:timeout(seconds) end

--- How many bytes may come from now on, with those that came and were not taken: where there are more, reading ends
--- with ELIMIT after them.
---@param bytes integer|false
---@return true? ok
---@return neap.Error? err
function neap_Stream:limit(bytes) end

---@class neap.stream.PipeOptions
---@field shutdown? boolean shut `to` down at the end (true)
---@field length? integer end after so many bytes, and shut nothing down; an end before that is EOF

---The one face of everything that flows: sockets, files, pipes, the terminal, bodies, TLS.
local stream = {}

--- Two streams in memory: what is written to one is read from the other. Writers wait for readers as with a socket.
---@return neap.Stream
---@return neap.Stream
function stream.pair() end

--- Whether a value is an open stream.
---@param value any
---@return boolean
function stream.is(value) end

--- A stream that gives a text, the texts of a list one after the other, or what an iterator gives (which may wait).
---@param source string|string[]|fun(state: any, control: any): string?
---@param state? any the iterator's
---@param control? any
---@return neap.Stream
function stream.from(source, state, control) end

--- A stream whose bytes are put into a list, or given to a function (which may wait), chunk by chunk.
---@param sink string[]|fun(chunk: string)
---@return neap.Stream
function stream.to(sink) end

--- A stream through which bytes go: what is written to it is given to fn, and what that returns is read from it. Both
--- functions may wait, return nothing, or nil and an error.
---@param fn fun(chunk: string): string?, neap.Error?
---@param flush? fun(): string?, neap.Error? called at the end: what is left
---@return neap.Stream
function stream.transform(fn, flush) end

--- Streams that each give all bytes of a source, at the pace of the slowest; one that is closed holds nobody up.
---@param source neap.Stream
---@param n? integer how many (2), at most 64
---@return neap.Stream ...
function stream.tee(source, n) end

--- Pipes a source into a stage, that into the next, and so on, until everything has gone through. The first failure
--- closes all of them, and is returned. A text, a list or an iterator may be the source, a function in between is a
--- transform, and a list may be the end.
---@param source neap.Stream|string|string[]|function
---@param ... neap.Stream|fun(chunk: string)|string[] stages, then perhaps a callback
---@return true? ok
---@return neap.Error? err
function stream.pipeline(source, ...) end

return stream
