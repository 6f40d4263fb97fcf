---@meta luv
-- Made by scripts/uv-docs from bindings/uv/: for editors, never run.

---An address, such as `{ family = "inet", ip = "127.0.0.1", port = 8080 }`.
---@alias uv_address { family: "inet" | "inet6", ip: string, port: integer }

---@class uv_handle_t
local uv_handle_t = {}

---Closes the handle: it is stopped at once, what it waits for fails with ECANCELED, and `callback` is called
---when the loop has let go of it. Raises when it is closed, or being closed, already. A handle that nobody
---closes stays open, whether its object is still referred to or not.
---@param callback? fun()
function uv_handle_t:close(callback) end

---Its file descriptor, which stays the handle's: of a stream, a udp or a poll. EINVAL: its type has none.
---EBADF: it has none yet, or none any more.
---@return integer?
---@return string?
---@return string?
function uv_handle_t:fileno() end

---Its type's name, such as "tcp", and libuv's number of it.
---@return string
---@return integer
function uv_handle_t:get_type() end

---Whether it keeps the program running while it is active: true, until `uv.unref`.
---@return boolean
function uv_handle_t:has_ref() end

---Whether it does something: a timer that was started, a stream that reads, connects or listens.
---@return boolean
function uv_handle_t:is_active() end

---Whether it is being closed or is closed.
---@return boolean
function uv_handle_t:is_closing() end

---The same for the buffer of what has been received.
---@param size? integer
---@return integer?
---@return string?
---@return string?
function uv_handle_t:recv_buffer_size(size) end

---Makes it, while it is active, keep the program running again: as every handle does that is not unref'ed.
function uv_handle_t:ref() end

---Without `size`, or with 0, the size in bytes of the buffer in which the kernel keeps what is to be sent; with it,
---sets that and returns 0. Linux sets, and says, twice as much. EBADF: there is no socket yet.
---@param size? integer
---@return integer?
---@return string?
---@return string?
function uv_handle_t:send_buffer_size(size) end

---The program may end although it is active.
function uv_handle_t:unref() end

---@class uv_req_t
local uv_req_t = {}

---Cancels a request of fs, dns or `uv.random` that has not begun yet: its callback gets "ECANCELED" (dns:
---"EAI_CANCELED"). Since libuv 1.53 also a write: what of it has not gone yet does not go. EBUSY: it is being done, or
---was. EINVAL: requests of its type end when their handle is closed. One that is over raises.
---@return 0?
---@return string?
---@return string?
function uv_req_t:cancel() end

---Its type's name ("fs", "write") and libuv's number of it.
---@return string
---@return integer
function uv_req_t:get_type() end

---@class uv_stream_t: uv_handle_t
local uv_stream_t = {}

---In the callback of `uv.listen`: makes `client`, a new handle of the same type, the other end of the connection.
---On a pipe for handles, takes the handle that has come (see `uv.pipe_pending_type`). EAGAIN: there is none.
---@param client uv_stream_t
---@return 0?
---@return string?
---@return string?
function uv_stream_t:accept(client) end

---Bytes that were written and that the kernel has not taken yet.
---@return integer
function uv_stream_t:get_write_queue_size() end

---Whether it can be read from: whether it is connected, or open for reading.
---@return boolean
function uv_stream_t:is_readable() end

---Whether it can be written to.
---@return boolean
function uv_stream_t:is_writable() end

---Waits for connections, up to `backlog` of which the kernel keeps until they are accepted. `callback` is called for each:
---take it with `uv.accept`. EADDRINUSE: the address is taken (it is told here, not when it was bound).
---@param backlog integer
---@param callback fun(err: string?)
---@return 0?
---@return string?
---@return string?
function uv_stream_t:listen(backlog, callback) end

---Reads: `callback` gets what has come, as it comes; nothing at the end; or the name of an error. EALREADY: it reads
---already. ENOTCONN: it is not connected.
---@param callback fun(err: string?, data: string?)
---@return 0?
---@return string?
---@return string?
function uv_stream_t:read_start(callback) end

---Stops reading: the callback is not called any more. What comes waits in the kernel.
---@return 0?
---@return string?
---@return string?
function uv_stream_t:read_stop() end

---Makes writes block the whole program until the kernel has taken them, or not. Only for what cannot be done
---otherwise, such as output that must be there before a crash.
---@param blocking boolean
---@return 0?
---@return string?
---@return string?
function uv_stream_t:set_blocking(blocking) end

---Ends our half of the connection when all that waits has been written: the other side reads its end. `callback` is
---called then. ENOTCONN: it is not connected.
---@param callback? fun(err: string?)
---@return uv_shutdown_t?
---@return string?
---@return string?
function uv_stream_t:shutdown(callback) end

---Writes what the kernel takes at once, and returns how many bytes that was. EAGAIN: nothing, or something written
---before still waits.
---@param data string | string[]
---@return integer?
---@return string?
---@return string?
function uv_stream_t:try_write(data) end

---The same, and sends a handle along, as `uv.write2` does.
---@param data string | string[]
---@param send_handle uv_stream_t
---@return integer?
---@return string?
---@return string?
function uv_stream_t:try_write2(data, send_handle) end

---Writes `data`, or all of a list, after what was written before. `callback` is called when the kernel has
---taken all of it, or with the name of an error.
---@param data string | string[]
---@param callback? fun(err: string?)
---@return uv_write_t?
---@return string?
---@return string?
function uv_stream_t:write(data, callback) end

---The same, and sends a handle along, over a pipe that was made for handles (`uv.new_pipe(true)`). It stays open here
---until it is closed here, which is to wait for the callback. EINVAL: the pipe is not one for handles.
---@param data string | string[]
---@param send_handle uv_stream_t
---@param callback? fun(err: string?)
---@return uv_write_t?
---@return string?
---@return string?
function uv_stream_t:write2(data, send_handle, callback) end

---@class luv_work_ctx_t
local luv_work_ctx_t = {}

---Queues it with these arguments: nil, booleans, numbers, strings, light userdata, threads, semaphores and
---handles (see `uv.new_thread`), as its results may be. Works run in the order they were queued, as many at once
---as the pool has threads: four, or UV_THREADPOOL_SIZE. An error in the work goes where the program's errors go
---(it does not end the program), and `after` is called without results. The same states are used again, so
---globals that a work sets may be there in a later one. Raises when an argument cannot be passed.
---@param ... any
---@return boolean?
---@return string?
---@return string?
function luv_work_ctx_t:queue(...) end

---@class uv_async_t: uv_handle_t
local uv_async_t = {}

---Has the callback called with these arguments; those from the first on that is of another type are left out. May be
---called in another thread, with the handle that was given to that. Several that come before the callback is called
---call it once, with the arguments of the last.
---@param ... any
---@return 0?
---@return string?
---@return string?
function uv_async_t:send(...) end

---@class uv_check_t: uv_handle_t
local uv_check_t = {}

---Starts it: `callback` is called in every turn of the loop, right after it has waited for events and has
---told of them. One that is started already gets the new callback. EINVAL: it is closed.
---@param callback fun()
---@return 0?
---@return string?
---@return string?
function uv_check_t:start(callback) end

---Stops it: its callback is not called any more.
---@return 0?
---@return string?
---@return string?
function uv_check_t:stop() end

---@class uv_connect_t: uv_req_t
local uv_connect_t = {}

---@class uv_dir_t
local uv_dir_t = {}

---Closes a folder. EBADF: it is closed; EBUSY: it is being read.
---@param callback? fun(err: string?, success: boolean?)
---@return (boolean | uv_fs_t)?
---@return string?
---@return string?
function uv_dir_t:closedir(callback) end

---The next entries of a folder, as many as fs_opendir was told at most: an array of tables with `name` and
---`type`, as fs_scandir_next has it. nil: there are no more. EBADF: it is closed; EBUSY: it is being read.
---@param callback? fun(err: string?, entries: table?)
---@return (table | nil | uv_fs_t)?
---@return string?
---@return string?
function uv_dir_t:readdir(callback) end

---@class uv_fs_event_t: uv_handle_t
local uv_fs_event_t = {}

---The path that is watched. EINVAL: none is.
---@return string?
---@return string?
---@return string?
function uv_fs_event_t:getpath() end

---Watches a file, or a folder for what is in it: `callback` gets the name of what has changed, relative to the
---folder, where the system tells, and a table with `rename` (it came, went, or was renamed) or `change` set.
---`flags`: `recursive`, folders below too, on macOS and Windows; `watch_entry` and `stat` are libuv's, and do
---nothing yet. EINVAL: it is started already.
---@param path string
---@param flags table
---@param callback fun(err: string?, name: string?, events: table)
---@return 0?
---@return string?
---@return string?
function uv_fs_event_t:start(path, flags, callback) end

---Stops watching.
---@return 0?
---@return string?
---@return string?
function uv_fs_event_t:stop() end

---@class uv_fs_poll_t: uv_handle_t
local uv_fs_poll_t = {}

---The path that is watched. EINVAL: none is.
---@return string?
---@return string?
---@return string?
function uv_fs_poll_t:getpath() end

---Asks for the path's state every `interval` milliseconds. When it has changed, `callback` gets what it was and
---what it is, as fs_stat has them; when it cannot be had (any more), the error's name, once. Started already, it
---goes on as it is, with the new callback.
---@param path string
---@param interval integer
---@param callback fun(err: string?, before: table, now: table)
---@return 0?
---@return string?
---@return string?
function uv_fs_poll_t:start(path, interval, callback) end

---Stops watching.
---@return 0?
---@return string?
---@return string?
function uv_fs_poll_t:stop() end

---@class uv_fs_t: uv_req_t
local uv_fs_t = {}

---@class uv_getaddrinfo_t: uv_req_t
local uv_getaddrinfo_t = {}

---@class uv_getnameinfo_t: uv_req_t
local uv_getnameinfo_t = {}

---@class uv_idle_t: uv_handle_t
local uv_idle_t = {}

---Starts it: `callback` is called in every turn of the loop, and the loop no longer sleeps: it takes what
---events there are and goes on, at the full speed of one CPU. One that is started already gets the new
---callback. EINVAL: it is closed.
---@param callback fun()
---@return 0?
---@return string?
---@return string?
function uv_idle_t:start(callback) end

---Stops it: its callback is not called any more, and the loop may sleep again.
---@return 0?
---@return string?
---@return string?
function uv_idle_t:stop() end

---@class uv_pipe_t: uv_stream_t
local uv_pipe_t = {}

---Gives it a path, where a socket appears that is removed when the handle closes; a path of more than 107 bytes is cut
---there. `uv.listen` is next. EADDRINUSE: there is one already. EINVAL: the handle has a path, or is closed.
---@param name string
---@return 0?
---@return string?
---@return string?
function uv_pipe_t:bind(name) end

---As `uv.pipe_bind`; `name` may begin with a zero byte, for Linux's abstract sockets. With `no_truncate` one that is
---too long fails with EINVAL and is not cut.
---@param name string
---@param flags? integer | { no_truncate: boolean? }
---@return 0?
---@return string?
---@return string?
function uv_pipe_t:bind2(name, flags) end

