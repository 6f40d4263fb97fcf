local test = require "neap.test"
local text = require "neap.text"

local describe, it, equal, raises = test.describe, test.it, test.equal, test.raises

-- Each of them is invalid all through: so many characters, each of one byte.
local INVALID = {
  "\128", "\191", "\192\128", "\193\191", "\194", "\194\65", "\224\128\128", "\224\159\191", "\237\160\128",
  "\237\191\191", "\226\130", "\240\128\128\128", "\240\143\191\191", "\244\144\128\128", "\245\128\128\128",
  "\240\159\152", "\254", "\255", "\248\136\128\128\128",
}

describe("UTF-8 in neap.text", function()
  it("reads every code point back, and counts it as one", function()
    for first = 0, 0x10FFFF, 4096 do
      local codepoints = {}
      for codepoint = first, first + 4095 do
        if codepoint < 0xD800 or codepoint > 0xDFFF then codepoints[#codepoints + 1] = codepoint end
      end
      local parts = {}
      for i, codepoint in ipairs(codepoints) do parts[i] = text.char(codepoint) end
      local all, i = table.concat(parts), 0
      equal({ text.is_valid(all), text.length(all) }, { true, #codepoints })
      for _, codepoint in text.codepoints(all) do
        i = i + 1
        assert(codepoint == codepoints[i])
      end
      equal(i, #codepoints)
    end
  end)

  it("takes each byte that belongs to no character as one, and says where the first is", function()
    for _, bytes in ipairs(INVALID) do
      local valid, at = text.is_valid("é" .. bytes .. "!")
      equal({ valid, at }, { false, 3 })
      local positions = {}
      for position, codepoint in text.codepoints(bytes) do
        positions[#positions + 1] = position
        assert(codepoint == false or bytes:byte(position) < 128)
      end
      equal(#positions, #bytes)
      equal(text.length(bytes), #bytes)
      equal(text.reverse(bytes), bytes:reverse())
      equal(text.sub(bytes, 1, -1), bytes)
    end
  end)

  it("cuts by characters as string.sub cuts by bytes", function()
    local chars = { "a", "é", "i", "…", "😀", "z" }
    local whole = table.concat(chars)
    for first = -8, 8 do
      local from = math.max(first < 0 and first + 7 or first, 1)
      equal(text.sub(whole, first), table.concat(chars, "", from))
      for last = -8, 8 do
        local to = math.min(last < 0 and last + 7 or last, 6)
        equal({ first, last, text.sub(whole, first, last) }, { first, last, table.concat(chars, "", from, to) })
      end
    end
  end)

  it("writes code points, and raises for what is none", function()
    equal(text.char(0x24, 0xA3, 0x20AC, 0x10348), "$£€\240\144\141\136")
    equal(text.char(), "")
    for _, bad in ipairs { -1, 0xD800, 0xDFFF, 0x110000, 1.5, 0 / 0, "x" } do
      raises(function() text.char(65, bad) end, "utf8_spec.lua:%d+: bad argument #2 to 'char'")
    end
  end)

  it("turns round, and leaves accents where they are", function()
    equal(text.reverse "abc", "cba")
    equal(text.reverse "né…", "…én")
    equal(text.reverse "e\204\129a", "ae\204\129")
    equal(text.reverse "\204\129", "\204\129")
    equal(text.reverse "", "")
  end)

  it("knows how many columns are taken", function()
    for value, width in pairs {
      [""] = 0, ["abc"] = 3, ["é"] = 1, ["e\204\129"] = 1, ["漢字"] = 4, ["ｱ"] = 1, ["Ａ"] = 2, ["한"] = 2,
      ["\225\132\146\225\133\161\225\134\171"] = 2, ["😀"] = 2, ["👩\226\128\141👩\226\128\141👧"] = 2, ["👍🏽"] = 2,
      ["🇩🇪"] = 2, ["\0\n\27"] = 0, ["\255"] = 1, ["a\226\128\139b"] = 2, ["…"] = 1, ["\194\173"] = 1, ["한글 x"] = 6,
    } do
      equal({ value, text.width(value) }, { value, width })
    end
  end)

  it("cuts to columns, between characters, and says that it did", function()
    for _, case in ipairs {
      { "hello", 5, "hello" }, { "hello", 4, "hel…" }, { "hello", 1, "…" }, { "hello", 0, "" }, { "漢字", 3, "漢…" },
      { "漢字", 2, "…" }, { "漢字", 4, "漢字" }, { "ae\204\129b", 2, "a…" }, { "e\204\129bc", 2, "e\204\129…" },
      { "hello", 3, "he~", "~" }, { "hello", 3, "hel", "" }, { "hello", 2, "he", "..." }, { "hello", -1, "" },
    } do
      equal({ case[1], case[2], text.truncate(case[1], case[2], case[4]) }, { case[1], case[2], case[3] })
    end
  end)

  it("is quick with long texts", function()
    local long = ("é\255\226\130"):rep(3e5)
    equal(text.length(long), 12e5)
    equal(#text.reverse(long), #long)
    equal(text.width(("\204\129"):rep(5e5)), 0)
    equal(#text.truncate("a" .. ("\204\129"):rep(5e5) .. "bc", 2), 1 + 1e6 + 3)
    equal(text.sub(long, -3, -2), "\255\226")
  end)
end)
