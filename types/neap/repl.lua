---@meta neap.repl
-- Made by scripts/reference.lua from lua/neap/repl.lua: for editors, never run.

---What is typed at `neap` and `neap -i`, line by line, while timers and servers go on.
local repl = {}

--- Take lines from standard input and run them. It does not return: their end, or os.exit, ends the program.
---@param first fun(...) what runs before
---@param ... any its arguments
function repl.run(first, ...) end

return repl
