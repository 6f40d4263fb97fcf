# session.py: Neap at a terminal of its own, for the other files of this folder. Their first argument is the program,
# and what they find they tell as TAP.
import fcntl, os, pty, re, select, signal, struct, sys, tempfile, termios, time

NEAP = sys.argv[1]
SECONDS = 60 if "valgrind" in NEAP else 20
folder = tempfile.mkdtemp()  # the sessions' home, in which they run
history = os.path.join(folder, "state", "history")
count = failed = 0


def ok(good, name, more=""):
    global count, failed
    count += 1
    failed += not good
    print("%sok %d - %s" % ("" if good else "not ", count, name), flush=True)
    if not good and more:
        print("# " + more.replace("\n", "\n# "), flush=True)


def done():
    print("1..%d" % count)
    sys.exit(failed > 0)


def script(name, text):
    with open(os.path.join(folder, name), "w") as file:
        file.write(text)
    return name


class Session:
    """What it says is read until what is expected has come."""

    def __init__(self, *arguments, **environment):
        values = dict(os.environ, NEAP_HISTORY=history, TERM="xterm", NO_COLOR="1", HOME=folder)
        values.pop("LC_ALL", None)
        values.update(environment)
        self.raw, self.at = "", 0
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.chdir(folder)
            os.execve(NEAP, [NEAP, *arguments], values)
        self.resize(80, 24)
        self.mode = termios.tcgetattr(self.fd)

    def resize(self, columns, rows):
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    @property
    def text(self):
        """All that it has said, without what a terminal obeys."""
        return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", self.raw).replace("\r", "")

    def read(self, seconds):
        if not select.select([self.fd], [], [], seconds)[0]:
            return False
        try:
            data = os.read(self.fd, 65536)
        except OSError:
            data = b""
        self.raw += data.decode("utf-8", "replace")
        return bool(data)

    def find(self, wanted):
        until = time.time() + SECONDS
        while True:
            found = self.text.find(wanted, self.at)
            if found >= 0:
                self.at = found + len(wanted)
                return True
            if time.time() > until or not self.read(max(0, until - time.time())):
                return False

    def type(self, keys):
        os.write(self.fd, keys.encode())

    def step(self, keys, wanted, name):
        self.type(keys)
        good = self.find(wanted)
        ok(good, name, "typed %r, wanted %r, came:\n%s" % (keys, wanted, self.text[self.at:]))

    def quiet(self, keys, wanted):
        self.type(keys)
        return self.find(wanted)

    def cooked(self):
        """What is typed while the editor still has the terminal is lost, as everywhere with libedit."""
        until = time.time() + SECONDS
        while not termios.tcgetattr(self.fd)[3] & termios.ICANON and time.time() < until:
            time.sleep(0.005)

    def end(self, keys=""):
        """Its status; the keys are typed until they are taken, as what comes before the prompt is not."""
        until, again = time.time() + SECONDS, 0
        while time.time() < until:
            if keys and time.time() > again:
                self.type(keys)
                again = time.time() + 0.5
            self.read(0.05)
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                return status
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        return None
