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
-- The C half is bindings/http: what is here gives methods their two ways to fail (`settle`), and names their types.

local address = require "neap.net.address"
local json = require "cjson".new()
local native = require "neap_http"
local settle = require "neap.task".settle

local getinfo = debug and debug.getinfo          -- absent in a restricted runtime

local http = {}

-- the request --

---@class neap.http.Request
---@field method string "GET", "POST", …, as sent
---@field path string decoded once but for %2F and %25, without dot segments; begins with "/" (but "*" of OPTIONS *)
---@field target string as sent: path and query, not decoded
---@field query table<string, string> the first value of each name; `pairs` gives every pair in order
---@field headers table<string, string> in any case; lines of one name joined by ", "; host: the target's, if it has one
---@field version string "1.1" or "1.0"
---@field remote_address string? of the client; nil when it has left
---@field remote_port integer?
local Request = native.request

local body, write, send = native.body, native.write, native.send

---The whole body of the request; "" when it has none. Read when it is first asked for, and kept.
---Fails with ELIMIT (larger than the server's max_body), EPARSE (malformed, or cut short), ETIMEDOUT (not there after
---body_timeout), ECONNRESET (the client has left); a handler that passes these on is answered 413, 400 or 408.
---@param callback? fun(err: neap.Error?, body: string?)
---@return string? body
---@return neap.Error? err
function Request:body(callback)
  return settle(body(self, callback))
end

-- the response --

---@class neap.http.Response
---@field status integer 200 until set; 200 to 599
---@field headers table<string, string|number|string[]|nil> names in any case; a table of values gives a line each
local Response = native.response

---Sends a piece of the body; the head goes with the first. Waits while the client is slow. Chunked, unless
---`headers["Content-Length"]` was set.
---@param data string
---@param callback? fun(err: neap.Error?, ok: true?)
---@return true? ok
---@return neap.Error? err ECONNRESET: the client has left
function Response:write(data, callback)
  return settle(write(self, data, callback))
end

---Sends the whole response, with this body or none. Text, unless `headers["Content-Type"]` was set.
---@param content? string
---@param callback? fun(err: neap.Error?, ok: true?)
---@return true? ok
---@return neap.Error? err ECONNRESET: the client has left
function Response:send(content, callback)
  return settle(send(self, content, "text/plain; charset=utf-8", callback))
end

---Sends the whole response: a value as JSON. Raises when it cannot be written as JSON.
---@param value any
---@param callback? fun(err: neap.Error?, ok: true?)
---@return true? ok
---@return neap.Error? err ECONNRESET: the client has left
function Response:json(value, callback)
  return settle(send(self, json.encode(value), "application/json", callback))
end

native.encoder(json.encode)

-- the server --

---@class neap.http.Server
---@field address string it listens on
---@field port integer
---@field private handle userdata
local Server = {}
Server.__index = Server

---Stops: takes no new connection and no new request, closes idle connections, and answers what is being handled.
function Server:close()
  native.stop(self.handle)
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
  if not info or info.isvararg or not info.nparams then return 2 end
  return math.min(info.nparams, 2)
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
---@field max_connections? integer at once (100000); more wait in the backlog
---@field max_header_bytes? integer of a request's head (16384), else 431
---@field max_headers? integer fields of a head (100), else 431
---@field max_target? integer bytes of a request's target (8192), else 414
---@field max_body? integer bytes of a body that is asked for (1048576), else 413
---@field header_timeout? number seconds from a head's first byte to its last (10), else 408
---@field idle_timeout? number seconds between requests (60)
---@field body_timeout? number seconds for a body that is asked for (60), else 408
---@field write_timeout? number seconds in which the client takes not one byte (60)

---Serves HTTP until the server is closed. Raises on wrong arguments.
---
---A handler is cancelled with ECONNRESET when its client resets the connection: at once, or, when more than 64 KiB wait
---to be read, within a second. A client that only ends its half (a FIN: `shutdown`, but also `close`) cancels nothing,
---on purpose: it may wait for the answer. Writing to one that has closed fails soon.
---
---A body is looked at when it is asked for. Of a handler that does not ask, a malformed one (chunks that are none) does
---no harm but to its connection: the answer stands, and the connection is closed after it.
---@param options integer|neap.http.Options a port, or options
---@param handler? fun(request: neap.http.Request, response: neap.http.Response): any
---@return neap.http.Server? server it listens already
---@return neap.Error? err EADDRINUSE, EACCES, EADDRNOTAVAIL, EPERMISSION
function http.serve(options, handler)
  if type(options) == "number" then options = { port = options } end
  if type(options) ~= "table" then
    error("bad argument #1 to 'serve' (port or options expected, got " .. type(options) .. ")", 2)
  end
  handler = handler or options.handler
  if type(handler) ~= "function" then
    error("bad argument #2 to 'serve' (handler expected, got " .. type(handler) .. ")", 2)
  elseif options.host ~= nil and type(options.host) ~= "string" then
    error("option host must be a string", 2)
  end
  return settle(server_of(address.listen(options.host, native.listen, options, handler, arity(handler))))
end

return http
