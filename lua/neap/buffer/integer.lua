-- buffer/integer.lua: integers of 1 to 8 bytes, and varints: groups of seven bits, the lowest first (LEB128), signed
-- ones as zigzag, as Protocol Buffers have them.
--
--   halves(value) -> high, low               to_bytes(high, low, size, big) -> text
--   fits(high, low, size, signed) -> boolean from_bytes(text, size, big, signed) -> value
--   to_varint(high, low, signed) -> text     from_varint(text, signed) -> value, size   or nil, too_long
--
-- A value is high * 2^32 + low, with low from 0 to 2^32 - 1 and high negative when the value is: so 64 bits go through
-- plain numbers. Where a number cannot hold a value it is an int64_t or uint64_t: literals of it work without ffi.

local bit = require "bit"

local band, bor, bxor, lshift, rshift = bit.band, bit.bor, bit.bxor, bit.lshift, bit.rshift
local byte, char, match, reverse, sub = string.byte, string.char, string.match, string.reverse, string.sub
local floor, tonumber, tostring, type = math.floor, tonumber, tostring, type

local WORD = 2 ^ 32
local MOST_VARINT = 10 -- bytes, for 64 bits

local integer = { MOST_VARINT = MOST_VARINT }

local function halves_of_cdata(value)
  local sign, unsigned = match(tostring(value), "^(%-?)%d+(U?)LL$")
  if not sign then
    return nil
  end
  local high, low = tonumber(rshift(value, 32)), tonumber(band(value, 0xffffffffULL))
  if sign == "-" and unsigned == "" then
    high = high - WORD
  end
  return high, low
end

--- Nothing for what is no integer of 64 bits, signed or not.
function integer.halves(value)
  if type(value) == "number" then
    if value % 1 == 0 and value >= -2 ^ 63 and value < 2 ^ 64 then
      return floor(value / WORD), value % WORD
    end
  elseif type(value) == "cdata" then
    return halves_of_cdata(value)
  end
end

function integer.fits(high, low, size, signed)
  local lowest, above = 0, 2 ^ (8 * size)
  if signed then
    lowest, above = -above / 2, above / 2
  end
  if size <= 4 then
    local value = high * WORD + low
    return value >= lowest and value < above
  end
  return high >= lowest / WORD and high < above / WORD
end

-- As a number if it is one exactly.
local function join(high, low, signed)
  if high < 2 ^ 21 and high >= -2 ^ 21 or high == 2 ^ 21 and low == 0 then
    return high * WORD + low
  elseif signed then
    return high * 0x100000000LL + low
  end
  return high * 0x100000000ULL + low
end

function integer.to_bytes(high, low, size, big)
  local text
  if size == 1 then
    return char(band(low, 255))
  elseif size == 2 then
    text = char(band(low, 255), band(rshift(low, 8), 255))
  elseif size == 4 then
    text = char(band(low, 255), band(rshift(low, 8), 255), band(rshift(low, 16), 255), rshift(low, 24))
  else
    text = char(band(low, 255), band(rshift(low, 8), 255), band(rshift(low, 16), 255), rshift(low, 24),
      band(high, 255), band(rshift(high, 8), 255), band(rshift(high, 16), 255), rshift(high, 24))
    text = sub(text, 1, size)
  end
  return big and reverse(text) or text
end

function integer.from_bytes(text, size, big, signed)
  local a, b, c, d, e, f, g, h = byte(big and reverse(text) or text, 1, size)
  local low = a + (b or 0) * 0x100 + (c or 0) * 0x10000 + (d or 0) * 0x1000000
  if size <= 4 then
    local above = 2 ^ (8 * size)
    return signed and low >= above / 2 and low - above or low
  end
  local high, above = e + (f or 0) * 0x100 + (g or 0) * 0x10000 + (h or 0) * 0x1000000, 2 ^ (8 * size - 32)
  if signed and high >= above / 2 then
    high = high - above
  end
  return join(high, low, signed)
end

-- Varints

-- 0, -1, 1, -2 … become 0, 1, 2, 3 …
local function zigzag(high, low)
  local sign = high < 0 and -1 or 0
  local upper = bxor(bor(lshift(high, 1), rshift(low, 31)), sign)
  return upper % WORD, bxor(lshift(low, 1), sign) % WORD
end

local function unzigzag(high, low)
  local sign = -band(low, 1)
  local lower = bxor(bor(rshift(low, 1), lshift(high, 31)), sign)
  return bxor(rshift(high, 1), sign), lower % WORD
end

function integer.to_varint(high, low, signed)
  if signed then
    high, low = zigzag(high, low)
  end
  local text = ""
  while high > 0 or low > 127 do
    text = text .. char(bor(band(low, 127), 128))
    low = bor(rshift(low, 7), lshift(high, 25)) % WORD
    high = floor(high / 128)
  end
  return text .. char(low)
end

-- The groups of the first `size` bytes.
local function join_groups(text, size)
  local high, low = 0, 0
  for i = size, 1, -1 do
    high = (high * 128 + floor(low / 2 ^ 25)) % WORD
    low = low * 128 % WORD + band(byte(text, i), 127)
  end
  return high, low
end

--- `text` begins with the varint. Nothing when its end is not there; nil and true when it has more than 64 bits.
function integer.from_varint(text, signed)
  local size = 1
  while (byte(text, size) or 0) > 127 do
    size = size + 1
  end
  if size > MOST_VARINT or size == MOST_VARINT and (byte(text, size) or 0) > 1 then
    return nil, true
  elseif size > #text then
    return nil, false
  end
  local high, low = join_groups(text, size)
  if signed then
    high, low = unzigzag(high, low)
  end
  return join(high, low, signed), size
end

return integer
