-- neap.tty: the terminal: what it is, how its keys come, and what moves and colours what is on it.
--
--   is_terminal(stream | fd) -> boolean      size() -> columns, rows       on_resize(fn) -> watcher
--   raw(on)                                  keys one by one, as they are
--   read_password(prompt) -> text            an operation: a line that is not shown
--   color_depth() -> 1 | 4 | 8 | 24          bits; NO_COLOR and FORCE_COLOR decide first
--   move_to(column, row), move(columns, rows), clear(), clear_line(), hide_cursor(), show_cursor(),
--   save_cursor(), restore_cursor() -> text  to be written
--
-- The terminal gets its mode back when the program ends, also by a signal or a crash. It is the whole process's, so a
-- restricted runtime has this module only with the permissions "native neap_tty" and "native neap_stdio".

local native = require "neap_tty"
local signal = require "neap.signal"
local standard = require "neap.stdio.standard"
local task = require "neap.task"

local settle = task.settle
local error, os, pcall, type = error, os, pcall, type

local tty = {}

--- Whether this is a terminal: a stream of neap.process, or a descriptor's number.
---@param where? neap.Stream|integer (1, standard output)
---@return boolean
function tty.is_terminal(where)
  if where == nil or type(where) == "number" then
    return native.is_terminal(where or 1)
  end
  for fd, name in pairs { [0] = "input", "output", "errors" } do
    if where == standard[name]() then
      return native.is_terminal(fd)
    end
  end
  return false
end

--- How large it is.
---@return integer? columns
---@return integer|neap.Error rows
function tty.size()
  return settle(native.size())
end

--- Calls fn(columns, rows) whenever the size changes, until the watcher is closed.
---@param fn fun(columns: integer, rows: integer)
---@return neap.signal.Watcher? watcher
---@return neap.Error? err
function tty.on_resize(fn)
  if type(fn) ~= "function" then
    error(("bad argument #1 to 'on_resize' (function expected, got %s)"):format(type(fn)), 2)
  end
  return settle(signal.on("WINCH", function()
    local columns, rows = native.size()
    if columns then
      return fn(columns, rows)
    end
  end))
end

--- Whether keys come one by one, as they are and not shown, Ctrl-C among them; false: as before, line by line.
---@param on boolean
---@return true? ok
---@return neap.Error? err ENOTTY: standard input is no terminal
function tty.raw(on)
  return settle(native.mode(on and "raw" or "normal"))
end

--- Asks for a line that is not shown while it is typed.
---@param prompt? string
---@param callback? fun(err?: neap.Error, text?: string)
---@return string? text nil without an error when the input ends
---@return neap.Error? err ENOTTY: standard input is no terminal
tty.read_password = task.operation(function(prompt)
  local ok, err = native.mode "silent"
  if not ok then
    return nil, err
  end
  local done, line, failure = pcall(function()
    standard.errors():write(prompt or "Password: ")
    return standard.input():read_line()
  end)
  native.mode "normal"
  standard.errors():write "\n"
  if not done then
    error(line, 0)
  end
  return line, failure
end)

-- Colours

local depths = { ["0"] = 1, ["false"] = 1, ["1"] = 4, ["true"] = 4, [""] = 4, ["2"] = 8, ["3"] = 24 }

--- How many bits of colour standard output shows: 1 (none), 4, 8 or 24. FORCE_COLOR (0 to 3) decides, then NO_COLOR,
--- then whether it is a terminal, and which.
---@return integer bits
function tty.color_depth()
  local forced, no, kind = os.getenv "FORCE_COLOR", os.getenv "NO_COLOR" or "", os.getenv "TERM" or "dumb"
  if forced then
    return depths[forced] or 4
  elseif no ~= "" or kind == "dumb" or not native.is_terminal(1) then
    return 1
  elseif (os.getenv "COLORTERM" or ""):find "^truecolor" or (os.getenv "COLORTERM" or ""):find "^24bit" then
    return 24
  end
  return kind:find "256" and 8 or 4
end

-- Texts to be written

--- To a place; the corner above on the left is 1, 1.
---@param column integer
---@param row integer
---@return string
function tty.move_to(column, row)
  return ("\27[%d;%dH"):format(row, column)
end

local function step(n, forward, back)
  return n == 0 and "" or ("\27[%d%s"):format(n < 0 and -n or n, n < 0 and back or forward)
end

--- So many places to the right and down; negative: to the left and up.
---@param columns integer
---@param rows? integer (0)
---@return string
function tty.move(columns, rows)
  return step(columns, "C", "D") .. step(rows or 0, "B", "A")
end

--- Clears the screen, and goes to its corner.
---@return string
function tty.clear()
  return "\27[2J\27[H"
end

--- Clears the line, and goes to its beginning.
---@return string
function tty.clear_line()
  return "\27[2K\r"
end

--- Hides the cursor.
---@return string
function tty.hide_cursor()
  return "\27[?25l"
end

--- Shows it again.
---@return string
function tty.show_cursor()
  return "\27[?25h"
end

--- Keeps the place that restore_cursor goes back to.
---@return string
function tty.save_cursor()
  return "\0277"
end

--- Goes back to the place that save_cursor kept.
---@return string
function tty.restore_cursor()
  return "\0278"
end

return tty
