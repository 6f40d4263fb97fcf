-- names_spec.lua -- what neap.fs promises of links and of what is known of a path.

local fs = require "neap.fs"
local support = require "spec.fs.support"
local task = require "neap.task"
local test = require "neap.test"

local describe, it = test.describe, test.it
local equal, fails, raises = test.equal, test.fails, test.raises
local at = support.at

describe("neap.fs", function()
  test.before(support.open)
  test.after(support.close)

  describe("links", function()
    it("are made, told apart and read", function()
      fs.write_file(at "a", "text")
      fs.symlink("a", at "soft")
      fs.link(at "a", at "hard")
      equal(fs.readlink(at "soft"), "a")
      equal(fs.lstat(at "soft").type, "link")
      equal(fs.stat(at "soft").type, "file")
      equal(fs.stat(at "hard").inode, fs.stat(at "a").inode)
      equal(fs.stat(at "a").links, 2)
      fails("EEXIST", fs.symlink("a", at "soft"))
      fails("EEXIST", fs.link(at "a", at "hard"))
      fails("EINVAL", fs.readlink(at "a"))
      fails("ENOENT", fs.readlink(at "none"))
      equal(select(2, fs.link(at "a", at "none/b")).path, at "none/b")
    end)

    it("get a second name themselves, not what they lead to", function()
      fs.symlink("nowhere", at "soft")
      fs.link(at "soft", at "again")
      equal(fs.readlink(at "again"), "nowhere")
    end)

    it("are followed to the real path", function()
      fs.mkdir(at "folder")
      fs.write_file(at "folder/file", "")
      fs.symlink("folder/../folder", at "way")
      local real = assert(fs.realpath(support.folder))
      equal(fs.realpath(at "way/./file"), real .. "/folder/file")
      fails("ENOENT", fs.realpath(at "none"))
    end)

    it("that lead to each other are ELOOP", function()
      fs.symlink("b", at "a")
      fs.symlink("a", at "b")
      fails("ELOOP", fs.stat(at "a"))
      fails("ELOOP", fs.read_file(at "a"))
      fails("ELOOP", fs.write_file(at "a", "x"))
      equal(fs.lstat(at "a").type, "link")
    end)
  end)

  describe("what is known of a path", function()
    it("has permission bits that can be set", function()
      fs.write_file(at "a", "")
      fs.chmod(at "a", "640")
      equal(fs.stat(at "a").mode, tonumber("640", 8))
      fs.chmod(at "a", 420)
      equal(fs.stat(at "a").mode, 420)
      fs.chmod(at "a", "000")
      fs.chmod(at "a", "600")
      raises(function() return fs.chmod(at "a", "9") end, "bad argument #2 to 'chmod' %(permission bits")
      raises(function() return fs.chmod(at "a") end, "permission bits")
      fails("ENOENT", fs.chmod(at "none", "600"))
    end)

    it("has times that can be set, one without the other", function()
      fs.write_file(at "a", "")
      fs.set_times(at "a", 1000.25, 2000.5)
      local stat = fs.stat(at "a")
      equal({ stat.accessed, stat.modified }, { 1000.25, 2000.5 })
      fs.set_times(at "a", nil, -1.5)
      stat = fs.stat(at "a")
      equal({ stat.accessed, stat.modified }, { 1000.25, -1.5 })
      fs.symlink("a", at "link")
      fs.set_times(at "link", 5, 6, { follow = false })
      equal(fs.lstat(at "link").modified, 6)
      equal(fs.stat(at "link").modified, -1.5)
      raises(function() return fs.set_times(at "a", "x", 1) end, "number expected")
    end)

    it("has an owner that can be set, of a link too", function()
      fs.write_file(at "a", "")
      local stat = fs.stat(at "a")
      if stat.uid ~= 0 then
        fails("EPERM", fs.chown(at "a", 0, 0))
        test.skip "only root gives files away"
      end
      fs.chown(at "a", 1234, 2345)
      fs.chown(at "a", nil, 99)
      stat = fs.stat(at "a")
      equal({ stat.uid, stat.gid }, { 1234, 99 })
      fs.symlink("a", at "link")
      fs.lchown(at "link", 77, nil)
      equal({ fs.lstat(at "link").uid, fs.stat(at "a").uid }, { 77, 1234 })
      raises(function() return fs.chown(at "a", -1, 0) end, "user's or group's number")
    end)

    it("is there or not, which is no error", function()
      fs.write_file(at "a", "")
      fs.symlink("none", at "link")
      equal(fs.exists(at "a"), true)
      equal(fs.exists(at "b"), false)
      equal(fs.exists(at "a/b"), false)
      equal(fs.exists(at "link"), false)
      local got = task.channel(1)
      fs.exists(at "a", function(err, there) got:send { err, there } end)
      equal(got:receive(), { nil, true })
    end)

    it("allows what it allows", function()
      fs.write_file(at "a", "", { mode = "400" })
      equal(fs.access(at "a"), true)
      fails("EACCES", fs.access(at "a", "x"))
      fails("ENOENT", fs.access(at "none"))
      raises(function() return fs.access(at "a", "q") end, "some of r, w and x")
      raises(function() return fs.access(at "a", "") end, "some of r, w and x")
    end)

    it("lies on a file system that has room", function()
      local space = fs.statfs(support.folder)
      assert(space.size >= space.free and space.free >= space.available and space.available > 0)
      assert(space.files >= space.files_free and space.block_size >= 512 and space.name_max >= 14)
      equal(space.read_only, false)
      fails("ENOENT", fs.statfs(at "none"))
    end)

    it("has a size that can be set", function()
      fs.write_file(at "a", "12345")
      fs.truncate(at "a", 3)
      equal(fs.read_file(at "a"), "123")
      fs.truncate(at "a", 5)
      equal(fs.read_file(at "a"), "123\0\0")
      fs.truncate(at "a")
      equal(fs.stat(at "a").size, 0)
      fails("ENOENT", fs.truncate(at "none"))
      fails("EISDIR", fs.truncate(support.folder))
      raises(function() return fs.truncate(at "a", -1) end, "count of bytes")
    end)
  end)

  it("raises for a path with a zero byte, wherever one is taken", function()
    local calls = {
      "read_file", "open", "stat", "lstat", "list", "mkdir", "mkdtemp", "remove", "exists", "access", "statfs",
      "readlink", "realpath", "truncate", "lock", "stream", "watch",
    }
    for _, name in ipairs(calls) do
      raises(function() return fs[name] "a\0b" end, "zero byte")
    end
    for _, name in ipairs { "rename", "link", "symlink", "copy", "move" } do
      raises(function() return fs[name]("a", "b\0") end, "zero byte")
      raises(function() return fs[name]("a\0", "b") end, "zero byte")
    end
  end)

  it("takes names of any bytes", function()
    local strange = { "new\nline", "\255\254 no UTF-8", "-rf", " ", "ünï", ("n"):rep(255) }
    table.sort(strange)
    for _, name in ipairs(strange) do fs.write_file(at(name), name) end
    equal(support.names_in(support.folder), strange)
    for _, name in ipairs(strange) do equal(fs.read_file(at(name)), name) end
    fails("ENAMETOOLONG", fs.write_file(at(("n"):rep(256)), ""))
    fails("ENAMETOOLONG", fs.stat(at(("n/"):rep(3000))))
  end)

  it("says what stands in the way", function()
    fs.write_file(at "file", "")
    for _, name in ipairs { "stat", "list", "read_file", "readlink", "truncate", "remove", "mkdir" } do
      equal(fails("ENOTDIR", fs[name](at "file/below")).path, at "file/below")
    end
    fails("ENOTDIR", fs.write_file(at "file/below", ""))
    fails("ENOENT", fs.stat "")
  end)
end)
