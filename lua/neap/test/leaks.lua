-- neap.test.leaks -- what a test may not leave behind: handles, tasks, timers, descriptors, globals, another folder.
--
--   leaks.open()                         from here on it is noted where handles and timers are made
--   leaks.snapshot()                     what is there now
--   leaks.failure(before)                nil, or the failure of having left more than `before`
--
-- The folder and the globals are put back, so that the tests after it are judged by what they do themselves.

local host = require "neap.host"
local native = require "neap_host"
local task = require "neap.task"
local timer = require "neap.timer"
local uv = require "uv"

local collectgarbage, ipairs, next, pairs, rawset = collectgarbage, ipairs, next, pairs, rawset
local concat, getinfo, loaded, sort, tostring = table.concat, debug.getinfo, package.loaded, table.sort, tostring

local leaks = {}

local PAUSES = 20              -- of 1, 2, 3 … ms, in which handles may finish closing: 0.2 s in all

-- Where timers are made; of handles the host knows it

local timers                   -- timer -> { where = }

local function user_line()
  for level = 3, 20 do         -- 1 is user_line, 2 the function that stands in for timer.after
    local info = getinfo(level, "Sl")
    if not info then return nil end
    if info.currentline > 0 and not info.source:find "^@neap/" then return info.short_src .. ":" .. info.currentline end
  end
end

local function noted(start)
  return function(seconds, fn)
    local made = start(seconds, fn)
    timers[made] = { where = user_line() }
    return made
  end
end

function leaks.open()
  if timers then return end
  timers = setmetatable({}, { __mode = "k" })
  timer.after, timer.every = noted(timer.after), noted(timer.every)
  native.testing()
end

