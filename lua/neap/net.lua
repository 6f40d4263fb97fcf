-- neap.net: TCP and Unix sockets.
--
--   connect(host, port) -> stream          also connect { host =, port = } and connect { path = }
--   listen(port | options, handler) -> server       a task for each connection; closes it afterwards
--   listen(port | options) -> listener     without a handler: take them with listener:accept()
--   lookup(host) -> {address, …}
--
--   stream:read() -> bytes | nil           what has come, at least one byte; nil at the end
--   stream:write(text, …) -> true          waits while more than 64 KiB are queued
--   stream:shutdown() -> true              ends our half, once all is written
--   stream:address(), stream:peer_address() -> address, port
--   stream:nodelay(on), stream:keepalive(seconds | false) -> true       TCP; nodelay is on from the start
--   server.address, server.port, server:close()      the connections it has made live on
--   listener:accept() -> stream;  listener:address() -> address, port
--   close(), is_closed()                   of all; what waits then gets ECANCELED, later calls ECLOSED
--
-- All but listen take a callback as last argument: then they return at once.
--
--   net.listen(7, function(stream)
--     for bytes in stream.read, stream do stream:write(bytes) end
--   end)

local core = require "neap_net"
local errors = require "neap.errors"
local task = require "neap.task"

local settle = task.settle
local type, xpcall = type, xpcall

local net = {}

-- Streams and listeners are C's; here their operations get the face that raises a dropped error.

---@class neap.net.Stream
---@field close fun(self: neap.net.Stream)
---@field is_closed fun(self: neap.net.Stream): boolean
---@class neap.net.Listener
---@field close fun(self: neap.net.Listener)
---@field is_closed fun(self: neap.net.Listener): boolean
local Stream, Listener = core.methods()
local read, write, shutdown, accept = Stream.read, Stream.write, Stream.shutdown, Listener.accept
local address, peer_address = Stream.address, Stream.peer_address
local nodelay, keepalive, listener_address = Stream.nodelay, Stream.keepalive, Listener.address

---What has come, at least one byte; nil without an error at the end. One read at a time (EBUSY).
---@param callback? fun(err?: neap.Error, bytes?: string)
---@return string? bytes
---@return neap.Error? err
function Stream:read(callback)
  return settle(read(self, callback))
end

---Writes all arguments, in order. Waits only while more than 64 KiB are queued; then until 16 are. To cancel it
---while it waits closes the stream.
---@param ... string texts, then perhaps a callback
---@return true? ok
---@return neap.Error? err
function Stream:write(...)
  return settle(write(self, ...))
end

---Ends our half of the connection, once all is written.
---@param callback? fun(err?: neap.Error)
---@return true? ok
---@return neap.Error? err
function Stream:shutdown(callback)
  return settle(shutdown(self, callback))
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

---Whether small writes are sent at once (TCP_NODELAY): they are, unless this turns it off.
---@param on boolean
---@return true? ok
---@return neap.Error? err
function Stream:nodelay(on)
  return settle(nodelay(self, on))
end

---Finds out that the peer is gone by probes after so many seconds of silence (SO_KEEPALIVE); false: never.
---@param seconds number|false
---@return true? ok
---@return neap.Error? err
function Stream:keepalive(seconds)
  return settle(keepalive(self, seconds))
end

---The next connection.
---@param callback? fun(err?: neap.Error, stream?: neap.net.Stream)
---@return neap.net.Stream? stream
---@return neap.Error? err
function Listener:accept(callback)
  return settle(accept(self, callback))
end

---@return string? address or path it listens on
---@return integer|neap.Error|nil port
function Listener:address()
  return settle(listener_address(self))
end

-- connecting --

local function check_option(options, name, kind)
  local value = options[name]
  if value ~= nil and type(value) ~= kind then
    error(("bad option '%s' (%s expected, got %s)"):format(name, kind, type(value)), 4)
  end
  return value
end

local function connect_with(options, callback)
  local path = check_option(options, "path", "string")
  local host, port = check_option(options, "host", "string"), check_option(options, "port", "number")
  if not path and not port then error("bad options for 'connect' (port or path expected)", 3) end
  if path then return core.connect_path(path, callback) end
  return core.connect(host or "localhost", port, callback)
