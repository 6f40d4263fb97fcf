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

-- All in `known` at a path and below it: taken out.
local function take(known, path)
  local taken = {}
  for name, kind in pairs(known) do
    if name == path or name:sub(1, #path + 1) == path .. "/" then
      taken[name:sub(#path + 1)] = kind
    end
  end
  for rest in pairs(taken) do
    known[path .. rest] = nil
  end
  return taken
end

--- Does to `known`, of paths and their kinds below a folder, what an event of a watcher says: it must be possible.
function support.follow(known, event, root)
  local path, folder = event.path, event.path:match "^(.*)/"
  local says = event.type .. " " .. path .. (event.from and " from " .. event.from or "")
  if event.type == "created" or event.type == "renamed" then
    assert(not known[path] and (folder == root or known[folder] == "directory"), says)
  end
  if event.type == "created" then
    known[path] = event.kind == "directory" and "directory" or "file"
  elseif event.type == "renamed" then
    for rest, kind in pairs(take(known, assert(known[event.from] and event.from, says))) do
      known[path .. rest] = kind
    end
  elseif event.type == "removed" then
    take(known, assert(known[path] and path, says))
  else
    assert(known[path], says)
  end
end

return support
