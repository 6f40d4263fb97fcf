-- neap.router: which handler is for a request, by its method and path.
--
--   router(options) -> routes              a handler itself: for http.serve, for middleware, for mount
--   routes:get(pattern, handler)           also post, put, patch, delete, head, options; any: every method
--   routes:on(method, pattern, handler)    any other method
--   routes:mount(prefix, handler)          the prefix and all below; a router there sees what follows the prefix
--
--   local routes = router()
--   routes:get("/users/:id", function(request, response, params)
--     return "user " .. params.id
--   end)
--   http.serve(8080, routes)
--
-- A pattern is made of segments: a text, which stands for itself; ":name", one segment that is not empty; and, last,
-- "*name", all that is left, slashes included. At each segment a text is tried before ":name", and that before "*name"
-- and what is mounted, in whatever order they were added. Parameters are the handler's third argument, decoded ("%2F"
-- too); those of the prefix a router is mounted at are among them.
--
-- "/users/" is another path than "/users". When there is a route for the other one of the two, `trailing_slash` says
-- what becomes of it: "redirect" there by 308 (the default), "ignore" the slash, or "strict": it is none.
--
-- No route for the path is 404; none for its method is 405 with Allow. HEAD is GET's, unless there is one of its own.
-- OPTIONS is 204 with Allow, unless there is one.
--
-- Middleware is a function that takes a handler and returns one: routes:get("/", logged(protected(handler))).

local options = require "neap.options"

local check = options.checker("router", {
  trailing_slash = options.kind('"redirect", "ignore" or "strict"', function(value)
    return value == "redirect" or value == "ignore" or value == "strict"
  end),
})

---@alias neap.router.Parameters table<string, string>
---@alias neap.router.Handler fun(r: neap.http.Request, response: neap.http.Response, p: neap.router.Parameters): any

---@class neap.router.Router: a handler
local Router = {}
Router.__index = Router

-- Patterns are a tree. A node has `texts` (nodes by segment), `name` (the node of ":name"), `rest` (of "*name"),
-- `mounted` (a route), and `routes` by method, "*" for any. A route is a handler and its parameters' names.

