-- neap.udp: datagrams. One that is lost, doubled or late is nobody's error: that is the network's way.
--
--   bind(port | options) -> socket           receives at a port; 0: any that is free
--   connect(host, port) -> socket            sends to one peer, and receives from no other
--
--   socket:receive() -> data, peer           peer is { address =, port = }
--   for data, peer in socket:packets() do    until the socket is closed
--   socket:send(data, peer) -> true          also send(data, host, port), and send(data) of a connected one;
--                                            a list in place of data: so many datagrams for one peer
--   socket:address(), peer_address() -> address, port
--   socket:join(group, interface, source), leave(…)                   multicast
--   socket:broadcast(on), ttl(n), multicast_ttl(n), multicast_loop(on), multicast_interface(address)
--   socket:receive_buffer(bytes), send_buffer(bytes) -> bytes         of the kernel
--   socket:close(), is_closed()
--
-- What comes while nobody receives is kept, up to 256 KiB; more is the kernel's, and then lost. Permissions:
-- "net.listen ADDRESS:PORT" to bind and to join, "net.connect ADDRESS:PORT" for every peer that is sent to.
--
--   local socket = udp.bind(9000)
--   for data, peer in socket:packets() do
--     socket:send(data, peer)
--   end

local address = require "neap.net.address"
local errors = require "neap.errors"
local native = require "neap_udp"
local options = require "neap.options"
local task = require "neap.task"

local settle = task.settle
local type = type

local udp = {}

---@class neap.udp.Peer
---@field address string
---@field port integer

---@class neap.udp.Socket
---@field close fun(self: neap.udp.Socket)
---@field is_closed fun(self: neap.udp.Socket): boolean
local Socket = native.methods()
local receive, send = Socket.receive, Socket.send
local own_address, peer_address, join, leave = Socket.address, Socket.peer_address, Socket.join, Socket.leave
local receive_buffer, send_buffer = Socket.receive_buffer, Socket.send_buffer

-- Receiving

--- The next datagram and who sent it; an empty one is "". One receiver at a time (EBUSY). A connected socket may be
--- told ECONNREFUSED.
---@param callback? fun(err?: neap.Error, data?: string, peer?: neap.udp.Peer)
---@return string? data
---@return neap.udp.Peer|neap.Error|nil peer
function Socket:receive(callback)
  return settle(receive(self, callback))
end

local function next_packet(self)
  local data, peer = receive(self)
  if data or self:is_closed() then
    return data, peer
  end
  error(peer, 2)
end

--- Iterates over what comes, until the socket is closed; raises what fails.
---@return fun(): string?, neap.udp.Peer?
function Socket:packets()
  return next_packet, self
end

-- Sending

local send_by_name = task.operation(function(self, data, host, port)
  local found, err = address.resolve(host)
  if not found then
    return nil, err
  end
  local ok
  for i = 1, #found do
    ok, err = send(self, data, found[i], port)
    if ok then
      return true
    end
  end
  return nil, err
end)

--- Sends a datagram, or each of a list. It waits only while the kernel takes no more; that it arrives nobody can say.
--- A datagram above some 64 KiB is EMSGSIZE.
---@param data string|string[]
---@param peer? neap.udp.Peer|string whoever sent one, or a host; nothing when connected
---@param port? integer of the host
---@param callback? fun(err?: neap.Error)
---@return true? ok
---@return neap.Error? err
function Socket:send(data, peer, port, callback)
  if type(peer) == "table" then
    peer, port, callback = peer.address, peer.port, port
  elseif type(peer) ~= "string" then
    return settle(send(self, data, peer))
  end
  local ok, err = send(self, data, peer, port, callback)
  if ok == false then
    return send_by_name(self, data, peer, port, callback)
  end
  return settle(ok, err)
end

-- What it is

---@return string? address of ours
---@return integer|neap.Error|nil port
function Socket:address()
  return settle(own_address(self))
end

