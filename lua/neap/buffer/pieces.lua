-- buffer/pieces.lua: the bytes of a buffer as a list of strings, for runtimes without LuaJIT's string.buffer.
--
--   new() -> pieces
--   pieces:append(text)             pieces:peek(n, offset) -> text      pieces:skip(n)
--   pieces:size() -> n              pieces:find(text, offset) -> at     pieces:reset()
--
-- What is appended waits in `tail` and is joined when somebody reads. A piece is joined with the one before it until
-- that one is twice its size: so there are few, and a byte is copied as often as its piece has doubled, whatever the
-- order in which a script appends and reads. Offsets are within what is there; the caller has checked.

local find, sub, concat, max, min = string.find, string.sub, table.concat, math.max, math.min

local MOST_WAITING = 1000 -- strings in the tail

local Pieces = {}
Pieces.__index = Pieces

function Pieces:reset()
  self.list, self.first, self.last = {}, 1, 0 -- pieces list[first] to list[last]
  self.passed = 0                             -- bytes of the first one that are gone
  self.tail, self.waiting = {}, 0
  self.length = 0
end

function Pieces:size()
  return self.length
end

-- What is left of piece i.
local function rest_of(self, i)
  return i == self.first and sub(self.list[i], self.passed + 1) or self.list[i]
end

local function size_of(self, i)
  return #self.list[i] - (i == self.first and self.passed or 0)
end

local function push(self, piece)
  local list = self.list
  while self.last >= self.first and size_of(self, self.last) < 2 * #piece do
    piece = rest_of(self, self.last) .. piece
    list[self.last] = nil
    if self.last == self.first then
      self.passed = 0
    end
    self.last = self.last - 1
  end
  self.last = self.last + 1
  list[self.last] = piece
end

local function join_tail(self)
  if self.waiting > 0 then
    local piece = concat(self.tail, "", 1, self.waiting)
    self.tail, self.waiting = {}, 0
    push(self, piece)
  end
end

function Pieces:append(text)
  if text == "" then
    return
  end
  self.waiting, self.length = self.waiting + 1, self.length + #text
  self.tail[self.waiting] = text
  if self.waiting >= MOST_WAITING then
    join_tail(self)
  end
end

function Pieces:peek(n, offset)
  join_tail(self)
  local parts, i, at = {}, self.first, offset + self.passed
  while n > 0 do
    local piece = self.list[i]
    if at < #piece then
      local part = sub(piece, at + 1, at + n)
      parts[#parts + 1], n = part, n - #part
    end
    i, at = i + 1, max(at - #piece, 0)
  end
  return concat(parts)
end

function Pieces:skip(n)
  join_tail(self)
  self.length = self.length - n
  local passed = self.passed + n
  while self.first <= self.last and passed >= #self.list[self.first] do
    passed = passed - #self.list[self.first]
    self.list[self.first] = nil
    self.first = self.first + 1
  end
  self.passed = passed
end

-- Where text begins in the bytes around the end of a piece, which is at `border`.
local function find_across(self, text, offset, border)
  local from = max(offset, border - #text + 1)
  local till = min(self.length, border + #text - 1)
  if till - from >= #text then
    local at = find(self:peek(till - from, from), text, 1, true)
    return at and from + at - 1
  end
end

function Pieces:find(text, offset)
  join_tail(self)
  local start = -self.passed -- where the piece begins
  for i = self.first, self.last do
    local border = start + #self.list[i]
    if border >= offset then
      local at = find(self.list[i], text, max(offset - start, 0) + 1, true)
      at = at and start + at - 1 or find_across(self, text, offset, border)
      if at then
        return at
      end
    end
    start = border
  end
end

local pieces = {}

function pieces.new()
  local self = setmetatable({}, Pieces)
  self:reset()
  return self
end

return pieces
