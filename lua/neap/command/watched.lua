-- neap.command.watched: what the child of `neap --watch` does before its script: it tells the parent, on descriptor 3,
-- which files are loaded, and where those were looked for that are not there.
--
-- A file is "path\0signature\0"; the signature is of before it was read, so that the parent sees a change in between.

local signature = require "neap.command.signature"

local function report(path)
  local uv = require "uv"
  uv.fs_write(3, path .. "\0" .. signature(path) .. "\0")
end

local function watch_loadfile()
  local load = loadfile
  -- luacheck: push ignore 121
  function loadfile(path, ...)
    if path then
      report(path)
    end
    return load(path, ...)
  end
  -- luacheck: pop
end

-- Lua files are loaded by loadfile.
local function watch_loader(index)
  local loader = package.loaders[index]
  package.loaders[index] = function(name)
    local found, path = loader(name)
    if type(found) == "string" then
      for missing in found:gmatch "no file '([^']+)'" do
        report(missing)
      end
    elseif found and path and index > 3 then
      report(path)
    end
    return found, path
  end
end

--- script: its path, or nil. In a sandbox only what the parent knows by itself is watched.
---@param script? string
return function(script)
  if not pcall(require, "uv") then
    return
  end
  if script then
    report(script)
  end
  watch_loadfile()
  for index = 3, #package.loaders do
    watch_loader(index)
  end
end