---@return string? address of the peer, if it is connected
---@return integer|neap.Error|nil port
function Socket:peer_address()
  return settle(peer_address(self))
end

--- Receives what is sent to a multicast group.
---@param group string numeric address
---@param at? string address of the interface; the system's choice
---@param source? string only from this sender
---@return true? ok
---@return neap.Error? err
function Socket:join(group, at, source)
  return settle(join(self, group, at, source))
end

--- Receives no more of a group.
---@param group string
---@param at? string
---@param source? string
---@return true? ok
---@return neap.Error? err
function Socket:leave(group, at, source)
  return settle(leave(self, group, at, source))
end

--- The size of the kernel's buffer for what has come; asked without an argument. The system may give another one.
---@param bytes? integer
---@return integer? bytes
---@return neap.Error? err
function Socket:receive_buffer(bytes)
  return settle(receive_buffer(self, bytes))
end

--- The size of the kernel's buffer for what is to go.
---@param bytes? integer
---@return integer? bytes
---@return neap.Error? err
function Socket:send_buffer(bytes)
  return settle(send_buffer(self, bytes))
end

-- broadcast(on), ttl(n), multicast_ttl(n), multicast_loop(on), multicast_interface(address): one value each.
for _, name in ipairs { "broadcast", "ttl", "multicast_ttl", "multicast_loop", "multicast_interface" } do
  local set = Socket[name]
  Socket[name] = function(self, value)
    return settle(set(self, value))
  end
end

---@class neap.udp.Socket
---@field broadcast fun(self: neap.udp.Socket, on: boolean): true?, neap.Error? may it send to broadcast addresses
---@field ttl fun(self: neap.udp.Socket, hops: integer): true?, neap.Error? 1 to 255
---@field multicast_ttl fun(self: neap.udp.Socket, hops: integer): true?, neap.Error? 0 to 255; 1 stays in this network
---@field multicast_loop fun(self: neap.udp.Socket, on: boolean): true?, neap.Error? whether we receive what we send
---@field multicast_interface fun(self: neap.udp.Socket, address: string): true?, neap.Error? for what is sent

-- Making one

local check_bind = options.checker("bind", {
  port = options.integer(0, 65535), host = "string", reuse_address = "boolean", ipv6_only = "boolean",
  batch = options.integer(1, 20),
})

---@class neap.udp.BindOptions
---@field port? integer 0, the default: any that is free
---@field host? string name or address; every address of this machine when left out
---@field reuse_address? boolean others may bind it too: for multicast
---@field ipv6_only? boolean with an IPv6 address: no IPv4
---@field batch? integer datagrams that are taken from the kernel at once, up to 20, with 64 KiB of memory each (1)

--- A socket that receives at a port of this machine.
---@param given? integer|neap.udp.BindOptions a port, or options
---@return neap.udp.Socket? socket
---@return neap.Error? err
function udp.bind(given)
  if type(given) == "number" then
    given = { port = given }
  end
  check_bind(given)
  given = given or {}
  local socket, err = address.listen(given.host, native.bind, given.port or 0, given.reuse_address, given.ipv6_only,
    given.batch)
  return settle(socket, err)
end

--- A socket that sends to one peer and receives from no other; so it hears that the peer refuses (ECONNREFUSED).
--- Nothing is sent yet.
---@param host string name or address
---@param port integer
---@param callback? fun(err?: neap.Error, socket?: neap.udp.Socket)
---@return neap.udp.Socket? socket
---@return neap.Error? err
udp.connect = task.operation(function(host, port)
  if type(host) ~= "string" then
    error(("bad argument #1 to 'connect' (string expected, got %s)"):format(type(host)), 3)
  end
  local found, err = address.resolve(host)
  local socket
  for i = 1, found and #found or 0 do
    socket, err = native.connect(found[i], port)
    if socket then
      return socket
    end
  end
  return nil, err or errors.new("EAI_NODATA", "the host " .. host .. " has no address")
end)

return udp
