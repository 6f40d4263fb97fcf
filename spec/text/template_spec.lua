local test = require "neap.test"
local text = require "neap.text"

local describe, it, equal, raises = test.describe, test.it, test.equal, test.raises

describe("text.template", function()
  it("puts values into a text", function()
    local hello = text.template "Hello {name}, {user.mail} and {list.2}!"
    equal(hello { name = "Ann", user = { mail = "a@b" }, list = { 1, 2 } }, "Hello Ann, a@b and 2!")
    equal(hello { name = false, user = { mail = 0 }, list = { 1, "" } }, "Hello false, 0 and !")
    equal(text.template "" {}, "")
    equal(text.template "{ name }" { name = "{name}" }, "{name}")
    equal(text.template "{{x}} {x}}}" { x = 1 }, "{x} 1}")
  end)

  it("formats as string.format does", function()
    equal(text.template "{n:%05.2f} {n:%d} {s:%-4s}|" { n = 3, s = "a" }, "03.00 3 a   |")
    raises(function() text.template "\n{n:%d}" { n = "x" } end, "template:2: 'n' is a string, no number for '%%d'")
    for _, format in ipairs { "", "%", "%y", "%d%d", "2f", "%999d", "%*d", "%.2f " } do
      raises(function() text.template("{n:" .. format .. "}") end, "is no format like")
    end
  end)

  it("escapes for HTML, but what has a mark", function()
    local page = text.template("<b title='{a}'>{a}</b>{!a}", { escape = "html" })
    equal(page { a = [[<&>"']] }, [[<b title='&lt;&amp;&gt;&quot;&#39;'>&lt;&amp;&gt;&quot;&#39;</b><&>"']])
    equal(text.template("{a}", { escape = string.upper }) { a = "x" }, "X")
    equal(text.template "{a}" { a = "<" }, "<")
    equal(text.escape_html "a<b & c", "a&lt;b &amp; c")
  end)

  it("raises for a missing value with its line, or puts something there", function()
    local page = text.template("a\nb {user.name}", { name = "mail.txt" })
    raises(function() page {} end, "mail.txt:2: there is no value for 'user.name'")
    raises(function() page { user = "text" } end, "no value for 'user.name'")
    raises(function() page() end, "template_spec.lua:%d+: bad argument #1 to a template %(table expected, got nil%)")
    equal(text.template("{a}-", { missing = "?" }) {}, "?-")
  end)

  it("says in which line its source is wrong, and in whose line of code", function()
    for source, expected in pairs {
      ["a\n{b"] = "template:2: '{' without '}'", ["{a\n}"] = "template:1: '{' without '}'",
      ["\n\n}"] = "template:3: '}' without '{'", ["{}"] = "'{}' names no value", ["{a b}"] = "'{a b}' names no value",
      ["{a..b}"] = "names no value", ["{.a}"] = "names no value", ["{a.}"] = "names no value",
      ["{a{b}}"] = "'{' without '}'", ["{a()}"] = "names no value",
    } do
      raises(function() text.template(source) end, expected)
    end
    raises(function() text.template "{" end, "template_spec.lua:%d+: template:1")
    raises(function() text.template "{a b}" end, "template_spec.lua:%d+: template:1")
    raises(function() text.template "{a:%y}" end, "template_spec.lua:%d+: template:1")
    raises(function() text.template("", { escape = "xml" }) end, '"html" or a function expected')
    raises(function() text.template("", { escaping = "html" }) end, "bad option 'escaping'")
  end)

  it("is compiled once, and quick", function()
    local source = ("{a} text {{ "):rep(1e5)
    local render = text.template(source)
    equal(#render { a = "x" }, 9 * 1e5)
    equal(#render { a = "" }, 8 * 1e5)
  end)
end)