---Lets other users' processes connect, read ("r") and write ("w"): as the access rights of its path, which it has to
---be bound to.
---@param flags "r" | "w" | "rw" | "wr"
---@return 0?
---@return string?
---@return string?
function uv_pipe_t:chmod(flags) end

---Connects to the Unix socket at a path. `callback` is called when it is, or with the name of an error: ENOENT there is
---none, ECONNREFUSED nobody listens. EALREADY: it is connecting. EINVAL: the handle is closed.
---@param name string
---@param callback? fun(err: string?)
---@return uv_connect_t?
---@return string?
---@return string?
function uv_pipe_t:connect(name, callback) end

---As `uv.pipe_connect`, with the names and flags of `uv.pipe_bind2`.
---@param name string
---@param flags? integer | { no_truncate: boolean? }
---@param callback? fun(err: string?)
---@return uv_connect_t?
---@return string?
---@return string?
function uv_pipe_t:connect2(name, flags, callback) end

---The path that the other side was bound to; "" when it has none. ENOTCONN: it is not connected.
---@return string?
---@return string?
---@return string?
function uv_pipe_t:getpeername() end

---The path that it was bound to; "" when it has none. EBADF: there is no socket yet.
---@return string?
---@return string?
---@return string?
function uv_pipe_t:getsockname() end

---Makes it a stream on an open descriptor, of a pipe or Unix socket, which is the handle's from then on: it is closed
---with it. EINVAL: the handle is closed.
---@param fd integer
---@return 0?
---@return string?
---@return string?
function uv_pipe_t:open(fd) end

---How many handles have come through a pipe for handles and wait to be taken with `uv.accept`.
---@return integer
function uv_pipe_t:pending_count() end

---How many connections may wait, on Windows; elsewhere nothing happens.
---@param count integer
function uv_pipe_t:pending_instances(count) end

---The type of the first of them: "tcp", "pipe" or "udp", which is what the handle that is given to `uv.accept` has to
---be. Nothing when there is none.
---@return string?
function uv_pipe_t:pending_type() end

---@class uv_poll_t: uv_handle_t
local uv_poll_t = {}

---Starts it. `events` has the letters of what is waited for, in this order: "r" it can be read, "w" written, "d"
---the other side has gone, "p" there is urgent data; "rw" by default. `callback` is called, as long as it is
---so, with those that are so; with the name of an error and "" when it cannot be waited for, and then the
---handle is stopped. One that is started already gets the new events and callback. EINVAL: it is closed.
---@param events? string
---@param callback fun(err: string?, events: string)
---@return 0?
---@return string?
---@return string?
function uv_poll_t:start(events, callback) end

---Stops it: its callback is not called any more.
---@return 0?
---@return string?
---@return string?
function uv_poll_t:stop() end

---@class uv_prepare_t: uv_handle_t
local uv_prepare_t = {}

---Starts it: `callback` is called in every turn of the loop, right before it waits for events. One that is
---started already gets the new callback. EINVAL: it is closed.
---@param callback fun()
---@return 0?
---@return string?
---@return string?
function uv_prepare_t:start(callback) end

---Stops it: its callback is not called any more.
---@return 0?
---@return string?
---@return string?
function uv_prepare_t:stop() end

---@class uv_process_t: uv_handle_t
local uv_process_t = {}

---Its number, which may be another's when it has ended.
---@return integer
function uv_process_t:get_pid() end

---Sends it a signal, a number or a name such as "sigkill"; "sigterm" by default. 0, or a name that there is not, only
---looks whether it is there. ESRCH: it has ended.
---@param signum? integer | string
---@return 0?
---@return string?
---@return string?
function uv_process_t:kill(signum) end

---@class uv_random_t: uv_req_t
local uv_random_t = {}

---@class uv_sem_t
local uv_sem_t = {}

---Adds 1 to its count, and wakes one thread that waits for it.
function uv_sem_t:post() end

---Takes 1 from its count, if that is above 0, and says whether it has.
---@return boolean
function uv_sem_t:trywait() end

---Waits until its count is above 0, and takes 1 from it; meanwhile nothing else runs on this thread. Raises in a
---thread, or a work function, that is told to stop, because the program ends.
function uv_sem_t:wait() end

---@class uv_shutdown_t: uv_req_t
local uv_shutdown_t = {}

---@class uv_signal_t: uv_handle_t
local uv_signal_t = {}

---Starts it: whenever the process gets the signal, which is a number or a name such as "sigint", `callback` is
---called with its name (nil: it has none), and the signal has no other effect. Several handles may wait for the
---same signal. EINVAL: this one cannot be caught (sigkill, sigstop), or the handle is closed. EBUSY: Neap stops
---scripts with it (sigurg).
---@param signum integer | string
---@param callback? fun(signum: string?)
---@return 0?
---@return string?
---@return string?
function uv_signal_t:start(signum, callback) end

---The same, for the first time only: it is stopped then.
---@param signum integer | string
---@param callback? fun(signum: string?)
---@return 0?
---@return string?
---@return string?
function uv_signal_t:start_oneshot(signum, callback) end

---Stops it: its callback is not called any more. When no handle waits for the signal it has its usual effect
---again.
---@return 0?
---@return string?
---@return string?
function uv_signal_t:stop() end

---@class uv_tcp_t: uv_stream_t
local uv_tcp_t = {}

---Binds it to an address of this machine: an IPv4 or IPv6 address as text, such as "0.0.0.0" or "::", and a port;
---0: a free one, which `uv.tcp_getsockname` tells. That the address is taken may be told by `uv.listen` or
---`uv.tcp_connect` only. `ipv6only`: "::" does not mean IPv4 too. `reuseport` (libuv 1.49): other processes may
---bind it so too, and the system shares connections out. Raises when the text is no address.
---@param host string
---@param port integer
---@param flags? { ipv6only: boolean?, reuseport: boolean? }
---@return 0?
---@return string?
---@return string?
function uv_tcp_t:bind(host, port, flags) end

---Closes it with a reset: what waits to be sent is dropped, and the peer reads ECONNRESET. `callback` is called when the
---loop has let go of it. EBADF: it has no socket, or is closed. EINVAL: `uv.shutdown` is under way.
---@param callback? fun()
---@return 0?
---@return string?
---@return string?
function uv_tcp_t:close_reset(callback) end

---Connects to an address, which is text as for `uv.tcp_bind`: names are looked up by `uv.getaddrinfo`. `callback` is
---called when it is connected, or could not be. Raises when the text is no address.
---@param host string
---@param port integer
---@param callback? fun(err: string?)
---@return uv_connect_t?
---@return string?
---@return string?
function uv_tcp_t:connect(host, port, callback) end

---The address of the other end. ENOTCONN: it is not connected.
---@return uv_address?
---@return string?
---@return string?
function uv_tcp_t:getpeername() end

---The address of this end: `{ family = "inet" | "inet6", ip = "127.0.0.1", port = 8080 }`.
---@return uv_address?
---@return string?
---@return string?
function uv_tcp_t:getsockname() end

---Whether the kernel probes a silent peer, after `delay` seconds (must be given with true): one that is gone then ends
---reads with ETIMEDOUT.
---@param enable boolean
---@param delay? integer
---@return 0?
---@return string?
---@return string?
function uv_tcp_t:keepalive(enable, delay) end

---true: small writes are sent at once; false: the kernel gathers them (Nagle's algorithm), which is the default.
---@param enable boolean
---@return 0?
---@return string?
---@return string?
function uv_tcp_t:nodelay(enable) end

---Puts a socket that is open already into the handle, which owns it from here on. EEXIST: another handle has it.
---@param socket integer
---@return 0?
---@return string?
---@return string?
function uv_tcp_t:open(socket) end

---Whether several accepts may be queued; it means something on Windows only.
---@param enable boolean
---@return 0?
---@return string?
---@return string?
function uv_tcp_t:simultaneous_accepts(enable) end

---Bytes that wait to be sent; `uv.stream_get_write_queue_size` is the same for any stream.
---@return integer
function uv_tcp_t:write_queue_size() end

---@class uv_thread_t
local uv_thread_t = {}

---Gives up waiting for it: it cannot be joined any more. The program's end waits for it all the same.
---@return boolean?
---@return string?
---@return string?
function uv_thread_t:detach() end

---Whether both are the same thread. `==` says the same.
---@param other uv_thread_t
---@return boolean
function uv_thread_t:equal(other) end

---Which processors it may run on: true at the number of each, the first being 1. `size` is how many are told,
---`uv.cpumask_size()` at least, which is the default.
---@param size? integer
---@return (table<integer, boolean>)?
---@return string?
---@return string?
function uv_thread_t:getaffinity(size) end

---The number of the processor that this thread runs on; the first is 1.
---@return integer?
---@return string?
---@return string?
function uv_thread_t:getcpu() end

---Its name.
---@return string?
---@return string?
---@return string?
function uv_thread_t:getname() end

---Its priority as the system has it.
---@return integer?
---@return string?
---@return string?
function uv_thread_t:getpriority() end

---Waits until the thread has ended; meanwhile nothing else runs on this one. ESRCH: it has been joined already.
---@return boolean?
---@return string?
---@return string?
function uv_thread_t:join() end

---Says which processors it may run on: those whose number has true in `mask`, the first being 1. Returns true, or
---with `get_old` what was allowed before.
---@param mask table<integer, boolean>
---@param get_old? boolean
---@return (boolean | table<integer, boolean>)?
---@return string?
---@return string?
function uv_thread_t:setaffinity(mask, get_old) end

---Sets it: one of `uv.constants.THREAD_PRIORITY_*`.
---@param priority integer
---@return boolean?
---@return string?
---@return string?
function uv_thread_t:setpriority(priority) end

---@class uv_timer_t: uv_handle_t
local uv_timer_t = {}

---Stops it, and starts it again with its repeat time as timeout. EINVAL: it has never been started.
---@return 0?
---@return string?
---@return string?
function uv_timer_t:again() end

---Milliseconds until it fires, or 0 when that is past.
---@return integer
function uv_timer_t:get_due_in() end

---Its repeat time in milliseconds; 0: it fires once.
---@return integer
function uv_timer_t:get_repeat() end

---Sets the repeat time in milliseconds, which counts from the next time that it fires.
---@param repeat_ integer
function uv_timer_t:set_repeat(repeat_) end

---Starts it: `callback` is called after `timeout` milliseconds (0: in the next turn of the loop), and then,
---unless `repeat` is 0, every `repeat` milliseconds. One that is started already starts anew.
---@param timeout integer
---@param repeat_ integer
---@param callback fun()
---@return 0?
---@return string?
---@return string?
function uv_timer_t:start(timeout, repeat_, callback) end

---Stops it: its callback is not called any more.
---@return 0?
---@return string?
---@return string?
function uv_timer_t:stop() end

---@class uv_tty_t: uv_stream_t
local uv_tty_t = {}

---The window's width and height, in characters. The signal "sigwinch" tells when they change.
---@return integer?
---@return (integer)|string?
---@return string?
function uv_tty_t:get_winsize() end

---Sets the terminal's mode: 0 or "normal", 1 or "raw" (every key is told at once, none is shown, and control-C is a
---key as others), 2 or "io" (bytes go through as they are); since libuv 1.51 also "raw_vt", of Windows, elsewhere "raw".
---See `uv.tty_reset_mode`.
---@param mode integer | string
---@return 0?
---@return string?
---@return string?
function uv_tty_t:set_mode(mode) end

