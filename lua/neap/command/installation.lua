-- neap.command.installation: where the things are that come with the command.
--
--   installation.headers() -> folder | nil       LuaJIT's, for compiling C modules
--   installation.types() -> folder | nil         what editors read of Neap's modules

local fs = require "neap.fs"
local uv = require "uv"

local installation = {}

-- The first of these that there is, as seen from the executable's folder.
local function find(places, file)
  local folder = uv.exepath():match "^(.*)/"
  for _, place in ipairs(places) do
    if fs.stat(folder .. place .. file) then
      return assert(uv.fs_realpath(folder .. place))
    end
  end
end

-- Each: of an installation; of the build's folder; of one more, such as build/sanitize.

function installation.headers()
  return find({ "/../include/neap/lua", "/luajit/include", "/../luajit/include" }, "/lua.h")
end

function installation.types()
  return find({ "/../share/neap/types", "/../types", "/../../types" }, "/uv.lua")
end

return installation
