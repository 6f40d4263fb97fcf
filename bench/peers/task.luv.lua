-- task.luv.lua: what LuaJIT's own coroutines cost: made, suspended once, ended; no scheduler at all.
local create, resume, yield = coroutine.create, coroutine.resume, coroutine.yield
local threads = {}

local function work()
  yield()
end

local function run(batches)
  for _ = 1, batches do
    for i = 1, 1000 do
      threads[i] = create(work)
      resume(threads[i])
    end
    for i = 1, 1000 do resume(threads[i]) end
  end
end

run(100)
local started = os.clock()
run(2000)
print(string.format('{"task_ns": %.1f}', (os.clock() - started) * 1e9 / 2e6))
