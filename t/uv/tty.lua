-- Terminals: the two sides of a pseudo terminal.
local uv = require "luv"
local show = require "show"

local master = assert(uv.fs_open("/dev/ptmx", "r+", 0))
local t = uv.new_tty(master, true)
show("new", t, t:get_type(), t:is_readable(), t:is_writable())
show.call("winsize", t.get_winsize, t)
for mode = -1, 4 do show.call("mode " .. mode, t.set_mode, t, mode) end
show.call("reset", uv.tty_reset_mode)
show.call("write", t.write, t, "hello\n", show.callback "written")
t:close(show.callback "closed")
uv.run()
show.call("winsize when closed", t.get_winsize, t)
show.call("not a terminal", uv.new_tty, assert(uv.fs_open("/etc/passwd", "r", 0)), true)
show.call("no descriptor", uv.new_tty, 9999, true)
show.call("/dev/null", uv.new_tty, assert(uv.fs_open("/dev/null", "r", 0)), false)
for _, state in ipairs { "supported", "unsupported", "other" } do
  show.call("vterm " .. state, uv.tty_set_vterm_state, state)
end
show.call("vterm", uv.tty_get_vterm_state)
for _, fd in ipairs { 0, 9999, -1 } do show.call("guess " .. fd, uv.guess_handle, fd) end
show.close()
