-- neap.net: TCP and Unix sockets.
--
--   connect(host, port) -> stream          also connect { host =, port = } and connect { path = }
--   listen(port | options, handler) -> server       a task for each connection; closes it afterwards
--   listen(port | options) -> listener     without a handler: take them with listener:accept()
--   lookup(host) -> {address, …}
--
--   server.address, server.port            the connections that a server has made outlive its close()
--   listener:accept() -> stream;  listener:address() -> address, port
--   close(), is_closed()                   of all; what waits then gets ECANCELED, later calls ECLOSED
--
-- All but listen take a callback as last argument: then they return at once.
--
--   net.listen(7, function(stream)
--     for bytes in stream:chunks() do stream:write(bytes) end
--   end)

local address = require "neap.net.address"
local errors = require "neap.errors"
local native = require "neap_net"
local options = require "neap.options"
require "neap.stream" -- what connections are
local task = require "neap.task"

local settle = task.settle
local type, xpcall = type, xpcall

local net = {}

-- Listeners are C's; here their operations get the face that raises a dropped error.

---@class neap.net.Listener
---@field close fun(self: neap.net.Listener)
---@field is_closed fun(self: neap.net.Listener): boolean
local Listener = native.methods()
local accept, listener_address = Listener.accept, Listener.address

--- The next connection.
---@param callback? fun(err?: neap.Error, stream?: neap.Stream)
---@return neap.Stream? stream
---@return neap.Error? err
function Listener:accept(callback)
  return settle(accept(self, callback))
end

---@return string? address or path it listens on
---@return integer|neap.Error|nil port
function Listener:address()
  return settle(listener_address(self))
end

-- Where to: a port of a host, or a path.

local function check_place(name, given)
  if (given.port == nil) == (given.path == nil) then
    error(("bad options of '%s' (either port or path expected)"):format(name), 3)
  end
end

-- Connecting

local FAMILY = options.kind("4 or 6", function(value)
  return value == 4 or value == 6
end)

local check_connect = options.checker("connect", {
  host = "string", port = options.integer(1, 65535), path = "string", family = FAMILY, timeout = options.above(0),
})

---@class neap.net.ConnectOptions
---@field host? string name or address (localhost)
---@field port? integer
---@field path? string of a Unix socket, in place of host and port
---@field family? 4|6 only addresses of IPv4, or IPv6
---@field timeout? number seconds for all of it, the lookup too: then it is ETIMEDOUT

local function connect_to(given, callback)
  if given.path then
    return native.connect_path(given.path, callback)
  end
  return native.connect(given.host or "localhost", given.port, given.family, callback)
end

local connect_in_time = task.operation(function(given)
  return task.timeout(given.timeout, connect_to, given)
end)

--- Connects to a host's port, or to a Unix socket. A host's addresses are tried in order, IPv6 and IPv4 in turn, each a
--- quarter of a second after the one before or when that has failed (RFC 8305); the first that connects is taken. The
--- error is that of the last address.
---@param host string name or address
---@param port integer
---@param callback? fun(err?: neap.Error, stream?: neap.Stream)
---@return neap.Stream? stream
---@return neap.Error? err
---@overload fun(options: neap.net.ConnectOptions, callback?: function): neap.Stream?, neap.Error?
function net.connect(host, port, callback)
  if callback ~= nil and type(callback) ~= "function" then
    error(("bad argument #3 to 'connect' (function expected, got %s; options stand alone)"):format(type(callback)), 2)
  elseif type(host) ~= "table" then
    return settle(native.connect(host, port, callback))
  end
  check_connect(host)
  check_place("connect", host)
  if host.timeout then
    return connect_in_time(host, port)
  end
  return settle(connect_to(host, port))
end

--- The addresses of a host, in the order in which `connect` tries them.
---@param host string
---@param callback? fun(err?: neap.Error, addresses?: string[])
---@return string[]? addresses
---@return neap.Error? err
function net.lookup(host, callback)
  return settle(native.lookup(host, callback))
