# modes.py NEAP: neap.tty at a real terminal, as TAP. t/24-tty.t runs it.
import fcntl, os, pty, re, select, signal, struct, sys, tempfile, termios, time

NEAP = sys.argv[1]
SECONDS = 60 if "valgrind" in NEAP else 20
folder = tempfile.mkdtemp()
count = failed = 0

SCRIPT = """
local tty, process = require "neap.tty", require "neap.process"
local task = require "neap.task"
print(tty.is_terminal(), tty.is_terminal(process.stdin), tty.size())
local watcher = tty.on_resize(function(columns, rows) print("resized", columns, rows) end)
print("secret", tty.read_password("Word? "))
print("shown", io.read())
tty.raw(true)
print "raw"
local keys = ""
while keys:sub(-1) ~= "q" do keys = keys .. process.stdin:read() end
print("keys", (keys:gsub("%c", function(c) return "<" .. c:byte() .. ">" end)))
if arg[1] == "wait" then print "waiting" task.sleep(1000) end
if arg[1] == "crash" then require("ffi").cast("int *", 0)[0] = 1 end
os.exit(3)
"""


def ok(good, name, more=""):
    global count, failed
    count += 1
    failed += not good
    print("%sok %d - %s" % ("" if good else "not ", count, name), flush=True)
    if not good:
        print("# " + more.replace("\n", "\n# "), flush=True)


class Session:
    def __init__(self, *arguments):
        values = dict(os.environ, TERM="xterm", NO_COLOR="1", HOME=folder, NEAP_HISTORY=os.path.join(folder, "history"))
        self.text, self.at = "", 0
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execve(NEAP, [NEAP, *arguments], values)
        self.mode = termios.tcgetattr(self.fd)

    def find(self, wanted):
        until = time.time() + SECONDS
        while True:
            found = self.text.find(wanted, self.at)
            if found >= 0:
                self.at = found + len(wanted)
                return True
            left = until - time.time()
            if left < 0 or not select.select([self.fd], [], [], left)[0]:
                return False
            try:
                data = os.read(self.fd, 65536)
            except OSError:
                return False
            if not data:
                return False
            self.text += re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", data.decode("utf-8", "replace")).replace("\r", "")

    def step(self, keys, wanted, name):
        os.write(self.fd, keys.encode())
        ok(self.find(wanted), name, "typed %r, wanted %r, came:\n%s" % (keys, wanted, self.text[self.at:]))

    def end(self, wanted, name):
        until = time.time() + SECONDS
        pid = status = 0
        while not pid and time.time() < until:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            time.sleep(0.01)
        if not pid:
            os.kill(self.pid, 9)
            os.waitpid(self.pid, 0)
        ok(pid and status == wanted, name, "status %r" % status)
        ok(termios.tcgetattr(self.fd) == self.mode, "and the terminal has its mode back")
        os.close(self.fd)


path = os.path.join(folder, "script.lua")
with open(path, "w") as file:
    file.write(SCRIPT)

def begin(*arguments):
    s = Session(path, *arguments)
    ok(s.find("Word? "), "a password is asked for", s.text)
    s.step("hidden\n", "secret\thidden", "and read")
    ok("hidden\nsecret" not in s.text, "it is not shown", s.text)
    s.step("open\n", "open\nshown\topen", "what is typed then is shown")
    ok(s.find("raw\n"), "it becomes raw", s.text)
    s.step("a\x03\rq", "keys\ta<3><13>q", "keys come as they are")
    return s


s = Session(path)
ok(s.find("true\ttrue\t"), "it is a terminal", s.text)
ok(s.find("Word? "), "a password is asked for", s.text)
fcntl.ioctl(s.fd, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 90, 0, 0))
ok(s.find("resized\t90\t30"), "its size is told when it changes", s.text)
s.step("hidden\n", "secret\thidden", "and read")
s.step("open\nq", "raw", "then the terminal is raw")
s.end(3 << 8, "os.exit ends it")

s = begin("wait")
ok(s.find("waiting"), "it waits", s.text)
os.kill(s.pid, signal.SIGTERM)
s.end(signal.SIGTERM, "SIGTERM ends it")

if "sanitize" not in NEAP:  # which handles crashes itself
    s = begin("crash")
    s.end(signal.SIGSEGV, "a crash ends it")
print("1..%d" % count)
sys.exit(failed > 0)
