local support = require "spec.test.support"
local test = require "neap.test"

local describe, it = test.describe, test.it
local assert_has, message_of = support.assert_has, support.message_of

describe("neap.test.equal", function()
  it("compares content, at any depth and through cycles", function()
    test.equal({ 1, { a = { "x" } } }, { 1, { a = { "x" } } })
    test.equal(0 / 0, 0 / 0)
    local a, b = {}, {}
    a.me, b.me = a, b
    test.equal(a, b)
    b.me = { me = b }                  -- the same endless path, from other tables
    test.equal(a, b)
  end)

  it("tells apart what differs", function()
    local meta = {}
    for _, pair in ipairs {
      { 1, "1" }, { {}, { 1 } }, { { 1 }, {} }, { { a = 1 }, { a = 2 } }, { { a = false }, {} },
      { setmetatable({}, meta), {} }, { "", false }, { {}, "" }, { { {} }, { { {} } } },
    } do
      assert(not pcall(test.equal, pair[1], pair[2]))
      assert(not pcall(test.equal, pair[2], pair[1]))
    end
  end)

  it("follows a list of any length", function()
    local function list(last)
      local head = { value = last }
      for _ = 1, 300000 do head = { next = head } end
      return head
    end
    test.equal(list(1), list(1))
    local message = message_of(function() test.equal(list(1), list(2)) end)
    assert(message:find "not equal, first at ….*%.next%.next%.value\n" and #message < 5000, message)
  end)

  it("asks __eq", function()
    local meta = { __eq = function(a, b) return a.id == b.id end }
    test.equal(setmetatable({ id = 1, x = 1 }, meta), setmetatable({ id = 1, x = 2 }, meta))
  end)

  it("names the caller's line, the first difference and both values", function()
    local message = message_of(function() test.equal({ list = { { name = "a" } } }, { list = { { name = "b" } } }) end)
    assert(message:find "^[^\n]*check_spec.lua:%d+: not equal, first at .list%[1%].name\n")
    assert_has(message, 'expected: { list = { { name = "b" } } }', '  actual: { list = { { name = "a" } } }')
    assert_has(message_of(function() test.equal({ a = { 1 } }, { a = { 1, b = 2 } }) end), "first at .a.b\n")
    assert_has(message_of(function() test.equal({ { 1, 2 } }, { { 1 } }) end), "first at [1][2]\n")
  end)

  it("shows long values as the lines that differ", function()
    local a, b = {}, {}
    for i = 1, 200 do a[i], b[i] = i * 1000, i * 1000 end
    b[100] = "other"
    local message = message_of(function() test.equal(a, b) end)
    assert_has(message, '    99000,\n-   "other",\n+   100000,\n')
    assert(select(2, message:gsub("\n", "")) < 12, message)
  end)

  it("shows texts of several lines by their lines", function()
    local message = message_of(function() test.equal("a\nb\nc", "a\nB\nc") end)
    assert_has(message, "  a\n- B\n+ b\n  c")
  end)

  it("shows the fields of what looks the same", function()
    local meta = { __tostring = function() return "point" end }
    local message = message_of(function() test.equal(setmetatable({ 1 }, meta), setmetatable({ 2 }, meta)) end)
    assert_has(message, "expected: { 2 }", "actual: { 1 }")
  end)
end)

describe("neap.test.same", function()
  it("wants the very same value", function()
    local t = {}
    test.same(t, t)
    assert_has(message_of(function() test.same({}, {}) end), "not the same (though equal)")
  end)
end)

describe("neap.test.raises", function()
  it("takes code, text or pattern, and returns the error", function()
    local errors = require "neap.errors"
    local err = errors.new("ENOENT", "gone")
    test.same(test.raises(function() error(err) end, "ENOENT"), err)
    test.raises(function() error "50% (sure" end, "50% (sure")
    test.raises(function() error "line 12" end, "^.*line %d+$")
    test.raises(function() error() end)
  end)

  it("takes nothing else", function()
    assert_has(message_of(function() test.raises(function() end, {}) end),
      "check_spec.lua:", "bad argument #2 to 'raises' (string or nil expected, got table)")
    assert_has(message_of(function() test.fails({}, nil, "gone") end), "bad argument #1 to 'fails'")
  end)

  it("fails for nothing raised, and for another error", function()
    assert_has(message_of(function() test.raises(function() end, "x") end), "raised nothing, expected: x")
    assert_has(message_of(function() test.raises(function() error("y", 0) end, "x") end), 'expected: x\n  actual: "y"')
  end)
end)

describe("neap.test.fails", function()
  it("takes the results, or the function to call", function()
    test.equal(test.fails("gone", nil, "gone"), "gone")
    test.equal(test.fails("gone", function(text) return nil, text end, "gone"), "gone")
  end)

  it("fails for a success, and for another error", function()
    assert_has(message_of(function() test.fails("x", 5) end), "did not fail, expected: x\n  result: 5")
    assert_has(message_of(function() test.fails("x", nil, "y") end), 'expected: x\n  actual: "y"')
  end)
end)

describe("a comparison", function()
  local function message_for(actual, expected)
    return message_of(function() test.equal(actual, expected) end)
  end

  it("of long texts shows where they differ", function()
    local same = ("abc"):rep(100)
    local message = message_for(same .. "x" .. ("d"):rep(200), same .. "y" .. ("d"):rep(300))
    assert_has(message, "abcy", "^ differ from byte 301 on (601 and 501 bytes)")
    local actual, below = message:match "\n(  actual: [^\n]*)\n([^\n]*)"
    local function columns(text) return #text:gsub("[\128-\191]", "") end
    test.equal(columns(below:match "^ *") + 1, columns(actual:match "^(.-x)"))
  end)

  it("of a text with lines and one without goes by lines", function()
    assert_has(message_for("a\nb", "a"), "  a\n+ b")
  end)

  it("finds the change in the middle of very many lines", function()
    local a, b = {}, {}
    for i = 1, 5000 do a[i], b[i] = "line " .. i, "line " .. i end
    b[2500] = "other"
    assert_has(message_for(table.concat(a, "\n"), table.concat(b, "\n")),
      "  line 2499\n- other\n+ line 2500\n  line 2501")
  end)
end)
