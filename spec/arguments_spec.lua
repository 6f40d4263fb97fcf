-- Whatever is given to a function of Neap's, it answers or raises: it neither crashes nor hangs, eats no memory, and
-- leaves nothing open. Arguments are drawn by chance, others in each run. `# seed N` stands before the tests:
-- NEAP_SEED=N repeats them.

local events = require "neap.events"
local fs = require "neap.fs"
local host = require "neap.host"
local http = require "neap.http"
local log = require "neap.log"
local net = require "neap.net"
local process = require "neap.process"
local stream = require "neap.stream"
local system = require "neap.system"
local task = require "neap.task"
local test = require "neap.test"

local it, describe = test.it, test.describe

-- What may not be called with anything. The parts that are no modules for scripts are known by their first line.
local LEFT_OUT = {
  ["neap.test"] = "it runs us",
  ["neap.process.exit"] = "it ends us",
  ["neap.process.on_exit"] = "what it is given is called when we end, and may fail",
  ["neap.host.on_error"] = "the test runner's, which sees errors by it",
  ["neap.errors.report"] = "it is a failure of the test, rightly",
  ["neap.events.mixin"] = "it changes the table that it is given: here also the objects of other calls",
  ["neap.system.chdir"] = "for the whole process", ["neap.system.set_env"] = "for the whole process",
  ["neap.system.set_priority"] = "for the whole process, and not to be taken back",
}

if require("neap.tty").is_terminal(0) then
  LEFT_OUT["neap.tty.raw"] = "the terminal is that of who runs this"
  LEFT_OUT["neap.tty.read_password"] = "it reads what is typed meanwhile"
end

-- The program's own streams are opened by their first use, by whomever, and stay.
for _, name in ipairs { "input", "output", "errors" } do
  require "neap.stdio.standard"[name]()
end

local CALLS = 25              -- of each function
local MOST_MEMORY = 64 * 1024 -- KiB that a module's calls may leave behind

local PATIENCE = { timeout = 60 } -- of who runs this under valgrind

local seed = tonumber(system.env "NEAP_SEED") or os.time() % 2 ^ 31
print("# seed " .. seed)

local state

local function random(n)
  state = (state * 1103515245 + 12345) % 2147483648
  return math.floor(state / 65536) % n + 1
end

local function kept(value)
  return function() return value end
end

-- Streams given as arguments: host.keep and the like hold them, rightly.
local given = {}

