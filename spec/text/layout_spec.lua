local test = require "neap.test"
local text = require "neap.text"

local describe, it, equal, raises = test.describe, test.it, test.equal, test.raises

describe("padding", function()
  it("fills up to columns, before, behind and on both sides", function()
    equal(text.pad_start("7", 3, "0"), "007")
    equal(text.pad_end("ab", 4) .. "|", "ab  |")
    equal(text.center("ab", 5, "-"), "-ab--")
    equal(text.pad_start("漢", 4), "  漢")
    equal(text.pad_end("é", 3, "."), "é..")
    equal(text.pad_end("x", 6, "ab"), "xababa")
    equal(text.pad_end("x", 4, "漢"), "x漢")
  end)

  it("leaves alone what is wide enough", function()
    for _, name in ipairs { "pad_start", "pad_end", "center" } do
      equal(text[name]("abc", 3), "abc")
      equal(text[name]("abc", -1), "abc")
      equal(text[name]("abc", 9, ""), "abc")
      raises(function() text[name]("abc", "x") end, "layout_spec.lua:%d+: bad argument #2 to '" .. name)
    end
  end)
end)

describe("text.wrap", function()
  it("breaks between words, and makes any space one", function()
    equal(text.wrap("the quick  brown\nfox jumps", { width = 10 }), "the quick\nbrown fox\njumps")
    equal(text.wrap("a b", { width = 3 }), "a b")
    equal(text.wrap("", { width = 3 }), "")
    equal(text.wrap("漢字 漢字", { width = 8 }), "漢字\n漢字")
  end)

  it("keeps paragraphs", function()
    equal(text.wrap("a b\n \nc\n\n\nd", { width = 2 }), "a\nb\n\nc\n\nd")
  end)

  it("counts prefixes", function()
    equal(text.wrap("aa bb cc", { width = 6, first = "* ", prefix = "  " }), "* aa\n  bb\n  cc")
    equal(text.wrap("aa bb", { width = 7, prefix = "# " }), "# aa bb")
  end)

  it("lets a long word stand out, or breaks it", function()
    equal(text.wrap("a longword b", { width = 4 }), "a\nlongword\nb")
    equal(text.wrap("a longword b", { width = 4, break_words = true }), "a\nlong\nword\nb")
    equal(text.wrap("漢字漢", { width = 3, break_words = true }), "漢\n字\n漢")
    equal(text.wrap("漢", { width = 1, break_words = true }), "漢")
  end)

  it("is quick with a very long word, and with very many", function()
    equal(#text.wrap(("x"):rep(1e6), { width = 10, break_words = true }), 1e6 + 1e5 - 1)
    equal(#text.wrap(("x "):rep(3e5), { width = 10 }), 6e5 - 1)
    equal(#text.wrap(("\n"):rep(1e6), { width = 10 }), 2)
  end)
end)

describe("text.indent", function()
  it("puts a prefix before lines that have something", function()
    equal(text.indent("a\n\n  \nb\n", "> "), "> a\n\n  \n> b\n")
    equal(text.indent("a\nb", 2), "  a\n  b")
    equal(text.indent("", 2), "")
  end)
end)

describe("text.dedent", function()
  it("takes away what all lines begin with", function()
    equal(text.dedent "  a\n    b\n\n  c", "a\n  b\n\nc")
    equal(text.dedent "\ta\n\t b", "a\n b")
    equal(text.dedent "\ta\n  b", "\ta\n  b")
    equal(text.dedent "a\n  b", "a\n  b")
    equal(text.dedent "   \n  a\n ", "\na\n")
    equal(text.dedent "", "")
  end)
end)