end

-- Listening

---@class neap.net.Server
---@field address string the address or path it listens on
---@field port integer? nil for a Unix socket
---@field private listener neap.net.Listener
local Server = {}
Server.__index = Server

--- Accepts no more; idempotent. Connections that were accepted live on.
function Server:close()
  self.listener:close()
end

--- Whether it was closed.
---@return boolean
function Server:is_closed()
  return self.listener:is_closed()
end

function Server:__tostring()
  local where = self.address
  if self.port then
    where = (where:find(":", 1, true) and "[%s]:%d" or "%s:%d"):format(where, self.port)
  end
  return "neap.net.server: " .. where .. (self:is_closed() and " (closed)" or "")
end

-- That somebody cancelled a handler, or closed its stream while it waited, is no failure.
local function report(err)
  if not errors.is(err, "ECANCELED") then
    errors.report(err)
  end
end

-- One connection's task. A failure is that connection's: it is reported, and the server goes on.
local function run(handler, stream)
  local ok, value, err = xpcall(handler, report, stream)
  if ok and value == nil and errors.is(err) then
    report(err)
  end
  stream:close()
end

local function accept_one(listener, handler)
  local stream, err = accept(listener)
  if not stream then
    return nil, err
  end
  local ok, failure = pcall(task.spawn, run, handler, stream)
  if not ok then
    stream:close()
    error(failure, 0)
  end
  return true
end

local PAUSE = 0.1 -- seconds

-- What fails (EMFILE, no memory) is reported, and the server goes on when it can.
local function accept_all(listener, handler)
  while true do
    local ok, accepted, err = pcall(accept_one, listener, handler)
    local failure = not ok and accepted or err
    if failure and (listener:is_closed() or errors.is(failure, "ECANCELED")) then
      return
    elseif failure then
      pcall(errors.report, failure) -- there may be no memory for that either
      task.sleep(PAUSE)
    end
  end
end

local check_listen = options.checker("listen", {
  port = options.integer(0, 65535), host = "string", path = "string",
  backlog = options.integer(1, 65535), reuse_port = "boolean",
})

---@class neap.net.ListenOptions
---@field port? integer 0: any that is free
---@field host? string name or address; every address of this machine when left out
---@field path? string of a Unix socket, in place of host and port; removed when it is closed
---@field backlog? integer connections that wait to be accepted (511)
---@field reuse_port? boolean other processes may listen on it too

local function listen_on(given)
  if given.path then
    return native.listen_path(given.path, given.backlog)
  end
  return address.listen(given.host, native.listen, given.port, given.backlog, given.reuse_port)
end

local function check_arguments(given, handler)
  if type(given) ~= "table" then
    error(("bad argument #1 to 'listen' (port or options expected, got %s)"):format(type(given)), 3)
  elseif handler ~= nil and type(handler) ~= "function" then
    error(("bad argument #2 to 'listen' (function expected, got %s)"):format(type(handler)), 3)
  end
end

--- Listens. With a handler, each connection is handled in a task of its own and closed when the handler is over;
--- what the handler raises, or returns as nil and an error, is reported and the server goes on. Without a handler
--- the result is a listener.
---@param given integer|neap.net.ListenOptions a port, or options
---@param handler? fun(stream: neap.Stream): any
---@return neap.net.Server|neap.net.Listener|nil server
---@return neap.Error? err
function net.listen(given, handler)
  if type(given) == "number" then
    given = { port = given }
  end
  check_arguments(given, handler)
  check_listen(given)
  check_place("listen", given)
  local listener, err = listen_on(given)
  if not listener or not handler then
    return settle(listener, err)
  end
  local server = setmetatable({ listener = listener }, Server)
  server.address, server.port = listener_address(listener)
  task.spawn(accept_all, listener, handler)
  return server
end

return net
