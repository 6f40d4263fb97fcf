local inspect = require "neap.inspect"
local test = require "neap.test"

local describe, it = test.describe, test.it

-- Every text that is Lua must read back as the value.
local function read_back(text)
  return assert(loadstring("return " .. text))()
end

describe("neap.inspect", function()
  it("shows plain values as Lua has them", function()
    for text, value in pairs { ["true"] = true, ["false"] = false, ["1"] = 1, ["-0.5"] = -0.5, ['"a"'] = "a" } do
      test.equal(inspect(value), text)
    end
    test.equal(inspect(nil), "nil")
  end)

  it("shows numbers by the shortest text that reads back the same", function()
    test.equal(inspect(0.1), "0.1")
    test.equal(inspect(1e15), "1000000000000000")
    test.equal(inspect(-0), "-0")
    for _, n in ipairs { 0.1 + 0.2, 1 / 3, 2^53, 2^60, 1e300, 5e-324, -123456.789 } do
      test.equal(tonumber(inspect(n)), n)
    end
    test.equal(inspect { 1 / 0, -1 / 0, 0 / 0 }, "{ inf, -inf, nan }")
  end)

  it("quotes strings so that Lua reads back every byte", function()
    local all = {}
    for byte = 0, 255 do all[#all + 1] = string.char(byte) end
    for _, text in ipairs { table.concat(all), "", "it's", 'say "x"', [['"]], "a\0001", "\r\n\t\\" } do
      test.equal(read_back(inspect(text)), text)
    end
    test.equal(inspect 'say "x"', [['say "x"']])
    test.equal(inspect "a\nb\0", [["a\nb\x00"]])
  end)

  it("leaves valid UTF-8 as it is and escapes what is not", function()
    test.equal(inspect "é€😀", '"é€😀"')
    test.equal(inspect "\255\192\128", [["\xff\xc0\x80"]])
    test.equal(inspect "\237\160\128", [["\xed\xa0\x80"]])      -- a surrogate
    test.equal(inspect "a\195", [["a\xc3"]])
  end)

  it("lets no control sequence through to a terminal", function()
    test.equal(inspect "\27[2J\194\1552J", [["\x1b[2J\xc2\x9b2J"]])
    local named = setmetatable({}, { __tostring = function() return "a\27b" end })
    test.equal(inspect(named), [[<a\x1bb>]])
  end)

  it("sorts keys: numbers, strings, booleans, the rest", function()
    local text = inspect { 1, 2, [-1] = "n", [2.5] = "f", b = 2, a = 1, [true] = 3, [false] = 4 }
    test.equal(text, [[{ 1, 2, [-1] = "n", [2.5] = "f", a = 1, b = 2, [false] = 4, [true] = 3 }]])
  end)

  it("writes keys bare where Lua reads them so", function()
    test.equal(inspect { ["end"] = 1, ["a b"] = 2, _x1 = 3, [""] = 4, ["goto"] = 5, ["1a"] = 6 },
      [=[{ [""] = 4, ["1a"] = 6, _x1 = 3, ["a b"] = 2, ["end"] = 1, ["goto"] = 5 }]=])
    test.equal(inspect { [{ 1 }] = 1 }, "{ [{ 1 }] = 1 }")
  end)

  it("ends the array part at its first hole", function()
    local list = { 1, 2 }
    list[4] = 4
    test.equal(inspect(list), "{ 1, 2, [4] = 4 }")
  end)

  it("breaks what is wider than a line, and only that", function()
    local long = ("x"):rep(40)
    test.equal(inspect { a = { 1, 2 }, b = long, c = long },
      ('{\n  a = { 1, 2 },\n  b = "%s",\n  c = "%s"\n}'):format(long, long))
  end)

  it("puts a key on a line of its own beside short elements", function()
    local long = ("x"):rep(80)
    test.equal(inspect { 1, 2, a = 3, b = long }, ('{\n  1, 2,\n  a = 3,\n  b = "%s"\n}'):format(long))
  end)

  it("keeps every line within the width", function()
    local list = {}
    for i = 1, 100 do list[i] = { i, name = "entry " .. i, deep = { i * 1000, { i } } } end
    for _, width in ipairs { 30, 80, 200 } do
      for line in inspect(list, { width = width }):gmatch "[^\n]+" do assert(#line <= width, line) end
    end
  end)

  it("fills lines with short elements", function()
    local list = {}
    for i = 1, 60 do list[i] = i * 100 end
    local lines = select(2, inspect(list):gsub("\n", ""))
    assert(lines <= 7, lines)
    test.equal(read_back(inspect(list)), list)
  end)

  it("puts every entry on its own line for a width of 1", function()
    test.equal(inspect({ 1, { a = 2 } }, { width = 1 }), "{\n  1,\n  {\n    a = 2\n  }\n}")
  end)

  it("marks cycles with the table they come back to", function()
    local t = { name = "t" }
    t.me, t.deep = t, { t }
    test.equal(inspect(t), '<ref 1> { deep = { <cycle 1> }, me = <cycle 1>, name = "t" }')
    local inner = {}
    inner[1] = inner
    test.equal(inspect { inner, inner }, "{ <ref 1> { <cycle 1> }, <ref 2> { <cycle 2> } }")
  end)

  it("stops at the depth, items and length asked for", function()
    test.equal(inspect({ { { 1 } }, {} }, { depth = 1 }), "{ {…}, {} }")
    test.equal(inspect({ 1, 2, 3, a = 1 }, { items = 2 }), "{ 1, 2, … 2 more }")
    test.equal(inspect("abcdef", { length = 2 }), '"ab"… (4 more bytes)')
  end)

  it("stays small for tables that share tables", function()
    local level = { 1 }
    for _ = 1, 20 do level = { level, level, level, level } end
    assert(#inspect(level, { depth = 100 }) < 2000000)
  end)

  it("shows ten thousand nested tables without overflowing a stack", function()
    local nested = {}
    for _ = 1, 10000 do nested = { nested } end
    assert(inspect(nested, { depth = math.huge }):find "{…}")
  end)

  it("honours __tostring and __name, unless raw", function()
    local point = setmetatable({ x = 1 }, { __name = "point", __tostring = function(p) return "point " .. p.x end })
    test.equal(inspect { point }, "{ <point 1> }")
    test.equal(inspect(setmetatable({ x = 1 }, { __name = "point" })), "<point> { x = 1 }")
    test.equal(inspect(point, { raw = true }), "{ x = 1 }")
  end)

  it("lets __tostring inspect its own object", function()
    local object = setmetatable({ x = 1 }, { __tostring = function(self) return "object " .. inspect(self) end })
    test.equal(inspect(object), "<object { x = 1 }>")
  end)

  it("lets a userdata's __tostring inspect itself, and calls it once", function()
    local object, calls = newproxy(true), 0
    getmetatable(object).__tostring = function(self)
      calls = calls + 1
      return "me: " .. inspect(self)
    end
    assert(inspect(object):find "^<me: <userdata: 0x%x+>>$")
    test.equal(calls, 1)
    assert(inspect { object, object }:find "^{ <me: .->>, <me: .->> }$")
    test.equal(calls, 3)
  end)

  it("runs no __tostring of anything when raw", function()
    local object = newproxy(true)
    local function raise() error "it ran" end
    local ran = false
    getmetatable(object).__tostring = function() ran = true return "ran" end
    local ffi = require "ffi"
    local point = ffi.metatype("struct { int x; }", { __tostring = function() ran = true return "ran" end })
    assert(inspect(object, { raw = true }):find "^<userdata: 0x%x+>$")
    assert(inspect(point(), { raw = true }):find "^<cdata<struct %d+>: 0x%x+>$")
    assert(inspect(setmetatable({}, { __tostring = raise }), { raw = true }) == "{}")
    test.equal(inspect({ 1ULL }, { raw = true }), "{ 1ULL }")
    assert(not ran)
  end)

  it("never raises, whatever the metatables do", function()
    local function raise() error "no" end
    local hostile = {}
    for _, event in ipairs { "__tostring", "__index", "__newindex", "__pairs", "__len", "__eq", "__lt", "__concat" } do
      hostile[event] = raise
    end
    for _, meta in ipairs { hostile, { __metatable = false }, { __metatable = "locked" }, { __name = 7 },
      { __tostring = "text" }, { __tostring = function() return nil end }, { __pairs = function() return 1 end } } do
      test.equal(inspect(setmetatable({ x = 1 }, meta), { pairs = true }), "{ x = 1 }")
    end
    test.equal(inspect { setmetatable({}, hostile) }, "{ {} }")
  end)

  it("asks __pairs only when told to", function()
    local lazy = setmetatable({}, { __pairs = function() return next, { b = 2, a = 1 } end })
    test.equal(inspect(lazy), "{}")
    test.equal(inspect(lazy, { pairs = true }), "{ a = 1, b = 2 }")
  end)

  it("takes no more than its limit from a __pairs without end", function()
    local endless = setmetatable({}, { __pairs = function() return function(_, n) return (n or 0) + 1, true end end })
    assert(inspect(endless, { pairs = true, items = 2 }):find "^{ true, true, … %d+ more }$")
  end)

  it("says where a function is from", function()
    assert(inspect(function() end):find "^<function .*inspect_spec.lua:%d+>$")
    assert(inspect(string.rep):find "^<function: ")
  end)

  it("shows userdata, threads and cdata by their own text", function()
    assert(inspect(io.stdout):find "^<file %(0x%x+%)>$")
    assert(inspect(coroutine.create(print)):find "^<thread: 0x%x+>$")
    test.equal(inspect(12345678901234567890ULL), "12345678901234567890ULL")
    assert(inspect(require "ffi".new("void *")):find "^<cdata<void %*>: ")
  end)

  it("shows errors of Neap with code, message and fields", function()
    local errors = require "neap.errors"
    local err = errors.new("ENOENT", "no such file or directory", { path = "motd" })
    test.equal(inspect(err), '<error ENOENT: no such file or directory> { path = "motd" }')
    test.equal(inspect(errors.new("EOF", "end of file")), "<error EOF: end of file>")
  end)

  it("colors only when asked, and breaks lines as without", function()
    local value = { a = 1, b = "x", c = { true, print } }
    local colored = inspect(value, { color = true })
    assert(colored:find "\27%[33m1\27%[0m")
    test.equal(colored:gsub("\27%[%d+m", ""), (inspect(value)))
  end)
end)
