local support = require "spec.test.support"
local system = require "neap.system"
local test = require "neap.test"

local describe, it = test.describe, test.it
local assert_has = support.assert_has

-- The report of a test that leaves something behind, and that does not fail the test after it.
local function report_of(text)
  local passed, results, report = support.results('it("x", function() ' .. text .. ' end) it("y", function() end)')
  test.same(passed, false)
  test.equal(results, "-x,+y")
  return report
end

describe("a test that leaves something behind fails:", function()
  it("a global that is set, changed or gone, which is put back", function()
    local report = report_of "left_over = 1 tonumber = 2 print = nil"
    assert_has(report,
      "left changed: global tonumber\n      left set: global left_over\n      left unset: global print")
    assert(rawget(_G, "left_over") == nil and type(tonumber) == "function" and type(print) == "function")
  end)

  it("another folder, and it goes back", function()
    local here = assert(system.cwd())
    assert_has(report_of 'require "neap.system".chdir "/"', "left in another folder: /")
    test.equal(system.cwd(), here)
  end)

  it("a timer, with where it was started", function()
    local report = report_of 'package.loaded.left_timer = require "neap.timer".after(60, print)'
    assert_has(report, "left ticking: 1 timer\n", "started at inner_spec.lua:1\n")
    package.loaded.left_timer:close()
    package.loaded.left_timer = nil
  end)

  it("a descriptor", function()
    local uv = require "uv"
    if not uv.fs_stat "/proc/self/fd" then test.skip "this system does not list descriptors" end
    assert_has(report_of 'package.loaded.left_fd = require "uv".fs_open("/etc/passwd", "r", 0)', "/etc/passwd\n")
    uv.fs_close(package.loaded.left_fd)
    package.loaded.left_fd = nil
  end)

  it("a handle, with where it was made: by a call, or what a wait came to", function()
    local report = report_of [[
      local net = require "neap.net"
      local listener = net.listen { host = "127.0.0.1", port = 0 }
      local _, port = listener:address()
      package.loaded.left = { listener,
        net.connect("127.0.0.1", port) }]]
    assert_has(report, "left open: neap.listener, made at inner_spec.lua:2\n",
      "left open: neap.stream, made at inner_spec.lua:5\n")
    for _, each in ipairs(package.loaded.left) do each:close() end
    package.loaded.left = nil
  end)

  it("of several made at one place their number", function()
    local report = report_of [[
      package.loaded.left = {}
      for i = 1, 3 do package.loaded.left[i] = { require "neap.stream".pair() } end]]
    assert_has(report, "made at inner_spec.lua:2 ×6\n")
    for _, each in ipairs(package.loaded.left) do each[1]:close() each[2]:close() end
    package.loaded.left = nil
    collectgarbage()
    collectgarbage()
  end)
end)

describe("a test that leaves nothing behind passes:", function()
  it("a file that was only dropped is closed by the collector", function()
    test.same(support.run 'it("x", function() io.open "/etc/passwd" end)', true)
  end)

  it("a module of Lua 5.1 that sets a global when it is loaded", function()
    package.preload.left_module = function() module "left_module" end
    test.same(support.run 'it("x", function() require "left_module" end) it("y", function() end)', true)
    package.preload.left_module, package.loaded.left_module, _G.left_module = nil, nil, nil
  end)

  it("what the group has, and gives back", function()
    test.same(support.run [[
      local left
      test.before_all(function() left = require "neap.net".listen { host = "127.0.0.1", port = 0 } end)
      test.after_all(function() left:close() end)
      it("x", function() end)]], true)
  end)

  it("but a group that does not", function()
    local passed, results, report = support.results [[
      test.before_all(function() package.loaded.left = require "neap.net".listen { host = "127.0.0.1", port = 0 } end)
      it("x", function() end)]]
    test.equal({ passed, results }, { false, "+x,-after_all" })
    assert_has(report, "left open: neap.listener, made at inner_spec.lua:1\n")
    package.loaded.left:close()
    package.loaded.left = nil
  end)
end)
