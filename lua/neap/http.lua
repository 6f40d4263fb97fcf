-- neap.http -- an HTTP/1.1 server (RFC 9110, RFC 9112).
--
--   http.serve(port or options, handler) -> server | nil, err
--
--   local server = http.serve(8080, function(request, response)
--     if request.path == "/hello" then
--       return "Hello, " .. (request.query.name or "World") .. "!"
--     end
--   end)
--
-- Each request is handled in a task of its own, so a handler may wait anywhere. What it returns is the answer: a
-- string (text/plain) or a table (as JSON); or it answers through `response`, also later, from a callback. The
-- request is over when the handler and every operation it started are: nothing sent by then is 404. A handler that
-- raises, or returns nil and an error, is answered with 500 and reported; the server goes on. When the client leaves
-- (see http.serve), the handler is cancelled. Both objects raise when they are used after their request is over.
--
-- A body is read when it is asked for: whole (`request:text`, `request:json`) or as it comes (`request:chunks`,
-- `request:stream`); a response is sent whole, or written in pieces. Every limit is an option of `http.serve`.
--
-- The C half is bindings/http: what is here gives methods their two ways to fail (`settle`), and names their types.

local address = require "neap.net.address"
local json = require "cjson".new()
local native = require "neap_http"
local options = require "neap.options"
local settle = require "neap.task".settle
require "neap.stream"                            -- gives request:stream() its face

local getinfo = debug and debug.getinfo          -- absent in a restricted runtime

json.decode_invalid_numbers(false)
if json.decode_max_depth then                   -- a restricted runtime has the limits that its owner set
  json.decode_max_depth(128)
end

local http = {}

-- The request

---@class neap.http.Request
---@field method string "GET", "POST", …, as sent
---@field path string decoded once but for %2F and %25, without dot segments; begins with "/" (but "*" of OPTIONS *,
--- "" of CONNECT)
---@field target string as sent: path and query, not decoded; host and port of CONNECT
---@field query table<string, string> the first value of each name; `pairs` gives every pair in order
---@field headers table<string, string> in any case; lines of one name joined by ", "; host: the target's, if it has one
---@field version string "1.1" or "1.0"
---@field upgrade string? the protocol it asks for: see `take`
---@field remote_address string? of the client; nil when it has left
---@field remote_port integer?
local Request = native.request

local body, stream, piece, reject = native.body, native.stream, native.piece, native.reject
local trailers, take = native.trailers, native.take
local write, send, inform, send_trailers = native.write, native.send, native.inform, native.send_trailers

