-- neap.fs.tree: copy and move, of a file or of a folder with all that is in it.

local native = require "neap_fs"
local options = require "neap.options"
local task = require "neap.task"

local settle = task.settle
local pcall = pcall
local native_copy, rename, remove, stat = native.copy, native.rename, native.remove, native.stat

local tree = {}

local EXISTING = { replace = 0, skip = 1, fail = 2 } -- as bindings/fs/copy.h has them

local check_copy = options.checker("copy", {
  recursive = "boolean", follow = "boolean", mode = "boolean", times = "boolean", owner = "boolean",
  existing = options.kind('"replace", "skip" or "fail"', function(value)
    return EXISTING[value] ~= nil
  end),
})

---@class neap.fs.CopyOptions
---@field recursive? boolean a folder with all that is in it; default false: EISDIR
---@field follow? boolean true: what links lead to is copied; false: links are copied as links. By default `from` is
--- followed, and links in a folder stay links
---@field existing? "replace"|"skip"|"fail" what becomes of a file that is there; default "replace". Folders that are
--- there get what they lack; "fail" is EEXIST for them too
---@field mode? boolean keep the permission bits; default true
---@field times? boolean keep when it was read and changed last; default false
---@field owner? boolean keep the owner, where this process may; default false

--- Copies a file, or with `recursive` a folder. Blocks are shared where the file system can do that, and holes stay
--- holes. A file that is replaced is replaced at once, when its copy is whole. A folder is not copied into itself
--- (EINVAL); what is neither file, folder nor link is ENOTSUP. After a failure what was copied so far stays.
---
---     -- not run: there is no site
---     fs.copy("site", "/var/www/site", { recursive = true, times = true })
---@param from string
---@param to string its new path, not the folder to put it in
---@param options? neap.fs.CopyOptions
---@param callback? fun(err?: neap.Error, ok?: true)
---@return true? ok
---@return neap.Error? err
function tree.copy(from, to, ...)
  local given, callback = ...
  check_copy(given)
  if type(given) == "table" and given.existing then
    local copied = {}
    for name, value in pairs(given) do
      copied[name] = value
    end
    copied.existing = EXISTING[given.existing]
    return settle(native_copy(from, to, copied, callback))
  end
  return settle(native_copy(from, to, ...))
end

-- What is being made has a path that nobody has named: the error speaks of the one that it is to have.
local function as_named(err, inner, to)
  if err.path and err.path:sub(1, #inner) == inner then
    err.path = to .. err.path:sub(#inner + 1)
  end
  return err
end

-- From one file system to another: a copy beside the target takes its name when it is whole, then the original goes.
local function move_across(from, to)
  local random = native.temporary(to:gsub("/+$", "") .. ".moving-", true)
  if not random then
    return rename(from, to) -- says what is wrong
  end
  local inner = random:path() .. "/moved"
  local ok, err = native_copy(from, inner, { recursive = true, follow = false, times = true, owner = true })
  if ok then
    ok, err = rename(inner, to)
  end
  pcall(remove, random:path(), { recursive = true }) -- closing would not wait for it; who is cancelled cannot wait
  random:close()
  if not ok then
    return nil, as_named(err, inner, to)
  end
  return remove(from, { recursive = true })
end

--- Gives a file or folder another path, also on another file system: there it is copied, with its mode, times and
--- (where that is allowed) owner, and the original is removed when the copy is whole. What is at `to` is replaced, as
--- by `rename`: a file by a file, an empty folder by a folder.
---@param from string
---@param to string
---@param callback? fun(err?: neap.Error, ok?: true)
---@return true? ok
---@return neap.Error? err
tree.move = task.operation(function(from, to)
  local ok, err = rename(from, to)
  if ok or err.code ~= "EXDEV" then
    return ok, err
  end
  local found
  found, err = stat(from, { follow = false })
  if not found then
    return nil, err
  end
  return move_across(from, to)
end)

return tree