---@class uv_udp_send_t: uv_req_t
local uv_udp_send_t = {}

---@class uv_udp_t: uv_handle_t
local uv_udp_t = {}

---Gives it an address, where it receives; port 0: any that is free. `reuseaddr`: several sockets may have the
---address, and the last one receives. `ipv6only`: no IPv4 through an IPv6 address. EADDRINUSE: another has it. EINVAL:
---the handle has an address, or is closed. A host that is no IP address raises.
---@param host string
---@param port integer
---@param flags? { reuseaddr: boolean?, ipv6only: boolean? }
---@return 0?
---@return string?
---@return string?
function uv_udp_t:bind(host, port, flags) end

---From now on it sends to this address only, and receives from it only. With nil and nil, as before again. EISCONN: it
---has one. ENOTCONN: it has none to lose.
---@param host string?
---@param port integer?
---@return 0?
---@return string?
---@return string?
function uv_udp_t:connect(host, port) end

---How many datagrams that are.
---@return integer
function uv_udp_t:get_send_queue_count() end

---Bytes that were sent and that the kernel has not taken yet.
---@return integer
function uv_udp_t:get_send_queue_size() end

---The address that it was connected to. ENOTCONN: none.
---@return uv_address?
---@return string?
---@return string?
function uv_udp_t:getpeername() end

---Its own address. EBADF: there is no socket yet.
---@return uv_address?
---@return string?
---@return string?
function uv_udp_t:getsockname() end

---Makes it the handle of a datagram socket, which is the handle's from then on: it is closed with it.
---@param fd integer
---@return 0?
---@return string?
---@return string?
function uv_udp_t:open(fd) end

---Receives: `callback` gets each datagram with the address that it came from; "" is an empty one; data and addr nil:
---no more for now. `flags.partial`: it was too long, and its end is lost; `flags.mmsg_chunk`: it was one of several
---taken at once. A handle without an address gets one. EALREADY: it receives already, and has the new callback.
---@param callback fun(err: string?, data: string?, addr: uv_address?, flags: { partial: boolean?, mmsg_chunk: boolean? })
---@return 0?
---@return string?
---@return string?
function uv_udp_t:recv_start(callback) end

---Stops receiving: the callback is not called any more. What comes waits in the kernel.
---@return 0?
---@return string?
---@return string?
function uv_udp_t:recv_stop() end

---Sends a datagram, which is all of `data`, to an address; nil and nil: to the one that it was connected to. `callback`
---is called when the kernel has taken it, or with the name of an error, such as EMSGSIZE: it is too long. That it
---arrives nobody knows. EDESTADDRREQ: there is no address. EISCONN: there are two.
---@param data string | string[]
---@param host string?
---@param port integer?
---@param callback? fun(err: string?)
---@return 0?
---@return string?
---@return string?
function uv_udp_t:send(data, host, port, callback) end

---Whether it may send to all hosts of a network: it may not, by default.
---@param on boolean
---@return 0?
---@return string?
---@return string?
function uv_udp_t:set_broadcast(on) end

---Joins or leaves a multicast group, on the interface that has an address, or nil: on the system's choice.
---@param multicast_addr string
---@param interface_addr string?
---@param membership "join" | "leave"
---@return 0?
---@return string?
---@return string?
function uv_udp_t:set_membership(multicast_addr, interface_addr, membership) end

---The interface, by its address, on which it sends to groups.
---@param interface_addr string
---@return 0?
---@return string?
---@return string?
function uv_udp_t:set_multicast_interface(interface_addr) end

---Whether what it sends to a group comes to this host's members, too: it does, by default.
---@param on boolean
---@return 0?
---@return string?
---@return string?
function uv_udp_t:set_multicast_loop(on) end

---How many routers pass on what it sends to a group: 1 to 255, 1 by default.
---@param ttl integer
---@return 0?
---@return string?
---@return string?
function uv_udp_t:set_multicast_ttl(ttl) end

---The same, for what one source sends to the group.
---@param multicast_addr string
---@param interface_addr string?
---@param source_addr string
---@param membership "join" | "leave"
---@return 0?
---@return string?
---@return string?
function uv_udp_t:set_source_membership(multicast_addr, interface_addr, source_addr, membership) end

---How many routers pass on what it sends: 1 to 255.
---@param ttl integer
---@return 0?
---@return string?
---@return string?
function uv_udp_t:set_ttl(ttl) end

---The same, if the kernel takes it at once: returns how many bytes that was. EAGAIN: it does not, or others wait.
---@param data string | string[]
---@param host string?
---@param port integer?
---@return integer?
---@return string?
---@return string?
function uv_udp_t:try_send(data, host, port) end

---As `uv.udp_try_send`, for many datagrams at once, 1,000 at most: returns how many the kernel took. `addr` is left out
---when the handle is connected. `flags` is 0 or an empty table. EINVAL: it has no socket yet (bind it, or make it with
---a family).
---@param messages { data: string | string[], addr: { ip: string, port: integer }? }[]
---@param flags? integer | table
---@return integer?
---@return string?
---@return string?
function uv_udp_t:try_send2(messages, flags) end

---@class uv_write_t: uv_req_t
local uv_write_t = {}

---@class uv
---@field constants table<string, integer>
---@field errno table<string, integer>
local uv = {}

---In the callback of `uv.listen`: makes `client`, a new handle of the same type, the other end of the connection.
---On a pipe for handles, takes the handle that has come (see `uv.pipe_pending_type`). EAGAIN: there is none.
---@param stream uv_stream_t
---@param client uv_stream_t
---@return 0?
---@return string?
---@return string?
function uv.accept(stream, client) end

---Has the callback called with these arguments; those from the first on that is of another type are left out. May be
---called in another thread, with the handle that was given to that. Several that come before the callback is called
---call it once, with the arguments of the last.
---@param async uv_async_t
---@param ... any
---@return 0?
---@return string?
---@return string?
function uv.async_send(async, ...) end

---How many threads can run at once: the processors that this process may use, 1 at least.
---@return integer
function uv.available_parallelism() end

---The descriptor on which the loop waits (epoll's, kqueue's): readable when there is something to do, so that it can be
---put into another loop.
---@return integer?
---@return string?
---@return string?
function uv.backend_fd() end

---Milliseconds after which the loop has something to do; 0: now; -1: no timer is due.
---@return integer
function uv.backend_timeout() end

---Cancels a request of fs, dns or `uv.random` that has not begun yet: its callback gets "ECANCELED" (dns:
---"EAI_CANCELED"). Since libuv 1.53 also a write: what of it has not gone yet does not go. EBUSY: it is being done, or
---was. EINVAL: requests of its type end when their handle is closed. One that is over raises.
---@param request uv_req_t
---@return 0?
---@return string?
---@return string?
function uv.cancel(request) end

---Makes it the current folder, which is the whole process's. ENOENT, ENOTDIR, EACCES.
---@param path string
---@return 0?
---@return string?
---@return string?
function uv.chdir(path) end

---Starts it: `callback` is called in every turn of the loop, right after it has waited for events and has
---told of them. One that is started already gets the new callback. EINVAL: it is closed.
---@param check uv_check_t
---@param callback fun()
---@return 0?
---@return string?
---@return string?
function uv.check_start(check, callback) end

---Stops it: its callback is not called any more.
---@param check uv_check_t
---@return 0?
---@return string?
---@return string?
function uv.check_stop(check) end

---A clock's time as `sec` and `nsec`: since some moment, never going back, or since 1970.
---@param clock "monotonic" | "realtime"
---@return table?
---@return string?
---@return string?
function uv.clock_gettime(clock) end

---Closes the handle: it is stopped at once, what it waits for fails with ECANCELED, and `callback` is called
---when the loop has let go of it. Raises when it is closed, or being closed, already. A handle that nobody
---closes stays open, whether its object is still referred to or not.
---@param handle uv_handle_t
---@param callback? fun()
function uv.close(handle, callback) end

---An array of the machine's processors: `model`, `speed` in MHz, and `times` in milliseconds since it was started,
---which are `user`, `nice`, `sys`, `idle` and `irq`.
---@return table?
---@return string?
---@return string?
function uv.cpu_info() end

---How many processors a thread's mask has places for. ENOTSUP: the system has no such masks.
---@return integer?
---@return string?
---@return string?
function uv.cpumask_size() end

---The current folder.
---@return string?
---@return string?
---@return string?
function uv.cwd() end

---Marks the descriptors that this process itself has inherited, so that programs which it starts do not. To be called
---early, as it knows those by their low numbers.
function uv.disable_stdio_inheritance() end

---The path of the program that runs.
---@return string?
---@return string?
---@return string?
function uv.exepath() end

---Its file descriptor, which stays the handle's: of a stream, a udp or a poll. EINVAL: its type has none.
---EBADF: it has none yet, or none any more.
---@param handle uv_handle_t
---@return integer?
---@return string?
---@return string?
function uv.fileno(handle) end

---Whether this process may read ("r" in `mode`), write ("w") and execute ("x") it; "" or 0: whether it is there.
---false is also said of what is not there, and of what cannot be asked.
---@param path string
---@param mode string | integer
---@param callback? fun(err: string?, permission: boolean?)
---@return boolean | uv_fs_t
function uv.fs_access(path, mode, callback) end

---Sets the permissions, as chmod(2) takes them: tonumber("644", 8).
---@param path string
---@param mode integer
---@param callback? fun(err: string?, success: boolean?)
---@return (boolean | uv_fs_t)?
---@return string?
---@return string?
function uv.fs_chmod(path, mode, callback) end

---Sets the owner and the group; -1 leaves one as it is. Symbolic links are followed.
---@param path string
---@param uid integer
---@param gid integer
---@param callback? fun(err: string?, success: boolean?)
---@return (boolean | uv_fs_t)?
---@return string?
---@return string?
function uv.fs_chown(path, uid, gid, callback) end

---Closes it.
---@param fd integer
---@param callback? fun(err: string?, success: boolean?)
---@return (boolean | uv_fs_t)?
---@return string?
---@return string?
function uv.fs_close(fd, callback) end

---Closes a folder. EBADF: it is closed; EBUSY: it is being read.
---@param dir uv_dir_t
---@param callback? fun(err: string?, success: boolean?)
---@return (boolean | uv_fs_t)?
---@return string?
---@return string?
function uv.fs_closedir(dir, callback) end

