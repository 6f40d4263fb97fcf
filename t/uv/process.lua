-- Children: what they are given, what they leave.
local uv = require "luv"
local show = require "show"

-- Runs it, with pipes for its output; shows what it said and how it ended.
local function run(label, file, options, input)
  local out, err, inp = uv.new_pipe(false), uv.new_pipe(false), uv.new_pipe(false)
  local said = { out = {}, err = {} }
  options.stdio = options.stdio or { inp, out, err }
  local ended
  local child, pid = uv.spawn(file, options, function(...) ended = { n = select("#", ...), ... } end)
  if not child then
    show(label, child, pid)
  else
    show(label, child, type(pid), child:get_pid() == pid)
    if options.stdio[2] == out then
      for name, pipe in pairs { out = out, err = err } do
        pipe:read_start(function(e, data)
          if data then table.insert(said[name], data) elseif e then show("read", e) end
        end)
      end
    end
    if input then inp:write(input) end
    if options.stdio[1] == inp then inp:shutdown() end
    uv.run()
    show("  ended", unpack(ended, 1, ended.n))
    show("  out", table.concat(said.out))
    show("  err", table.concat(said.err))
  end
  show.close()
end

run("echo", "echo", { args = { "a", "b c" } })
run("sh", "sh", { args = { "-c", "echo out; echo err >&2; exit 3" } })
run("cat", "cat", {}, "from its standard input\n")
run("env", "env", { env = { "A=1", "B=two words" } })
run("env empty", "/usr/bin/env", { env = {} })
run("cwd", "pwd", { cwd = "/" })
run("cwd that is not there", "pwd", { cwd = "/no/such/folder" })
run("no such program", "no-such-program", {})
run("a folder", "/tmp", {})
run("killed", "sh", { args = { "-c", "kill -TERM $$" } })
run("killed by 9", "sh", { args = { "-c", "kill -9 $$" } })
run("uid", "id", { args = { "-u" }, uid = uv.getuid(), gid = uv.getgid() })
run("detached", "true", { detached = true })
run("hide, verbatim", "echo", { args = { "x" }, hide = true, verbatim = true })
run("no stdio", "true", { stdio = {} })
run("stdio nil in between", "sh", { args = { "-c", "test -t 1 || echo gone" }, stdio = { nil, nil, 2 } })
run("numbers as arguments", "echo", { args = { 1, 2.5 } })

local wrong = {
  { "args", "text" }, { "args", { {} } }, { "args", { true } }, { "stdio", "text" }, { "stdio", { "text" } },
  { "stdio", { true } }, { "stdio", { 9999 } }, { "env", "text" }, { "env", { 1, {} } }, { "cwd", {} }, { "cwd", true },
  { "uid", "text" }, { "gid", {} }, { "detached", 1 },
  { "verbatim", "text" }, { "hide", 0 }, { "flags", 1 }, { "nothing", 1 },
}
for _, w in ipairs(wrong) do
  -- Those that raise leave luv with a handle that it frees twice: all in one process each is not worth it.
  local ok = pcall(uv.spawn, "true", { [w[1]] = w[2] }, function() end)
  show("wrong " .. w[1] .. " " .. show.shape(w[2]), ok)
end
show.close()

local child = uv.spawn("sleep", { args = { "10" } }, show.callback "ended")
show.call("kill", child.kill, child, "sigint")
uv.run()
show.call("kill again", child.kill, child, "sigint")
show.call("pid", function() return type(child:get_pid()) end)
child:close()
uv.run()
show.call("kill when closed", child.kill, child, 9)
local other = uv.spawn("sleep", { args = { "10" } }, function(...) show("ended", ...) end)
show.call("kill by number", other.kill, other, 9)
show.call("without a signal", function() return other:kill() end)
uv.run()
local third, pid = uv.spawn("sleep", { args = { "10" } }, show.callback "third")
show.call("uv.kill", uv.kill, pid, "sigkill")
uv.run()
third:close()
-- No callback; dropped.
uv.spawn("true", { args = {} })
collectgarbage()
uv.run()
show("open", show.open())
show.close()
