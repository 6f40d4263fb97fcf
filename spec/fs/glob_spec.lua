-- glob_spec.lua -- what neap.fs promises of walk, glob and match.

local fs = require "neap.fs"
local support = require "spec.fs.support"
local task = require "neap.task"
local test = require "neap.test"

local describe, it = test.describe, test.it
local equal, fails, raises = test.equal, test.fails, test.raises
local at, make = support.at, support.make

local function walked(path, options)
  local found = {}
  for entry in fs.walk(path, options) do found[#found + 1] = entry.path:sub(#support.folder + 2) end
  return found
end

describe("walk", function()
  test.before(support.open)
  test.after(support.close)

  it("gives everything, by name, a folder before what is in it", function()
    make { ["b/z"] = "", ["b/a/x"] = "", ["a"] = "", ["b.c"] = "", [".d/e"] = "" }
    equal(walked(support.folder), { ".d", ".d/e", "a", "b", "b/a", "b/a/x", "b/z", "b.c" })
    local entries = {}
    for entry in fs.walk(at "b") do entries[#entries + 1] = { entry.name, entry.type, entry.depth } end
    equal(entries, { { "a", "directory", 1 }, { "x", "file", 2 }, { "z", "file", 1 } })
  end)

  it("goes as deep as asked, and enters what it may", function()
    make { ["a/b/c/d"] = "", ["e/f"] = "" }
    equal(walked(support.folder, { depth = 1 }), { "a", "e" })
    equal(walked(support.folder, { depth = 2 }), { "a", "a/b", "e", "e/f" })
    equal(walked(support.folder, { enter = function(entry) return entry.name ~= "b" end }), { "a", "a/b", "e", "e/f" })
  end)

  it("follows links when asked, but no circle", function()
    make { ["a/b/c"] = "" }
    fs.symlink("..", at "a/b/up")
    fs.symlink("a", at "link")
    fs.symlink("none", at "broken")
    equal(walked(support.folder), { "a", "a/b", "a/b/c", "a/b/up", "broken", "link" })
    equal(walked(support.folder, { follow = true }),
      { "a", "a/b", "a/b/c", "a/b/up", "broken", "link", "link/b", "link/b/c", "link/b/up" })
  end)

  it("leaves out what is removed meanwhile, also by who walks", function()
    make { ["a/b/c"] = "", ["d/e"] = "" }
    local seen = {}
    for entry in fs.walk(support.folder) do
      seen[#seen + 1] = entry.name
      if entry.name == "a" then fs.remove(entry.path, { recursive = true }) end
    end
    equal(seen, { "a", "d", "e" })
  end)

  it("raises what it cannot list, or gives it to on_error", function()
    make { ["a/b"] = "", c = "" }
    raises(function() walked(at "none") end, "ENOENT")
    raises(function() walked(at "c") end, "ENOTDIR")
    local codes = {}
    equal(walked(at "none", { on_error = function(err) codes[#codes + 1] = err.code end }), {})
    equal(codes, { "ENOENT" })
    raises(function() fs.walk(1) end, "string expected")
    raises(function() fs.walk(".", { deep = 1 }) end, "bad option 'deep'")
  end)

  it("waits, so that others run in between", function()
    make { ["a/b/c/d/e"] = "" }
    local turns = 0
    local other = task.spawn(function()
      while true do
        turns = turns + 1
        task.yield()
      end
    end)
    walked(support.folder)
    other:cancel()
    pcall(other.wait, other)
    assert(turns > 1)
  end)
end)

describe("glob", function()
  test.before(function()
    support.open()
    make {
      ["src/a.c"] = "", ["src/a.h"] = "", ["src/b.c"] = "", ["src/sub/d.c"] = "", ["src/sub/deep/e.c"] = "",
      ["src/.hidden/f.c"] = "", ["src/.g.c"] = "", ["build/h.c"] = "", ["[x]"] = "", ["ü.c"] = "",
    }
  end)
  test.after(support.close)

  local function found(pattern, options)
    options = options or {}
    options.folder = support.folder
    return assert(fs.glob(pattern, options))
  end

  it("matches the root itself", function()
    equal(fs.glob "/", { "/" })
    equal(fs.glob { "/", "//" }, { "/" })
    equal(fs.glob("/", { folder = support.folder }), { "/" })
    equal(fs.match("/", "/"), true)
  end)

  it("matches names in a folder", function()
    equal(found "src/*.c", { "src/a.c", "src/b.c" })
    equal(found "src/?.[!c]", { "src/a.h" })
    equal(found "src/[a-b].[ch]", { "src/a.c", "src/a.h", "src/b.c" })
    equal(found "?.c", { "ü.c" })
    equal(found "\\[x\\]", { "[x]" })
    equal(found "[[]x]", { "[x]" })
    equal(found "src/a.c", { "src/a.c" })
    equal(found "src/none.c", {})
    equal(found "none/*", {})
    equal(found "src/a.c/*", {})
    equal(found "*/", { "build/", "src/" })
  end)

  it("goes through any number of folders with **", function()
    equal(found "**/*.c", { "build/h.c", "src/a.c", "src/b.c", "src/sub/d.c", "src/sub/deep/e.c", "ü.c" })
    equal(found "src/**/deep/*.c", { "src/sub/deep/e.c" })
    equal(found "src/**/**/e.c", { "src/sub/deep/e.c" })
    equal(found "src/sub/**", { "src/sub/d.c", "src/sub/deep", "src/sub/deep/e.c" })
    equal(found "src/**/", { "src/sub/", "src/sub/deep/" })
  end)

  it("takes alternatives in braces, and several patterns, each path once", function()
    equal(found "src/{a,b}.{c,h}", { "src/a.c", "src/a.h", "src/b.c" })
    equal(found "{src,build}/{a,{h,b}}.c", { "build/h.c", "src/a.c", "src/b.c" })
    equal(found { "src/*.c", "src/a*" }, { "src/a.c", "src/a.h", "src/b.c" })
    equal(found "src/{a.c,}", { "src/", "src/a.c" })
    raises(function() found(("{a,b}"):rep(20)) end, "more than 10000 alternatives")
  end)

  it("matches a dot at the beginning only by a dot", function()
    equal(found "src/.*.c", { "src/.g.c" })
    equal(found("src/*.c", { dotfiles = true }), { "src/.g.c", "src/a.c", "src/b.c" })
    equal(found("src/**/f.c", { dotfiles = true }), { "src/.hidden/f.c" })
    equal(found "src/.hidden/*", { "src/.hidden/f.c" })
  end)

  it("leaves out what is excluded, with all below it", function()
    equal(found("**/*.c", { exclude = { "src/sub", "**/b.c", "ü*" } }), { "build/h.c", "src/a.c" })
  end)

  it("enters linked folders where it is asked to, and no circles", function()
    fs.symlink("src/sub", at "way")
    fs.symlink("..", at "src/sub/up")
    equal(found "way/*.c", { "way/d.c" })
    equal(found "**/deep/e.c", { "src/sub/deep/e.c" })
    local all = found("**/deep/e.c", { follow = true })
    assert(#all >= 2 and #all < 20)
  end)

  it("takes absolute paths, callbacks, and refuses what is none", function()
    equal(fs.glob(at "src/*.h"), { at "src/a.h" })
    local got = task.channel(1)
    fs.glob(at "src/*.h", function(err, paths) got:send { err, paths } end)
    equal(got:receive(), { nil, { at "src/a.h" } })
    raises(function() return fs.glob(1) end, "pattern or list of patterns")
    raises(function() return fs.glob("*", { dot = true }) end, "bad option 'dot'")
    fails("EINVAL", fs.remove ".") -- nothing of the above has changed what is here
  end)
end)

describe("match", function()
  it("says whether a pattern matches a path, by its text", function()
    local yes = {
      { "*.lua", "a.lua" }, { "**/*.lua", "a.lua" }, { "**/*.lua", "x/y/a.lua" }, { "a/**", "a/b/c" }, { "a/**", "a" },
      { "{a,b}/c", "b/c" }, { "a\\*", "a*" }, { "[]]", "]" }, { "[!]]", "a" }, { "[a-]", "-" },
      { "[", "[" }, { "{a}", "{a}" },
      { "{", "{" }, { "a?c", "aéc" }, { "a?c", "a\255c" }, { "/a/*", "/a/b" }, { "***", "abc" }, { "*a*b*", "xaxxbx" },
    }
    for _, case in ipairs(yes) do assert(fs.match(case[1], case[2]), case[1] .. " and " .. case[2]) end
    local no = {
      { "*.lua", "x/a.lua" }, { "*", ".a" }, { "**", ".a" }, { "?", "" }, { "[!a]", "a" }, { "/a", "a" }, { "a", "/a" },
      { "a*", "b" }, { "**/a", "b" }, { "a\\*", "ab" },
    }
    for _, case in ipairs(no) do assert(not fs.match(case[1], case[2]), case[1] .. " and " .. case[2]) end
    assert(fs.match("*", ".a", { dotfiles = true }))
  end)

  it("takes no longer for a pattern that is meant to take long", function()
    assert(not fs.match(("*a"):rep(30) .. "b", ("a"):rep(3000)))
  end)
end)
