---@meta neap.errors
-- Made by scripts/reference.lua from lua/neap/errors.lua: for editors, never run.

---What the world refused. tostring gives one line, and "failed: " .. err works.
---@class neap.Error
---@field code string what programs compare: "ENOENT", "ETIMEDOUT"; docs/errors.md lists them
---@field message string what people read
---@field syscall? string what failed: "open", "connect"
---@field path? string of the file or Unix socket
---@field address? string of the network
---@field port? integer
---@field traceback? string where it was raised and not caught, across every wait
---@field value? any of ESCRIPT: what was raised

---Error objects of your own, and asking what one is.
local errors = {}

--- Makes one, to be returned behind nil or raised.
---@param code string
---@param message string
---@param fields? table more fields: `path`, `address`, any of one's own
---@return neap.Error
function errors.new(code, message, fields) end

--- Whether a value is an error object, and of this code if one is given.
---@param value any
---@param code? string
---@return boolean
function errors.is(value, code) end

--- Hands an error (any value) to host.on_error's function, or prints it, and goes on. As xpcall's handler it adds the
--- traceback of where the error was raised.
---@param err any
---@return neap.Error
function errors.report(err) end

return errors
