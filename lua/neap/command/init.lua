-- neap.command.init: `neap init [folder]` begins a project: a script, a module with its spec, settings for editors
-- (lua-language-server) and for git. What is there already is never overwritten.

local fs = require "neap.fs"
local installation = require "neap.command.installation"

local USAGE = "usage: neap init [folder]"

local MAIN = [[
-- Run me: neap main.lua

local http = require "neap.http"
local greeting = require "greeting"

local server = http.serve({ host = "127.0.0.1", port = tonumber(arg[1] or 8080) }, function(request)
  return greeting.to(request.query.name)
end)

print("Serving " .. tostring(server) .. "?name=you (Ctrl-C stops it)")
]]

local MODULE = [[
local greeting = {}

--- What to say to somebody.
---@param name? string ("world")
---@return string
function greeting.to(name)
  return ("Hello, %s!\n"):format(name or "world")
end

return greeting
]]

local SPEC = [[
-- Run me: neap test

local greeting = require "greeting"
local test = require "neap.test"

local describe, it, equal = test.describe, test.it, test.equal

describe("a greeting", function()
  it("is for somebody", function()
    equal(greeting.to "Ann", "Hello, Ann!\n")
  end)

  it("is for the world when there is no name", function()
    equal(greeting.to(), "Hello, world!\n")
  end)
end)
]]

local EDITOR = [[
{
  "runtime.version": "LuaJIT",
  "runtime.path": ["?.lua", "?/init.lua"],
  "workspace.library": [%s],
  "workspace.checkThirdParty": false
}
]]

local GIT = "/lua_modules/\n"

local function editor_settings()
  local libraries = { "lua_modules/share/lua/5.1" }
  libraries[2] = installation.types()
  for i, path in ipairs(libraries) do
    libraries[i] = '"' .. path:gsub('[\\"]', "\\%0") .. '"'
  end
  return EDITOR:format(table.concat(libraries, ", "))
end

local function files()
  return {
    { "main.lua", MAIN }, { "greeting.lua", MODULE }, { "spec/greeting_spec.lua", SPEC },
    { ".luarc.json", editor_settings() }, { ".gitignore", GIT },
  }
end

-- Those that are there, but for git's list, which may well be there before.
local function in_the_way(folder, list)
  local found = {}
  for _, file in ipairs(list) do
    if file[1] ~= ".gitignore" and fs.stat(folder .. "/" .. file[1], { follow = false }) then
      found[#found + 1] = file[1]
    end
  end
  return found
end

-- A new file; nil, err when there is one.
local function write(path, text)
  local file, err = fs.open(path, "wx")
  if not file then
    return nil, err
  end
  assert(file:write(text))
  file:close()
  return true
end

local function write_all(folder, list)
  assert(fs.mkdir(folder .. "/spec", { parents = true }))
  for _, file in ipairs(list) do
    local written, err = write(folder .. "/" .. file[1], file[2])
    if not written and (err.code ~= "EEXIST" or file[1] ~= ".gitignore") then
      error(err, 0)
    end
    print((written and "  wrote " or "  kept  ") .. file[1])
  end
end

local function complain(text)
  io.stderr:write(text, "\n")
  return 1
end

---@param folder? string (the current one) made if it is not there
---@param ... string
---@return integer status
return function(folder, ...)
  if select("#", ...) > 0 or folder and folder:find "^%-" then
    complain(USAGE)
    return folder == "--help" and 0 or 2
  end
  folder = folder or "."
  local list = files()
  local found = in_the_way(folder, list)
  if #found > 0 then
    return complain(("neap init: %s: there already; nothing was written"):format(table.concat(found, ", ")))
  end
  local ok, err = pcall(write_all, folder, list)
  return ok and 0 or complain("neap init: " .. tostring(err))
end
