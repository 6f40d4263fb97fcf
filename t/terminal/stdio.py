# stdio.py NEAP: io.read at a real terminal, in a script and in the REPL, as TAP. t/24-stdio.t runs it.
import os, pty, re, select, sys, tempfile, termios, time

NEAP = sys.argv[1]
SECONDS = 60 if "valgrind" in NEAP else 20
folder = tempfile.mkdtemp()
count = failed = 0

SCRIPT = """
local task = require "neap.task"
local ticks = 0
task.spawn(function() while ticks < 3 do task.sleep(0.001) ticks = ticks + 1 end print "ticked" end)
while true do
  print "ready"
  local line = io.read()
  print("got", line)
  if line == "stop" then break end
end
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

    def cooked(self):
        """What is typed while the editor still has the terminal is lost, as everywhere with libedit."""
        until = time.time() + SECONDS
        while not termios.tcgetattr(self.fd)[3] & termios.ICANON and time.time() < until:
            time.sleep(0.005)

    def end(self, name):
        until = time.time() + SECONDS
        pid = status = 0
        while not pid and time.time() < until:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            time.sleep(0.01)
        if not pid:
            os.kill(self.pid, 9)
            os.waitpid(self.pid, 0)
        ok(pid and status == 0, name, "status %r" % status)
        os.close(self.fd)


path = os.path.join(folder, "script.lua")
with open(path, "w") as file:
    file.write(SCRIPT)

s = Session(path)
ok(s.find("ready") and s.find("ticked"), "other tasks run while a terminal is read", s.text)
s.step("one\n", "got\tone\nready", "a line is read")
s.step("\x04", "got\tnil\nready", "Ctrl-D is an end")
s.step("\x04", "got\tnil\nready", "and again")
s.step("two\n", "got\ttwo\nready", "what is typed after an end is read")
s.step("part\x04\x04", "got\tpart\nready", "an end within a line gives what there is")
s.step("three\nfour\n", "got\tthree\nready\ngot\tfour\nready", "lines typed ahead come one by one")
s.step("stop\n", "got\tstop", "the last line is read")
s.end("the program ends though its terminal is open")

s = Session("-i")
ok(s.find("> "), "the REPL asks", s.text)
s.step("io.read()\n", "io.read()\n", "a chunk runs")
s.cooked()
s.step("typed\n", '"typed"', "and reads the terminal, line by line")
ok(s.find("> "), "then the REPL has it again", s.text)
s.step("1 + 1\n", "\n2\n", "and takes the next line")
ok(s.find("> "), "and asks", s.text)
s.step("io.read()\n", "io.read()\n", "another chunk reads")
s.cooked()
s.step("\x03", "cancelled", "Ctrl-C gives it up")
ok(s.find("> "), "and the REPL goes on", s.text)
s.step("6 * 7\n", "\n42\n", "with what is typed then")
os.write(s.fd, b"\x04")
s.end("Ctrl-D ends it")
print("1..%d" % count)
sys.exit(failed > 0)
