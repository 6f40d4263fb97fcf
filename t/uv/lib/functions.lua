-- functions.lua -- arguments that are right for each function of luv, for matrix.lua. By groups:
--
--   { name, args, kind = true }     args() makes them anew for each call; kind: results differ from run to
--                                   run, so their types are compared
--
-- What the luv at hand has not is left out of the comparison; neap alone is tried then.
--
-- without: which of matrix.lua's replacements (argument .. kind; "number" is any number) are left out, for a reason
-- that is said.
local uv = require "luv"
local show = require "show"

local function none() end

-- Set by matrix.lua: a callback that notes how it was called.
local functions = { callback = function() return none end }
local function cb() return functions.callback() end

local function timer() return uv.new_timer() end
local function tcp() return uv.new_tcp() end
local function bound_tcp()
  local t = uv.new_tcp()
  assert(t:bind("127.0.0.1", 0))
  return t
end
local function stream() return (show.pair()) end
local function bound_udp()
  local u = uv.new_udp()
  assert(u:bind("127.0.0.1", 0))
  return u
end
local function socket() return uv.socketpair()[1] end
local function open(path, flags) return assert(uv.fs_open(path or "file", flags or "r+", 420)) end
local function child(...) return (uv.spawn("sleep", { args = { "5" } }, ...)) end
local function ptmx() return open("/dev/ptmx", "r+") end