end

---Connects to a host's port, trying its addresses in order, or to a Unix socket. The error is that of the last
---address.
---@param host string|{ host?: string, port?: integer, path?: string } name, address, or all in a table
---@param port? integer
---@param callback? fun(err?: neap.Error, stream?: neap.net.Stream)
---@return neap.net.Stream? stream
---@return neap.Error? err
---@overload fun(options: table, callback?: function): neap.net.Stream?, neap.Error?
function net.connect(host, port, callback)
  if type(host) == "table" then return settle(connect_with(host, port)) end
  return settle(core.connect(host, port, callback))
end

---The addresses of a host, in the order in which `connect` tries them.
---@param host string
---@param callback? fun(err?: neap.Error, addresses?: string[])
---@return string[]? addresses
---@return neap.Error? err
function net.lookup(host, callback)
  return settle(core.lookup(host, callback))
end

-- listening --

---@class neap.net.Server
---@field address string the address or path it listens on
---@field port integer? nil for a Unix socket
---@field listener neap.net.Listener
local Server = {}
Server.__index = Server

---Accepts no more; idempotent. Connections that were accepted live on.
function Server:close()
  self.listener:close()
end

-- One connection's task. A failure is that connection's: it is reported, and the server goes on.
local function run(handler, stream)
  local ok, value, err = xpcall(handler, core.report, stream)
  if ok and value == nil and errors.is(err) then core.report(err) end
  stream:close()
end

local function accept_all(listener, handler)
  while true do
    local stream, err = accept(listener)
    if stream then
      task.spawn(run, handler, stream)
    elseif listener:is_closed() or err.code == "ECANCELED" then
      return
    else
      core.report(err)             -- EMFILE and the like: told once, then we go on when we can
    end
  end
end

local function is_numeric(host)
  return host:find(":", 1, true) or host:find "^%d+%.%d+%.%d+%.%d+$"
end

-- A listener on every address: IPv6's, which takes IPv4 as well, or IPv4's where there is no IPv6.
local function bind_all(options)
  local listener, err = core.listen("::", options.port, options.backlog, options.reuse_port)
  if listener or err.code ~= "EAFNOSUPPORT" and err.code ~= "EADDRNOTAVAIL" then return listener, err end
  return core.listen("0.0.0.0", options.port, options.backlog, options.reuse_port)
end

local function bind(options)
  local path, host = check_option(options, "path", "string"), check_option(options, "host", "string")
  check_option(options, "port", "number")
  check_option(options, "backlog", "number")
  check_option(options, "reuse_port", "boolean")
  if path then return core.listen_path(path, options.backlog) end
  if not options.port then error("bad options for 'listen' (port or path expected)", 3) end
  if not host then return bind_all(options) end
  if host == "localhost" then host = "127.0.0.1" end             -- no need to ask DNS: RFC 6761 6.3
  if not is_numeric(host) then
    local addresses, err = core.lookup(host)
    if not addresses then return nil, err end
    host = addresses[1]
  end
  return core.listen(host, options.port, options.backlog, options.reuse_port)
end

---Listens. With a handler, each connection is handled in a task of its own and closed when the handler is over;
---what the handler raises, or returns as nil and an error, is reported and the server goes on. Without a handler
---the result is a listener.
---Options: `port` (0: any that is free), `host` (a name or address; all of this machine's when left out), `path` (of a
---Unix socket, removed on close), `backlog` (511), `reuse_port` (other processes may listen on it too). A number is a
---port.
---@param options integer|{ port?: integer, host?: string, path?: string, backlog?: integer, reuse_port?: boolean }
---@param handler? fun(stream: neap.net.Stream): any
---@return neap.net.Server|neap.net.Listener|nil server
---@return neap.Error? err
function net.listen(options, handler)
  if type(options) ~= "table" then options = { port = options } end
  if handler ~= nil and type(handler) ~= "function" then
    error("bad argument #2 to 'listen' (function expected, got " .. type(handler) .. ")", 2)
  end
  local listener, err = bind(options)
  if not listener or not handler then return settle(listener, err) end
  local server = setmetatable({ listener = listener }, Server)
  server.address, server.port = listener_address(listener)
  task.spawn(accept_all, listener, handler)
  return server
end

return net
