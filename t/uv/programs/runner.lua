-- Runs commands three at a time, and gathers their output in order.
local uv = require "luv"

local function run(command, done)
  local out = uv.new_pipe(false)
  local parts, handle, code = {}, nil, nil
  local left = 2
  local function finish()
    left = left - 1
    if left == 0 then done(table.concat(parts), code) end
  end
  handle = uv.spawn("/bin/sh", { args = { "-c", command }, stdio = { nil, out, nil } }, function(status, signal)
    code = signal ~= 0 and "signal " .. signal or status
    handle:close()
    finish()
  end)
  out:read_start(function(err, data)
    assert(not err, err)
    if data then parts[#parts + 1] = data return end
    out:close()
    finish()
  end)
end

local commands = {
  "echo a", "echo b; exit 2", "kill -9 $$", "printf %s d", "cat </dev/null", "seq 1 1000 | wc -l", "exit 7",
}
local results, running, at = {}, 0, 0
local function more()
  while running < 3 and at < #commands do
    at, running = at + 1, running + 1
    local n = at
    run(commands[n], function(text, code)
      results[n] = ("%d: %q %s"):format(n, text, code)
      running = running - 1
      more()
    end)
  end
end
more()
uv.run()
print(table.concat(results, "\n"))
