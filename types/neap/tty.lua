---@meta neap.tty
-- Made by scripts/reference.lua from lua/neap/tty.lua: for editors, never run.

---The terminal: what it is, how its keys come, and what moves and colours what is on it.
local tty = {}

--- Whether this is a terminal: a stream of neap.process, or a descriptor's number.
---@param where? neap.Stream|integer (1, standard output)
---@return boolean
function tty.is_terminal(where) end

--- How large it is.
---@return integer? columns
---@return integer|neap.Error rows
function tty.size() end

--- Calls fn(columns, rows) whenever the size changes, until the watcher is closed.
---@param fn fun(columns: integer, rows: integer)
---@return neap.signal.Watcher? watcher
---@return neap.Error? err
function tty.on_resize(fn) end

--- Whether keys come one by one, as they are and not shown, Ctrl-C among them; false: as before, line by line.
---@param on boolean
---@return true? ok
---@return neap.Error? err ENOTTY: standard input is no terminal
function tty.raw(on) end

--- Asks for a line that is not shown while it is typed.
---@param prompt? string
---@param callback? fun(err?: neap.Error, text?: string)
---@return string? text nil without an error when the input ends
---@return neap.Error? err ENOTTY: standard input is no terminal
function tty.read_password(prompt, callback) end

--- How many bits of colour standard output shows: 1 (none), 4, 8 or 24. FORCE_COLOR (0 to 3) decides, then NO_COLOR,
--- then whether it is a terminal, and which.
---@return integer bits
function tty.color_depth() end

--- To a place; the corner above on the left is 1, 1.
---@param column integer
---@param row integer
---@return string
function tty.move_to(column, row) end

--- So many places to the right and down; negative: to the left and up.
---@param columns integer
---@param rows? integer (0)
---@return string
function tty.move(columns, rows) end

--- Clears the screen, and goes to its corner.
---@return string
function tty.clear() end

--- Clears the line, and goes to its beginning.
---@return string
function tty.clear_line() end

--- Hides the cursor.
---@return string
function tty.hide_cursor() end

--- Shows it again.
---@return string
function tty.show_cursor() end

--- Keeps the place that restore_cursor goes back to.
---@return string
function tty.save_cursor() end

--- Goes back to the place that save_cursor kept.
---@return string
function tty.restore_cursor() end

return tty
