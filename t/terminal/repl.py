# repl.py NEAP [NAME...]: sessions of its REPL at a real terminal, as TAP. t/25-repl.t runs it.
import os, signal, stat, subprocess, sys, termios
from session import NEAP, SECONDS, Session, done, folder, history, ok, script


def lines_and_values():
    s = Session()
    s.step("", "> ", "a prompt")
    s.step("20 + 22\r", "\n42\n", "an expression shows its value")
    s.step("= 1, nil, 'a'\r", '\n1, nil, "a"\n', "several, also behind =")
    s.step("_ + 1\r", "\n2\n", "the last one is _")
    s.step("local n = 5\rlocal a, b\rn, a\r", "\n5, nil\n", "a local stays")
    s.step("{ { 1 }, x = 'y' }\r", '\n{ { 1 }, x = "y" }\n', "tables are shown")
    s.step("print 'said'\r", "\nsaid\n> ", "a statement shows nothing but what it says")
    s.step("#inspect({})\r", "\n2\n", "modules are there")
    s.step("#'a\u00e9\x7fb'\r", "\n2\n", "a character is deleted whole")
    s.step("function f(x)\r", ">> ", "what is not complete goes on")
    s.step("return x\rend\rf(77)\r", "\n77\n", "until it is")
    s.step("x = [[a\rb]]\r", "> ", "also within a string")
    s.step("#x\r", "\n3\n", "whose lines are kept")
    s.step("2 * (\r", ">> ", "and within an expression")
    s.step("21)\r", "\n42\n", "that shows its value")
    s.step(".help\r", "Ctrl-R", ".help")
    s.step(".nonsense\r", "there is no .nonsense", "a command that is none")
    ok(s.end("\x04") == 0, "Ctrl-D ends it with 0", s.text[s.at:])
    ok(termios.tcgetattr(s.fd)[:4] == s.mode[:4], "and the terminal is as it was")


def failures():
    s = Session()
    s.find("> ")
    s.step("error('b' .. 'ad')\r", "\nstdin:1: bad\nstack traceback:", "an error has its traceback")
    s.step("", "stdin:1: in main chunk\n> ", "and leaves it standing")
    s.step("x = = 1\r", "unexpected symbol near '='\n> ", "a chunk that is wrong says so")
    s.step("nil, errors.new('EMINE', 'm' .. 'ine')\r", "nil, <error EMINE: mine>", "nil and an error are values")
    s.step("error { answer = 6 * 7 }\r", "{ answer = 42 }", "what is raised is shown")
    s.step("local t = setmetatable({}, { __tostring = function() error 'x' end }) t\r", "\n> ", "a value that cannot be shown")
    s.step("t\r", "{}", "is shown all the same")
    s.step("task.spawn(function() error('be' .. 'hind') end)\r", "behind", "an error of another task is shown")
    s.step("1 + 1\r", "\n2\n", "and leaves it standing too")
    s.step("os.exit(7)\r", "", "os.exit")
    ok(os.waitstatus_to_exitcode(s.end() or 0) == 7, "ends it with its status", s.text[s.at:])


def interrupts():
    s = Session()
    s.find("> ")
    s.step("print('wa' .. 'its') task.sleep(1000)\r", "waits", "a chunk waits")
    s.step("\x03", "cancelled\n> ", "Ctrl-C cancels it")
    s.step("print('n' .. 'ow') assert(task.sleep(1000))\r", "now", "one that does not return its error")
    s.step("\x03", "cancelled\n> ", "as well")
    s.step("task.sleep(1000)\r", "\n", "and one")
    s.step("\x03", "cancelled\n> ", "that has just been typed")
    s.step("print('bu' .. 'sy') while true do end\r", "busy", "a chunk is busy")
    s.step("\x03", "EKILLED", "Ctrl-C stops it")
    s.step("print('dea' .. 'd') task.channel():receive()\r", "dead", "a chunk that nothing can wake")
    s.step("\x03", "cancelled\n> ", "is cancelled")
    s.step("print('not this')\x03", "^C\n", "Ctrl-C clears the line")
    s.step("40 + 2\r", "\n42\n", "and the next one is whole")
    s.step("function g()\r", ">> ", "a chunk is begun")
    s.step("\x03", "> ", "Ctrl-C clears it all")
    s.step("6 * 7\r", "\n42\n", "and the next is whole")
    s.step("timer.after(0, function() print('lo' .. 'op') while true do end end)\r", "loop", "a busy callback")
    s.step("\x03", "EKILLED", "is stopped, too")
    s.step("7 * 6\r", "\n42\n", "and it goes on")
    os.kill(s.pid, signal.SIGTERM)
    ok(os.waitstatus_to_exitcode(s.end() or 0) == -signal.SIGTERM, "SIGTERM ends it")