---Copies a file, in place of one that is there. `flags`: `excl`, fail with EEXIST when one is there; `ficlone`,
---share the blocks where the file system can; `ficlone_force`, fail where it cannot. The callback may take
---their place.
---@param path string
---@param new_path string
---@param flags? table | integer
---@param callback? fun(err: string?, success: boolean?)
---@return (boolean | uv_fs_t)?
---@return string?
---@return string?
function uv.fs_copyfile(path, new_path, flags, callback) end

---The path that is watched. EINVAL: none is.
---@param fs_event uv_fs_event_t
---@return string?
---@return string?
---@return string?
function uv.fs_event_getpath(fs_event) end

---Watches a file, or a folder for what is in it: `callback` gets the name of what has changed, relative to the
---folder, where the system tells, and a table with `rename` (it came, went, or was renamed) or `change` set.
---`flags`: `recursive`, folders below too, on macOS and Windows; `watch_entry` and `stat` are libuv's, and do
---nothing yet. EINVAL: it is started already.
---@param fs_event uv_fs_event_t
---@param path string
---@param flags table
---@param callback fun(err: string?, name: string?, events: table)
---@return 0?
---@return string?
---@return string?
function uv.fs_event_start(fs_event, path, flags, callback) end

---Stops watching.
---@param fs_event uv_fs_event_t
---@return 0?
---@return string?
---@return string?
function uv.fs_event_stop(fs_event) end

---As fs_chmod, of an open file.
---@param fd integer
---@param mode integer
---@param callback? fun(err: string?, success: boolean?)
---@return (boolean | uv_fs_t)?
---@return string?
---@return string?
function uv.fs_fchmod(fd, mode, callback) end

---As fs_chown, of an open file.
---@param fd integer
---@param uid integer
---@param gid integer
---@param callback? fun(err: string?, success: boolean?)
---@return (boolean | uv_fs_t)?
---@return string?
---@return string?
function uv.fs_fchown(fd, uid, gid, callback) end

---The same without what reading does not need, such as times, as fdatasync(2).
---@param fd integer
---@param callback? fun(err: string?, success: boolean?)
---@return (boolean | uv_fs_t)?
---@return string?
---@return string?
function uv.fs_fdatasync(fd, callback) end

---As fs_stat, of an open file.
---@param fd integer
---@param callback? fun(err: string?, stat: table?)
---@return (table | uv_fs_t)?
---@return string?
---@return string?
function uv.fs_fstat(fd, callback) end

---Waits until all of it is on the disk, as fsync(2).
---@param fd integer
---@param callback? fun(err: string?, success: boolean?)
---@return (boolean | uv_fs_t)?
---@return string?
---@return string?
function uv.fs_fsync(fd, callback) end

---Makes it `size` bytes long: what is beyond is lost, what is missing reads as zeros.
---@param fd integer
---@param size integer
---@param callback? fun(err: string?, success: boolean?)
---@return (boolean | uv_fs_t)?
---@return string?
---@return string?
function uv.fs_ftruncate(fd, size, callback) end

---As fs_utime, of an open file.
---@param fd integer
---@param atime number
---@param mtime number
---@param callback? fun(err: string?, success: boolean?)
---@return (boolean | uv_fs_t)?
---@return string?
---@return string?
function uv.fs_futime(fd, atime, mtime, callback) end

---As fs_chown; of a symbolic link its own.
---@param path string
---@param uid integer
---@param gid integer
---@param callback? fun(err: string?, success: boolean?)
---@return (boolean | uv_fs_t)?
---@return string?
---@return string?
function uv.fs_lchown(path, uid, gid, callback) end

---Gives a file one more name.
---@param path string
---@param new_path string
---@param callback? fun(err: string?, success: boolean?)
---@return (boolean | uv_fs_t)?
---@return string?
---@return string?
function uv.fs_link(path, new_path, callback) end

---As fs_stat; of a symbolic link what it is itself.
---@param path string
---@param callback? fun(err: string?, stat: table?)
---@return (table | uv_fs_t)?
---@return string?
---@return string?
function uv.fs_lstat(path, callback) end

---As fs_utime; of a symbolic link its own.
---@param path string
---@param atime number
---@param mtime number
---@param callback? fun(err: string?, success: boolean?)
---@return (boolean | uv_fs_t)?
---@return string?
---@return string?
function uv.fs_lutime(path, atime, mtime, callback) end

---Makes a folder with the permissions `mode`, as chmod(2) takes them: tonumber("755", 8).
---@param path string
---@param mode integer
---@param callback? fun(err: string?, success: boolean?)
---@return (boolean | uv_fs_t)?
---@return string?
---@return string?
function uv.fs_mkdir(path, mode, callback) end

---Makes a folder of a name that is not there yet: `template`'s last six characters must be XXXXXX and become
---others. EINVAL: they are not.
---@param template string
---@param callback? fun(err: string?, path: string?)
---@return (string | uv_fs_t)?
---@return string?
---@return string?
function uv.fs_mkdtemp(template, callback) end

---Makes and opens a file of a name that is not there yet, as fs_mkdtemp: its descriptor and its path.
---@param template string
---@param callback? fun(err: string?, fd: integer?, path: string?)
---@return integer?
---@return (string | uv_fs_t)|string?
---@return string?
function uv.fs_mkstemp(template, callback) end

---Opens a file: its descriptor. `flags` are O_ constants added up, or "r", "r+", "w", "w+", "a", "a+", with
---an "s" (synchronous; of "r") or an "x" (it must not exist; of "w" and "a") behind the letter or before it.
---`mode` is the permissions of a file that is made, as chmod(2) takes them: tonumber("644", 8).
---@param path string
---@param flags string | integer
---@param mode integer
---@param callback? fun(err: string?, fd: integer?)
---@return (integer | uv_fs_t)?
---@return string?
---@return string?
function uv.fs_open(path, flags, mode, callback) end

---Opens a folder, to be read `entries` (1) entries at a time. It is closed by fs_closedir, or when it is
---collected.
---@param path string
---@param callback? fun(err: string?, dir: uv_dir_t?)
---@param entries? integer
---@return (uv_dir_t | uv_fs_t)?
---@return string?
---@return string?
function uv.fs_opendir(path, callback, entries) end

---The path that is watched. EINVAL: none is.
---@param fs_poll uv_fs_poll_t
---@return string?
---@return string?
---@return string?
function uv.fs_poll_getpath(fs_poll) end

---Asks for the path's state every `interval` milliseconds. When it has changed, `callback` gets what it was and
---what it is, as fs_stat has them; when it cannot be had (any more), the error's name, once. Started already, it
---goes on as it is, with the new callback.
---@param fs_poll uv_fs_poll_t
---@param path string
---@param interval integer
---@param callback fun(err: string?, before: table, now: table)
---@return 0?
---@return string?
---@return string?
function uv.fs_poll_start(fs_poll, path, interval, callback) end

---Stops watching.
---@param fs_poll uv_fs_poll_t
---@return 0?
---@return string?
---@return string?
function uv.fs_poll_stop(fs_poll) end

---Reads at most `size` bytes from `offset`, or from where the file is when that is nil or -1. "" is the end of
---the file. The callback may take the offset's place. A size that there is no memory for raises.
---@param fd integer
---@param size integer
---@param offset? integer
---@param callback? fun(err: string?, data: string?)
---@return (string | uv_fs_t)?
---@return string?
---@return string?
function uv.fs_read(fd, size, offset, callback) end

---The next entries of a folder, as many as fs_opendir was told at most: an array of tables with `name` and
---`type`, as fs_scandir_next has it. nil: there are no more. EBADF: it is closed; EBUSY: it is being read.
---@param dir uv_dir_t
---@param callback? fun(err: string?, entries: table?)
---@return (table | nil | uv_fs_t)?
---@return string?
---@return string?
function uv.fs_readdir(dir, callback) end

---What a symbolic link says. EINVAL: it is none.
---@param path string
---@param callback? fun(err: string?, path: string?)
---@return (string | uv_fs_t)?
---@return string?
---@return string?
function uv.fs_readlink(path, callback) end

---The absolute path without symbolic links, "." and "..", as realpath(3).
---@param path string
---@param callback? fun(err: string?, path: string?)
---@return (string | uv_fs_t)?
---@return string?
---@return string?
function uv.fs_realpath(path, callback) end

---Gives a file or folder another name, in place of what has that, within one file system.
---@param path string
---@param new_path string
---@param callback? fun(err: string?, success: boolean?)
---@return (boolean | uv_fs_t)?
---@return string?
---@return string?
function uv.fs_rename(path, new_path, callback) end

---Removes a folder, which must be empty.
---@param path string
---@param callback? fun(err: string?, success: boolean?)
---@return (boolean | uv_fs_t)?
---@return string?
---@return string?
function uv.fs_rmdir(path, callback) end

---Reads all names in a folder, but "." and "..": what fs_scandir_next takes. With a callback that is the
---same object, which is of use only when the callback is called.
---@param path string
---@param callback? fun(err: string?, request: uv_fs_t?)
---@return uv_fs_t?
---@return string?
---@return string?
function uv.fs_scandir(path, callback) end

---The next name of a folder, and its type: "file", "directory", "link", "fifo", "socket", "char", "block",
---or "unknown", where the file system does not say. Nothing: there are no more.
---@param request uv_fs_t
---@return string?
---@return string?
function uv.fs_scandir_next(request) end

---Copies at most `size` bytes of `in_fd`, from `in_offset`, to where `out_fd` is, inside the kernel where that
---can: the number of bytes that were copied.
---@param out_fd integer
---@param in_fd integer
---@param in_offset integer
---@param size integer
---@param callback? fun(err: string?, bytes: integer?)
---@return (integer | uv_fs_t)?
---@return string?
---@return string?
function uv.fs_sendfile(out_fd, in_fd, in_offset, size, callback) end

---What is at the end of the path, symbolic links followed: `type` ("file", "directory", "link", "fifo",
---"socket", "char", "block"), `size` in bytes, `mode`, `uid`, `gid`, `nlink`, `ino`, `dev`, `rdev`, `blksize`,
---`blocks`, `flags`, `gen`, and the times `atime`, `mtime`, `ctime` and `birthtime`: tables of `sec` and `nsec`.
---@param path string
---@param callback? fun(err: string?, stat: table?)
---@return (table | uv_fs_t)?
---@return string?
---@return string?
function uv.fs_stat(path, callback) end

---The file system that the path is on: `type`, a number; `bsize`, a block's bytes; `blocks`, `bfree` and
---`bavail` (free for everybody), in blocks; `files` and `ffree`, in files.
---@param path string
---@param callback? fun(err: string?, stat: table?)
---@return (table | uv_fs_t)?
---@return string?
---@return string?
function uv.fs_statfs(path, callback) end

---Makes the symbolic link `new_path`, which says `path`. `flags` (`dir`, `junction`) are for Windows. The
---callback may take their place.
---@param path string
---@param new_path string
---@param flags? table | integer
---@param callback? fun(err: string?, success: boolean?)
---@return (boolean | uv_fs_t)?
---@return string?
---@return string?
function uv.fs_symlink(path, new_path, flags, callback) end

