---@meta neap.http
-- Made by scripts/reference.lua from lua/neap/http.lua: for editors, never run.

---@class neap.http.Request
---@field method string "GET", "POST", …, as sent
---@field path string decoded once but for %2F and %25, without dot segments; begins with "/" (but "*" of OPTIONS *)
---@field target string as sent: path and query, not decoded
---@field query table<string, string> the first value of each name; `pairs` gives every pair in order
---@field headers table<string, string> in any case; lines of one name joined by ", "; host: the target's, if it has one
---@field version string "1.1" or "1.0"
---@field remote_address string? of the client; nil when it has left
---@field remote_port integer?
local neap_http_Request = {}

---The whole body of the request; "" when it has none. Read when it is first asked for, and kept.
---Fails with ELIMIT (larger than the server's max_body), EPARSE (malformed, or cut short), ETIMEDOUT (not there after
---body_timeout), ECONNRESET (the client has left); a handler that passes these on is answered 413, 400 or 408.
---@param callback? fun(err: neap.Error?, body: string?)
---@return string? body
---@return neap.Error? err
function neap_http_Request:body(callback) end

---@class neap.http.Response
---@field status integer 200 until set; 200 to 599
---@field headers table<string, string|number|string[]|nil> names in any case; a table of values gives a line each
local neap_http_Response = {}

---Sends a piece of the body; the head goes with the first. Waits while the client is slow. Chunked, unless
---`headers["Content-Length"]` was set.
---@param data string
---@param callback? fun(err: neap.Error?, ok: true?)
---@return true? ok
---@return neap.Error? err ECONNRESET: the client has left
function neap_http_Response:write(data, callback) end

---Sends the whole response, with this body or none. Text, unless `headers["Content-Type"]` was set.
---@param content? string
---@param callback? fun(err: neap.Error?, ok: true?)
---@return true? ok
---@return neap.Error? err ECONNRESET: the client has left
function neap_http_Response:send(content, callback) end

---Sends the whole response: a value as JSON. Raises when it cannot be written as JSON.
---@param value any
---@param callback? fun(err: neap.Error?, ok: true?)
---@return true? ok
---@return neap.Error? err ECONNRESET: the client has left
function neap_http_Response:json(value, callback) end

---@class neap.http.Server
---@field address string it listens on
---@field port integer
local neap_http_Server = {}

---Stops: takes no new connection and no new request, closes idle connections, and answers what is being handled.
function neap_http_Server:close() end

---Whether it was closed.
---@return boolean
function neap_http_Server:is_closed() end

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

---An HTTP/1.1 server (RFC 9110, RFC 9112).
local http = {}

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
function http.serve(options, handler) end

return http