local function open_timers()
  local list = {}
  for made, about in pairs(timers) do
    if not made:is_closed() then list[#list + 1] = about end
  end
  return list
end

-- Handles, tasks, timers

-- "neap.listener, made at a_spec.lua:3" -> how many
local function tally(list, verb)
  local counts = {}
  for _, item in ipairs(list) do
    local name = item.kind or item.waits and "in " .. item.waits or ""
    name = name .. (item.where and (name == "" and "" or ", ") .. verb .. " at " .. item.where or "")
    counts[name] = (counts[name] or 0) + 1
  end
  return counts
end

-- What there is more of, by name.
local function added(before, now)
  local lines = {}
  for name, count in pairs(now) do
    local more = count - (before[name] or 0)
    if more > 0 and name ~= "" then lines[#lines + 1] = name .. (more > 1 and " ×" .. more or "") end
  end
  sort(lines)
  return lines
end

local function add_handles(lines, before)
  for _, line in ipairs(added(before.handle_names, tally(host.handles(), "made"))) do
    lines[#lines + 1] = "left open: " .. line
  end
end

local function add_counted(lines, what, more, names)
  if more <= 0 then return end
  lines[#lines + 1] = ("%s%s"):format(what:format(more), more > 1 and "s" or "")
  for _, name in ipairs(names) do lines[#lines + 1] = "  " .. name end
end

-- A timer may be that of a handle or a task which is told of already.
local function open_message(before, now)
  local lines, timer_names = {}, added(before.timer_names, tally(open_timers(), "started"))
  add_handles(lines, before)
  add_counted(lines, "left running: %d task", now.tasks - before.tasks,
    added(before.task_names, tally(host.tasks(), "spawned")))
  if timer_names[1] or not lines[1] then
    add_counted(lines, "left ticking: %d timer", now.timers - before.timers, timer_names)
  end
  return lines
end

-- Not the standard streams, which stay once they have been asked for.
local function count_open()
  local stats, standard = host.stats(), loaded["neap.stdio.standard"]
  return {
    handles = stats.handles - (standard and standard.count() or 0), tasks = stats.tasks, timers = stats.timers,
  }
end

-- Waits a little for handles to close: nil, or what is there then.
local function settled(before)
  local now
  for pause = 0, PAUSES do
    now = count_open()
    if now.handles <= before.handles and now.tasks <= before.tasks and now.timers <= before.timers then return nil end
    task.sleep(pause / 1000)
  end
  return now
end

-- Descriptors

-- Made on first use and kept: by a loop to watch with, and to refuse connections with.
local KEPT = { "^anon_inode:", "^/dev/null$", "^/$" }

local function is_kept(target)
  for _, pattern in ipairs(KEPT) do
    if target:find(pattern) then return true end
  end
  return false
end

-- What each open one is; nil where the system does not tell. The scan's own is closed when it is asked about.
local function descriptors()
  local scan, open = uv.fs_scandir "/proc/self/fd", {}
  if not scan then return nil end
  for name in uv.fs_scandir_next, scan do
    local target = uv.fs_readlink("/proc/self/fd/" .. name)
    if target and not is_kept(target) then open[name] = target end
  end
  return open
end

-- Of a pipe whose ends are both here a loop wakes itself, perhaps another thread's.
local function ends_of(open)
  local ends = {}
  for _, target in pairs(open) do ends[target] = (ends[target] or 0) + 1 end
  return ends
end

-- A number may have been closed and used again: then what it is has changed.
local function added_descriptors(before, now)
  local lines, ends = {}, ends_of(now)
  for name, target in pairs(now) do
    if before[name] ~= target and not (target:find "^pipe:" and ends[target] > 1) then
      lines[#lines + 1] = ("left open: descriptor %s, %s"):format(name, target)
    end
  end
  sort(lines)
  return lines
end

-- What was only dropped is closed by the collector, and what a thread is at work on when it is through.
local function left_descriptors(before)
  local lines = before and added_descriptors(before, descriptors()) or {}
  if lines[1] then collectgarbage() end
  for pause = 0, PAUSES do
    if not lines[1] then break end
    task.sleep(pause / 1000)
    lines = added_descriptors(before, descriptors())
  end
  return host.stats().pool_jobs == 0 and lines or {}
end

-- The folder and the globals

local function globals()
  local copy = {}
  for name, value in next, _G do copy[name] = value end
  return copy
end

local function add_folder(lines, before)
  local now = uv.cwd()
  if now == before then return end
  local back, why = uv.chdir(before)
  lines[#lines + 1] = ("left in another folder: %s%s"):format(now or "one that is gone",
    back and "" or ", and there is no way back: " .. why)
end

local function change_of(before, now)
  return before == nil and "set" or now == nil and "unset" or "changed"
end

-- Not the global that a module of Lua 5.1 sets when it is loaded.
local function add_globals(lines, before)
  local names, now = {}, globals()
  for name in pairs(now) do names[name] = true end
  for name in pairs(before) do names[name] = true end
  local changed = {}
  for name in pairs(names) do
    if before[name] ~= now[name] and (now[name] == nil or loaded[name] ~= now[name]) then
      changed[#changed + 1] = ("left %s: global %s"):format(change_of(before[name], now[name]), tostring(name))
      rawset(_G, name, before[name])
    end
  end
  sort(changed)
  for _, line in ipairs(changed) do lines[#lines + 1] = line end
end

-- All of it

function leaks.snapshot()
  local before = count_open()
  before.handle_names, before.task_names = tally(host.handles(), "made"), tally(host.tasks(), "spawned")
  before.timer_names, before.descriptors = tally(open_timers(), "started"), descriptors()
  before.folder, before.globals = uv.cwd(), globals()
  return before
end

---Waits a little for handles to close before it complains.
---@param before table of `snapshot`
---@return table? failure
function leaks.failure(before)
  local now = settled(before)
  local lines = now and open_message(before, now) or {}
  if not lines[1] then lines = left_descriptors(before.descriptors) end
  add_folder(lines, before.folder)
  add_globals(lines, before.globals)
  return lines[1] and { message = concat(lines, "\n") } or nil
end

return leaks
