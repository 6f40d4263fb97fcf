local json = require "cjson"
local path = require "neap.path"
local system = require "neap.system"
local test = require "neap.test"

local describe, it, equal, fails, raises = test.describe, test.it, test.equal, test.fails, test.raises

-- What Python says of paths like ours: its posixpath and pathlib are the measure. A second slash at the beginning,
-- which it keeps, is taken away before.
local PYTHON = [[
import json, posixpath, random, re
from pathlib import PurePosixPath
random.seed(4)
names = ["a", "b.c", ".h", "..", "x.tar.gz", "...", "..d", "e..f", "long name"]
def make(extra):
    parts = [random.choice(names + extra) for _ in range(random.randint(1, 6))]
    text = random.choice(["", "/", "//"]) + "".join(p + random.choice(["/", "/", "//"]) for p in parts)
    return re.sub("^/+", "/", text if random.random() < .3 else text.rstrip("/") or "/")
out = []
for _ in range(2000):
    dotted, plain, other = make(["."]), make([]), make(["."])
    pure = PurePosixPath(plain)
    same = dotted.startswith("/") == other.startswith("/")
    out.append({
        "dotted": dotted, "plain": plain, "other": other, "normalize": posixpath.normpath(dotted),
        "parent": str(pure.parent), "name": pure.name,
        "suffix": posixpath.splitext(pure.name)[1], "stem": posixpath.splitext(pure.name)[0],
        "parts": list(pure.parts), "absolute": posixpath.isabs(plain),
        "resolve": posixpath.normpath(posixpath.join("/w/d", dotted, other)),
        "relative": posixpath.relpath("/r/" + other, "/r/" + dotted),
        "common": posixpath.commonpath([posixpath.normpath(dotted), posixpath.normpath(other)]) if same else None,
    })
print(json.dumps(out))
]]

local function python(program)
  local pipe = io.popen("python3 -c '" .. program .. "' 2>/dev/null")
  local answer = pipe:read "*a"
  pipe:close()
  return answer
end