def meanwhile():
    s = Session()
    s.find("> ")
    s.step("go = task.channel(1) task.spawn(function() go:receive() print('from ' .. 'afar') end)\r", "> ", "a task in the background")
    s.step("timer.after(0.01, function() go:send(1) end)\r60 +", "from afar\n> 60 +", "says something while a line is typed")
    s.step(" 6\r", "\n66\n", "which goes on as it was")
    s.step("timer.after(0.01, function() io.stderr:write('err ', 'or\\n') end)\r60 +", "err or\n> 60 +", "also on standard error")
    s.step("7\r", "\n67\n", "and the line is redrawn")
    s.step("timer.after(0.01, function() print('ze' .. '\\0ro') end)\r60 +", "zero\n> 60 +", "a zero byte ends nothing of it")
    s.step("8\r", "\n68\n", "then too")
    long = "'" + "x" * 100 + "'"
    s.step("timer.after(0.01, function() print('ab' .. 'ove') end)\r#" + long, "above\n", "above a line that is longer than the terminal")
    s.step("\r", "\n100\n", "that is whole")
    s.step("net.listen({ host = '127.0.0.1', port = 0 }, function(c) c:write(c:read() .. '!') c:close() end)\r", "\n> ", "a server")
    s.step("c = net.connect('127.0.0.1', _.port) c:write('ser' .. 'ved')\rc:read()\r", '\n"served!"\n', "goes on")
    s.step("timer.after(0.01, function() os.exit(0) end)\r12", "", "os.exit while a line is typed")
    ok(s.end() == 0, "ends it")
    ok(termios.tcgetattr(s.fd)[:4] == s.mode[:4], "and the terminal is as it was")


def pasting():
    s = Session()
    s.find("> ")
    s.step("\x1b[200~local q = 1\n\tq = q + 5\n\nif q == 6 then print('pas' .. 'ted', q) end\n\x1b[201~", "pasted\t6\n", "what is pasted is one chunk")
    s.step("\x1b[200~21 * \n2\x1b[201~\r", "\n42\n", "run with Return when its last line has no end")
    s.type("\x1b")
    s.step("[200~no\x1b[201~\x15" + "8 * 8\r", "\n64\n", "an escape that comes in pieces is one")
    s.type("function h()\r\treturn 5\rend\r")
    s.step("h() + 90\r", "\n95\n", "without such marks it comes line by line")
    s.end("\x04")


def completion():
    os.makedirs(os.path.join(folder, "own"), exist_ok=True)
    script("own/mod_one.lua", "return 11\n")
    s = Session()
    s.find("> ")
    s.step("pri\t('t' .. 'ab')\r", "\ntab\n", "a global")
    s.step("type(fs.read_f\t)\r", "\n\"function\"\n", "a field of a module that is not loaded yet")
    s.step("fs.read\t", "read_file  readlink", "several are listed")
    s.step("\x15local s = 'abc'\rs:up\t()\r", '\n"ABC"\n', "a method of a string")
    s.find("> ")
    s.step("io.stdout:see\t", "seek", "a method of a userdata")
    s.step("\x15require('own.mod\t')\r", "\n11\n", "a file within require")
    s.step("require('neap.insp\t", "neap.inspect", "a module of Neap's within require")
    s.step("\x15no_such_thing.x\t\x15" + "5 + 5\r", "\n10\n", "nothing where there is nothing")
    s.step("bad = setmetatable({}, { __index = function() print 'touched' end })\rbad.x\t\x15" + "6 + 6\r", "\n12\n", "values are looked at")
    ok("\ntouched" not in s.text, "and not touched")
    s.step("for i = 1, 2 do\r\tio.write(i, ';')\rend\r", "1;2;", "at a line's beginning it indents")
    s.end("\x04")


