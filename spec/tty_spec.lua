-- tty_spec.lua -- what neap.tty promises where there is no terminal; t/24-tty.t has one.

local process = require "neap.process"
local test = require "neap.test"
local uv = require "uv"

local describe, it = test.describe, test.it
local equal = test.equal

local function say(code, env)
  local result = assert(process.run { uv.exepath(), "-e", code, env = env })
  equal(result.stderr, "")
  return result.stdout
end

describe("neap.tty", function()
  it("says that a pipe, a file and a stream of another kind are no terminals", function()
    local said = say [[
      local a, b = stream.pair()
      print(tty.is_terminal(), tty.is_terminal(0), tty.is_terminal(process.stdin), tty.is_terminal(a))]]
    equal(said, "false\tfalse\tfalse\tfalse\n")
  end)

  it("fails with ENOTTY where a terminal is needed", function()
    local said = say [[
      local function code(_, err) return err.code end
      print(code(tty.raw(true)), code(tty.read_password()))
      print(tty.raw(false))]]
    equal(said, "ENOTTY\tENOTTY\ntrue\n")
  end)

  it("raises a dropped error", function()
    local result = assert(process.run { uv.exepath(), "-e", "tty.raw(true)" })
    equal(result.code, 1)
    assert(result.stderr:find "ENOTTY", result.stderr)
  end)

  it("takes FORCE_COLOR before NO_COLOR, and no colours without a terminal", function()
    local code = "io.write(tty.color_depth())"
    equal(say(code, { FORCE_COLOR = false, NO_COLOR = false, TERM = "xterm-256color" }), "1")
    for forced, bits in pairs { ["0"] = "1", ["1"] = "4", ["2"] = "8", ["3"] = "24", [""] = "4", ["true"] = "4" } do
      equal(say(code, { FORCE_COLOR = forced, NO_COLOR = "1" }), bits, forced)
    end
  end)

  it("gives what moves the cursor as texts", function()
    local said = say [[
      io.write(tty.move_to(3, 4), tty.move(2), tty.move(-1, 5), tty.move(0), tty.move(0, -2), tty.clear(),
        tty.clear_line(), tty.hide_cursor(), tty.show_cursor(), tty.save_cursor(), tty.restore_cursor())]]
    equal(said, "\27[4;3H\27[2C\27[1D\27[5B\27[2A\27[2J\27[H\27[2K\r\27[?25l\27[?25h\0277\0278")
  end)

  it("is there in a restricted runtime by permission only: the terminal is the whole process's", function()
    local function sandboxed(...)
      local result = assert(process.run { uv.exepath(), "--sandbox", ... })
      return result.stdout .. result.stderr
    end
    local said = sandboxed("-e", "print(pcall(require, 'neap.tty'))")
    assert(said:find('needs permission "native neap_', 1, true), said)
    said = sandboxed("--allow", "native neap_tty", "--allow", "native neap_stdio", "-e",
      "local tty = require 'neap.tty' print(tty.is_terminal(1), #tty.clear(), tty.on_resize(print))")
    assert(said:find '^false\t7\tnil\tEPERMISSION: needs permission "process"', said)
  end)

  it("takes only functions to be told of sizes", function()
    local said = say [[print(pcall(tty.on_resize))]]
    assert(said:find("bad argument #1 to 'on_resize'", 1, true), said)
  end)
end)
