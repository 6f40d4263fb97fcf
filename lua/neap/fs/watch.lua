-- neap.fs.watch: hearing of what changes in a folder, below it, or in a file.
--
-- The system tells a great deal; what it told within a moment is put together, so that one save in an editor is one
-- event. What its events mean is known to neap/fs/watch/inotify.lua and, for other systems, survey.lua: both keep a
-- model (model.lua) of what there is, whose telling.lua finds the events that we give.

local model = require "neap.fs.watch.model"
local native = require "neap_fs"
local options = require "neap.options"
local task = require "neap.task"

local system = require("neap.fs.watch." .. (native.watch_system() == "inotify" and "inotify" or "survey"))

local settle = task.settle
local error, type = error, type

local watch = {}

local LONGEST = 10   -- times `debounce`: then what there is is told, even if it goes on
local ROUNDS = 1000  -- of finding out what is new, while it changes

---@class neap.fs.Event
---@field type "created"|"changed"|"removed"|"renamed"|"overflow"
---@field path string beginning with the path that is watched
---@field from? string of "renamed": what it was called before
---@field kind? string "file", "directory" …

---@class neap.fs.Watcher
---@field close fun(self: neap.fs.Watcher) no more is told; who waits gets ECANCELED
local Watcher = {}
Watcher.__index = Watcher

-- Handles what the system has told, and finds out what that leaves open, until there is nothing more of either.
local function catch_up(self)
  for _ = 1, ROUNDS do
    local happened, err = self.watches:take()
    if not happened then
      return nil, err
    end
    for _, event in ipairs(happened) do
      self.tree:handle(event)
    end
    local more = happened[1] ~= nil
    if not more then
      more, err = self.tree:step()
    end
    if not more then
      return err == nil or nil, err
    end
  end
  return true
end

-- Whether something happens within so many seconds; or nil, err.
local function wait_for_more(self)
  local ok, err = task.timeout(self.debounce, self.watches.wait, self.watches)
  if err and err.code == "ETIMEDOUT" then
    return false
  end
  return ok, err
end

local function take_all(self)
  self.tree:settle()
  if self.tree.lost then
    self.events[#self.events + 1] = { type = "overflow", path = self.path }
    self.tree.lost = nil
  end
  for _, event in ipairs(self.model:take()) do
    if self.is_file then
      event.path = self.path
    end
    self.events[#self.events + 1] = event
  end
end

-- Waits for something, then until it is quiet.
local function collect(self)
  local ok, err = catch_up(self)
  if ok and self.model:is_untouched() and not self.tree.lost then
    ok, err = self.watches:wait()
  end
  for _ = 1, LONGEST do
    if ok then
      ok, err = catch_up(self)
    end
    if ok then
      ok, err = wait_for_more(self)
    end
    if not ok then
      break
    end
  end
  if err then
    return nil, err
  end
  take_all(self)
  return true
end

local function next_event(self)
  while not self.events[self.at] do
    self.events, self.at = {}, 1
    if self.tree.ended then
      self:close()
      return nil
    end
    local ok, err = collect(self)
    if not ok then
      return nil, err
    end
  end
  local event = self.events[self.at]
  self.events[self.at] = false
  self.at = self.at + 1
  return event
end

--- The next event, for which it waits; nil without an error when what was watched is gone.
---@param self neap.fs.Watcher
---@param callback? fun(err?: neap.Error, event?: neap.fs.Event)
---@return neap.fs.Event? event
---@return neap.Error? err
Watcher.next = task.operation(function(self)
  return self.turn:with(next_event, self) -- one after the other
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

-- What is there already is not told.
local function open(path, given)
  local root, how = place(path, given)
  if not root then
    return nil, how
  end
  local watches, err = native.watch()
  if not watches then
    return nil, err
  end
  local what = model.new(root)
  local self = setmetatable({
    path = path, watches = watches, model = what, events = {}, at = 1, turn = task.semaphore(1),
    tree = system.new(what, how, watches), debounce = given.debounce or 0.02, is_file = how.only ~= nil,
  }, Watcher)
  local ok
  ok, err = catch_up(self)
  if not ok then
    self:close()
    return nil, err
  end
  self.tree:settle()
  what:take()
  return self
end

---@class neap.fs.WatchOptions
---@field recursive? boolean what is in folders below it too, also in those that are made later; default false
---@field debounce? number seconds of quiet after which it is told what has happened; default 0.02
---@field ignore? fun(path: string): boolean what nobody wants to hear of, with all that is in it

--- Watches a folder, or a file, which may be replaced. What happened within a moment is put together: a file that was
--- removed and made again, or that another one was renamed onto, has "changed", one that came and went is nothing, and
--- one that got another name is one "renamed", with all that is in it. Who does to a tree of his own what the events
--- say, in their order, has the one that there is. "overflow" says that the system has lost events: what came and went
--- is found out, what has changed is not. With a function each event is given to it, in a task of its own, until the
--- watcher is closed. On Linux by inotify, elsewhere by FSEvents or kqueue, of which the latter does not tell that
--- something was written to a file that was there.
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
