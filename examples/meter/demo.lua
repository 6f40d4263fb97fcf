-- demo.lua -- meter in use: run it in this folder, where meter.so is.

local meter, task = require "meter", require "neap.task"

local m = assert(meter.open(0.1))
print(("idle: %.0f %%"):format(100 * m:read()))

local worker = task.spawn(function()                 -- keeps the processor busy until it is cancelled
  while task.sleep(0) do
    local stop = os.clock() + 0.01
    while os.clock() < stop do end
  end
end)
m:read()                                             -- this one saw only a part of it
print(("busy: %.0f %%"):format(100 * m:read()))
worker:cancel()

local _, err = task.timeout(0.01, m.read, m)         -- cancels the read
print(err.code)
m:close()
