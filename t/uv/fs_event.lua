-- Watching files and folders.
local uv = require "luv"
local show = require "show"

local function write(name, text)
  local file = assert(io.open(name, "w"))
  file:write(text)
  file:close()
end
uv.fs_mkdir("d", 493)
write("d/f", "")
write("g", "")
local function settle() for _ = 1, 5 do uv.run "nowait" uv.sleep(5) end end
-- A change may be told more than once: each kind is shown once.
local function once(label)
  local seen = {}
  return function(...)
    local line = label .. ": " .. show.list(false, ...)
    if not seen[line] then print(line) end
    seen[line] = true
  end
end

local e = uv.new_fs_event()
show("new", e, e:get_type(), e:is_active())
show.call("path before", e.getpath, e)
show.call("start", e.start, e, "d", {}, once "folder")
show.call("start again", e.start, e, "d", {}, once "folder again")
show.call("path", e.getpath, e)
show("active", e:is_active())
write("d/f", "changed")
settle()
os.rename("d/f", "d/h")
settle()
os.remove "d/h"
settle()
show.call("stop", e.stop, e)
show.call("stop again", e.stop, e)
show.call("path after", e.getpath, e)
write("d/f", "unseen")
settle()
show.call("a file", e.start, e, "g", { watch_entry = true, stat = true, recursive = true }, once "file")
write("g", "changed")
settle()
show.call("path", e.getpath, e)
e:stop()
show.call("nothing there", e.start, e, "no", {}, print)
show.call("flags are a number", e.start, e, "g", 0, print)
show.call("no callback", e.start, e, "g", {})
e:start("g", {}, function(err, name)
  show("closes", err, name)
  if not e:is_closing() then e:close(show.callback "closed") end
end)
write("g", "again")
settle()
show.close()
