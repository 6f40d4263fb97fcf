-- uv: which names there are: functions and constants by the libuv that Neap is built with, and methods.
local test = require "neap.test"
local uv = require "uv"

local describe, it, equal = test.describe, test.it, test.equal

-- By the version of libuv that brought them.
local FUNCTIONS = {
  [0x012d00] = "thread_getcpu thread_getaffinity thread_setaffinity cpumask_size get_available_memory clock_gettime "
    .. "metrics_info",
  [0x012e00] = "pipe_bind2 pipe_connect2",
  [0x012f00] = "utf16_length_as_wtf8 utf16_to_wtf8 wtf8_length_as_utf16 wtf8_to_utf16",
  [0x013000] = "thread_getpriority thread_setpriority",
  [0x013200] = "thread_getname thread_setname thread_detach udp_try_send2 getrusage_thread",
}
local CONSTANTS = {
  [0x012c00] = "TTY_MODE_NORMAL TTY_MODE_RAW TTY_MODE_IO R_OK W_OK X_OK F_OK",
  [0x012e00] = "PIPE_NO_TRUNCATE",
  [0x013000] = "THREAD_PRIORITY_HIGHEST THREAD_PRIORITY_ABOVE_NORMAL THREAD_PRIORITY_NORMAL "
    .. "THREAD_PRIORITY_BELOW_NORMAL THREAD_PRIORITY_LOWEST",
  [0x013100] = "UDP_REUSEPORT TCP_REUSEPORT",
  [0x013300] = "TTY_MODE_RAW_VT FS_UTIME_NOW FS_UTIME_OMIT",
}

-- Functions with a handle's name before theirs that do not take one.
local NO_METHOD = {}
for name in ("tty_reset_mode tty_set_vterm_state tty_get_vterm_state thread_self thread_setname"):gmatch "%S+" do
  NO_METHOD[name] = true
end

local function terminal()
  local fd = assert(uv.fs_open("/dev/ptmx", "r+", 0))
  return assert(uv.new_tty(fd, false)), fd
end

local function poll()
  local fds = assert(uv.socketpair())
  uv.fs_close(fds[2])
  return assert(uv.new_poll(fds[1])), fds[1]
end

-- One of each type, by what its functions begin with.
local makers = {
  timer = uv.new_timer, prepare = uv.new_prepare, check = uv.new_check, idle = uv.new_idle, signal = uv.new_signal,
  tcp = uv.new_tcp, pipe = uv.new_pipe, udp = uv.new_udp, fs_event = uv.new_fs_event, fs_poll = uv.new_fs_poll,
  async = function() return uv.new_async(print) end, poll = poll, tty = terminal,
  stream = uv.new_tcp, thread = uv.thread_self, sem = uv.new_sem,
  process = function() return assert(uv.spawn("true", {})) end,
}

describe("uv's names", function()
  it("are those of the libuv that it is built with", function()
    for version, names in pairs(FUNCTIONS) do
      for name in names:gmatch "%S+" do
        equal({ name, type(uv[name]) }, { name, uv.version() >= version and "function" or "nil" })
      end
    end
    for version, names in pairs(CONSTANTS) do
      for name in names:gmatch "%S+" do
        equal({ name, type(uv.constants[name]) }, { name, uv.version() >= version and "number" or "nil" })
      end
    end
  end)

  for kind, make in pairs(makers) do
    it(("are also methods: uv.%s_name(%s) is %s:name()"):format(kind, kind, kind), function()
      local object, fd = make()
      local n = 0
      for name, value in pairs(uv) do
        local method = name:match("^" .. kind .. "_(.+)$")
        if method and type(value) == "function" and not NO_METHOD[name] then
          equal({ name, type(object[method]) }, { name, "function" })
          n = n + 1
        end
      end
      assert(n > 0, "no functions of " .. kind)
      if object.close then object:close() end
      if fd then uv.fs_close(fd) end
    end)
  end
end)
