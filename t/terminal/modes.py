# modes.py NEAP: neap.tty at a real terminal, as TAP. t/24-tty.t runs it.
import os, signal, termios
from session import NEAP, Session, done, ok, script

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


def ends(s, wanted, name):
    status = s.end()
    ok(status == wanted, name, "status %r" % status)
    ok(termios.tcgetattr(s.fd) == s.mode, "and the terminal has its mode back")


path = script("script.lua", SCRIPT)


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
s.resize(90, 30)
ok(s.find("resized\t90\t30"), "its size is told when it changes", s.text)
s.step("hidden\n", "secret\thidden", "and read")
s.step("open\nq", "raw", "then the terminal is raw")
ends(s, 3 << 8, "os.exit ends it")

s = begin("wait")
ok(s.find("waiting"), "it waits", s.text)
os.kill(s.pid, signal.SIGTERM)
ends(s, signal.SIGTERM, "SIGTERM ends it")

if "sanitize" not in NEAP:  # which handles crashes itself
    s = begin("crash")
    ends(s, signal.SIGSEGV, "a crash ends it")
done()
