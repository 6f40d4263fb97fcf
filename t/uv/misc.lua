-- What the system says: shapes, where values differ.
local uv = require "luv"
local show = require "show"

for name in ([[cpu_info loadavg getrusage interface_addresses os_uname os_environ os_get_passwd gettimeofday uptime
    hrtime resident_set_memory get_total_memory get_free_memory get_constrained_memory os_homedir os_gethostname exepath
    cwd getuid getgid getpid os_getpid os_getppid get_process_title available_parallelism]]):gmatch "%S+" do
  if name == "os_environ" or name == "interface_addresses" or name == "cpu_info" then
    show(name, uv[name] and type(uv[name]()))
  else
    show.kind(name, uv[name])
  end
end
show.call("version", uv.version)
show.call("version_string", uv.version_string)
show.call("os_tmpdir", uv.os_tmpdir)
show("cpu", show.shape(uv.cpu_info()[1]))
show("addresses", show.shape((uv.interface_addresses()).lo[1]))
show("same", uv.getpid() == uv.os_getpid(), uv.os_environ().PATH == os.getenv "PATH")
show("same", uv.os_gethostname() == uv.os_uname().nodename)

show.call("chdir", uv.chdir, "/")
show.call("cwd", uv.cwd)
show.call("chdir to nothing", uv.chdir, "/no/such/folder")
show.call("cwd", uv.cwd)
show.call("setenv", uv.os_setenv, "T_UV", "value")
show.call("getenv", uv.os_getenv, "T_UV")
show.call("os.getenv", os.getenv, "T_UV")
show.call("a small buffer", uv.os_getenv, "T_UV", 2)
show.call("unsetenv", uv.os_unsetenv, "T_UV")
show.call("getenv", uv.os_getenv, "T_UV")
show.call("setenv without a name", uv.os_setenv, "", "x")
show.call("setenv of =", uv.os_setenv, "A=B", "x")
show.call("priority", uv.os_getpriority, uv.os_getpid())
show.call("set it", uv.os_setpriority, uv.os_getpid(), 3)
show.call("priority", uv.os_getpriority, 0)
show.call("out of range", uv.os_setpriority, uv.os_getpid(), 100)
show.call("of nobody", uv.os_getpriority, 999999999)
show.call("title", uv.set_process_title, "short")
show.call("title", uv.get_process_title)
for _, n in ipairs { 0, 2, -2, 13, -13, 9999 } do show.call("error " .. n, uv.translate_sys_error, n) end
for _, n in ipairs { 0, 1, 9999 } do
  show.call("name of interface " .. n, uv.if_indextoname, n)
  show.call("id of interface " .. n, uv.if_indextoiid, n)
end
for _, path in ipairs { "/dev/null", "/etc/passwd" } do
  show.call(path, uv.guess_handle, assert(uv.fs_open(path, "r", 0)))
end
show.call("a socket", uv.guess_handle, uv.socketpair()[1])
show.call("a datagram socket", uv.guess_handle, uv.socketpair("dgram")[1])

show("random", #uv.random(16), uv.random(16) ~= uv.random(16))
show.call("random nothing", uv.random, 0)
for _, n in ipairs { -1, 2 ^ 31 } do show.call("random " .. n, uv.random, n) end
show.call("random flags", uv.random, 4, 1)
show.kind("random flags", uv.random, 4, {})
show.call("random later", uv.random, 8, nil, function(err, bytes) show("random", err, #bytes) end)
show.call("random later with flags", uv.random, 8, 0, function(err, bytes) show("random", err, #bytes) end)
uv.run()
local a = uv.hrtime()
show("hrtime", uv.hrtime() >= a)
local now = uv.gettimeofday()
show("gettimeofday", math.abs(now - os.time()) <= 1)
show.call("setuid", uv.setuid, uv.getuid())
show.call("setgid", uv.setgid, uv.getgid())
