-- buffer/float.lua: numbers as IEEE 754 has them, in 4 or 8 bytes, the lowest first.
--
--   to_bytes(value, size) -> text           from_bytes(text, size) -> value
--   reckoned                                both without ffi: what restricted runtimes use
--
-- A number that 4 bytes cannot hold is rounded to the nearest, of two the even one; too large, it is infinite.

local byte, char, reverse = string.byte, string.char, string.reverse
local abs, floor, frexp, huge, ldexp = math.abs, math.floor, math.frexp, math.huge, math.ldexp

-- By arithmetic

local LAYOUTS = {
  [4] = { bits = 23, bias = 127, most = 255 },
  [8] = { bits = 52, bias = 1023, most = 2047 },
}

local function round_to_even(value)
  local below = floor(value)
  local over = value - below
  if over > 0.5 or over == 0.5 and below % 2 == 1 then
    return below + 1
  end
  return below
end

-- The fields of a number above zero.
local function fields_of(value, layout)
  local fraction, exponent = frexp(value)
  local field, mantissa = exponent - 1 + layout.bias
  if field < 1 then -- subnormal
    field, mantissa = 0, round_to_even(ldexp(value, layout.bias - 1 + layout.bits))
  else
    mantissa = round_to_even((2 * fraction - 1) * 2 ^ layout.bits)
  end
  if mantissa == 2 ^ layout.bits then
    field, mantissa = field + 1, 0
  end
  if field >= layout.most then
    return layout.most, 0
  end
  return field, mantissa
end

local function any_fields(value, layout)
  if value ~= value then
    return layout.most, 2 ^ (layout.bits - 1)
  elseif value == 0 then
    return 0, 0
  elseif abs(value) == huge then
    return layout.most, 0
  end
  return fields_of(abs(value), layout)
end

local function is_negative(value)
  return value < 0 or value == 0 and 1 / value < 0
end

local reckoned = {}

function reckoned.to_bytes(value, size)
  local layout = LAYOUTS[size]
  local field, mantissa = any_fields(value, layout)
  local out = {}
  for i = 1, size - 2 do
    out[i] = char(mantissa % 256)
    mantissa = floor(mantissa / 256)
  end
  local top = (is_negative(value) and 2 ^ 15 or 0) + field * 2 ^ (layout.bits % 8) + mantissa
  return table.concat(out) .. char(top % 256, floor(top / 256))
end

function reckoned.from_bytes(text, size)
  local layout = LAYOUTS[size]
  local top = byte(text, size) * 256 + byte(text, size - 1)
  local share = 2 ^ (layout.bits % 8)
  local mantissa = top % share
  for i = size - 2, 1, -1 do
    mantissa = mantissa * 256 + byte(text, i)
  end
  local field = floor(top % 2 ^ 15 / share)
  local value
  if field == layout.most then
    value = mantissa == 0 and huge or 0 / 0
  elseif field == 0 then
    value = ldexp(mantissa, 1 - layout.bias - layout.bits)
  else
    value = ldexp(mantissa + 2 ^ layout.bits, field - layout.bias - layout.bits)
  end
  return top >= 2 ^ 15 and -value or value
end

-- By the machine

local function by_machine(ffi)
  local cell = ffi.new "union { double doubles[1]; float floats[2]; char bytes[8]; }"
  local reversed = ffi.abi "be"
  local machine = {}

  function machine.to_bytes(value, size)
    if value ~= value then
      return reckoned.to_bytes(value, size) -- one form, not the one that it happens to have
    elseif size == 4 then
      cell.floats[0] = value
    else
      cell.doubles[0] = value
    end
    local text = ffi.string(cell.bytes, size)
    return reversed and reverse(text) or text
  end

  function machine.from_bytes(text, size)
    ffi.copy(cell.bytes, reversed and reverse(text) or text, size)
    return size == 4 and cell.floats[0] or cell.doubles[0]
  end

  return machine
end

local chosen = package.preload.ffi and by_machine(require "ffi") or reckoned

return { to_bytes = chosen.to_bytes, from_bytes = chosen.from_bytes, reckoned = reckoned }