local function segments_of(path)
  local segments = {}
  for segment in path:gmatch "/([^/]*)" do
    segments[#segments + 1] = segment
  end
  return segments
end

local function check_pattern(pattern, handler)
  if type(pattern) ~= "string" or pattern:sub(1, 1) ~= "/" then
    error(("bad pattern %s (it begins with \"/\")"):format(tostring(pattern)), 4)
  elseif (pattern .. "/"):gsub("/[:*][%w_]+%f[/]", ""):find "/[:*]" then
    error(("bad pattern %s (a parameter's name is of letters, digits and \"_\")"):format(pattern), 4)
  elseif pattern:find "/%*[^/]*/" then
    error(("bad pattern %s (\"*\" is the last segment)"):format(pattern), 4)
  elseif type(handler) ~= "function" and not (getmetatable(handler) or {}).__call then
    error(("bad handler of %s (function expected, got %s)"):format(pattern, type(handler)), 4)
  end
end

local function child(node, segment, names)
  local mark = segment:sub(1, 1)
  if mark ~= ":" and mark ~= "*" then
    node.texts[segment] = node.texts[segment] or { texts = {} }
    return node.texts[segment]
  end
  local kind = mark == ":" and "name" or "rest"
  names[#names + 1] = segment:sub(2)
  node[kind] = node[kind] or { texts = {} }
  return node[kind]
end

local function node_of(root, pattern)
  local node, names = root, {}
  for _, segment in ipairs(segments_of(pattern)) do
    node = child(node, segment, names)
  end
  return node, names
end

local function add(self, method, pattern, handler)
  check_pattern(pattern, handler)
  local node, names = node_of(self.root, pattern)
  node.routes = node.routes or {}
  if node.routes[method] then
    error(("%s %s has a handler already"):format(method, pattern), 3)
  end
  node.routes[method] = { handler = handler, names = names }
  return self
end

--- Adds a handler for a method and the paths that a pattern matches; raises when there is one.
---@param method string as sent: "PROPFIND"
---@param pattern string
---@param handler neap.router.Handler
---@return neap.router.Router self
function Router:on(method, pattern, handler)
  return add(self, method, pattern, handler)
end

for _, method in ipairs { "get", "post", "put", "patch", "delete", "head", "options" } do
  Router[method] = function(self, pattern, handler)
    return add(self, method:upper(), pattern, handler)
  end
end

--- Adds a handler for every method that has none of its own.
---@param pattern string
---@param handler neap.router.Handler
---@return neap.router.Router self
function Router:any(pattern, handler)
  return add(self, "*", pattern, handler)
end

--- Adds a handler for all paths that begin with the prefix, where no route of this router is for them. A router is
--- given the path that follows the prefix, any other handler has it as its fourth argument.
---@param prefix string "/api", or "/users/:id"
---@param handler neap.router.Handler|neap.router.Router
---@return neap.router.Router self
function Router:mount(prefix, handler)
  check_pattern(prefix, handler)
  local node, names = node_of(self.root, prefix == "/" and "" or prefix)
  if node.mounted then
    error(("%s has something mounted already"):format(prefix), 2)
  end
  node.mounted = { handler = handler, names = names, mounted = true }
  return self
end

-- Lookup

-- The route of a node for the method, or nil: then what it has is to be allowed.
local function route_of(lookup, routes)
  local route = routes and (routes[lookup.method] or (lookup.method == "HEAD" and routes.GET) or routes["*"])
  if routes and not route then
    lookup.allowed = lookup.allowed or {}
    for method in pairs(routes) do
      lookup.allowed[method] = true
    end
  end
  return route
end

-- The route for the segments from i on; what its parameters stand for are lookup.values, then. A node is visited once
-- at most, so that no path can make this slow.
local function find(lookup, node, i, depth)
  local segment, values, route = lookup.segments[i], lookup.values, nil
  if not segment then
    route = route_of(lookup, node.routes)
  elseif node.texts[segment] then
    route = find(lookup, node.texts[segment], i + 1, depth)
  end
  if not route and segment and segment ~= "" and node.name then
    values[depth] = segment
    route = find(lookup, node.name, i + 1, depth + 1)
  end
  if not route and segment and node.rest then
    values[depth] = table.concat(lookup.segments, "/", i)
    route = route_of(lookup, node.rest.routes)
  end
  if not route and node.mounted then
    lookup.rest = "/" .. table.concat(lookup.segments, "/", i)
    route = node.mounted
  end
  return route
end

local function look(self, method, path)
  local lookup = { method = method, segments = segments_of(path), values = {} }
  return find(lookup, self.root, 1, 1), lookup
end

-- Answers

-- A path's "%" begins "%2F" or "%25", see neap.http.
local function decode(value)
  return (value:gsub("%%2F", "/"):gsub("%%25", "%%"))
end

local function run(route, lookup, request, response, outer)
  local params = {}
  for name, value in pairs(outer or params) do
    params[name] = value
  end
  for i, name in ipairs(route.names) do
    params[name] = decode(lookup.values[i])
  end
  return route.handler(request, response, params, route.mounted and lookup.rest or nil)
end

local function refuse(response, status)
  response.status = status
  return status == 404 and "Not Found\n" or status == 405 and "Method Not Allowed\n" or ""
end

local function allow(request, response, methods)
  local names = {}
  methods.OPTIONS, methods.HEAD = true, methods.HEAD or methods.GET
  for method in pairs(methods) do
    names[#names + 1] = method
  end
  table.sort(names)
  response.headers.Allow = table.concat(names, ", ")
  return refuse(response, request.method == "OPTIONS" and 204 or 405)
end

-- With the slash at its end if it has none, else without it.
local function other(path)
  return path:sub(-1) == "/" and path:sub(1, -2) or path .. "/"
end

local function escape(character)
  return ("%%%02X"):format(character:byte())
end

-- Of the decoded path, which has no dot segments: with one at its end ("/a/."), the target would lead here again. What
-- begins with "//" would be another host, and to browsers also what begins with "/\": this is escaped.
local function redirect(request, response)
  local path = other(request.path):gsub("^/+", "/"):gsub("[^%w%-._~!$&'()*+,;=:@/%%]", escape)
  response.headers.Location = path .. (request.target:match "%?.*$" or "")
  return refuse(response, 308)
end

---@private
function Router:__call(request, response, outer, path)
  path = path or request.path
  if path == "*" then
    return refuse(response, 204)
  end
  local route, lookup = look(self, request.method, path)
  if route then
    return run(route, lookup, request, response, outer)
  elseif lookup.allowed then
    return allow(request, response, lookup.allowed)
  elseif self.trailing_slash == "strict" or path == "/" or path == "" then -- "": of CONNECT
    return refuse(response, 404)
  end
  route, lookup = look(self, request.method, other(path))
  if not route and not lookup.allowed then
    return refuse(response, 404)
  elseif self.trailing_slash == "redirect" then
    return redirect(request, response)
  elseif route then
    return run(route, lookup, request, response, outer)
  end
  return allow(request, response, lookup.allowed)
end

---@class neap.router.Options
---@field trailing_slash? string "redirect" (the default), "ignore" or "strict"

--- Makes a router without routes.
---@param given? neap.router.Options
---@return neap.router.Router
local function router(given)
  check(given)
  return setmetatable({ root = { texts = {} }, trailing_slash = given and given.trailing_slash or "redirect" }, Router)
end

return router
