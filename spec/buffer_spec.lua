-- Growing, taking, packing. What both kinds of store do is checked on each; numbers are compared with Python's struct.

local buffer = require "neap.buffer"
local pieces = require "neap.buffer.pieces"
local process = require "neap.process"
local test = require "neap.test"

local describe, it, equal, raises = test.describe, test.it, test.equal, test.raises

-- The same sequence in every run.
local state = 20260726

local function random(n)
  state = (state * 1103515245 + 12345) % 2147483648
  return math.floor(state / 65536) % n + 1
end

local function fails(code, value, err)
  equal(value, nil)
  equal(err and err.code, code)
end

local function in_pieces(...)
  local b = buffer.new()
  b.bytes = pieces.new() -- as in a restricted runtime
  return b:append(...)
end

local KINDS = { ["LuaJIT's buffer"] = buffer.new, ["a list of strings"] = in_pieces }

for kind, new in pairs(KINDS) do
  describe("a buffer in " .. kind, function()
    it("gives from the front what was appended", function()
      local b = new("ab", 12, new "cd")
      equal(b:append("e", ""), b)
      equal(#b, 7)
      equal(tostring(b), "ab12cde")
      equal(b:get(3), "ab1")
      equal(b:get(0), "")
      equal(b:get(), "2cde")
      equal(b:get(), "")
      equal(#b, 0)
    end)

    it("takes nothing when there is too little", function()
      local b = new "abc"
      fails("EOF", b:get(4))
      fails("EOF", b:skip(4))
      fails("EOF", b:peek(4))
      fails("EOF", b:peek(2, 2))
      fails("EOF", b:peek(0, 2 ^ 53))
      fails("EOF", b:unpack "I4")
      fails("EOF", b:unpack "b z")
      equal(tostring(b), "abc")
      raises(function() b:get(4) end, "EOF: bytes needed: 4, there: 3")
    end)

    it("looks without taking", function()
      local b = new("abc", "def"):skip(1)
      equal(b:peek(2), "bc")
      equal(b:peek(3, 2), "def")
      equal(b:peek(0, 5), "")
      equal(#b, 5)
    end)

    it("finds a text over the borders of what was appended", function()
      local b = new()
      for char in ("xx\r\n\r\r\nyy\r\n\r\nz"):gmatch "." do
        b:append(char)
        b:find "never there"
      end
      equal({ b:find "\r\n\r\n" }, { 10, 13 })
      equal({ b:find("\r\n", 4) }, { 6, 7 })
      equal({ b:find("z", 14) }, { 14, 14 })
      equal(b:find("z", 15), nil)
      equal(b:find("z", 2 ^ 53), nil)
      equal(b:find ".", nil)
      equal({ b:skip(9):find "\r\n" }, { 1, 2 })
    end)

    it("is empty after reset, and can be filled again", function()
      local b = new("a", "b")
      equal(b:reset(), b)
      equal(#b, 0)
      fails("EOF", b:get(1))
      equal(tostring(b:append "c"), "c")
    end)

    it("does what a string does, whatever the order", function()
      for _ = 1, 100 do
        local b, model = new(), ""
        for _ = 1, 50 do
          local action = random(5)
          if action <= 2 then
            local text = ("abc"):rep(random(30)):sub(random(3))
            b:append(text)
            model = model .. text
          elseif action == 3 then
            local n = random(#model + 1) - 1
            equal(b:get(n), model:sub(1, n))
            model = model:sub(n + 1)
          elseif action == 4 then
            local offset = random(#model + 1) - 1
            local n = random(#model - offset + 1) - 1
            equal(b:peek(n, offset), model:sub(offset + 1, offset + n))
          else
            local needle, from = ("cabca"):rep(random(4)):sub(random(5)), random(#model + 2)
            equal({ b:find(needle, from) }, { model:find(needle, from, true) })
          end
        end
        equal(tostring(b), model)
      end
    end)

    it("packs all values or none, and unpacks all or none", function()
      local b = new():pack(">I2 s1 v", 80, "ab", 300)
      equal(tostring(b), "\0\80\2ab\172\2")
      raises(function() b:pack("b b", 1, 200) end, "bad argument #3 to 'pack' %(integer from %-128 to 127")
      equal(#b, 7)
      fails("EOF", b:unpack ">I2 s1 v b")
      equal(#b, 7)
      equal({ b:unpack ">I2 s1" }, { 80, "ab" })
      equal({ b:unpack "v" }, { 300 })
      equal(select("#", b:unpack ""), 0)
    end)

    it("appends and searches by single bytes in time that grows with them", function()
      local b = new()
      for i = 1, 20000 do
        b:append "\r"
        if i % 10 == 0 then
          equal(b:find("\n", i - 9), nil)
        end
      end
      equal(b:find(("\r"):rep(50) .. "\n"), nil)
      for _ = 1, 20000 do
        b:get(1)
      end
      equal(#b, 0)
    end, { timeout = 20 })
  end)
end

describe("a buffer", function()
  it("raises for wrong arguments in the caller's line", function()
    local b = buffer.new()
    local here = "buffer_spec.lua:%d+: bad argument "
    raises(function() b:append("a", {}) end, here .. "#2 to 'append' %(string expected, got table")
    raises(function() buffer.new(true) end, here .. "#1 to 'new' %(string expected")
    raises(function() b:get(-1) end, here .. "#1 to 'get' %(integer from 0 on expected, got %-1")
    raises(function() b:get(0.5) end, here .. "#1 to 'get'")
    raises(function() b:get(0 / 0) end, here .. "#1 to 'get'")
    raises(function() b:skip() end, here .. "#1 to 'skip' %(integer from 0 on expected, got nil")
    raises(function() b:peek(1, "1") end, here .. "#2 to 'peek'")
    raises(function() b:find "" end, here .. "#1 to 'find' %(it is empty")
    raises(function() b:find("a", 0) end, here .. "#2 to 'find'")
    raises(function() b:pack("i9", 1) end, here .. "#1 to 'pack' %(a size of 1 to 8")
    raises(function() buffer.pack({}, 1) end, here .. "#1 to 'pack' %(string expected, got table")
    raises(function() b:unpack(1) end, here .. "#1 to 'unpack' %(string expected")
    raises(function() buffer.unpack("b", 1) end, here .. "#2 to 'unpack' %(string expected")
    raises(function() buffer.unpack("b", "ab", 4) end, here .. "#3 to 'unpack' %(it is outside")
    raises(function() buffer.pack "b" end, here .. "#2 to 'pack' %(integer from %-128 to 127 expected, got nil")
  end)

  it("is the same in a restricted runtime", function()
    local result = assert(process.run { "build/neap", "--sandbox", "-e", [[
      assert(not package.loaded.ffi and not pcall(require, "ffi"))
      local b = buffer.new("x", 1):pack(">d f j z", -0.1, 0.5, -9007199254740993LL, "end")
      assert(tostring(b):sub(3, 10) == "\191\185\153\153\153\153\153\154" and b:find "end" == 23)
      local none, err = b:get(100)
      print(err.code, b:get(2), b:unpack ">d f j z")]] })
    equal(result.stdout, "EOF\tx1\t-0.1\t0.5\t-9007199254740993LL\tend\n")
  end)
end)

describe("buffer.unpack", function()
  it("says where the next value begins", function()
    equal({ buffer.unpack("z B", "ab\0\9rest") }, { "ab", 9, 5 })
    equal({ buffer.unpack("B", "abc", 2) }, { 98, 3 })
    equal({ buffer.unpack("B", "abc", -1) }, { 99, 4 })
    equal({ buffer.unpack("", "abc", 4) }, { 4 })
  end)

  it("gives an error for a text that is too short, at every length", function()
    local layout = "!4 b >i4 <I8 d f s2 z v V c3 x Xi4"
    local text = buffer.pack(layout, 1, -2, 3, 0.5, 0.25, "four", "five", 2 ^ 40, -2 ^ 40, "abc")
    equal(#text % 4, 0)
    for size = 0, #text - 1 do
      fails("EOF", buffer.unpack(layout, text:sub(1, size)))
    end
    equal(select(11, buffer.unpack(layout, text)), #text + 1)
  end)

  it("refuses what is not of the format", function()
    fails("EPARSE", buffer.unpack("v", ("\255"):rep(10)))
    fails("EPARSE", buffer.unpack("v", ("\128"):rep(9) .. "\2"))
    fails("EPARSE", buffer.unpack("V", ("\128"):rep(1000)))
    fails("EOF", buffer.unpack("v", ("\255"):rep(9)))
    fails("EPARSE", buffer.unpack("s8", ("\255"):rep(20)))
    fails("EOF", buffer.unpack("s4", ("\255"):rep(20)))
    raises(function() buffer.unpack("b", "") end, "EOF")
  end)
end)

describe("a format", function()
  it("aligns as Lua 5.3's does", function()
    equal(buffer.pack("!4 b i4", 1, 2), "\1\0\0\0\2\0\0\0")
    equal(buffer.pack("!2 b i4", 1, 2), "\1\0\2\0\0\0")
    equal(buffer.pack("! b d", 1, 0), "\1" .. ("\0"):rep(15))
    equal(buffer.pack("b Xi4 b", 1, 2), "\1\2")
    equal(buffer.pack("!4 b Xi4 b", 1, 2), "\1\0\0\0\2")
    equal(buffer.pack("!4 b s2", 1, "a"), "\1\0\1\0a")
    equal({ buffer.unpack("!4 b i4", "\1xxx\2\0\0\0") }, { 1, 2, 9 })
  end)

  it("takes many values, and none for padding", function()
    local values = {}
    for i = 1, 20 do values[i] = i end
    local text = buffer.pack(("b"):rep(20) .. "x", unpack(values))
    equal(#text, 21)
    equal({ buffer.unpack(("b"):rep(8), text) }, { 1, 2, 3, 4, 5, 6, 7, 8, 9 })
    equal(buffer.pack("x b x b", 1, 2), "\0\1\0\2")
    equal(buffer.pack "", "")
    raises(function() buffer.pack("bbbbb", 1, 2, 3, 4, nil) end, "bad argument #6 to 'pack'")
    raises(function() buffer.pack("b", nil, 2) end, "bad argument #2 to 'pack'")
  end)

  it("has strings of three kinds, and padding", function()
    equal(buffer.pack(">s2 z c4 x", "ab", "cd", "ef"), "\0\2abcd\0ef\0\0\0")
    equal(#buffer.pack("s", "a"), 9)
    raises(function() buffer.pack("z", "a\0b") end, "string without a zero expected, got one")
    raises(function() buffer.pack("c1", "ab") end, "string of at most 1 bytes expected, got 2")
    raises(function() buffer.pack("s1", ("a"):rep(256)) end, "string whose length is an integer from 0 to 255")
  end)

  it("raises for what is none, and says why", function()
    local bad = {
      ["y"] = "no such letter 'y'", ["%"] = "no such letter '%%'", ["i0"] = "a size of 1 to 8", ["i99"] = "1 to 8",
      ["c"] = "no size behind 'c'", ["b4"] = "a size behind 'b'", ["X"] = "nothing behind 'X'",
      ["Xz"] = "nothing to align to in 'Xz'", ["X "] = "no such letter ' '", ["!4 i3"] = "'i' cannot be aligned",
      ["!9"] = "a size of 1 to 8", ["c99999999999"] = "expected behind 'c'",
      [("b"):rep(5001)] = "more than 5000 values",
    }
    for layout, why in pairs(bad) do
      raises(function() buffer.unpack(layout, "") end, "bad argument #1 to 'unpack' %(.*" .. why)
    end
    local values = { buffer.unpack(("b"):rep(5000), ("a"):rep(5000)) }
    equal(#values, 5001)
  end)

  it("has room for the smallest and the largest of every size, and for nothing beyond", function()
    for size = 1, 6 do
      local high = 2 ^ (8 * size - 1)
      for _, value in ipairs { -high, -high + 1, -1, 0, 1, high - 1 } do
        equal(buffer.unpack("<i" .. size, buffer.pack("<i" .. size, value)), value)
        equal(buffer.unpack(">i" .. size, buffer.pack(">i" .. size, value)), value)
      end
      equal(buffer.unpack("I" .. size, buffer.pack("I" .. size, 2 * high - 1)), 2 * high - 1)
      raises(function() buffer.pack("i" .. size, high) end, "integer from")
      raises(function() buffer.pack("i" .. size, -high - 1) end, "integer from")
      raises(function() buffer.pack("I" .. size, 2 * high) end, "integer from")
      raises(function() buffer.pack("I" .. size, -1) end, "integer from")
    end
  end)

  it("takes cdata beyond 2^53, and gives numbers up to there", function()
    local largest, smallest = 9223372036854775807LL, -9223372036854775807LL - 1LL
    equal(buffer.unpack("j", buffer.pack("j", largest)), largest)
    equal(buffer.unpack("j", buffer.pack("j", smallest)), smallest)
    equal(buffer.unpack("J", buffer.pack("J", 18446744073709551615ULL)), 18446744073709551615ULL)
    equal(type((buffer.unpack("j", buffer.pack("j", 5LL)))), "number")
    equal(buffer.unpack("j", buffer.pack("j", 2 ^ 53)), 2 ^ 53)
    equal(buffer.unpack("j", buffer.pack("j", -2 ^ 53)), -2 ^ 53)
    equal(buffer.unpack("j", buffer.pack("j", 2 ^ 53 * 1LL + 1LL)), 9007199254740993LL)
    equal(buffer.unpack("i7", buffer.pack("i7", -36028797018963968LL)), -36028797018963968LL)
    equal(buffer.pack("b", -1LL), "\255")
    raises(function() buffer.pack("J", -1LL) end, "integer from 0 to 2%^64 %- 1")
    raises(function() buffer.pack("j", 18446744073709551615ULL) end, "integer from %-2%^63")
    raises(function() buffer.pack("i7", 36028797018963968LL) end, "integer from")
    raises(function() buffer.pack("j", 2 ^ 63) end, "integer from")
    raises(function() buffer.pack("j", 0.5) end, "integer from")
    raises(function() buffer.pack("j", 0 / 0) end, "integer from")
    raises(function() buffer.pack("j", 1 / 0) end, "integer from")
    raises(function() buffer.pack("j", require("ffi").new "char[4]") end, "integer from")
  end)

  it("has varints, plain and zigzag", function()
    local known = { [0] = "\0", [1] = "\1", [127] = "\127", [128] = "\128\1", [300] = "\172\2",
      [2 ^ 32] = "\128\128\128\128\16" }
    for value, bytes in pairs(known) do
      equal(buffer.pack("v", value), bytes)
    end
    equal(buffer.pack("v", 18446744073709551615ULL), ("\255"):rep(9) .. "\1")
    equal(buffer.pack("V V V V", 0, -1, 1, -2), "\0\1\2\3")
    equal(buffer.pack("V", -9223372036854775807LL - 1LL), ("\255"):rep(9) .. "\1")
    for exponent = 0, 62 do
      for _, value in ipairs { 2LL ^ exponent, 2LL ^ exponent - 1LL } do
        equal(buffer.unpack("j", buffer.pack("j", value)), (buffer.unpack("v", buffer.pack("v", value))))
        equal(buffer.unpack("j", buffer.pack("j", -value)), (buffer.unpack("V", buffer.pack("V", -value))))
      end
    end
    equal(buffer.unpack("v", "\128\128\0"), 0) -- longer than it need be, as others accept it
    raises(function() buffer.pack("v", -1) end, "integer from 0")
  end)
end)

-- Beside Python's struct

local HUGE = { "inf", "-inf", "0.0", "-0.0", "5e-324", "1.7976931348623157e308", "2.2250738585072014e-308",
  "3.4028234663852886e38", "1.1754943508222875e-38", "1e-45", "7.006492321624085e-46", "1e-46", "3.4028235e38" }

local function any_number()
  return ("%.17g"):format((random(2 ^ 15) / 2 ^ 15 + random(2 ^ 15) / 2 ^ 30 - 0.5) * 2 ^ (random(250) - 125))
end

local function any_integer(size, signed)
  local text = {}
  for i = 1, size do
    text[i] = string.char(random(256) - 1)
  end
  local value = buffer.unpack((signed and "i" or "I") .. size, table.concat(text))
  return type(value) == "number" and ("%.0f"):format(value) or (tostring(value):gsub("U?LL$", ""))
end

-- Lines "format value", as Python's struct has formats, and what pack is to be called with.
local function cases()
  local lines, layouts = {}, {}
  local function add(order, letter, ours, value)
    lines[#lines + 1] = order .. letter .. " " .. value
    layouts[#layouts + 1] = order .. ours
  end
  for _, order in ipairs { "<", ">" } do
    for letter, size in pairs { b = 1, h = 2, i = 4, q = 8 } do
      for _ = 1, 50 do
        add(order, letter, "i" .. size, any_integer(size, true))
        add(order, letter:upper(), "I" .. size, any_integer(size, false))
      end
    end
    for _ = 1, 150 do
      add(order, "d", "d", any_number())
      add(order, "f", "f", any_number())
    end
    for _, value in ipairs(HUGE) do
      add(order, "d", "d", value)
      if value ~= "1.7976931348623157e308" then -- Python refuses it; for us it is infinite
        add(order, "f", "f", value)
      end
    end
  end
  return lines, layouts
end

local SCRIPT = [[
import struct, sys
for line in sys.stdin:
    layout, value = line.split()
    value = float(value) if layout[1] in "df" else int(value)
    print(struct.pack(layout, value).hex(), repr(struct.unpack(layout, struct.pack(layout, value))[0]))
]]

local function as_value(text, layout)
  if layout:find "[df]" then
    return tonumber(text)
  end
  return loadstring("return " .. text .. (text:sub(1, 1) == "-" and "LL" or "ULL"))()
end

local function hex(text)
  return (text:gsub(".", function(char) return ("%02x"):format(char:byte()) end))
end

local function same_number(a, b)
  return a == b and 1 / tonumber(a) == 1 / tonumber(b)
end

describe("numbers as bytes", function()
  it("are those of Python's struct", function()
    local lines, layouts = cases()
    local result, err = process.run { "python3", "-c", SCRIPT, input = table.concat(lines, "\n") .. "\n" }
    if err and err.code == "ENOENT" then
      return test.skip "no python3"
    end
    assert(result, err)
    local i = 0
    for bytes, back in result.stdout:gmatch "(%x+) (%S+)\n" do
      i = i + 1
      local value, layout = as_value(lines[i]:match " (.*)", layouts[i]), layouts[i]
      local packed = buffer.pack(layout, value)
      equal(hex(packed) .. " " .. lines[i], bytes .. " " .. lines[i])
      assert(same_number(buffer.unpack(layout, packed), as_value(back, layout)), lines[i])
    end
    equal(i, #lines)
  end, { timeout = 60 })

  it("are the same by arithmetic as by the machine", function()
    local float = require "neap.buffer.float"
    local values = { 0 / 0, -1 / 0, 0, -0, 1e300, 2 ^ -1074, 2 ^ -149, 2 ^ -150, 2 ^ -150 * 1.5, 16777217, 16777219 }
    for i = 1, 500 do
      values[#values + 1] = tonumber(i % 2 == 0 and any_number() or HUGE[random(#HUGE)])
    end
    for _, value in ipairs(values) do
      for _, size in ipairs { 4, 8 } do
        local text = float.to_bytes(value, size)
        equal(hex(float.reckoned.to_bytes(value, size)), hex(text))
        local a, b = float.reckoned.from_bytes(text, size), float.from_bytes(text, size)
        assert(a ~= a and b ~= b or same_number(a, b), tostring(value))
      end
    end
  end)
end)