---Removes a file's name, and the file when it has no other and nobody has it open.
---@param path string
---@param callback? fun(err: string?, success: boolean?)
---@return (boolean | uv_fs_t)?
---@return string?
---@return string?
function uv.fs_unlink(path, callback) end

---Sets the times of the last access and the last change, in seconds since 1970. Symbolic links are followed.
---@param path string
---@param atime number
---@param mtime number
---@param callback? fun(err: string?, success: boolean?)
---@return (boolean | uv_fs_t)?
---@return string?
---@return string?
function uv.fs_utime(path, atime, mtime, callback) end

---Writes a string, or those of a table one after the other, at `offset`, or where the file is when that is nil
---or -1: the number of bytes that were written. The callback may take the offset's place.
---@param fd integer
---@param data string | string[]
---@param offset? integer
---@param callback? fun(err: string?, bytes: integer?)
---@return (integer | uv_fs_t)?
---@return string?
---@return string?
function uv.fs_write(fd, data, offset, callback) end

---How many bytes are still free for the process.
---@return integer
function uv.get_available_memory() end

---How many bytes the process may have (cgroup); 0 where that is not known, a very large number where there is no
---bound.
---@return integer
function uv.get_constrained_memory() end

---The machine's memory that is free, in bytes.
---@return integer
function uv.get_free_memory() end

---What ps shows of the process. ENOBUFS: in a program that has not called libuv's uv_setup_args.
---@return string?
---@return string?
---@return string?
function uv.get_process_title() end

---The machine's memory in bytes.
---@return integer
function uv.get_total_memory() end

