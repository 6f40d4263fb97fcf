---@meta neap.router
-- Made by scripts/reference.lua from lua/neap/router.lua: for editors, never run.

---@alias neap.router.Parameters table<string, string>

---@alias neap.router.Handler fun(r: neap.http.Request, response: neap.http.Response, p: neap.router.Parameters): any

---A handler.
---@class neap.router.Router
local neap_router_Router = {}

--- Adds a handler for a method and the paths that a pattern matches; raises when there is one.
---@param method string as sent: "PROPFIND"
---@param pattern string
---@param handler neap.router.Handler
---@return neap.router.Router self
function neap_router_Router:on(method, pattern, handler) end

--- Adds a handler for every method that has none of its own.
---@param pattern string
---@param handler neap.router.Handler
---@return neap.router.Router self
function neap_router_Router:any(pattern, handler) end

--- Adds a handler for all paths that begin with the prefix, where no route of this router is for them. A router is
--- given the path that follows the prefix, any other handler has it as its fourth argument.
---@param prefix string "/api", or "/users/:id"
---@param handler neap.router.Handler|neap.router.Router
---@return neap.router.Router self
function neap_router_Router:mount(prefix, handler) end

---@class neap.router.Options
---@field trailing_slash? string "redirect" (the default), "ignore" or "strict"

--- Makes a router without routes.
---@param given? neap.router.Options
---@return neap.router.Router
local function router(given) end

return router
