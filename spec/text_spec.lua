-- Parts, ends and forms; spec/text/ has UTF-8, layout, distances and templates.

local test = require "neap.test"
local text = require "neap.text"

local describe, it, equal, raises = test.describe, test.it, test.equal, test.raises

local function list(iterator)
  local out = {}
  for each in iterator do out[#out + 1] = each end
  return out
end

describe("text.split", function()
  it("gives one piece more than there are separators", function()
    equal(text.split("a,b,,c", ","), { "a", "b", "", "c" })
    equal(text.split("", ","), { "" })
    equal(text.split(",", ","), { "", "" })
    equal(text.split("a, b, c", ", "), { "a", "b", "c" })
    equal(text.split("a.b", "."), { "a", "b" })
    equal(text.split("a\0b\0", "\0"), { "a", "b", "" })
  end)

  it("gives the rest as the last piece at a limit", function()
    equal(text.split("a=b=c", "=", { limit = 2 }), { "a", "b=c" })
    equal(text.split("a=b=c", "=", { limit = 1 }), { "a=b=c" })
    equal(text.split("a=b", "=", { limit = 9 }), { "a", "b" })
  end)

  it("takes patterns, and ignores where they match nothing", function()
    equal(text.split("a1b22c", "%d+", { pattern = true }), { "a", "b", "c" })
    equal(text.split("a1b", "%d*", { pattern = true }), { "a", "b" })
    equal(text.split("ab", "x*", { pattern = true }), { "ab" })
    equal(text.split("a;b , c", "%s*[;,]%s*", { pattern = true }), { "a", "b", "c" })
  end)

  it("gives words without a separator", function()
    equal(text.split " \t a  b\nc ", { "a", "b", "c" })
    equal(text.split "", {})
    equal(text.split " \n ", {})
    equal(text.split("  a b  c ", nil, { limit = 2 }), { "a", "b  c " })
    equal(text.split("a", nil, { limit = 1 }), { "a" })
  end)

  it("raises for wrong arguments in the caller's line", function()
    raises(function() text.split(1, ",") end, "text_spec.lua:%d+: bad argument #1 to 'split' %(string expected")
    raises(function() text.split("a", "") end, "the separator is empty")
    raises(function() text.split("a", ",", { most = 1 }) end, "text_spec.lua:%d+: bad option 'most' of 'split'")
    raises(function() text.split("a", ",", { limit = 0 }) end, "integer from 1 on expected")
  end)
end)

describe("text.lines", function()
  it("gives the lines without their ends, and none behind the last", function()
    equal(list(text.lines "a\nb\r\n\nc"), { "a", "b", "", "c" })
    equal(list(text.lines "a\n"), { "a" })
    equal(list(text.lines "\n"), { "" })
    equal(list(text.lines ""), {})
    equal(list(text.lines "\r\n\r"), { "", "\r" })
    equal(list(text.lines "a\rb\n"), { "a\rb" })
  end)
end)

describe("text.trim", function()
  it("takes white space from the ends alone", function()
    equal(text.trim " \t\r\n\v\fa b \n", "a b")
    equal(text.trim "", "")
    equal(text.trim "  ", "")
    equal(text.trim_start "  a ", "a ")
    equal(text.trim_end "  a ", "  a")
    equal({ text.trim_start "  ", text.trim_end "  " }, { "", "" })
    equal({ text.trim "\0 " }, { "\0" })
  end)
end)

describe("text", function()
  it("knows beginnings and ends, where nothing is special", function()
    equal({ text.starts_with("a.b", "a."), text.starts_with("ab", "a."), text.starts_with("a", "ab") },
      { true, false, false })
    equal({ text.ends_with("a.b", ".b"), text.ends_with("ab", "."), text.ends_with("b", "ab") },
      { true, false, false })
    equal({ text.starts_with("a", ""), text.ends_with("a", ""), text.ends_with("", "") }, { true, true, true })
  end)

  it("replaces plain text", function()
    equal({ text.replace("a.b.c", ".", "%1") }, { "a%1b%1c", 2 })
    equal({ text.replace("aaaa", "aa", "b") }, { "bb", 2 })
    equal({ text.replace("aaa", "a", "b", 2) }, { "bba", 2 })
    equal({ text.replace("aaa", "a", "b", 0) }, { "aaa", 0 })
    equal({ text.replace("abc", "x", "y") }, { "abc", 0 })
    raises(function() text.replace("a", "", "b") end, "#2 to 'replace' %(it is empty%)")
  end)

  it("escapes what is special in patterns, so that every text finds itself", function()
    local all = {}
    for code = 0, 255 do all[#all + 1] = string.char(code) end
    local every = table.concat(all)
    equal({ every:find(text.escape_pattern(every)) }, { 1, 256 })
    equal({ ("a.b"):find(text.escape_pattern ".") }, { 2, 2 })
    for _, char in ipairs(all) do
      equal({ char:find("^" .. text.escape_pattern(char) .. "$") }, { 1, 1 })
    end
  end)

  it("folds ASCII letters only", function()
    equal(text.fold "Content-TYPE [\\]^_` Ä", "content-type [\\]^_` Ä")
    local every = {}
    for code = 128, 255 do every[#every + 1] = string.char(code) end
    equal(text.fold(table.concat(every)), table.concat(every))
  end)

  -- With work that grows with the square, each of these takes minutes.
  it("is quick with hostile texts", function()
    local spaces, n = (" "):rep(2e6), 2e6
    equal(#text.trim(("x"):rep(10) .. (" x"):rep(1e6)), 10 + 2e6)
    equal(#text.trim(spaces .. "x" .. spaces), 1)
    equal(#text.trim_end(("a" .. (" "):rep(999)):rep(2000)), 2e6 - 999)
    equal(#text.split(("a "):rep(1e6)), 1e6)
    equal(#text.split(("a,"):rep(1e6), ","), 1e6 + 1)
    equal(#text.split(spaces, "x*", { pattern = true })[1], n)
    equal(#text.replace(("ab"):rep(1e6), "b", ""), 1e6)
    local count = 0
    for _ in text.lines(("\n"):rep(1e6)) do count = count + 1 end
    equal(count, 1e6)
  end)
end)