local function group(name, list)
  functions[#functions + 1] = name
  functions[name] = list
end

group("loop", {
  { "run", function() return "nowait" end },
  { "stop", none },
  { "loop_alive", none },
  { "loop_close", function() timer() end },         -- closed for good in luv: only tried where it must fail
  { "loop_configure", function() return "block_signal", "sigprof" end },
  { "loop_mode", none },
  { "backend_fd", none, kind = true },
  { "backend_timeout", none, kind = true },
  { "now", none, kind = true },
  { "update_time", none },
  { "walk", function() return cb() end },
  { "print_all_handles", none },
  { "print_active_handles", none },
  { "metrics_idle_time", none },
  { "metrics_info", none, kind = true },
})

group("handle", {
  { "close", function() return timer(), cb() end },
  { "is_active", timer },
  { "is_closing", timer },
  { "ref", timer },
  { "unref", timer },
  { "has_ref", timer },
  { "send_buffer_size", function() return bound_tcp(), 4096 end, kind = true },
  { "recv_buffer_size", function() return bound_tcp(), 4096 end, kind = true },
  { "fileno", bound_tcp, kind = true },
  { "handle_get_type", timer },
})

local function request() return (tcp():connect("127.0.0.1", 1, none)) end

group("req", {
  { "cancel", request },
  { "req_get_type", request },
})

group("timer", {
  { "new_timer", none },
  { "timer_start", function() return timer(), 10, 10, cb() end },
  { "timer_stop", timer },
  { "timer_again", timer },
  { "timer_set_repeat", function() return timer(), 10 end },
  { "timer_get_repeat", timer },
  { "timer_get_due_in", timer },
})

group("phases", {
  { "new_prepare", none },
  { "prepare_start", function() return uv.new_prepare(), cb() end },
  { "prepare_stop", function() return uv.new_prepare() end },
  { "new_check", none },
  { "check_start", function() return uv.new_check(), cb() end },
  { "check_stop", function() return uv.new_check() end },
  { "new_idle", none },
  { "idle_start", function() return uv.new_idle(), cb() end },
  { "idle_stop", function() return uv.new_idle() end },
})

group("async", {
  { "new_async", cb },
  { "async_send", function() return uv.new_async(none), "text", 1 end },
})

group("poll", {
  { "new_poll", socket },
  { "new_socket_poll", socket },
  { "poll_start", function() return uv.new_poll(socket()), "rw", cb() end },
  { "poll_stop", function() return uv.new_poll(socket()) end },
})

group("signal", {
  { "new_signal", none },
  { "signal_start", function() return uv.new_signal(), "sigusr1", cb() end },
  { "signal_start_oneshot", function() return uv.new_signal(), "sigusr1", cb() end },
  { "signal_stop", function() return uv.new_signal() end },
})

group("process", {
  { "disable_stdio_inheritance", none },
  { "spawn", function() return "true", { args = { "x" } }, cb() end, kind = true },
  { "process_kill", function() return child(), "sigterm" end },
  { "process_get_pid", function() return child() end, kind = true },
  { "kill", function() return uv.process_get_pid(child()), "sigterm" end, without = "1number" }, -- -1 is every process
})

group("stream", {
  { "shutdown", function() return stream(), cb() end },
  { "listen", function() return bound_tcp(), 16, cb() end },
  { "accept", function() local s = bound_tcp() s:listen(16, none) return s, tcp() end },
  { "read_start", function() return stream(), cb() end },
  { "read_stop", stream },
  { "write", function() return stream(), { "a", "b" }, cb() end },
  { "write2", function() return stream(), "data", stream(), cb() end },
  { "try_write", function() return stream(), { "a", "b" } end },
  { "try_write2", function() return stream(), "data", stream() end },
  { "is_readable", stream },
  { "is_writable", stream },
  { "stream_set_blocking", function() return stream(), true end },
  { "stream_get_write_queue_size", stream },
})

group("tcp", {
  { "new_tcp", function() return "inet" end },
  { "tcp_open", function() return tcp(), socket() end },
  { "tcp_nodelay", function() return bound_tcp(), true end },
  { "tcp_keepalive", function() return bound_tcp(), true, 10 end },
  { "tcp_simultaneous_accepts", function() return tcp(), true end },
  { "tcp_bind", function() return tcp(), "127.0.0.1", 0, { ipv6only = false } end },
  { "tcp_getsockname", bound_tcp },
  { "tcp_getpeername", bound_tcp },
  { "tcp_connect", function() return tcp(), "127.0.0.1", 1, cb() end },
  { "tcp_write_queue_size", tcp },
  { "tcp_close_reset", function() return tcp(), cb() end },
  { "socketpair", function() return "stream", 0, { nonblock = true }, { nonblock = false } end, kind = true },
})

local function pipe() return uv.new_pipe(false) end
local function bound_pipe()
  os.remove "socket"
  local p = pipe()
  assert(p:bind "socket")
  return p
end

group("pipe", {
  { "new_pipe", function() return true end },
  { "pipe_open", function() return pipe(), socket() end },
  { "pipe_bind", function() os.remove "socket" return pipe(), "socket" end },
  { "pipe_connect", function() return pipe(), "nowhere", cb() end },
  { "pipe_getsockname", bound_pipe },
  { "pipe_getpeername", bound_pipe },
  { "pipe_pending_instances", function() return pipe(), 4 end },
  { "pipe_pending_count", function() return uv.new_pipe(true) end },
  { "pipe_pending_type", function() return uv.new_pipe(true) end },
  { "pipe_bind2", function() os.remove "socket" return pipe(), "socket", 0 end },
  { "pipe_connect2", function() return pipe(), "nowhere", 0, cb() end },
  { "pipe_chmod", function() return bound_pipe(), "rw" end },
  { "pipe", function() return { nonblock = true }, { nonblock = false } end, kind = true },
})

local function tty() return assert(uv.new_tty(ptmx(), false)) end

group("tty", {
  { "new_tty", function() return ptmx(), false end },
  { "tty_set_mode", function() return tty(), 0 end },
  { "tty_reset_mode", none },
  { "tty_get_winsize", tty },
  { "tty_set_vterm_state", function() return "supported" end },
  { "tty_get_vterm_state", none },
})

group("udp", {
  { "new_udp", function() return { family = "inet", mmsgs = 2 } end },
  { "udp_get_send_queue_size", bound_udp },
  { "udp_get_send_queue_count", bound_udp },
  { "udp_open", function() return uv.new_udp(), uv.socketpair("dgram")[1] end },
  { "udp_bind", function() return uv.new_udp(), "127.0.0.1", 0, { reuseaddr = true } end },
  { "udp_getsockname", bound_udp },
  { "udp_getpeername", bound_udp },
  { "udp_set_membership", function() return bound_udp(), "239.1.2.3", "127.0.0.1", "join" end },
  { "udp_set_source_membership", function() return bound_udp(), "239.1.2.3", "127.0.0.1", "127.0.0.1", "join" end },
  { "udp_set_multicast_loop", function() return bound_udp(), true end },
  { "udp_set_multicast_ttl", function() return bound_udp(), 4 end },
  { "udp_set_multicast_interface", function() return bound_udp(), "127.0.0.1" end },
  { "udp_set_broadcast", function() return bound_udp(), true end },
  { "udp_set_ttl", function() return bound_udp(), 4 end },
  { "udp_send", function() return bound_udp(), "data", "127.0.0.1", 9, cb() end },
  { "udp_try_send", function() return bound_udp(), "data", "127.0.0.1", 9 end },
  { "udp_try_send2", function()
    return bound_udp(), { { data = "data", addr = { ip = "127.0.0.1", port = 9 } } }, 0
  end },
  { "udp_recv_start", function() return bound_udp(), cb() end },
  { "udp_recv_stop", bound_udp },
  { "udp_connect", function() return bound_udp(), "127.0.0.1", 9 end },
})

group("fs", {
  { "fs_close", function() return open(), cb() end },
  { "fs_open", function() return "file", "r", 420, cb() end, kind = true },
  { "fs_read", function() return open(), 100, 0, cb() end, without = "2number" },  -- a gigabyte
  { "fs_unlink", function() return "file", cb() end },
  { "fs_write", function() return open(), { "a", "b" }, 0, cb() end, without = "3number" },
  { "fs_mkdir", function() return "new", 448, cb() end },
  { "fs_mkdtemp", function() return "dtXXXXXX", cb() end, kind = true },
  { "fs_mkstemp", function() return "stXXXXXX", cb() end, kind = true },
  { "fs_rmdir", function() return "empty", cb() end },
  { "fs_scandir", function() return "dir", cb() end },
  { "fs_scandir_next", function() return uv.fs_scandir "dir" end },
  { "fs_stat", function() return "file", cb() end },
  { "fs_fstat", function() return open(), cb() end },
  { "fs_lstat", function() return "link", cb() end },
  { "fs_rename", function() return "file", "new", cb() end },
  { "fs_fsync", function() return open(), cb() end },
  { "fs_fdatasync", function() return open(), cb() end },
  { "fs_ftruncate", function() return open(), 2, cb() end, without = "2number" },
  { "fs_sendfile", function() return open "new", open(), 0, 5, cb() end },
  { "fs_access", function() return "file", "r", cb() end },
  { "fs_chmod", function() return "file", 420, cb() end },
  { "fs_fchmod", function() return open(), 420, cb() end },
  { "fs_utime", function() return "file", 1000, 2000, cb() end },
  { "fs_futime", function() return open(), 1000, 2000, cb() end },
  { "fs_lutime", function() return "link", 1000, 2000, cb() end },
  { "fs_link", function() return "file", "new", cb() end },
  { "fs_symlink", function() return "file", "new", { dir = false }, cb() end },
  { "fs_readlink", function() return "link", cb() end },
  { "fs_realpath", function() return "file", cb() end, kind = true },
  { "fs_chown", function() return "file", uv.getuid(), uv.getgid(), cb() end },
  { "fs_fchown", function() return open(), uv.getuid(), uv.getgid(), cb() end },
  { "fs_lchown", function() return "link", uv.getuid(), uv.getgid(), cb() end },
  { "fs_copyfile", function() return "file", "new", { excl = true }, cb() end },
  { "fs_opendir", function() return "dir", cb(), 10 end, without = "3number" },  -- as many entries
  { "fs_readdir", function() return uv.fs_opendir("dir", nil, 10), cb() end },
  { "fs_closedir", function() return uv.fs_opendir("dir", nil, 10), cb() end },
  { "fs_statfs", function() return ".", cb() end, kind = true },
})

group("fs_event", {
  { "new_fs_event", none },
  { "fs_event_start", function() return uv.new_fs_event(), "dir", { recursive = false }, cb() end },
  { "fs_event_stop", function() return uv.new_fs_event() end },
  { "fs_event_getpath", function() return uv.new_fs_event() end },
})

group("fs_poll", {
  { "new_fs_poll", none },
  { "fs_poll_start", function() return uv.new_fs_poll(), "file", 1000, cb() end },
  { "fs_poll_stop", function() return uv.new_fs_poll() end },
  { "fs_poll_getpath", function() return uv.new_fs_poll() end },
})

group("dns", {
  { "getaddrinfo", function() return "127.0.0.1", "80", { numerichost = true, socktype = "stream" }, cb() end },
  { "getnameinfo", function() return { ip = "127.0.0.1", port = 80 }, cb() end },
})

local function thread() return uv.new_thread(function() end) end

group("threads", {
  { "new_thread", function() return function() end, 1, "text" end },
  { "thread_equal", function() return thread(), uv.thread_self() end },
  { "thread_self", none },
  { "thread_join", thread },
  { "thread_detach", thread },
  { "thread_getcpu", none, kind = true },
  { "thread_getaffinity", function() return uv.thread_self() end, kind = true },
  { "thread_setaffinity", function() return uv.thread_self(), uv.thread_getaffinity(uv.thread_self()), true end,
    kind = true },
  { "thread_getpriority", function() return uv.thread_self() end, kind = true },
  { "thread_setpriority", function() return uv.thread_self(), uv.constants.THREAD_PRIORITY_NORMAL end, kind = true },
  { "thread_getname", function() return uv.thread_self() end, kind = true },
  { "thread_setname", function() return "a name" end },
  { "sleep", function() return 1 end, without = "1number" },
})

group("work", {
  { "new_work", function() return function(...) return ... end, cb() end },
  { "queue_work", function()
    return uv.new_work(function(...) return ... end, cb()), 1, "text", true
  end },
})

group("semaphores", {
  { "new_sem", function() return 1 end },
  { "sem_post", function() return uv.new_sem(0) end },
  { "sem_wait", function() return uv.new_sem(1) end },
  { "sem_trywait", function() return uv.new_sem(1) end },
})

group("misc", {
  { "chdir", function() return "." end },
  { "os_homedir", none, kind = true },
  { "os_tmpdir", none },
  { "os_get_passwd", none, kind = true },
  { "cpu_info", none, kind = true },
  { "cwd", none, kind = true },
  { "exepath", none, kind = true },
  { "get_process_title", none, kind = true },
  { "set_process_title", function() return "a title" end },
  { "get_total_memory", none, kind = true },
  { "get_free_memory", none, kind = true },
  { "get_constrained_memory", none, kind = true },
  { "get_available_memory", none, kind = true },
  { "cpumask_size", none, kind = true },
  { "available_parallelism", none },
  { "getpid", none, kind = true },
  { "getuid", none },
  { "getgid", none },
  { "setuid", function() return uv.getuid() end, without = "1number" },   -- nobody could write files then
  { "setgid", function() return uv.getgid() end, without = "1number" },
  { "getrusage", none, kind = true },
  { "getrusage_thread", none, kind = true },
  { "guess_handle", function() return open() end },
  { "hrtime", none, kind = true },
  { "clock_gettime", function() return "monotonic" end, kind = true },
  { "interface_addresses", none, kind = true },
  { "loadavg", none, kind = true },
  { "resident_set_memory", none, kind = true },
  { "translate_sys_error", function() return 2 end },
  { "uptime", none, kind = true },
  { "version", none },
  { "version_string", none },
  { "gettimeofday", none, kind = true },
  { "if_indextoname", function() return 1 end },
  { "if_indextoiid", function() return 1 end },
  { "os_uname", none },
  { "os_gethostname", none },
  { "os_getenv", function() return "PATH", 4096 end, kind = true, without = "2number" },  -- a gigabyte
  { "os_setenv", function() return "T_UV", "a value" end },
  { "os_unsetenv", function() return "T_UV" end },
  { "os_environ", none, kind = true },
  { "os_getpid", none, kind = true },
  { "os_getppid", none, kind = true },
  { "os_getpriority", function() return uv.os_getpid() end },
  { "os_setpriority", function() return uv.os_getpid(), 5 end },
  { "utf16_length_as_wtf8", function() return "a\0b\0" end },
  { "utf16_to_wtf8", function() return "a\0b\0" end },
  { "wtf8_length_as_utf16", function() return "text" end },
  { "wtf8_to_utf16", function() return "text" end },
  { "random", function() return 16, 0, cb() end, kind = true, without = "1number" },
})

return functions