---The addresses of a host (nil: this machine's own) and a service, a name or a port (nil: none): an array of
---tables with `addr`, `family` ("inet", "inet6"), `socktype` ("stream", ...), `protocol` ("tcp", ...), and where
---there are such `port` and `canonname`. `hints` may have `family`, `socktype`, `protocol`, as in the answer or
---as integers, and set `addrconfig`, `v4mapped`, `all`, `numerichost`, `passive`, `numericserv`, `canonname`, as
---getaddrinfo(3) explains them. Without a callback it waits, and nothing else runs. EAI_NONAME: there is no such
---host or service; EINVAL: neither was given, or no name can be so.
---@param host string?
---@param service string?
---@param hints? table
---@param callback? fun(err: string?, addresses: table?)
---@return (table | uv_getaddrinfo_t)?
---@return string?
---@return string?
function uv.getaddrinfo(host, service, hints, callback) end

---The id of the group that it runs for.
---@return integer
function uv.getgid() end

---The names of an address, a table of `ip`, `port` and `family` ("inet", "inet6"), which may all be left out but
---one: the host's and the service's, as text, or the numbers again where there are none. Without a callback it
---waits, and nothing else runs. EINVAL: it is no address of these families.
---@param address table
---@param callback? fun(err: string?, host: string?, service: string?)
---@return string?
---@return (string | uv_getnameinfo_t)|string?
---@return string?
function uv.getnameinfo(address, callback) end

---The process's id.
---@return integer
function uv.getpid() end

---What the process has used, as getrusage(2) tells it: `utime` and `stime`, times of the processor, each with `sec`
---and `usec`; `maxrss` in KiB; `minflt`, `majflt`, `inblock`, `oublock`, `nvcsw`, `nivcsw` and the others, counts.
---@return table?
---@return string?
---@return string?
function uv.getrusage() end

---The same of the thread that this is called on.
---@return table?
---@return string?
---@return string?
function uv.getrusage_thread() end

---The time since 1970 in UTC: seconds, and microseconds beyond them.
---@return integer?
---@return (integer)|string?
---@return string?
function uv.gettimeofday() end

---The id of the user that it runs for.
---@return integer
function uv.getuid() end

---What kind of thing an open descriptor is; nothing, when there is none or it is another kind.
---@param fd integer
---@return "tty" | "pipe" | "tcp" | "udp" | "file" | nil
function uv.guess_handle(fd) end

---Its type's name, such as "tcp", and libuv's number of it.
---@param handle uv_handle_t
---@return string
---@return integer
function uv.handle_get_type(handle) end

---Whether it keeps the program running while it is active: true, until `uv.unref`.
---@param handle uv_handle_t
---@return boolean
function uv.has_ref(handle) end

---Nanoseconds since some moment, on a clock that never goes back: for measuring.
---@return integer
function uv.hrtime() end

---Starts it: `callback` is called in every turn of the loop, and the loop no longer sleeps: it takes what
---events there are and goes on, at the full speed of one CPU. One that is started already gets the new
---callback. EINVAL: it is closed.
---@param idle uv_idle_t
---@param callback fun()
---@return 0?
---@return string?
---@return string?
function uv.idle_start(idle, callback) end

---Stops it: its callback is not called any more, and the loop may sleep again.
---@param idle uv_idle_t
---@return 0?
---@return string?
---@return string?
function uv.idle_stop(idle) end

---What stands for the interface in an IPv6 address's scope: its name here. `index` as in `uv.if_indextoname`.
---@param index integer
---@return string?
---@return string?
---@return string?
function uv.if_indextoiid(index) end

---The name of a network interface: of the one that the system counts as `index` - 1. ENXIO: there is none.
---@param index integer
---@return string?
---@return string?
---@return string?
function uv.if_indextoname(index) end

---By the name of each network interface an array of its addresses: `ip`, `netmask`, `family` ("inet" or "inet6"),
---`mac` in six bytes, and whether it is `internal`, as the loopback is.
---@return table?
---@return string?
---@return string?
function uv.interface_addresses() end

---Whether it does something: a timer that was started, a stream that reads, connects or listens.
---@param handle uv_handle_t
---@return boolean
function uv.is_active(handle) end

---Whether it is being closed or is closed.
---@param handle uv_handle_t
---@return boolean
function uv.is_closing(handle) end

---Whether it can be read from: whether it is connected, or open for reading.
---@param stream uv_stream_t
---@return boolean
function uv.is_readable(stream) end

---Whether it can be written to.
---@param stream uv_stream_t
---@return boolean
function uv.is_writable(stream) end

---Sends a signal to any process, as kill(2): see `uv.process_kill`. EPERM: it may not be signalled.
---@param pid integer
---@param signum? integer | string
---@return 0?
---@return string?
---@return string?
function uv.kill(pid, signum) end

---Waits for connections, up to `backlog` of which the kernel keeps until they are accepted. `callback` is called for each:
---take it with `uv.accept`. EADDRINUSE: the address is taken (it is told here, not when it was bound).
---@param stream uv_stream_t
---@param backlog integer
---@param callback fun(err: string?)
---@return 0?
---@return string?
---@return string?
function uv.listen(stream, backlog, callback) end

---The load of the machine: how many processes ran or waited to run, over one, five and fifteen minutes.
---@return number
---@return number
---@return number
function uv.loadavg() end

---Whether anything keeps the loop running: a handle that is active and not unref'ed, one that is being closed, a
---request.
---@return boolean
function uv.loop_alive() end

---0 when every handle is closed, EBUSY otherwise. The loop itself is Neap's, which goes on with it and closes it at
---the end: handles can be made after this too.
---@return 0?
---@return string?
---@return string?
function uv.loop_close() end

---"block_signal" with "sigprof": that signal does not come while the loop waits. "metrics_idle_time": counts the time
---that `uv.metrics_idle_time` tells. EINVAL: another signal.
---@param option "block_signal" | "metrics_idle_time"
---@param value? integer | string
---@return 0?
---@return string?
---@return string?
function uv.loop_configure(option, value) end

---The mode of the `uv.run` that is under way; nil where there is none.
---@return "default" | "once" | "nowait" | nil
function uv.loop_mode() end

---Nanoseconds that the loop has spent waiting for events since `uv.loop_configure "metrics_idle_time"`; 0 without
---that.
---@return integer
function uv.metrics_idle_time() end

---Counts of the loop: `loop_count`, its turns; `events`, that it has seen; `events_waiting`, that were there when it
---looked.
---@return table?
---@return string?
---@return string?
function uv.metrics_info() end

---A new async handle. `callback` is called in the loop's thread soon after `uv.async_send`. While it is open the
---program goes on running.
---@param callback fun(...)
---@return uv_async_t?
---@return string?
---@return string?
function uv.new_async(callback) end

---A new check handle, which is not started.
---@return uv_check_t?
---@return string?
---@return string?
function uv.new_check() end

---A new watcher, which is not started.
---@return uv_fs_event_t?
---@return string?
---@return string?
function uv.new_fs_event() end

---A new watcher, which is not started.
---@return uv_fs_poll_t?
---@return string?
---@return string?
function uv.new_fs_poll() end

---A new idle handle, which is not started.
---@return uv_idle_t?
---@return string?
---@return string?
function uv.new_idle() end

---A new pipe handle, which is not connected. With `ipc` true it is one for handles: see `uv.write2`.
---@param ipc? boolean
---@return uv_pipe_t?
---@return string?
---@return string?
function uv.new_pipe(ipc) end

---A new poll handle for a descriptor, which stays the caller's and has to stay open while this is started. For
---one of which another library reads: libuv's own handles do all that themselves. EPERM: it is a file's.
---EEXIST: a started handle has it.
---@param fd integer
---@return uv_poll_t?
---@return string?
---@return string?
function uv.new_poll(fd) end

---A new prepare handle, which is not started.
---@return uv_prepare_t?
---@return string?
---@return string?
function uv.new_prepare() end

---A new semaphore, with a count of `value`, which is 0. It is collected when no thread refers to it.
---@param value? integer
---@return uv_sem_t?
---@return string?
---@return string?
function uv.new_sem(value) end

---A new signal handle, which is not started.
---@return uv_signal_t?
---@return string?
---@return string?
function uv.new_signal() end

---The same for a socket; on Unix there is no difference.
---@param fd integer
---@return uv_poll_t?
---@return string?
---@return string?
function uv.new_socket_poll(fd) end

---A new TCP handle. With a family its socket is made at once, otherwise when it is bound or connected.
---@param family? "inet" | "inet6" | integer
---@return uv_tcp_t?
---@return string?
---@return string?
function uv.new_tcp(family) end

---Starts a thread that calls `entry` with the arguments, in a Lua state of its own: `uv` and Neap's modules can
---be required there, and waits work. `entry` is a function, which gets there without its upvalues, or Lua code.
---Arguments are nil, booleans, numbers, strings, light userdata, threads and semaphores, and handles, of which
---only an async can be used there: to send to it. `stack_size` is in bytes, 1 MiB at least. What the function
---returns is lost; an error is reported on standard error, with its traceback, and ends the thread, as os.exit
---does. Modules are found where this state finds them. The program's end tells the threads that wait to stop,
---and waits for all of them. Raises when `entry` cannot be dumped, or an argument cannot be passed.
---@param options? {stack_size: integer?}
---@param entry fun(...) | string
---@param ... any
---@return uv_thread_t?
---@return string?
---@return string?
function uv.new_thread(options, entry, ...) end

---A new timer, which is not started.
---@return uv_timer_t?
---@return string?
---@return string?
function uv.new_timer() end

---A stream on a terminal. `fd` is usually 0, 1 or 2; `readable` says whether it will be read from (libuv finds that
---out itself by now). The terminal is opened anew where that is possible, so that others who have it do not notice
---that it does not block here. EINVAL: `fd` is not a terminal: see `uv.guess_handle`.
---@param fd integer
---@param readable boolean
---@return uv_tty_t?
---@return string?
---@return string?
function uv.new_tty(fd, readable) end

---A new UDP handle. With a `family` ("inet", "inet6") its socket is made at once, else when it has an address. With
---`mmsgs` above 1 it takes up to that many datagrams, 20 at most, from the kernel at once, into a buffer of 64 KB for
---each. In place of the table: a family, or libuv's flags, as a number.
---@param flags? { family: string | integer | nil, mmsgs: integer? } | string | integer
---@return uv_udp_t?
---@return string?
---@return string?
function uv.new_udp(flags) end

---A work that `uv.queue_work` can queue, as often as one likes: `work` runs on a thread of libuv's pool, in a Lua
---state of its own, and gets there without its upvalues; it may be Lua code, too. `uv` and Neap's modules can be
---required there, but a wait raises EWAIT. `after` gets its results here. Raises when `work` cannot be dumped.
---@param work fun(...: any): any | string
---@param after fun(...: any)
---@return luv_work_ctx_t
function uv.new_work(work, after) end

---The loop's time in milliseconds, from some point in the past. It stands still between two turns of the loop.
---@return integer
function uv.now() end

---All variables of the environment, by name.
---@return (table<string, string>)?
---@return string?
---@return string?
function uv.os_environ() end

---The user that the process runs for, as the system's list has it: `username`, `uid`, `gid`, `shell`, `homedir`.
---ENOENT: that has no such user.
---@return table?
---@return string?
---@return string?
function uv.os_get_passwd() end

---A variable's value. `size` is the room for it, with one byte to spare; without it there is enough. ENOENT: it is
---not set. ENOBUFS: it is longer.
---@param name string
---@param size? integer
---@return string?
---@return string?
---@return string?
function uv.os_getenv(name, size) end

---The machine's name.
---@return string?
---@return string?
---@return string?
function uv.os_gethostname() end

---The process's id.
---@return integer
function uv.os_getpid() end

---Its parent's id.
---@return integer
function uv.os_getppid() end

---The priority of a process, 0 being this one: from -20, the highest, to 19. ESRCH: there is no such process.
---@param pid integer
---@return integer?
---@return string?
---@return string?
function uv.os_getpriority(pid) end

---The user's home: HOME, or what the system's list of users says.
---@return string?
---@return string?
---@return string?
function uv.os_homedir() end

---Sets a variable, for this process and those it starts. EINVAL: the name is empty or has a `=`.
---@param name string
---@param value string
---@return boolean?
---@return string?
---@return string?
function uv.os_setenv(name, value) end

---Sets it. EACCES: only root may raise one. ESRCH, EINVAL.
---@param pid integer
---@param priority integer
---@return boolean?
---@return string?
---@return string?
function uv.os_setpriority(pid, priority) end

---The folder for temporary files: TMPDIR, TMP, TEMP or TEMPDIR, or "/tmp".
---@return string?
---@return string?
---@return string?
function uv.os_tmpdir() end

---The operating system: `sysname`, `release`, `version`, `machine`.
---@return table?
---@return string?
---@return string?
function uv.os_uname() end

---Takes a variable away, if it is there. EINVAL: the name is empty or has a `=`.
---@param name string
---@return boolean?
---@return string?
---@return string?
function uv.os_unsetenv(name) end

---A pipe, as pipe(2): its two descriptors, which are the caller's to close, or to give to `uv.pipe_open` or
---`uv.spawn`. `nonblock` says that one of them does not block.
---@param read_flags? { nonblock: boolean? }
---@param write_flags? { nonblock: boolean? }
---@return ({ read: integer, write: integer })?
---@return string?
---@return string?
function uv.pipe(read_flags, write_flags) end

---Gives it a path, where a socket appears that is removed when the handle closes; a path of more than 107 bytes is cut
---there. `uv.listen` is next. EADDRINUSE: there is one already. EINVAL: the handle has a path, or is closed.
---@param pipe uv_pipe_t
---@param name string
---@return 0?
---@return string?
---@return string?
function uv.pipe_bind(pipe, name) end

---As `uv.pipe_bind`; `name` may begin with a zero byte, for Linux's abstract sockets. With `no_truncate` one that is
---too long fails with EINVAL and is not cut.
---@param pipe uv_pipe_t
---@param name string
---@param flags? integer | { no_truncate: boolean? }
---@return 0?
---@return string?
---@return string?
function uv.pipe_bind2(pipe, name, flags) end

---Lets other users' processes connect, read ("r") and write ("w"): as the access rights of its path, which it has to
---be bound to.
---@param pipe uv_pipe_t
---@param flags "r" | "w" | "rw" | "wr"
---@return 0?
---@return string?
---@return string?
function uv.pipe_chmod(pipe, flags) end

---Connects to the Unix socket at a path. `callback` is called when it is, or with the name of an error: ENOENT there is
---none, ECONNREFUSED nobody listens. EALREADY: it is connecting. EINVAL: the handle is closed.
---@param pipe uv_pipe_t
---@param name string
---@param callback? fun(err: string?)
---@return uv_connect_t?
---@return string?
---@return string?
function uv.pipe_connect(pipe, name, callback) end

---As `uv.pipe_connect`, with the names and flags of `uv.pipe_bind2`.
---@param pipe uv_pipe_t
---@param name string
---@param flags? integer | { no_truncate: boolean? }
---@param callback? fun(err: string?)
---@return uv_connect_t?
---@return string?
---@return string?
function uv.pipe_connect2(pipe, name, flags, callback) end

---The path that the other side was bound to; "" when it has none. ENOTCONN: it is not connected.
---@param pipe uv_pipe_t
---@return string?
---@return string?
---@return string?
function uv.pipe_getpeername(pipe) end

---The path that it was bound to; "" when it has none. EBADF: there is no socket yet.
---@param pipe uv_pipe_t
---@return string?
---@return string?
---@return string?
function uv.pipe_getsockname(pipe) end

---Makes it a stream on an open descriptor, of a pipe or Unix socket, which is the handle's from then on: it is closed
---with it. EINVAL: the handle is closed.
---@param pipe uv_pipe_t
---@param fd integer
---@return 0?
---@return string?
---@return string?
function uv.pipe_open(pipe, fd) end

---How many handles have come through a pipe for handles and wait to be taken with `uv.accept`.
---@param pipe uv_pipe_t
---@return integer
function uv.pipe_pending_count(pipe) end

---How many connections may wait, on Windows; elsewhere nothing happens.
---@param pipe uv_pipe_t
---@param count integer
function uv.pipe_pending_instances(pipe, count) end

---The type of the first of them: "tcp", "pipe" or "udp", which is what the handle that is given to `uv.accept` has to
---be. Nothing when there is none.
---@param pipe uv_pipe_t
---@return string?
function uv.pipe_pending_type(pipe) end

---Starts it. `events` has the letters of what is waited for, in this order: "r" it can be read, "w" written, "d"
---the other side has gone, "p" there is urgent data; "rw" by default. `callback` is called, as long as it is
---so, with those that are so; with the name of an error and "" when it cannot be waited for, and then the
---handle is stopped. One that is started already gets the new events and callback. EINVAL: it is closed.
---@param poll uv_poll_t
---@param events? string
---@param callback fun(err: string?, events: string)
---@return 0?
---@return string?
---@return string?
function uv.poll_start(poll, events, callback) end

---Stops it: its callback is not called any more.
---@param poll uv_poll_t
---@return 0?
---@return string?
---@return string?
function uv.poll_stop(poll) end

---Starts it: `callback` is called in every turn of the loop, right before it waits for events. One that is
---started already gets the new callback. EINVAL: it is closed.
---@param prepare uv_prepare_t
---@param callback fun()
---@return 0?
---@return string?
---@return string?
function uv.prepare_start(prepare, callback) end

---Stops it: its callback is not called any more.
---@param prepare uv_prepare_t
---@return 0?
---@return string?
---@return string?
function uv.prepare_stop(prepare) end

---The same of those that are active.
function uv.print_active_handles() end

---Writes every handle on the loop to standard error, Neap's own too, with flags: R keeps the loop running, A
---active, I internal.
function uv.print_all_handles() end

---Its number, which may be another's when it has ended.
---@param process uv_process_t
---@return integer
function uv.process_get_pid(process) end

---Sends it a signal, a number or a name such as "sigkill"; "sigterm" by default. 0, or a name that there is not, only
---looks whether it is there. ESRCH: it has ended.
---@param process uv_process_t
---@param signum? integer | string
---@return 0?
---@return string?
---@return string?
function uv.process_kill(process, signum) end

---Queues it with these arguments: nil, booleans, numbers, strings, light userdata, threads, semaphores and
---handles (see `uv.new_thread`), as its results may be. Works run in the order they were queued, as many at once
---as the pool has threads: four, or UV_THREADPOOL_SIZE. An error in the work goes where the program's errors go
---(it does not end the program), and `after` is called without results. The same states are used again, so
---globals that a work sets may be there in a later one. Raises when an argument cannot be passed.
---@param work luv_work_ctx_t
---@param ... any
---@return boolean?
---@return string?
---@return string?
function uv.queue_work(work, ...) end

---That many bytes of the system's randomness, fit for keys. `flags` is 0: libuv has none yet. With `callback` it
---happens on the thread pool, and 0 is returned. E2BIG: more than 2^31 - 1 bytes. EINVAL: flags.
---@param size integer
---@param flags? integer | table
---@param callback? fun(err: string?, bytes: string?)
---@return (string | 0)?
---@return string?
---@return string?
function uv.random(size, flags, callback) end

---Reads: `callback` gets what has come, as it comes; nothing at the end; or the name of an error. EALREADY: it reads
---already. ENOTCONN: it is not connected.
---@param stream uv_stream_t
---@param callback fun(err: string?, data: string?)
---@return 0?
---@return string?
---@return string?
function uv.read_start(stream, callback) end

---Stops reading: the callback is not called any more. What comes waits in the kernel.
---@param stream uv_stream_t
---@return 0?
---@return string?
---@return string?
function uv.read_stop(stream) end

---The same for the buffer of what has been received.
---@param handle uv_tcp_t | uv_pipe_t | uv_udp_t
---@param size? integer
---@return integer?
---@return string?
---@return string?
function uv.recv_buffer_size(handle, size) end

---Makes it, while it is active, keep the program running again: as every handle does that is not unref'ed.
---@param handle uv_handle_t
function uv.ref(handle) end

---Its type's name ("fs", "write") and libuv's number of it.
---@param request uv_req_t
---@return string
---@return integer
function uv.req_get_type(request) end

---The process's memory that is in the machine's, in bytes.
---@return integer?
---@return string?
---@return string?
function uv.resident_set_memory() end

---Runs the loop from the main script. "default", which is the default: until no active handle and no request is left, or
---`uv.stop` was called. "once": waits for events once, and calls their callbacks. "nowait": calls the callbacks of what
---is there already. Returns whether something is left. Raises inside a callback or a task, where the loop runs already.
---@param mode? "default" | "once" | "nowait"
---@return boolean
function uv.run(mode) end

---Adds 1 to its count, and wakes one thread that waits for it.
---@param sem uv_sem_t
function uv.sem_post(sem) end

---Takes 1 from its count, if that is above 0, and says whether it has.
---@param sem uv_sem_t
---@return boolean
function uv.sem_trywait(sem) end

---Waits until its count is above 0, and takes 1 from it; meanwhile nothing else runs on this thread. Raises in a
---thread, or a work function, that is told to stop, because the program ends.
---@param sem uv_sem_t
function uv.sem_wait(sem) end

---Without `size`, or with 0, the size in bytes of the buffer in which the kernel keeps what is to be sent; with it,
---sets that and returns 0. Linux sets, and says, twice as much. EBADF: there is no socket yet.
---@param handle uv_tcp_t | uv_pipe_t | uv_udp_t
---@param size? integer
---@return integer?
---@return string?
---@return string?
function uv.send_buffer_size(handle, size) end

---Sets what ps shows; it is cut to the length of the arguments that the process was started with.
---@param title string
---@return 0?
---@return string?
---@return string?
function uv.set_process_title(title) end

---Makes it run for another group. Raises when the system does not allow it.
---@param id integer
function uv.setgid(id) end

---Makes it run for another user. Raises when the system does not allow it.
---@param id integer
function uv.setuid(id) end

---Ends our half of the connection when all that waits has been written: the other side reads its end. `callback` is
---called then. ENOTCONN: it is not connected.
---@param stream uv_stream_t
---@param callback? fun(err: string?)
---@return uv_shutdown_t?
---@return string?
---@return string?
function uv.shutdown(stream, callback) end

---Starts it: whenever the process gets the signal, which is a number or a name such as "sigint", `callback` is
---called with its name (nil: it has none), and the signal has no other effect. Several handles may wait for the
---same signal. EINVAL: this one cannot be caught (sigkill, sigstop), or the handle is closed. EBUSY: Neap stops
---scripts with it (sigurg).
---@param signal uv_signal_t
---@param signum integer | string
---@param callback? fun(signum: string?)
---@return 0?
---@return string?
---@return string?
function uv.signal_start(signal, signum, callback) end

---The same, for the first time only: it is stopped then.
---@param signal uv_signal_t
---@param signum integer | string
---@param callback? fun(signum: string?)
---@return 0?
---@return string?
---@return string?
function uv.signal_start_oneshot(signal, signum, callback) end

---Stops it: its callback is not called any more. When no handle waits for the signal it has its usual effect
---again.
---@param signal uv_signal_t
---@return 0?
---@return string?
---@return string?
function uv.signal_stop(signal) end

---Stops the whole thread for that time: no callback is called and no task goes on.
---@param milliseconds integer
function uv.sleep(milliseconds) end

---Two connected sockets, as descriptors: of the type "stream" (default), "dgram" or "seqpacket". `nonblock` (default: true)
---of each: what handles need, and what a program that gets it as its standard input does not expect. They belong to the
---caller: open them into handles, or close them.
---@param socktype? string | integer
---@param protocol? string | integer
---@param flags1? { nonblock: boolean? }
---@param flags2? { nonblock: boolean? }
---@return integer[]?
---@return string?
---@return string?
function uv.socketpair(socktype, protocol, flags1, flags2) end

---Starts a program, found along PATH when `path` has no slash, and returns its handle and its number. `on_exit` is
---called when it has ended, with its status and the signal that ended it, or 0; the handle has to be closed all the
---same.
---- `args`: its arguments, from the first on that follows its name.
---- `stdio`: what its descriptors 0, 1, 2 and so on are: an integer is a descriptor of ours; a stream that is open is
---  inherited; a new pipe handle becomes our end of a pipe; what is nil is /dev/null.
---- `env`: its whole environment, as texts "NAME=value"; ours, when it is not there.
---- `cwd`: the folder in which it starts. `uid`, `gid`: as whom it runs, which only root may set.
---- `detached`: it has a session of its own, and lives on when we end.
---- `verbatim`, `hide`: of Windows: the arguments are not quoted; its window is not shown.
---
---ENOENT: there is no such program or folder. EACCES: it may not be run. An option of a wrong type raises.
---@param path string
---@param options { args: string[]?, stdio: table<integer, integer | uv_stream_t>?, env: string[]?, cwd: string?, uid: integer?, gid: integer?, verbatim: boolean?, detached: boolean?, hide: boolean? }
---@param on_exit? fun(code: integer, signal: integer)
---@return uv_process_t?
---@return (integer)|string?
---@return string?
function uv.spawn(path, options, on_exit) end

---Makes `uv.run` return as soon as the callbacks of this turn of the loop are over. Where Neap runs the loop, the
---program ends.
function uv.stop() end

---Bytes that were written and that the kernel has not taken yet.
---@param stream uv_stream_t
---@return integer
function uv.stream_get_write_queue_size(stream) end

---Makes writes block the whole program until the kernel has taken them, or not. Only for what cannot be done
---otherwise, such as output that must be there before a crash.
---@param stream uv_stream_t
---@param blocking boolean
---@return 0?
---@return string?
---@return string?
function uv.stream_set_blocking(stream, blocking) end

---Binds it to an address of this machine: an IPv4 or IPv6 address as text, such as "0.0.0.0" or "::", and a port;
---0: a free one, which `uv.tcp_getsockname` tells. That the address is taken may be told by `uv.listen` or
---`uv.tcp_connect` only. `ipv6only`: "::" does not mean IPv4 too. `reuseport` (libuv 1.49): other processes may
---bind it so too, and the system shares connections out. Raises when the text is no address.
---@param tcp uv_tcp_t
---@param host string
---@param port integer
---@param flags? { ipv6only: boolean?, reuseport: boolean? }
---@return 0?
---@return string?
---@return string?
function uv.tcp_bind(tcp, host, port, flags) end

---Closes it with a reset: what waits to be sent is dropped, and the peer reads ECONNRESET. `callback` is called when the
---loop has let go of it. EBADF: it has no socket, or is closed. EINVAL: `uv.shutdown` is under way.
---@param tcp uv_tcp_t
---@param callback? fun()
---@return 0?
---@return string?
---@return string?
function uv.tcp_close_reset(tcp, callback) end

---Connects to an address, which is text as for `uv.tcp_bind`: names are looked up by `uv.getaddrinfo`. `callback` is
---called when it is connected, or could not be. Raises when the text is no address.
---@param tcp uv_tcp_t
---@param host string
---@param port integer
---@param callback? fun(err: string?)
---@return uv_connect_t?
---@return string?
---@return string?
function uv.tcp_connect(tcp, host, port, callback) end

---The address of the other end. ENOTCONN: it is not connected.
---@param tcp uv_tcp_t
---@return uv_address?
---@return string?
---@return string?
function uv.tcp_getpeername(tcp) end

---The address of this end: `{ family = "inet" | "inet6", ip = "127.0.0.1", port = 8080 }`.
---@param tcp uv_tcp_t
---@return uv_address?
---@return string?
---@return string?
function uv.tcp_getsockname(tcp) end

---Whether the kernel probes a silent peer, after `delay` seconds (must be given with true): one that is gone then ends
---reads with ETIMEDOUT.
---@param tcp uv_tcp_t
---@param enable boolean
---@param delay? integer
---@return 0?
---@return string?
---@return string?
function uv.tcp_keepalive(tcp, enable, delay) end

---true: small writes are sent at once; false: the kernel gathers them (Nagle's algorithm), which is the default.
---@param tcp uv_tcp_t
---@param enable boolean
---@return 0?
---@return string?
---@return string?
function uv.tcp_nodelay(tcp, enable) end

---Puts a socket that is open already into the handle, which owns it from here on. EEXIST: another handle has it.
---@param tcp uv_tcp_t
---@param socket integer
---@return 0?
---@return string?
---@return string?
function uv.tcp_open(tcp, socket) end

---Whether several accepts may be queued; it means something on Windows only.
---@param tcp uv_tcp_t
---@param enable boolean
---@return 0?
---@return string?
---@return string?
function uv.tcp_simultaneous_accepts(tcp, enable) end

---Bytes that wait to be sent; `uv.stream_get_write_queue_size` is the same for any stream.
---@param tcp uv_tcp_t
---@return integer
function uv.tcp_write_queue_size(tcp) end

---Gives up waiting for it: it cannot be joined any more. The program's end waits for it all the same.
---@param thread uv_thread_t
---@return boolean?
---@return string?
---@return string?
function uv.thread_detach(thread) end

---Whether both are the same thread. `==` says the same.
---@param thread uv_thread_t
---@param other uv_thread_t
---@return boolean
function uv.thread_equal(thread, other) end

---Which processors it may run on: true at the number of each, the first being 1. `size` is how many are told,
---`uv.cpumask_size()` at least, which is the default.
---@param thread uv_thread_t
---@param size? integer
---@return (table<integer, boolean>)?
---@return string?
---@return string?
function uv.thread_getaffinity(thread, size) end

---The number of the processor that this thread runs on; the first is 1.
---@return integer?
---@return string?
---@return string?
function uv.thread_getcpu() end

---Its name.
---@param thread uv_thread_t
---@return string?
---@return string?
---@return string?
function uv.thread_getname(thread) end

---Its priority as the system has it.
---@param thread uv_thread_t
---@return integer?
---@return string?
---@return string?
function uv.thread_getpriority(thread) end

---Waits until the thread has ended; meanwhile nothing else runs on this one. ESRCH: it has been joined already.
---@param thread uv_thread_t
---@return boolean?
---@return string?
---@return string?
function uv.thread_join(thread) end

---The thread that this is called on.
---@return uv_thread_t
function uv.thread_self() end

---Says which processors it may run on: those whose number has true in `mask`, the first being 1. Returns true, or
---with `get_old` what was allowed before.
---@param thread uv_thread_t
---@param mask table<integer, boolean>
---@param get_old? boolean
---@return (boolean | table<integer, boolean>)?
---@return string?
---@return string?
function uv.thread_setaffinity(thread, mask, get_old) end

---Names the thread that this is called on, for debuggers and ps.
---@param name string
---@return 0?
---@return string?
---@return string?
function uv.thread_setname(name) end

---Sets it: one of `uv.constants.THREAD_PRIORITY_*`.
---@param thread uv_thread_t
---@param priority integer
---@return boolean?
---@return string?
---@return string?
function uv.thread_setpriority(thread, priority) end

---Stops it, and starts it again with its repeat time as timeout. EINVAL: it has never been started.
---@param timer uv_timer_t
---@return 0?
---@return string?
---@return string?
function uv.timer_again(timer) end

---Milliseconds until it fires, or 0 when that is past.
---@param timer uv_timer_t
---@return integer
function uv.timer_get_due_in(timer) end

---Its repeat time in milliseconds; 0: it fires once.
---@param timer uv_timer_t
---@return integer
function uv.timer_get_repeat(timer) end

---Sets the repeat time in milliseconds, which counts from the next time that it fires.
---@param timer uv_timer_t
---@param repeat_ integer
function uv.timer_set_repeat(timer, repeat_) end

---Starts it: `callback` is called after `timeout` milliseconds (0: in the next turn of the loop), and then,
---unless `repeat` is 0, every `repeat` milliseconds. One that is started already starts anew.
---@param timer uv_timer_t
---@param timeout integer
---@param repeat_ integer
---@param callback fun()
---@return 0?
---@return string?
---@return string?
function uv.timer_start(timer, timeout, repeat_, callback) end

---Stops it: its callback is not called any more.
---@param timer uv_timer_t
---@return 0?
---@return string?
---@return string?
function uv.timer_stop(timer) end

---Message and name of an error of the system (errno, of either sign): "ENOENT: no such file or directory",
---"ENOENT". Nothing for 0.
---@param code integer
---@return string
---@return string
function uv.translate_sys_error(code) end

---Writes what the kernel takes at once, and returns how many bytes that was. EAGAIN: nothing, or something written
---before still waits.
---@param stream uv_stream_t
---@param data string | string[]
---@return integer?
---@return string?
---@return string?
function uv.try_write(stream, data) end

---The same, and sends a handle along, as `uv.write2` does.
---@param stream uv_pipe_t
---@param data string | string[]
---@param send_handle uv_stream_t
---@return integer?
---@return string?
---@return string?
function uv.try_write2(stream, data, send_handle) end

---"supported" or "unsupported". ENOTSUP: it is not Windows.
---@return string?
---@return string?
---@return string?
function uv.tty_get_vterm_state() end

---The window's width and height, in characters. The signal "sigwinch" tells when they change.
---@param tty uv_tty_t
---@return integer?
---@return (integer)|string?
---@return string?
function uv.tty_get_winsize(tty) end

---Gives the terminal the mode that it had before `uv.tty_set_mode`: to be called before the program ends.
---@return 0?
---@return string?
---@return string?
function uv.tty_reset_mode() end

---Sets the terminal's mode: 0 or "normal", 1 or "raw" (every key is told at once, none is shown, and control-C is a
---key as others), 2 or "io" (bytes go through as they are); since libuv 1.51 also "raw_vt", of Windows, elsewhere "raw".
---See `uv.tty_reset_mode`.
---@param tty uv_tty_t
---@param mode integer | string
---@return 0?
---@return string?
---@return string?
function uv.tty_set_mode(tty, mode) end

---Whether control sequences are processed by the console, "supported", or by libuv, "unsupported". Of Windows only:
---elsewhere nothing happens.
---@param state string
function uv.tty_set_vterm_state(state) end

---Gives it an address, where it receives; port 0: any that is free. `reuseaddr`: several sockets may have the
---address, and the last one receives. `ipv6only`: no IPv4 through an IPv6 address. EADDRINUSE: another has it. EINVAL:
---the handle has an address, or is closed. A host that is no IP address raises.
---@param udp uv_udp_t
---@param host string
---@param port integer
---@param flags? { reuseaddr: boolean?, ipv6only: boolean? }
---@return 0?
---@return string?
---@return string?
function uv.udp_bind(udp, host, port, flags) end

---From now on it sends to this address only, and receives from it only. With nil and nil, as before again. EISCONN: it
---has one. ENOTCONN: it has none to lose.
---@param udp uv_udp_t
---@param host string?
---@param port integer?
---@return 0?
---@return string?
---@return string?
function uv.udp_connect(udp, host, port) end

---How many datagrams that are.
---@param udp uv_udp_t
---@return integer
function uv.udp_get_send_queue_count(udp) end

---Bytes that were sent and that the kernel has not taken yet.
---@param udp uv_udp_t
---@return integer
function uv.udp_get_send_queue_size(udp) end

---The address that it was connected to. ENOTCONN: none.
---@param udp uv_udp_t
---@return uv_address?
---@return string?
---@return string?
function uv.udp_getpeername(udp) end

---Its own address. EBADF: there is no socket yet.
---@param udp uv_udp_t
---@return uv_address?
---@return string?
---@return string?
function uv.udp_getsockname(udp) end

---Makes it the handle of a datagram socket, which is the handle's from then on: it is closed with it.
---@param udp uv_udp_t
---@param fd integer
---@return 0?
---@return string?
---@return string?
function uv.udp_open(udp, fd) end

---Receives: `callback` gets each datagram with the address that it came from; "" is an empty one; data and addr nil:
---no more for now. `flags.partial`: it was too long, and its end is lost; `flags.mmsg_chunk`: it was one of several
---taken at once. A handle without an address gets one. EALREADY: it receives already, and has the new callback.
---@param udp uv_udp_t
---@param callback fun(err: string?, data: string?, addr: uv_address?, flags: { partial: boolean?, mmsg_chunk: boolean? })
---@return 0?
---@return string?
---@return string?
function uv.udp_recv_start(udp, callback) end

---Stops receiving: the callback is not called any more. What comes waits in the kernel.
---@param udp uv_udp_t
---@return 0?
---@return string?
---@return string?
function uv.udp_recv_stop(udp) end

---Sends a datagram, which is all of `data`, to an address; nil and nil: to the one that it was connected to. `callback`
---is called when the kernel has taken it, or with the name of an error, such as EMSGSIZE: it is too long. That it
---arrives nobody knows. EDESTADDRREQ: there is no address. EISCONN: there are two.
---@param udp uv_udp_t
---@param data string | string[]
---@param host string?
---@param port integer?
---@param callback? fun(err: string?)
---@return 0?
---@return string?
---@return string?
function uv.udp_send(udp, data, host, port, callback) end

---Whether it may send to all hosts of a network: it may not, by default.
---@param udp uv_udp_t
---@param on boolean
---@return 0?
---@return string?
---@return string?
function uv.udp_set_broadcast(udp, on) end

---Joins or leaves a multicast group, on the interface that has an address, or nil: on the system's choice.
---@param udp uv_udp_t
---@param multicast_addr string
---@param interface_addr string?
---@param membership "join" | "leave"
---@return 0?
---@return string?
---@return string?
function uv.udp_set_membership(udp, multicast_addr, interface_addr, membership) end

---The interface, by its address, on which it sends to groups.
---@param udp uv_udp_t
---@param interface_addr string
---@return 0?
---@return string?
---@return string?
function uv.udp_set_multicast_interface(udp, interface_addr) end

---Whether what it sends to a group comes to this host's members, too: it does, by default.
---@param udp uv_udp_t
---@param on boolean
---@return 0?
---@return string?
---@return string?
function uv.udp_set_multicast_loop(udp, on) end

---How many routers pass on what it sends to a group: 1 to 255, 1 by default.
---@param udp uv_udp_t
---@param ttl integer
---@return 0?
---@return string?
---@return string?
function uv.udp_set_multicast_ttl(udp, ttl) end

---The same, for what one source sends to the group.
---@param udp uv_udp_t
---@param multicast_addr string
---@param interface_addr string?
---@param source_addr string
---@param membership "join" | "leave"
---@return 0?
---@return string?
---@return string?
function uv.udp_set_source_membership(udp, multicast_addr, interface_addr, source_addr, membership) end

---How many routers pass on what it sends: 1 to 255.
---@param udp uv_udp_t
---@param ttl integer
---@return 0?
---@return string?
---@return string?
function uv.udp_set_ttl(udp, ttl) end

---The same, if the kernel takes it at once: returns how many bytes that was. EAGAIN: it does not, or others wait.
---@param udp uv_udp_t
---@param data string | string[]
---@param host string?
---@param port integer?
---@return integer?
---@return string?
---@return string?
function uv.udp_try_send(udp, data, host, port) end

---As `uv.udp_try_send`, for many datagrams at once, 1,000 at most: returns how many the kernel took. `addr` is left out
---when the handle is connected. `flags` is 0 or an empty table. EINVAL: it has no socket yet (bind it, or make it with
---a family).
---@param udp uv_udp_t
---@param messages { data: string | string[], addr: { ip: string, port: integer }? }[]
---@param flags? integer | table
---@return integer?
---@return string?
---@return string?
function uv.udp_try_send2(udp, messages, flags) end

---The program may end although it is active.
---@param handle uv_handle_t
function uv.unref(handle) end

---Sets the loop's time to what it is now: after something that took long, before a timer is started.
function uv.update_time() end

---Seconds since the machine was started.
---@return number?
---@return string?
---@return string?
function uv.uptime() end

---How many bytes a text in UTF-16, of this machine's byte order, has in WTF-8: UTF-8 that allows lone
---surrogates.
---@param utf16 string
---@return integer
function uv.utf16_length_as_wtf8(utf16) end

---A text in UTF-16, of this machine's byte order, in WTF-8.
---@param utf16 string
---@return string?
---@return string?
---@return string?
function uv.utf16_to_wtf8(utf16) end

---libuv's version: major, minor and patch in eight bits each.
---@return integer
function uv.version() end

---The same as text: "1.44.2".
---@return string
function uv.version_string() end

---Calls `callback` with each handle that this program has made and that is not closed yet, in the order they
---were made; not with those that belong to Neap. It may close them, and make new ones, which are not visited.
---@param callback fun(handle: uv_handle_t)
function uv.walk(callback) end

---Writes `data`, or all of a list, after what was written before. `callback` is called when the kernel has
---taken all of it, or with the name of an error.
---@param stream uv_stream_t
---@param data string | string[]
---@param callback? fun(err: string?)
---@return uv_write_t?
---@return string?
---@return string?
function uv.write(stream, data, callback) end

---The same, and sends a handle along, over a pipe that was made for handles (`uv.new_pipe(true)`). It stays open here
---until it is closed here, which is to wait for the callback. EINVAL: the pipe is not one for handles.
---@param stream uv_pipe_t
---@param data string | string[]
---@param send_handle uv_stream_t
---@param callback? fun(err: string?)
---@return uv_write_t?
---@return string?
---@return string?
function uv.write2(stream, data, send_handle, callback) end

---How many 16-bit units a text in WTF-8 has in UTF-16. EINVAL: it is no WTF-8.
---@param wtf8 string
---@return integer?
---@return string?
---@return string?
function uv.wtf8_length_as_utf16(wtf8) end

---A text in WTF-8 in UTF-16, of this machine's byte order. EINVAL: it is no WTF-8.
---@param wtf8 string
---@return string?
---@return string?
---@return string?
function uv.wtf8_to_utf16(wtf8) end

return uv
