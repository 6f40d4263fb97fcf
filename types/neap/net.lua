---@meta neap.net
-- Made by scripts/reference.lua from lua/neap/net.lua: for editors, never run.

---@class neap.net.Listener
---@field close fun(self: neap.net.Listener)
---@field is_closed fun(self: neap.net.Listener): boolean
local neap_net_Listener = {}

--- The next connection.
---@param callback? fun(err?: neap.Error, stream?: neap.Stream)
---@return neap.Stream? stream
---@return neap.Error? err
function neap_net_Listener:accept(callback) end

---@return string? address or path it listens on
---@return integer|neap.Error|nil port
function neap_net_Listener:address() end

---@class neap.net.ConnectOptions
---@field host? string name or address (localhost)
---@field port? integer
---@field path? string of a Unix socket, in place of host and port
---@field family? 4|6 only addresses of IPv4, or IPv6
---@field timeout? number seconds for all of it, the lookup too: then it is ETIMEDOUT

---@class neap.net.Server
---@field address string the address or path it listens on
---@field port integer? nil for a Unix socket
local neap_net_Server = {}

--- Accepts no more; idempotent. Connections that were accepted live on.
function neap_net_Server:close() end

--- Whether it was closed.
---@return boolean
function neap_net_Server:is_closed() end

---@class neap.net.ListenOptions
---@field port? integer 0: any that is free
---@field host? string name or address; every address of this machine when left out
---@field path? string of a Unix socket, in place of host and port; removed when it is closed
---@field backlog? integer connections that wait to be accepted (511)
---@field reuse_port? boolean other processes may listen on it too

---TCP and Unix sockets.
local net = {}

--- Connects to a host's port, or to a Unix socket. A host's addresses are tried in order, IPv6 and IPv4 in turn, each a
--- quarter of a second after the one before or when that has failed (RFC 8305); the first that connects is taken. The
--- error is that of the last address.
---@param host string name or address
---@param port integer
---@param callback? fun(err?: neap.Error, stream?: neap.Stream)
---@return neap.Stream? stream
---@return neap.Error? err
---@overload fun(options: neap.net.ConnectOptions, callback?: function): neap.Stream?, neap.Error?
function net.connect(host, port, callback) end

--- The addresses of a host, in the order in which `connect` tries them.
---@param host string
---@param callback? fun(err?: neap.Error, addresses?: string[])
---@return string[]? addresses
---@return neap.Error? err
function net.lookup(host, callback) end

--- Listens. With a handler, each connection is handled in a task of its own and closed when the handler is over;
--- what the handler raises, or returns as nil and an error, is reported and the server goes on. Without a handler
--- the result is a listener.
---@param given integer|neap.net.ListenOptions a port, or options
---@param handler? fun(stream: neap.Stream): any
---@return neap.net.Server|neap.net.Listener|nil server
---@return neap.Error? err
function net.listen(given, handler) end

return net
