"""kernel.py -- processes that are measured, and what the kernel knows of them.

Every contestant leads a session of its own, so that it and whatever it starts is found and ended as
one. All of them die with us (PR_SET_PDEATHSIG), and nothing waits without a limit.
"""
import contextlib
import ctypes
import glob
import json
import os
import re
import resource
import signal
import socket
import subprocess
import time

PROCESS_LIMIT = 120          # seconds any one process of ours may take


class Failed(Exception):
    """A contestant could not be measured; the message says why, in a few words."""


# ---- accounting --------------------------------------------------------------------------------

def read(path):
    with contextlib.suppress(OSError):        # it has ended meanwhile
        with open(path) as file:
            return file.read()
    return ""


def processes(session):
    found = []
    for path in glob.glob("/proc/[0-9]*/stat"):
        fields = read(path).rpartition(")")[2].split()
        if len(fields) > 3 and int(fields[3]) == session and fields[0] != "Z":
            found.append(int(path.split("/")[2]))
    return found


def by_thread(session, count):
    """{thread: count(its folder in /proc)}; two of them are compared by growth()."""
    tasks = [task for pid in processes(session) for task in glob.glob(f"/proc/{pid}/task/*")]
    return {task: count(task) for task in tasks}


def growth(before, after):
    return sum(number - before.get(task, 0) for task, number in after.items())


def cpu_time(session):
    """Nanoseconds on a cpu."""
    return by_thread(session, lambda task: int((read(task + "/schedstat") or "0").split()[0]))


def switches(session):
    return by_thread(session, lambda task: sum(
        map(int, re.findall(r"ctxt_switches:\s+(\d+)", read(task + "/status")))))


def memory(session, field="Rss"):
    """Bytes."""
    texts = [read(f"/proc/{pid}/smaps_rollup") for pid in processes(session)]
    sizes = [int(kb) for text in texts for kb in re.findall(rf"^{field}:\s+(\d+)", text, re.M)]
    if not sizes:
        raise Failed("the kernel shows no memory of it")
    return sum(sizes) * 1024


def cpu_busy(cpus):
    """Seconds that these cpus were not idle, whoever had them, a hypervisor included."""
    total = 0
    for cpu, fields in re.findall(r"^cpu(\d+) (.*)$", read("/proc/stat"), re.M):
        user, nice, system, _, _, irq, softirq, steal = map(int, fields.split()[:8])
        total += (int(cpu) in cpus) * (user + nice + system + irq + softirq + steal)
    return total / os.sysconf("SC_CLK_TCK")


def perf(session, output):
    """The words before a command that make perf count session's instructions while it runs."""
    pids = ",".join(map(str, processes(session)))
    return ["perf", "stat", "-x,", "-e", "instructions", "-o", output, "-p", pids, "--"]


def perf_count(output):
    return int(re.search(r"^(\d+),", read(output), re.M)[1])


def can_count_instructions():
    done = subprocess.run("perf stat -x, -e instructions true", shell=True, capture_output=True)
    return bool(re.search(rb"^\d+,", done.stderr, re.M))


# ---- running -----------------------------------------------------------------------------------

def spawn(command, cpus, **more):
    def prepare():
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        os.sched_setaffinity(0, cpus)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)          # PR_SET_PDEATHSIG
    # SIGPIPE stays ignored: libuv leaves it alone, and a client that goes would end a plain server.
    return subprocess.Popen(list(map(str, command)), preexec_fn=prepare, start_new_session=True,
                            restore_signals=False, **more)


def end(process):
    for sign, patience in ((signal.SIGTERM, 3), (signal.SIGKILL, 10)):
        for pid in processes(process.pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, sign)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(patience)
            if not processes(process.pid):
                return


def brief(text):
    return " ".join(text.split())[:200]


def last_json(text):
    lines = [line for line in text.splitlines() if line.startswith("{")]
    if not lines:
        raise Failed("it said: " + brief(text))
    answer = json.loads(lines[-1])
    if "error" in answer:
        raise Failed(answer["error"])
    return answer


def answer_of(command, cpus):
    """Runs command to its end; the last line it prints is JSON."""
    process = spawn(command, cpus, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        text = process.communicate(timeout=PROCESS_LIMIT)[0]
    finally:
        end(process)
    return last_json(text)


class Server:
    """A process that serves on a port of its own until closed. `command` is made for that port."""

    def __init__(self, command, cpus, log):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.log = log
        with open(log, "w") as output:
            self.process = spawn(command(self.port), cpus, stdin=subprocess.DEVNULL, stdout=output,
                                 stderr=output)
        self.pid = self.process.pid
        try:
            self.wait_until_up()
        except BaseException:
            self.close()
            raise

    def wait_until_up(self):
        give_up = time.monotonic() + 15
        while time.monotonic() < give_up and self.process.poll() is None:
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            time.sleep(0.05)
        raise Failed("it does not listen: " + brief(read(self.log)))

    def close(self):
        end(self.process)
