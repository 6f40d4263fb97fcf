-- What the specs of neap.fs share. Run from the project's folder: require "spec.fs.support".
local fs = require "neap.fs"
local task = require "neap.task"

local support = {}

--- A folder for a test, and what makes paths in it.
function support.open()
  support.folder = assert(fs.mkdtemp "/tmp/neap-fs-")
end

function support.close()
  assert(fs.remove(support.folder, { recursive = true }))
end

function support.at(name)
  return support.folder .. "/" .. name
end

function support.names_in(path)
  local names = {}
  for i, entry in ipairs(assert(fs.list(path))) do names[i] = entry.name end
  return names
end

--- Makes files of a table { ["a/b"] = "text" }; a name that ends in "/" is a folder.
function support.make(files)
  for name, text in pairs(files) do
    local parent = name:match "^(.*)/[^/]*$"
    if parent then assert(fs.mkdir(support.at(parent), { parents = true })) end
    if name:sub(-1) ~= "/" then
      assert(fs.write_file(support.at(name), text, { atomic = false, sync = false }))
    end
  end
end

function support.wait_until(done)
  while not done() do task.sleep(0.001) end
end

return support
