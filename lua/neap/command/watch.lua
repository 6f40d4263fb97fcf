-- neap.command.watch: `neap --watch`: the script in a child, which is started again when a file that it has loaded
-- changes, or one appears that it looked for.
--
-- Folders are watched, not files: editors write a new file and rename it. What an event is about is asked of the files
-- themselves, 50 ms after the last: a save is often several events, and many say nothing. The child has our terminal;
-- signals that end us end it, and its end is ours then.

local signature = require "neap.command.signature"
local task = require "neap.task"
local uv = require "uv"

local QUIET, GRACE = 50, 2000                    -- ms: after the last event; from SIGTERM to SIGKILL
local SIGNALS = { sigint = 2, sigterm = 15, sighup = 1 }

local function say(text, ...)
  io.stderr:write("neap: ", text:format(...), "\n")
end

-- Files and folders

local function folder_of(path)
  return path:match "^(.*)/[^/]*$" or "."
end

local function on_event(session, folder, name)
  local path = name and folder .. "/" .. name
  if path and session.whole[folder] and not session.files[path] and name:sub(1, 1) ~= "." then
    session.files[path] = ""                     -- it is new
  end
  session.quiet:start(QUIET, 0, function()
    session.events:send { kind = "quiet" }
  end)
end

local function watch_folder(session, folder)
  local watcher = not session.folders[folder] and uv.fs_stat(folder) and uv.new_fs_event()
  if not watcher then
    return
  end
  local started = watcher:start(folder, {}, function(err, name)
    if err then
      watcher:close()
      session.folders[folder] = nil
    end
    on_event(session, folder, name)
  end)
  if started then
    session.folders[folder] = watcher
  else
    watcher:close()
  end
end

-- Of a folder that is not there, the nearest one above it: it may appear.
local function watch_nearest(session, folder)
  while folder:find "/" and folder ~= "/" and not uv.fs_stat(folder) do
    folder = folder_of(folder)
  end
  watch_folder(session, folder)
end

local function add_file(session, path, known)
  if session.files[path] ~= known then
    session.files[path] = known
    watch_nearest(session, folder_of(path))
    if signature(path) ~= known then             -- it has changed since it was read
      on_event(session, folder_of(path))
    end
  end
end

-- Of --watch-path: a file, or all in a folder and below it.
local function add_path(session, path)
  local about = uv.fs_stat(path)
  if not about or about.type ~= "directory" then
    return add_file(session, path, signature(path))
  end
  session.whole[path] = true
  watch_folder(session, path)
  for name in uv.fs_scandir_next, uv.fs_scandir(path) do
    if name:sub(1, 1) ~= "." then
      add_path(session, path:gsub("/$", "") .. "/" .. name)
    end
  end
end

-- The first file that is not as it was, and all as they are now.
local function find_changed(session)
  local changed
  for path, known in pairs(session.files) do
    local now = signature(path)
    if now ~= known then
      session.files[path] = now
      watch_nearest(session, folder_of(path))
      changed = (not changed or path < changed) and path or changed
    end
  end
  return changed
end

-- The child

local function read_reports(session, pipe)
  local text = ""
  pipe:read_start(function(err, data)
    if err or not data then
      return pipe:close()
    end
    text = (text .. data):gsub("([^%z]*)%z([^%z]*)%z", function(path, known)
      add_file(session, path, known)
      return ""
    end)
  end)
end

-- What an earlier run has loaded counts no more.
local function start(session)
  session.files = {}
  for _, path in ipairs(session.paths) do
    add_path(session, path)
  end
  local pipe = uv.new_pipe(false)
  local options = { args = session.arguments, stdio = { 0, 1, 2, pipe } }
  local child, why = uv.spawn(uv.exepath(), options, function(code, signal)
    session.events:send { kind = "ended", code = code, signal = signal }
  end)
  if not child then
    error(why, 0)
  end
  session.child = child
  read_reports(session, pipe)
end

-- Politely; one that does not mind is killed.
local function stop(session)
  session.child:kill "sigterm"
  session.grace:start(GRACE, 0, function()
    if session.child then
      session.child:kill "sigkill"
    end
  end)
end

-- As the child ended: by the same signal, if it was one.
local function finish(session, code, signal)
  for _, handle in ipairs(session.signals) do
    handle:close()
  end
  if signal > 0 then
    uv.kill(uv.os_getpid(), signal)
  end
  os.exit(signal > 0 and 128 + signal or code)
end

local handlers = {}

function handlers.quiet(session)
  local changed = find_changed(session)
  if not changed or session.ending then
    return
  end
  say("%s has changed, starting again", changed)
  if not session.child then
    start(session)
  elseif not session.again then
    session.again = true
    stop(session)
  end
end

function handlers.ended(session, event)
  session.grace:stop()
  session.child:close()
  session.child = nil
  if session.ending then
    finish(session, event.code, event.signal)
  elseif session.again then
    session.again = false
    start(session)
  else
    local how = event.signal > 0 and "by signal " .. event.signal or "with status " .. event.code
    say("ended %s; waiting for a change", how)
  end
end

-- Ctrl-C reaches the child by itself; what is sent to us alone is handed on.
function handlers.signal(session, event)
  session.ending = true
  if not session.child then
    return finish(session, 0, event.number)
  elseif event.number ~= SIGNALS.sigint or uv.guess_handle(0) ~= "tty" then
    session.child:kill(event.number)
  end
end

local function watch_signals(session)
  for name, number in pairs(SIGNALS) do
    local handle = uv.new_signal()
    handle:start(name, function()
      session.events:send { kind = "signal", number = number }
    end)
    session.signals[#session.signals + 1] = handle
  end
end

-- The child's arguments, and what is for us.
local function split(argv, rest, n)
  local arguments, paths, i = { "--watched" }, {}, 1
  while i <= n do
    if i < rest and argv[i] == "--watch-path" then
      paths[#paths + 1] = argv[i + 1]
      i = i + 1
    elseif i >= rest or argv[i] ~= "--watch" then
      arguments[#arguments + 1] = argv[i]
    end
    i = i + 1
  end
  return arguments, paths
end

--- Run it until a signal ends us.
---@param argv string[] the command line
---@param rest integer where its options end
---@param n integer how many there are
---@param script? string its path
return function(argv, rest, n, script)
  local arguments, paths = split(argv, rest, n)
  local session = {
    arguments = arguments, paths = paths, events = task.channel(64), files = {}, folders = {}, whole = {}, signals = {},
    quiet = uv.new_timer(), grace = uv.new_timer(), again = false, ending = false,
  }
  if script then
    paths[#paths + 1] = script
  end
  watch_signals(session)
  start(session)
  while true do
    local event = session.events:receive()
    handlers[event.kind](session, event)
  end
end
