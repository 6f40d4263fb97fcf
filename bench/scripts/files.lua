-- files.lua FOLDER: 10,000 files of 1,000 bytes, made before, read at once. Prints the milliseconds of the best of five
-- times as JSON: what is measured is neither the disk nor the start.
local fs, task, time = require "neap.fs", require "neap.task", require "neap.time"

local count, folder = 10000, arg[1]
fs.mkdir(folder, { parents = true })

local function each(fn)
  local left, done = count, task.channel(1)
  for i = 1, count do
    fn(folder .. "/" .. i, function(err, text)
      assert(not err, err)
      assert(text == nil or text == true or #text == 1000)
      left = left - 1
      if left == 0 then done:send(true) end
    end)
  end
  done:receive()
end

each(function(path, callback)
  fs.write_file(path, ("x"):rep(1000), { atomic = false, sync = false }, callback)
end)
local best = math.huge
for _ = 1, 5 do
  local started = time.monotonic()
  each(fs.read_file)
  best = math.min(best, time.monotonic() - started)
end
print(string.format('{"total_ms": %.1f}', best * 1e3))
