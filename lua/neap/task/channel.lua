-- neap.task.channel: task.channel(size). Values go from hand to hand: a sender gives to the first receiver that
-- waits, else to the buffer while that has room, else waits with the value; so both sides are served in turn.

local errors = require "neap.errors"
local queue = require "neap.task.queue"
local task = require "neap.task"

---@class neap.task.Channel
local Channel = {}
Channel.__index = Channel

local function closed_error()
  return nil, errors.new("ECLOSED", "the channel is closed")
end

local function give(self, value)
  local place = self.receivers:wake()
  if place then
    place.value = value
  end
  return place ~= nil
end

local function append(self, value)
  self.last = self.last + 1
  self.values[self.last] = value
end

local function send(self, value)
  if self.closed then
    return closed_error()
  elseif give(self, value) then
    return true
  elseif self.last - self.first + 1 < self.size then
    append(self, value)
    return true
  end
  local ok, err, place = self.senders:wait("channel.send", value)
  if ok and not place.taken then
    return closed_error()
  end
  return ok, err
end

-- The value of the first sender that waits, or nil.
local function take(self)
  local place = self.senders:wake()
  if place then
    place.taken = true
    return place.value
  end
end

local function receive_now(self)
  if self.first > self.last then
    return take(self)
  end
  local value = self.values[self.first]
  self.values[self.first] = nil
  self.first = self.first + 1
  local sent = take(self)
  if sent ~= nil then
    append(self, sent)
  end
  return value
end

-- A receiver was cancelled with a value in hand: the next one gets it.
local function put_back(self, value)
  if not give(self, value) then
    self.first = self.first - 1
    self.values[self.first] = value
  end
end

local function receive(self)
  local value = receive_now(self)
  if value ~= nil then
    return value
  elseif self.closed then
    return closed_error()
  end
  local ok, err, place = self.receivers:wait("channel.receive")
  if not ok then
    if place.value ~= nil then
      put_back(self, place.value)
    end
    return nil, err
  elseif place.value == nil then
    return closed_error()
  end
  return place.value
end

--- No more is sent: who waits to send gets ECLOSED. What is in it can still be received, then receive
--- gives ECLOSED.
function Channel:close()
  self.closed = true
  while self.senders:wake() or self.receivers:wake() do
  end
end

--- for value in channel:each() do: until it is closed and empty.
---@return fun(): any
function Channel:each()
  return function()
    local value, err = receive(self)
    if value == nil and not errors.is(err, "ECLOSED") then
      error(err, 0)
    end
    return value
  end
end

local settle = task.settle
local send_operation = task.operation(send)

--- Put a value in, waiting for room. Not nil, which means the end; a function is a value like others.
---@param value any
---@param callback? fun(err?: neap.Error)
---@return true? ok
---@return neap.Error? err ECLOSED
function Channel:send(value, callback)
  if value == nil then
    error("bad argument #1 to 'send' (nil cannot be sent)", 2)
  elseif callback then
    return send_operation(self, value, callback)
  end
  return settle(send(self, value))
end

--- The next value, waiting for one.
---@param self neap.task.Channel
---@param callback? fun(err?: neap.Error, value?: any)
---@return any value
---@return neap.Error? err ECLOSED
Channel.receive = task.operation(receive)

--- A queue of values between tasks that holds `size` of them; with 0 (the default) send waits until the
--- value is received.
---@param size? integer
---@return neap.task.Channel
local function channel(size)
  size = size or 0
  if type(size) ~= "number" or size < 0 then
    error("bad argument #1 to 'channel' (a number of at least 0 expected)", 2)
  end
  return setmetatable({
    size = size, closed = false, first = 1, last = 0, values = {},
    senders = queue.new(), receivers = queue.new(),
  }, Channel)
end

return { channel = channel }
