-- repl.lua: what is typed at `neap` and `neap -i`, line by line, while timers and servers go on.
--
--   run(first, ...)               calls first(...) and then takes lines until their end, which ends the program
--
-- One loop takes the editor's events. A chunk runs in a task of its own, and whatever it waits for nothing else does;
-- when it has ended the next line is asked for. Ctrl-C cancels that task, or clears the line. What other tasks say
-- meanwhile stands above the line that is typed: see bindings/edit.
--
-- neap/repl/ holds what a chunk is (chunk.lua), how names are completed (complete.lua), and the file of lines
-- (history.lua).

local native = require "neap_edit"
local chunk = require "neap.repl.chunk"
local complete = require "neap.repl.complete"
local errors = require "neap.errors"
local host = require "neap.host"
local inspect = require "neap.inspect"
local task = require "neap.task"
local open_history = require "neap.repl.history".open

local PROMPT, MORE = "> ", ">> "

local HELP = [[
An expression shows its values, the first of which is then in _; a local at the top level is a global here.
Neap's modules are there under their last names: fs, http, task ...
A call that takes time waits, while timers and servers go on.

  Tab       completes names, and modules within require ""
  Ctrl-C    cancels what runs, or clears the line
  Ctrl-R    searches the lines typed before
  Ctrl-D    ends, as .exit does
  .help     says this]]

-- What it says

local function wants_color()
  local no, kind = os.getenv "NO_COLOR", os.getenv "TERM"
  return require("uv").guess_handle(1) == "tty" and (no or "") == "" and (kind or "dumb") ~= "dumb"
end

local function paint(session, style, text)
  return session.color and ("\27[%sm%s\27[0m"):format(style, text) or text
end

local function show_error(session, err)
  if not errors.is(err) then
    print(paint(session, "31", type(err) == "string" and err or inspect(err)))
    return
  end
  print(paint(session, "31", tostring(err)))
  if err.traceback then
    print(paint(session, "2", err.traceback))
  end
end

local function show_values(session, n, ...)
  local texts, many = {}, false
  for i = 1, n do
    texts[i] = inspect((select(i, ...)), { color = session.color, width = session.editor:columns() })
    many = many or texts[i]:find("\n", 1, true)
  end
  if n > 0 then
    rawset(_G, "_", (...))
    print(table.concat(texts, many and ",\n" or ", "))
  end
end

-- Lines

local function ask(session, prompt)
  session.editing = true
  assert(session.editor:edit(session.is_terminal and prompt or ""))
end

-- The chunk's task is there already, so that Ctrl-C finds it from the moment that the line is taken.
local function await(session)
  local ok, err = pcall(session.running.wait, session.running)
  session.running = nil
  if not ok and session.interrupted and errors.is(err, "ECANCELED") then
    print "cancelled"
  elseif not ok then
    show_error(session, err)
  end
  ask(session, PROMPT)
end

local function run_chunk(session, fn)
  session.running, session.interrupted = task.spawn(fn, session.show), false
  task.spawn(await, session)
end

local function take_command(session, name)
  if name == "exit" then
    os.exit(0)
  elseif name == "help" then
    print(HELP)
  else
    print(("there is no .%s (.exit, .help)"):format(name))
  end
  ask(session, PROMPT)
end

local function remember(session, line)
  if not session.is_terminal then
    return
  end
  session.editor:remember(line)
  local ok, err = session.history:add(line)
  if not ok then
    print(paint(session, "2", "lines are not kept: " .. err))
  end
end

-- The chunk that the lines typed so far make; when they are not all of one, more is asked for.
local function take_chunk(session)
  local fn, why = chunk.compile(table.concat(session.lines, "\n"))
  if fn then
    session.lines = {}
    run_chunk(session, fn)
  elseif why then
    session.lines = {}
    show_error(session, why)
    ask(session, PROMPT)
  else
    ask(session, MORE)
  end
end

local handlers = {}

function handlers.line(session, line, pasting)
  local command = #session.lines == 0 and line:match "^%s*%.(%a+)%s*$"
  session.editing = false
  remember(session, line)
  if command then
    return take_command(session, command)
  end
  session.lines[#session.lines + 1] = line
  if pasting then
    return ask(session, MORE)
  end
  return take_chunk(session)
end

function handlers.abandoned(session)
  session.lines = {}
  ask(session, PROMPT)
end

function handlers.interrupt(session)
  if session.running then
    print ""                                     -- behind the terminal's "^C"
    session.interrupted = true
    session.running:cancel()
  end
end

function handlers.complete(session, line, cursor)
  local rest, names = complete(line:sub(1, cursor))
  if rest == "" and #names > 1 then
    print(table.concat(names, "  "))
  end
  session.editor:insert(line, rest)
end

handlers["end"] = function(session)
  if session.is_terminal then
    print ""
  elseif #session.lines > 0 then
    show_error(session, "the input ends within a chunk that began with: " .. session.lines[1])
  end
  os.exit(0)
end

-- An interrupt that comes when the loop itself is what runs is meant for the chunk.
local function take_event(session)
  local ok, kind, text, extra = pcall(session.editor.event, session.editor)
  if not ok and not errors.is(kind, "EKILLED") then
    error(kind, 0)
  elseif ok and not kind then
    error(text, 0)
  end
  return handlers[ok and kind or "interrupt"](session, text, extra)
end

-- What scripts write to standard error while a line is typed stands above it, too.
local function redirect_errors(session)
  local methods = debug.getmetatable(io.stderr).__index
  local write = methods.write
  function methods.write(file, ...)
    if file == io.stderr and session.editing then
      io.write(...)
      return file
    end
    return write(file, ...)
  end
end

local function report_errors(session)
  local theirs = host.on_error(function(err)
    show_error(session, err)
  end)
  if theirs then
    host.on_error(theirs)
  end
end

local function run_first(session, first, ...)
  local ok, value, err = pcall(first, ...)
  if not ok then
    show_error(session, value)
  elseif value == nil and errors.is(err) then
    show_error(session, err)
  end
end

local function open_session()
  local editor = assert(native.open())
  local session = {
    editor = editor, history = open_history(), is_terminal = editor:is_terminal(), color = wants_color(), lines = {},
    editing = false, interrupted = false,
  }
  function session.show(...)
    local n, _, err = select("#", ...), ...
    if session.interrupted and n == 2 and errors.is(err, "ECANCELED") then
      print "cancelled"
    else
      show_values(session, n, ...)
    end
  end
  for _, line in ipairs(session.is_terminal and session.history:lines() or {}) do
    editor:remember(line)
  end
  return session
end

--- Take lines from standard input and run them. It does not return: their end, or os.exit, ends the program.
---@param first fun(...) what runs before
---@param ... any its arguments
local function run(first, ...)
  local color = { color = wants_color() }
  run_first(color, first, ...)
  local session = open_session()
  report_errors(session)
  redirect_errors(session)
  if session.is_terminal then
    print "Lua at your service: .help says what there is, Ctrl-D ends it"
  end
  ask(session, PROMPT)
  local ok, err
  repeat
    ok, err = pcall(take_event, session)
  until not ok
  host.on_error(nil)
  error(err, 0)
end

return { run = run }