def keeping():
    one, two = Session(), Session()
    one.find("> "), two.find("> ")
    one.quiet("'first'\r", '\n"first"\n'), two.quiet("'second'\r", '\n"second"\n'), one.quiet("'third'\r", '\n"third"\n')
    for s in (one, two):
        s.end("\x04")
    lines = open(history).read().splitlines()
    ok(lines[-3:] == ["'first'", "'second'", "'third'"], "lines of two sessions are all kept", repr(lines))
    ok(stat.S_IMODE(os.stat(history).st_mode) == 0o600, "for their owner only")
    s = Session()
    s.find("> ")
    s.step("\x1b[A\x1b[A\r", '\n"second"\n> ', "those of earlier sessions come back")
    s.step("\x12fir\r", '\n"first"\n', "and are found by Ctrl-R")
    s.end("\x04")
    s = Session(NEAP_HISTORY="")
    s.find("> ")
    s.step("'un' .. 'kept'\r", '\n"unkept"\n', "NEAP_HISTORY='' keeps none")
    s.end("\x04")
    ok("unkept" not in open(history).read() and "'un'" not in open(history).read(), "indeed")
    s = Session(NEAP_HISTORY="/dev/null/none")
    s.find("> ")
    s.step("1\r", "lines are not kept: ", "where that fails it is said")
    s.step("1 + 2\r", "\n3\n", "and it goes on")
    s.end("\x04")


def options():
    script("script.lua", "answer = 40 + #arg\nprint('ran', ...)\n")
    s = Session("-i", "script.lua", "x", "y")
    s.step("", "ran\tx\ty\n", "-i runs the script")
    s.step("answer\r", "\n42\n", "and goes on")
    s.end("\x04")
    script("bad.lua", "answer = 43\nerror('fails')\n")
    s = Session("-i", "bad.lua")
    s.step("", "bad.lua:2: fails", "one that fails is told of")
    s.step("answer\r", "\n43\n", "and looked at")
    s.end("\x04")
    s = Session("-i", "-e", "answer = 44")
    s.find("> ")
    s.step("answer\r", "\n44\n", "-i goes on after -e")
    s.end("\x04")
    s = Session(NO_COLOR="")
    s.find("> ")
    s.quiet("'col' .. 'our'\r", '"colour"')
    ok("\x1b[32m\"colour\"\x1b[0m" in s.raw, "values have colours")
    s.end("\x04")
    s = Session(TERM="dumb")
    s.step("", "> ", "a terminal that cannot be edited on")
    s.step("1 + 1\n", "\n2\n", "takes lines all the same")
    s.step("print('wa' .. 'its') task.sleep(1000)\n", "waits", "where a chunk waits")
    s.step("\x03", "cancelled", "Ctrl-C cancels it")
    s.step("timer.after(0.01, function() print('la' .. 'ter') end)\n", "later\n> ", "and the prompt comes again")
    ok(s.end("\x04") == 0, "Ctrl-D ends it")


def no_terminal():
    def run(text, *arguments):
        done = subprocess.run([NEAP, *arguments], input=text, capture_output=True, text=True, cwd=folder, timeout=SECONDS)
        return done.stdout, done.stderr, done.returncode
    ok(run("1 + 1\nlocal x = 3\nfor i = 1, 2 do\nprint(i)\nend\nx\n", "-i") == ("2\n1\n2\n3\n", "", 0), "-i on a pipe works line by line")
    ok(run("1 +\0 1\n", "-i") == ("2\n", "", 0), "zero bytes are left out")
    out, _, status = run("error 'one'\n2\nfunction f(", "-i")
    ok(out.startswith("stdin:1: one\n") and "\n2\n" in out and "the input ends within" in out, "past errors, to the end", out)
    ok(run("print(1)\nlocal x = 2\nprint(x)\n") == ("1\n2\n", "", 0), "without -i it is one program")
    out, err, status = run("error 'bad'\n")
    ok(status == 1 and "bad" in err, "whose errors are a program's")


sessions = [lines_and_values, failures, interrupts, meanwhile, pasting, completion, keeping, options, no_terminal]
for session in sessions:
    if len(sys.argv) < 3 or session.__name__ in sys.argv[2:]:
        session()
done()
