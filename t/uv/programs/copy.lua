-- A file copier: chunk by chunk, with callbacks; then the same in a coroutine.
local uv = require "luv"

local source = assert(io.open("source", "w"))
for i = 1, 20000 do source:write("line ", i, "\n") end
source:close()

local function copy(from, to, done)
  uv.fs_open(from, "r", 438, function(err, input)
    if err then return done(err) end
    uv.fs_open(to, "w", 420, function(err2, output)
      if err2 then return done(err2) end
      local offset = 0
      local function step()
        uv.fs_read(input, 10000, offset, function(err3, chunk)
          if err3 or #chunk == 0 then
            uv.fs_close(input)
            uv.fs_close(output)
            return done(err3, offset)
          end
          uv.fs_write(output, chunk, offset, function(err4, n)
            if err4 then return done(err4) end
            offset = offset + n
            step()
          end)
        end)
      end
      step()
    end)
  end)
end

copy("source", "target", function(err, size)
  print("copied", err, size)
  copy("nothing", "target", print)
  copy("source", "no/folder", print)
end)
uv.run()

-- As a coroutine that is resumed by the callbacks.
local function wait(fn, ...)
  local co = coroutine.running()
  local args, n = { ... }, select("#", ...)
  args[n + 1] = function(...) assert(coroutine.resume(co, ...)) end
  assert(fn(unpack(args, 1, n + 1)))
  return coroutine.yield()
end
coroutine.wrap(function()
  local _, fd = wait(uv.fs_open, "target", "r", 0)
  local _, stat = wait(uv.fs_fstat, fd)
  local _, text = wait(uv.fs_read, fd, stat.size, 0)
  print(wait(uv.fs_close, fd))
  print(stat.size, #text, text:sub(1, 6), text:sub(-11, -2))
end)()
uv.run()
