-- scripts/reference.lua [--check]: the reference of Neap's Lua modules, and their types for editors.
--
--   build/neap scripts/reference.lua           writes docs/reference/*.md and types/neap/*.lua
--   build/neap scripts/reference.lua --check   writes nothing; exit 1 when one of them is not what would be written
--
-- All is read from the annotations in lua/neap (LuaCATS); which modules are public stands in reference/model.lua. A
-- public function without description, ---@param or ---@return is an error either way.

local fs = require "neap.fs"
local model = require "reference.model"
local page = require "reference.page"
local types = require "reference.types"

local PAGES, TYPES = "docs/reference", "types/neap"
local failed = false

local function complain(text)
  io.stderr:write("reference: ", text, "\n")
  failed = true
end

local function files_of(modules)
  local files, classes = {}, {}
  for _, module in ipairs(modules) do
    for _, list in ipairs { module.classes, module.aliases } do
      for _, each in ipairs(list) do
        classes[each.name] = module.name
      end
    end
  end
  for _, module in ipairs(modules) do
    files[PAGES .. "/" .. module.name .. ".md"] = page.module(module, classes)
    files[TYPES .. "/" .. module.name .. ".lua"] = types.module(module)
  end
  files[PAGES .. "/README.md"] = page.index(modules)
  return files
end

-- What is there and would not be written: modules that are gone.
local function add_stale(files)
  for _, folder in ipairs { PAGES, TYPES } do
    for _, entry in ipairs(fs.list(folder) or {}) do
      local path = folder .. "/" .. entry.name
      if entry.type == "file" and not files[path] then
        files[path] = false
      end
    end
  end
end

local function check(path, text)
  local there = fs.read_file(path) or false
  if there ~= text then
    complain(path .. " is not what lua/neap says: run build/neap scripts/reference.lua")
  end
end

local function write(path, text)
  if not text then
    return assert(fs.remove(path))
  end
  assert(fs.mkdir(path:match "^(.*)/", { parents = true }))
  assert(fs.write_file(path, text, { atomic = false }))
end

local modules, complaints = model.read "lua/neap"
for _, text in ipairs(complaints) do
  complain(text)
end
local files = files_of(modules)
add_stale(files)
for path, text in pairs(files) do
  local act = arg[1] == "--check" and check or write
  act(path, text)
end
os.exit(failed and 1 or 0)