--- The whole body, "" when there is none. Read when it is first asked for, and kept.
---
--- Fails with ELIMIT (larger than `limit`), EPARSE (malformed, or cut short), ETIMEDOUT (it stood still, or crawled:
--- `body_timeout`, `min_body_rate`), ECONNRESET (the client has left). A handler that passes these on is answered 413,
--- 400 or 408.
---@param limit? integer bytes (the server's max_body)
---@param callback? fun(err?: neap.Error, text?: string)
---@return string? text
---@return neap.Error? err
function Request:text(limit, callback)
  return settle(body(self, limit, callback))
end

--- Another name of `text`.
---@param limit? integer bytes (the server's max_body)
---@param callback? fun(err?: neap.Error, text?: string)
---@return string? text
---@return neap.Error? err
function Request:body(limit, callback)
  return settle(body(self, limit, callback))
end

local function decode(self, text, err)
  if not text then
    return nil, err
  end
  local ok, value = pcall(json.decode, text)
  if not ok then
    return reject(self, "the body is no JSON: " .. value)
  end
  return value
end

--- The body as JSON: objects and arrays as tables, `null` as `cjson.null`. What is no JSON fails with EPARSE, and a
--- handler that passes that very error on is answered 400. Otherwise fails as `text` does.
---
---     -- not run: it serves until it is stopped
---     http.serve(8080, function(request)
---       local order, err = request:json()
---       if not order then return nil, err end              -- 400, 413, …
---       return { total = order.price * order.count }
---     end)
---@param limit? integer bytes (the server's max_body)
---@param callback? fun(err?: neap.Error, value?: any)
---@return any value
---@return neap.Error? err
function Request:json(limit, callback)
  if type(limit) == "function" then
    limit, callback = nil, limit
  end
  if not callback then
    return settle(decode(self, body(self, limit)))
  end
  return body(self, limit, function(err, text)
    local value
    if not err then
      value, err = decode(self, text)
    end
    return callback(err, value)
  end)
end

--- The body as a stream, to be read from only; closed when the request is over. What the reader does not take the
--- client has to keep. Instead of `text`, and once; closing it leaves the rest of the body.
---@param limit? number bytes (the server's max_body); math.huge: none
---@return neap.Stream
function Request:stream(limit)
  return stream(self, limit)
end

--- Iterates over the body as it comes; raises what fails. Instead of `text` and `stream`.
---
---     -- not run: a fragment of a handler
---     for chunk in request:chunks(math.huge) do file:write(chunk) end
---@param limit? number bytes (the server's max_body); math.huge: none
---@return fun(): string?
function Request:chunks(limit)
  return function()
    local chunk, err = piece(self, limit)
    if err then
      error(err, 2)
    end
    return chunk
  end
end

--- The trailer fields that came after a chunked body, which must have been read to its end; names in lower case. Those
--- that frame, route or describe the message are left out. Fails with ELIMIT (more than max_headers), which a handler
--- that passes it on is answered 431.
---@return table<string, string>? trailers
---@return neap.Error? err
function Request:trailers()
  return settle(trailers(self))
end

--- Takes the connection over: for a request that asks for an upgrade, after "101 Switching Protocols", for CONNECT,
--- after 200, each with the fields of `response.headers`. Returns the stream, first of what came behind the request;
--- from then on it is yours, to be closed by you, and counts no more as one of the server's.
---
---     -- not run: a fragment of a handler
---     if request.upgrade == "echo" then
---       local stream = request:take()
---       stream:pipe(stream)
---     end
---
--- Fails with EINVAL (it asks for no upgrade and is no CONNECT, or has a body not yet read), ECONNRESET.
--- An upgrade that is not taken is answered as if it had not been asked for; a CONNECT, if its status is below 300,
--- with 501.
---@param callback? fun(err?: neap.Error, stream?: neap.Stream)
---@return neap.Stream? stream
---@return neap.Error? err
function Request:take(callback)
  return settle(take(self, callback))
end

-- The response

---@class neap.http.Response
---@field status integer 200 until set; 200 to 599
---@field headers table<string, string|number|string[]|nil> names in any case; a table of values gives a line each
local Response = native.response

--- Sends a piece of the body; the head goes with the first. Waits while the client is slow. Chunked, unless
--- `headers["Content-Length"]` was set: then more than that raises, and less is reported and closes the connection.
---@param data string
---@param callback? fun(err?: neap.Error, ok?: true)
---@return true? ok
---@return neap.Error? err ECONNRESET: the client has left
function Response:write(data, callback)
  return settle(write(self, data, callback))
end

--- Sends the whole response, with this body or none. Text, unless `headers["Content-Type"]` was set.
---@param content? string
---@param callback? fun(err?: neap.Error, ok?: true)
---@return true? ok
---@return neap.Error? err ECONNRESET: the client has left
function Response:send(content, callback)
  return settle(send(self, content, "text/plain; charset=utf-8", callback))
end

--- Sends the whole response: a value as JSON. Raises when it cannot be written as JSON.
---@param value any
---@param callback? fun(err?: neap.Error, ok?: true)
---@return true? ok
---@return neap.Error? err ECONNRESET: the client has left
function Response:json(value, callback)
  return settle(send(self, json.encode(value), "application/json", callback))
end

--- Sends an interim response before the final one, such as 103 Early Hints (RFC 8297); 100 asks for the body, which
--- reading it does by itself. To a client of HTTP/1.0 nothing is sent.
---
---     -- not run: a fragment of a handler
---     response:inform(103, { Link = "</style.css>; rel=preload; as=style" })
---@param status integer 100 to 199, but not 101
---@param fields? table<string, string|number|string[]>
---@param callback? fun(err?: neap.Error, ok?: true)
---@return true? ok
---@return neap.Error? err ECONNRESET: the client has left
function Response:inform(status, fields, callback)
  if type(fields) == "function" then
    fields, callback = nil, fields
  end
  return settle(inform(self, status, fields, callback))
end

--- Sets the trailer fields, which are sent after the body: so until its end they can be set again. The body is then
--- chunked, though a Content-Length is set later. Where it cannot be (HTTP/1.0, HEAD, 204, 304) they are not sent.
--- Raises for a field that may be no trailer (RFC 9110 6.5.1), and sets none then.
---@param fields table<string, string|number|string[]>
function Response:trailers(fields)
  send_trailers(self, fields)
end

native.encoder(json.encode)

-- The server

---@class neap.http.Server
---@field address string it listens on
---@field port integer
---@field private handle userdata
local Server = {}
Server.__index = Server

local check_close = options.checker("close", { deadline = options.number(0) })

local function stop(self, given)
  check_close(given, 4)
  native.stop(self.handle, type(given) == "table" and given.deadline or nil)
end

---@class neap.http.CloseOptions
---@field deadline? number seconds after which the connections that are left are cut (never)

--- Stops: takes no new connection and no new request, closes idle connections, and answers what is being handled, with
--- "Connection: close". Returns at once.
---@param given? neap.http.CloseOptions
function Server:close(given)
  stop(self, given)
end

--- Stops as `close` does, and waits until the last connection has gone. Not in a handler of its own: that would wait
--- for itself.
---@param given? neap.http.CloseOptions
---@param callback? fun(err?: neap.Error)
---@return true? ok
---@return neap.Error? err
function Server:drain(given, callback)
  if type(given) == "function" then
    given, callback = nil, given
  end
  stop(self, given)
  return settle(native.drain(self.handle, callback))
end

---Whether it was closed.
---@return boolean
function Server:is_closed()
  return native.is_closed(self.handle)
end

function Server:__tostring()
  local where = self.address:find(":", 1, true) and "[" .. self.address .. "]" or self.address
  return "http://" .. where .. ":" .. self.port .. (self:is_closed() and "/ (closed)" or "/")
end

-- How many arguments a handler can see: what it cannot is not made.
local function arity(handler)
  local info = getinfo and getinfo(handler, "u")
  if not info or info.isvararg or not info.nparams then
    return 2
  end
  return math.min(info.nparams, 2)
end

local function function_of(callable)
  return function(request, response)
    return callable(request, response)
  end
end

local function server_of(handle, where, port)
  if not handle then
    return nil, where
  end
  return setmetatable({ handle = handle, address = where, port = port }, Server)
end

---@class neap.http.Options
---@field port? integer 0 (the default): any that is free
---@field host? string name or address to listen on; every address of this machine when left out
---@field handler? fun(request: neap.http.Request, response: neap.http.Response): any instead of the second argument
---@field reuse_port? boolean share the port with other processes that say so too
---@field backlog? integer connections that wait to be accepted (4096)
---@field max_connections? integer at once (100000)
---@field when_full? string what those above get: "wait" in the backlog (the default), or "refuse": 503, Retry-After
---@field max_requests? integer of a connection, which closes after it (0: no limit)
---@field max_header_bytes? integer of a request's head (16384), else 431
---@field max_headers? integer fields of a head (100), else 431
---@field max_target? integer bytes of a request's target (8192), else 414
---@field max_body? integer bytes of a body that is asked for (1048576), else 413
---@field header_timeout? number seconds from a head's first byte to its last (10), else 408
---@field idle_timeout? number seconds between requests (60)
---@field body_timeout? number seconds that a body which is asked for may stand still (60), else 408
---@field min_body_rate? number bytes a second below which a body uses up its body_timeout (500); 0: none
---@field write_timeout? number seconds in which the client takes not one byte (60)
---@field handler_timeout? number seconds after which a handler is cancelled with ETIMEDOUT (0: none), else 503

local function is_callable(value)
  local metatable = type(value) ~= "function" and getmetatable(value)
  return type(value) == "function" or type(metatable) == "table" and metatable.__call ~= nil
end

local SECONDS = options.number(0.001, 86400)

local check_serve = options.checker("serve", {
  port = options.integer(0, 65535),
  host = "string",
  handler = options.kind("function", is_callable),
  reuse_port = "boolean",
  backlog = options.integer(1, 65535),
  max_connections = options.integer(1, 1e9),
  when_full = options.kind('"wait" or "refuse"', function(value)
    return value == "wait" or value == "refuse"
  end),
  max_requests = options.integer(0, 1e9),
  max_header_bytes = options.integer(256, 1048576),
  max_headers = options.integer(1, 1000),
  max_target = options.integer(1, 1048576),
  max_body = options.integer(0, 1e15),
  header_timeout = SECONDS,
  idle_timeout = SECONDS,
  body_timeout = SECONDS,
  min_body_rate = options.number(0, 1e9),
  write_timeout = SECONDS,
  handler_timeout = options.number(0, 86400),
})

--- Serves HTTP until the server is closed. Raises on wrong arguments.
---
--- A handler is cancelled with ECONNRESET when its client resets the connection: at once, or, when more than 64 KiB
--- wait to be read, within a second. A client that only ends its half (a FIN: `shutdown`, but also `close`) cancels
--- nothing, on purpose: it may wait for the answer. Writing to one that has closed fails soon.
---
--- A body is looked at when it is asked for. Of a handler that does not ask, a malformed one (chunks that are none)
--- does no harm but to its connection: the answer stands, and the connection is closed after it.
---@param given integer|neap.http.Options a port, or options
---@param handler? fun(request: neap.http.Request, response: neap.http.Response): any
---@return neap.http.Server? server it listens already
---@return neap.Error? err EADDRINUSE, EACCES, EADDRNOTAVAIL, EPERMISSION
function http.serve(given, handler)
  if type(given) == "number" then
    given = { port = given }
  end
  if type(given) ~= "table" then
    error("bad argument #1 to 'serve' (port or options expected, got " .. type(given) .. ")", 2)
  end
  check_serve(given)
  handler = handler or given.handler
  if not is_callable(handler) then
    error("bad argument #2 to 'serve' (handler expected, got " .. type(handler) .. ")", 2)
  elseif type(handler) ~= "function" then
    handler = function_of(handler)
  end
  return settle(server_of(address.listen(given.host, native.listen, given, handler, arity(handler))))
end

return http
