-- neap.fs.watch: hearing of what changes in a folder, below it, or in a file.
--
-- The system tells a great deal; what it told within a moment is put together, so that one save in an editor is one
-- event. neap/fs/watch/tree.lua knows what the system's events mean, changes.lua what they come to.

local bit = require "bit"
local changes = require "neap.fs.watch.changes"
local errors = require "neap.errors"
local native = require "neap_fs"
local options = require "neap.options"
local task = require "neap.task"
local tree = require "neap.fs.watch.tree"

local settle = task.settle
local error, type = error, type

local watch = {}

local OVERFLOW = 0x4000
local LONGEST = 10 -- times `debounce`: then what there is is told, even if it goes on

---@class neap.fs.Event
---@field type "created"|"changed"|"removed"|"renamed"|"overflow"
---@field path string beginning with the path that is watched
---@field from? string of "renamed": what it was called before
---@field kind? string "file", "directory" …

---@class neap.fs.Watcher
---@field close fun(self: neap.fs.Watcher) no more is told; who waits gets ECANCELED
local Watcher = {}
Watcher.__index = Watcher

-- Handles what the system has told, in order; what is left when that fails or is cancelled is handled next time.
local function handle_all(self)
  local queue = self.queue
  while queue[self.at] do
    local event = queue[self.at]
    local ok, err
    if bit.band(event.mask, OVERFLOW) ~= 0 then
      self.events[#self.events + 1] = { type = "overflow", path = self.path }
      ok, err = self.tree:rescan()
    else
      ok, err = self.tree:handle(event)
    end
    if not ok then
      return nil, err
    end
    self.at = self.at + 1
  end
  self.queue, self.at = {}, 1
  return true
end

-- More of what the system tells, within so many seconds. nil: nothing; or nil, err.
local function read_more(self, seconds)
  local bytes, err
  if seconds then
    bytes, err = task.timeout(seconds, self.stream.read, self.stream)
    if err and err.code == "ETIMEDOUT" then
      return nil
    end
  else
    bytes, err = self.stream:read()
  end
  if not bytes then
    return nil, err or errors.new("ECLOSED", "the watcher is closed")
  end
  self.queue = native.watch_events(bytes)
  return handle_all(self)
end

local function take_all(self)
  self.tree:settle()
  for _, event in ipairs(self.changes:take()) do
    if self.is_file then
      event.path = self.path
    end
    self.events[#self.events + 1] = event
  end
end

-- Waits for something, then until it is quiet.
local function collect(self)
  local ok, err = handle_all(self)
  if ok and self.changes:is_empty() and not self.events[1] then
    ok, err = read_more(self)
  end
  for _ = 1, LONGEST do
    if not ok then
      break
    end
    ok, err = read_more(self, self.debounce)
  end
  if err then
    return nil, err
  end
  take_all(self)
  return true
end

--- The next event, for which it waits; nil without an error when what was watched is gone.
---@param self neap.fs.Watcher
---@param callback? fun(err?: neap.Error, event?: neap.fs.Event)
---@return neap.fs.Event? event
---@return neap.Error? err
Watcher.next = task.operation(function(self)
  while not self.events[1] do
    if self.tree.ended then
      self:close()
      return nil
    end
    local ok, err = collect(self)
    if not ok then
      return nil, err
    end
  end
  return table.remove(self.events, 1)
end)

--- Iterates over events, until the watcher is closed or what it watches is gone; raises what fails.
---@return fun(): neap.fs.Event?
function Watcher:all()
  return function()
    local event, err = self:next()
    if err and not self.closed then
      error(err, 2)
    end
    return event
  end
end

--- Stops watching; once is enough.
function Watcher:close()
  self.closed = true
  self.stream:close()
  self.watches:close()
end

local check_watch = options.checker("watch", {
  recursive = "boolean", debounce = options.number(0), ignore = "function",
})

-- A file is watched in its folder: what takes its name later is watched as well.
local function place(path, given)
  local found, err = native.stat(path)
  if not found then
    return nil, err
  elseif found.type == "directory" then
    return path, { recursive = given.recursive, ignore = given.ignore }
  end
  local folder, name = path:match "^(.*)/([^/]+)$"
  if folder == "" then
    folder = "/"
  end
  return folder or ".", { only = name or path, ignore = given.ignore }
end

local function open(path, given)
  local root, how = place(path, given)
  if not root then
    return nil, how
  end
  require "neap.stream" -- has the class of what the events come through
  local stream, watches = native.watch()
  if not stream then
    return nil, watches
  end
  local put_together = changes.new()
  local self = setmetatable({
    path = path, stream = stream, watches = watches, changes = put_together, events = {}, queue = {}, at = 1,
    tree = tree.new(root, how, watches, put_together), debounce = given.debounce or 0.02, is_file = how.only ~= nil,
  }, Watcher)
  local ok, err = self.tree:scan(root, true)
  if not ok then
    self:close()
    return nil, err
  end
  return self
end

---@class neap.fs.WatchOptions
---@field recursive? boolean what is in folders below it too, also in those that are made later; default false
---@field debounce? number seconds of quiet after which it is told what has happened; default 0.02
---@field ignore? fun(path: string): boolean what nobody wants to hear of, with all that is in it

--- Watches a folder, or a file, which may be replaced. What happened within a moment is put together: a file that was
--- removed and made again, or that another one was renamed onto, has "changed", one that came and went is nothing, and
--- one that got another name is one "renamed". "overflow" says that the system has lost events: what came and went is
--- found out, what has changed is not. With a function each event is given to it, in a task of its own, until the
--- watcher is closed. Linux only: elsewhere ENOSYS.
---
---     -- not run: it watches until it is stopped
---     for event in fs.watch("src", { recursive = true }):all() do
---       print(event.type, event.path, event.from)
---     end
---@param path string
---@param options? neap.fs.WatchOptions
---@param fn? fun(event: neap.fs.Event)
---@return neap.fs.Watcher? watcher
---@return neap.Error? err
function watch.watch(path, given, fn)
  check_watch(given)
  if type(given) == "function" then
    given, fn = nil, given
  end
  local watcher, err = open(path, given or {})
  if watcher and fn then
    task.spawn(function()
      for event in watcher:all() do
        fn(event)
      end
    end)
  end
  return settle(watcher, err)
end

return watch
