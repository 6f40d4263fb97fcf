# stdio.py NEAP: io.read at a real terminal, in a script and in the REPL, as TAP. t/24-stdio.t runs it.
from session import Session, done, ok, script

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

s = Session(script("script.lua", SCRIPT))
ok(s.find("ready") and s.find("ticked"), "other tasks run while a terminal is read", s.text)
s.step("one\n", "got\tone\nready", "a line is read")
s.step("\x04", "got\tnil\nready", "Ctrl-D is an end")
s.step("\x04", "got\tnil\nready", "and again")
s.step("two\n", "got\ttwo\nready", "what is typed after an end is read")
s.step("part\x04\x04", "got\tpart\nready", "an end within a line gives what there is")
s.step("three\nfour\n", "got\tthree\nready\ngot\tfour\nready", "lines typed ahead come one by one")
s.step("stop\n", "got\tstop", "the last line is read")
ok(s.end() == 0, "the program ends though its terminal is open")

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
s.type("\x04")
ok(s.end() == 0, "Ctrl-D ends it")
done()