local function new_stream()
  given[#given + 1] = stream.pair()
  return given[#given]
end

-- Options that exist: the message that refuses another one names them all.
local option_names = {}

local function learn_options(message)
  local names = type(message) == "string" and message:match "%(options: ([%w_, ]+)%)"
  if names then
    option_names = {}
    for name in names:gmatch "[%w_]+" do
      option_names[#option_names + 1] = name
    end
  end
end

local function new_options(values)
  local made = {}
  for _ = 1, option_names[1] and random(3) or 0 do
    made[option_names[random(#option_names)]] = values[random(#values - 1)]()
  end
  return made
end

local function new_values(folder)
  local closed = stream.pair()
  closed:close()
  local opaque = setmetatable({}, { __index = function() error "no" end })
  local values
  values = {
    kept(nil), kept(true), kept(false),
    kept(0), kept(-1), kept(1), kept(1.5), kept(3), kept(0 / 0), kept(math.huge), kept(-math.huge), kept(2 ^ 53),
    kept(1e300), kept(-1LL),
    kept "", kept "x", kept "a\0b", kept(("%s%d%n"):rep(10)), kept(("\255\254"):rep(5000)), kept "127.0.0.1",
    kept(folder .. "/file"), kept(folder .. "/none/such"),
    function() return {} end, function() return { 1, 2, 3 } end, function() return { "a", { "b" } } end,
    kept(opaque), kept(setmetatable({}, { __tostring = function() return 5 end })),
    function() return { port = 0, limit = 1, timeout = 0.001 } end, function() return { none_such = true } end,
    kept(function() end), kept(function(...) return ... end),
    function() return coroutine.create(function() end) end,
    kept(closed), new_stream, kept(io.stdout), function() return newproxy(true) end,
    function() return new_options(values) end, -- the last, for it chooses among those before it
  }
  return values
end

-- An object is closed, in whichever way it has.
local function close(object)
  for _, name in ipairs { "close", "cancel" } do
    local ok, method = pcall(function() return object[name] end)
    if ok and type(method) == "function" then
      pcall(method, object)
    end
  end
end

local function close_given()
  for _, each in ipairs(given) do
    close(each)
  end
  given = {}
end

-- Calls fn with up to five of the values, behind `self` if there is one. What it makes is closed.
local function call(fn, values, self)
  local first = self ~= nil and 1 or 0
  local n, arguments = first + random(6) - 1, { self }
  for i = first + 1, n do
    arguments[i] = values[random(#values)]()
  end
  local results = { pcall(task.timeout, 0.002, fn, unpack(arguments, 1, n)) }
  learn_options(results[2])
  for i = 2, #results do
    if (type(results[i]) == "table" or type(results[i]) == "userdata") and results[i] ~= self then
      close(results[i])
    end
  end
end

-- A module may be a function.
local function as_table(module)
  return type(module) == "function" and { call = module } or module
end

-- The functions of a table by name, in one order; those with "_" before them are nobody's.
local function functions_of(module, name)
  local list = {}
  for key, value in pairs(module) do
    if type(value) == "function" and not tostring(key):find "^_" and not LEFT_OUT[name .. "." .. tostring(key)] then
      list[#list + 1] = { name = tostring(key), fn = value }
    end
  end
  table.sort(list, function(a, b) return a.name < b.name end)
  return list
end

-- What a call that was given up has under way on the thread pool: a relative path is where we are.
local function wait_for_the_pool()
  while host.stats().pool_jobs > 0 do
    task.sleep(0.001)
  end
end

-- Runs fn in an empty folder, where "x" may be written and removed, and looks what it has left in memory.
local function in_a_folder(fn)
  state = seed
  local folder, before = assert(fs.mkdtemp "/tmp/neap-arguments-"), assert(system.cwd())
  assert(system.chdir(folder))
  collectgarbage()
  local memory = collectgarbage "count"
  local ok, err = pcall(fn, folder)
  close_given()
  wait_for_the_pool()
  assert(system.chdir(before))
  assert(fs.remove(folder, { recursive = true }))
  if not ok then
    error(("seed %d: %s"):format(seed, tostring(err)), 0)
  end
  collectgarbage()
  local left = collectgarbage "count" - memory
  assert(left < MOST_MEMORY, ("seed %d: %d KiB left behind"):format(seed, left))
end

local function public_modules()
  local names = {}
  for _, entry in ipairs(assert(fs.list "lua/neap")) do
    local last = entry.name:match "^(.*)%.lua$"
    local text = last and assert(fs.read_file("lua/neap/" .. entry.name))
    if last and text:find("-- neap." .. last, 1, true) == 1 and not LEFT_OUT["neap." .. last] then
      names[#names + 1] = "neap." .. last
    end
  end
  table.sort(names)
  return names
end

describe("any arguments", function()
  local silent = log.to(function() end)

  test.before_all(function()
    log.configure { sink = silent } -- standard error is the test's
  end)

  test.after_all(function()
    silent:close()
  end)

  for _, name in ipairs(public_modules()) do
    it("are answered or refused by " .. name, function()
      in_a_folder(function(folder)
        local values = new_values(folder)
        for _, each in ipairs(functions_of(as_table(require(name)), name)) do
          for _ = 1, CALLS do call(each.fn, values) end
        end
      end)
    end, PATIENCE)
  end
end)

-- Objects: how one is made in a folder

local OBJECTS = {
  buffer = function() return require("neap.buffer").new "some bytes" end,
  channel = function() return task.channel(1) end,
  child = function() return assert(process.spawn { "cat" }) end,
  emitter = function() return events.new() end,
  file = function(folder) return assert(fs.open(folder .. "/file", "w+")) end,
  listener = function() return assert(net.listen { host = "127.0.0.1", port = 0 }) end,
  logger = function() return log.new { sink = log.to(function() end) } end,
  router = function() return require "neap.router" () end,
  semaphore = function() return task.semaphore(1) end,
  server = function() return assert(http.serve({ host = "127.0.0.1", port = 0 }, function() end)) end,
  sink = function() return log.to(function() end) end,
  socket = function() return assert(require("neap.udp").bind { host = "127.0.0.1" }) end,
  stream = function() return (stream.pair()) end,
  task = function() return task.spawn(function() end) end,
  timer = function() return require("neap.timer").after(60, function() end) end,
  watcher = function(folder) return assert(fs.watch(folder, function() end)) end,
  ["signal's listener"] = function() return assert(require("neap.signal").on("USR2", function() end)) end,
}

local function methods_of(object, kind)
  local meta = debug.getmetatable(object)
  return functions_of(type(meta.__index) == "table" and meta.__index or meta, kind)
end

local function call_methods(kind, make, folder)
  local values, sample = new_values(folder), make(folder)
  local methods = methods_of(sample, kind)
  close(sample)
  assert(#methods > 0, "no methods")
  for _, each in ipairs(methods) do
    for _ = 1, CALLS do
      local object = make(folder)
      call(each.fn, values, object)
      close(object)
    end
  end
end

describe("any arguments", function()
  for kind, make in pairs(OBJECTS) do
    it("are answered or refused by the methods of a " .. kind, function()
      in_a_folder(function(folder)
        call_methods(kind, make, folder)
      end)
    end, PATIENCE)
  end
end)

-- Requests and responses live in a handler only.

local REQUEST = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc"

local function request_from(port)
  local client = assert(net.connect("127.0.0.1", port))
  client:write(REQUEST)
  pcall(task.timeout, 2, client.read_all, client)
  client:close()
end

describe("any arguments", function()
  for _, kind in ipairs { "request", "response" } do
    it("are answered or refused by the methods of a " .. kind, function()
      in_a_folder(function(folder)
        local values, fn, called = new_values(folder), nil, 0
        local server = assert(http.serve({ host = "127.0.0.1", port = 0 }, function(request, response)
          called = called + 1
          call(fn, values, kind == "request" and request or response)
        end))
        local methods = functions_of(require "neap_http"[kind], kind)
        for _, each in ipairs(methods) do
          fn = each.fn
          for _ = 1, CALLS do request_from(server.port) end
        end
        server:close()
        assert(called == CALLS * #methods and called > 0)
      end)
    end, PATIENCE)
  end
end)