describe("neap.path", function()
  it("says what Python's posixpath and pathlib say", function()
    local answer = python(PYTHON)
    if answer == "" then
      test.skip "no python3"
    end
    local cases = json.decode(answer)
    equal(#cases, 2000)
    for _, case in ipairs(cases) do
      local plain = case.plain
      equal(path.normalize(case.dotted), case.normalize)
      equal({ path.split(plain) }, { plain:find "^%.%./?$" and "." or path.dirname(plain), case.name })
      equal(path.normalize(path.dirname(plain)), path.normalize(case.parent))
      equal(path.basename(plain), case.name)
      equal(path.extension(plain), case.suffix)
      equal(path.stem(plain), case.stem)
      equal(path.parts(plain), case.parts)
      equal(path.is_absolute(plain), case.absolute)
      equal(path.resolve("/w/d", case.dotted, case.other), case.resolve)
      equal(path.relative("/r/" .. case.dotted, "/r/" .. case.other), case.relative)
      local common = case.common ~= json.null and case.common or nil
      equal(path.common { case.dotted, case.other }, common == "" and "." or common)
    end
  end)

  it("takes slashes at the end and in a row for what they are", function()
    for text, expected in pairs {
      [""] = { ".", "" }, ["/"] = { "/", "" }, ["///"] = { "/", "" }, ["a"] = { ".", "a" }, ["a//"] = { ".", "a" },
      ["/a"] = { "/", "a" }, ["//a//b//"] = { "//a", "b" }, ["a/."] = { "a", "." },
    } do
      equal({ path.split(text) }, expected)
    end
    equal(path.normalize "", ".")
    equal(path.normalize "/../..", "/")
    equal(path.normalize "../a/../..", "../..")
    equal(path.parts "", {})
  end)

  it("joins below, and resolves as cd does", function()
    equal(path.join(), ".")
    equal(path.join("", ""), ".")
    equal(path.join("a", "/b", "", "../c/"), "a/c")
    equal(path.join("/", "..", "a"), "/a")
    equal(path.resolve("/a", "b", "/c", "", "./d"), "/c/d")
    equal(path.resolve(), system.cwd())
    equal(path.resolve("a", ".."), system.cwd())
    equal(path.absolute("b/../c", "/a"), "/a/c")
    equal(path.absolute("/b", "/a"), "/b")
    equal(path.absolute "x", path.join(system.cwd(), "x"))
  end)

  it("leads from relative to relative paths without asking where we are, as far as that can be", function()
    equal(path.relative("a/b", "a/c/d"), "../c/d")
    equal(path.relative("a", "a/."), ".")
    equal(path.relative("", "a"), "a")
    equal(path.relative("a", "../b"), "../../b")
    equal(path.relative("/", "/a"), "a")
    local here = path.basename(system.cwd())
    equal(path.relative("..", "a"), here .. "/a")
    equal(path.relative(system.cwd(), "a/b"), "a/b")
  end)

  it("takes off a suffix that is not the whole name", function()
    equal(path.basename("a/b.lua", ".lua"), "b")
    equal(path.basename("a/.lua", ".lua"), ".lua")
    equal(path.basename("a/b.lua", ".c"), "b.lua")
    equal(path.basename("a/b.lua", ""), "b.lua")
  end)

  it("changes names and extensions", function()
    equal(path.with_extension("/a.d/b", "txt"), "/a.d/b.txt")
    equal(path.with_extension("a.tar.gz/", ".xz"), "a.tar.xz")
    equal(path.with_extension("a/b.c", ""), "a/b")
    equal(path.with_extension(".profile", ".bak"), ".profile.bak")
    equal(path.with_name("/a/b/", "c"), "/a/c")
    equal(path.with_name("/a", "c"), "/c")
    equal(path.with_name("b", "c"), "c")
    for _, text in ipairs { "", "/", "a/..", "." } do
      raises(function() path.with_extension(text, "x") end, "path_spec.lua:%d+: bad argument #1 .*there is no name")
    end
    raises(function() path.with_name("//", "x") end, "there is no name")
  end)

  it("knows what lies in a folder, by whole names", function()
    for _, case in ipairs {
      { "/a/b", "/a", true }, { "/a", "/a/", true }, { "/ab", "/a", false }, { "/a/../b", "/a", false },
      { "a", "/a", false }, { "a", ".", true }, { "../a", ".", false }, { "../a", "..", true },
      { "../..", "..", false }, { "/x", "/", true }, { "a/..", "a", false },
    } do
      equal({ case, path.is_within(case[1], case[2]) }, { case, case[3] })
    end
  end)

  it("finds what several have in common", function()
    equal(path.common { "/a/b", "/a/b/c", "/a/bc" }, "/a")
    equal(path.common { "/a", "/b" }, "/")
    equal(path.common { "a", "b" }, ".")
    equal(path.common { "a/b/" }, "a/b")
    equal(path.common { "a", "/a" }, nil)
    equal(path.common {}, nil)
  end)

  it("expands homes", function()
    local home = system.env "HOME" or system.user().home
    equal(path.expand "~", home)
    equal(path.expand "~/x", home .. "/x")
    equal(path.expand "~root/x", system.user("root").home .. "/x")
    equal(path.expand "a/~", "a/~")
    fails("ENOENT", path.expand "~nobody-has-this-name/x")
    path.expand("~root", test.calls(function(err, text) equal({ err, text }, { nil, system.user("root").home }) end, 1))
  end)

  it("raises for what is no text, in the caller's line", function()
    for _, name in ipairs { "normalize", "dirname", "basename", "extension", "stem", "parts", "split", "is_absolute",
      "expand", "absolute", "resolve", "join" } do
      raises(function() local _ = path[name](1) end, "path_spec.lua:%d+: bad argument #1 to '" .. name)
    end
    raises(function() path.join("a", {}) end, "#2 to 'join' %(string expected, got table%)")
    raises(function() path.common { "a", 1 } end, "string expected, got number")
  end)

  it("is quick with long paths", function()
    local long = ("../"):rep(100000) .. ("a/"):rep(100000)
    equal(#path.normalize(long), #long - 1)
    equal(path.extension(("."):rep(200000)), "")
    equal(path.normalize(("a/"):rep(100000) .. ("../"):rep(100000)), ".")
  end)
end)
