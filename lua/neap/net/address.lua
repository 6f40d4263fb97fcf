-- neap.net.address: the numeric addresses that a server's `host` means; for whatever listens.
--
--   resolve(host) -> { address, … } | nil, err
--   listen(host, listen, …) -> what it returned          calls listen(address, …) for one after the other
--
-- No host is every address of this machine: IPv6's, which takes IPv4 as well, or IPv4's where there is no IPv6.

local native = require "neap_net"

local address = {}

local ANY = { "::", "0.0.0.0" }
local LOCAL = { "127.0.0.1" }            -- no need to ask DNS: RFC 6761 6.3

--- A numeric address is itself, without waiting; a name is looked up (permission "dns").
---@param host? string
---@return string[]? addresses in the order in which to try them
---@return neap.Error? err
function address.resolve(host)
  if host == nil then
    return ANY
  elseif host == "localhost" then
    return LOCAL
  end
  local numeric = native.numeric(host)
  if numeric then
    return { numeric }
  end
  return native.lookup(host)
end

local function is_foreign(err)
  return err.code == "EAFNOSUPPORT" or err.code == "EADDRNOTAVAIL"
end

--- Calls listen(address, ...) for one address after the other, until one is not refused as none of this machine.
---@param host? string
---@param listen fun(address: string, ...): any, any, any
---@param ... any its further arguments
---@return any listener what `listen` returned, three results at most
---@return any
---@return any
function address.listen(host, listen, ...)
  local addresses, failure = address.resolve(host)
  if not addresses then
    return nil, failure
  end
  for i = 1, #addresses do
    local listener, second, third = listen(addresses[i], ...)
    if listener or i == #addresses or not is_foreign(second) then
      return listener, second, third
    end
  end
end

return address
