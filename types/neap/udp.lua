---@meta neap.udp
-- Made by scripts/reference.lua from lua/neap/udp.lua: for editors, never run.

---@class neap.udp.Peer
---@field address string
---@field port integer

---@class neap.udp.Socket
---@field close fun(self: neap.udp.Socket)
---@field is_closed fun(self: neap.udp.Socket): boolean
---@field broadcast fun(self: neap.udp.Socket, on: boolean): true?, neap.Error? may it send to broadcast addresses
---@field ttl fun(self: neap.udp.Socket, hops: integer): true?, neap.Error? 1 to 255
---@field multicast_ttl fun(self: neap.udp.Socket, hops: integer): true?, neap.Error? 0 to 255; 1 stays in this network
---@field multicast_loop fun(self: neap.udp.Socket, on: boolean): true?, neap.Error? whether we receive what we send
---@field multicast_interface fun(self: neap.udp.Socket, address: string): true?, neap.Error? for what is sent
local neap_udp_Socket = {}

--- The next datagram and who sent it; an empty one is "". One receiver at a time (EBUSY). A connected socket may be
--- told ECONNREFUSED.
---@param callback? fun(err?: neap.Error, data?: string, peer?: neap.udp.Peer)
---@return string? data
---@return neap.udp.Peer|neap.Error|nil peer
function neap_udp_Socket:receive(callback) end

--- Iterates over what comes, until the socket is closed; raises what fails.
---@return fun(): string?, neap.udp.Peer?
function neap_udp_Socket:packets() end

--- Sends a datagram, or each of a list. It waits only while the kernel takes no more; that it arrives nobody can say.
--- A datagram above some 64 KiB is EMSGSIZE.
---@param data string|string[]
---@param peer? neap.udp.Peer|string whoever sent one, or a host; nothing when connected
---@param port? integer of the host
---@param callback? fun(err?: neap.Error)
---@return true? ok
---@return neap.Error? err
function neap_udp_Socket:send(data, peer, port, callback) end

---@return string? address of ours
---@return integer|neap.Error|nil port
function neap_udp_Socket:address() end

---@return string? address of the peer, if it is connected
---@return integer|neap.Error|nil port
function neap_udp_Socket:peer_address() end

--- Receives what is sent to a multicast group.
---@param group string numeric address
---@param at? string address of the interface; the system's choice
---@param source? string only from this sender
---@return true? ok
---@return neap.Error? err
function neap_udp_Socket:join(group, at, source) end

--- Receives no more of a group.
---@param group string
---@param at? string
---@param source? string
---@return true? ok
---@return neap.Error? err
function neap_udp_Socket:leave(group, at, source) end

--- The size of the kernel's buffer for what has come; asked without an argument. The system may give another one.
---@param bytes? integer
---@return integer? bytes
---@return neap.Error? err
function neap_udp_Socket:receive_buffer(bytes) end

--- The size of the kernel's buffer for what is to go.
---@param bytes? integer
---@return integer? bytes
---@return neap.Error? err
function neap_udp_Socket:send_buffer(bytes) end

---@class neap.udp.BindOptions
---@field port? integer 0, the default: any that is free
---@field host? string name or address; every address of this machine when left out
---@field reuse_address? boolean others may bind it too: for multicast
---@field ipv6_only? boolean with an IPv6 address: no IPv4
---@field batch? integer datagrams that are taken from the kernel at once, up to 20, with 64 KiB of memory each (1)

---Datagrams.
local udp = {}

--- A socket that receives at a port of this machine.
---@param given? integer|neap.udp.BindOptions a port, or options
---@return neap.udp.Socket? socket
---@return neap.Error? err
function udp.bind(given) end

--- A socket that sends to one peer and receives from no other; so it hears that the peer refuses (ECONNREFUSED).
--- Nothing is sent yet.
---@param host string name or address
---@param port integer
---@param callback? fun(err?: neap.Error, socket?: neap.udp.Socket)
---@return neap.udp.Socket? socket
---@return neap.Error? err
function udp.connect(host, port, callback) end

return udp
