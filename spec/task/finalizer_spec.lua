-- Finalizers run in the middle of whatever makes garbage: also of a task that is being made, of results that are
-- being delivered. What they begin there is begun, and what they interrupt is not disturbed.

local fs = require "neap.fs"
local task = require "neap.task"
local test = require "neap.test"

local describe, it, equal = test.describe, test.it, test.equal

local function drop_with(finalizer)
  local object = newproxy(true)
  getmetatable(object).__gc = finalizer
end

-- The collector works at every allocation, so that a finalizer comes at each of them sooner or later.
local function collecting(fn)
  local pause, multiplier = collectgarbage("setpause", 100), collectgarbage("setstepmul", 1000)
  fn()
  collectgarbage("setpause", pause)
  collectgarbage("setstepmul", multiplier)
  collectgarbage()
end

describe("a finalizer", function()
  it("may spawn tasks while tasks are being made", function()
    local made, ended, dropped, ran = 0, 0, 0, 0
    local function finalizer()
      dropped = dropped + 1
      task.spawn(function() ran = ran + 1 end)
    end
    collecting(function()
      for _ = 1, 4 do
        for _ = 1, 1500 do                                            -- more than the pool keeps
          drop_with(finalizer)
          made = made + 1
          task.spawn(function(...) task.yield() ended = ended + select("#", ...) end, {})
        end
        task.sleep(0)
        task.yield()
      end
    end)
    while ended < made or ran < dropped do
      task.sleep(0.001)
    end
    equal(ended, made)
    equal(ran, dropped)
    assert(dropped > 1000)
  end)

  it("may start operations while results are delivered", function()
    local folder = assert(fs.temporary_folder())
    local path, text = folder:path() .. "/file", ("text"):rep(1000)
    assert(fs.write_file(path, text))
    local file = assert(fs.open(folder:path() .. "/written", "w"))
    local written, called = 0, 0
    local function finalizer()
      written = written + 1
      file:write("x", function(err) called = called + (err and 0 or 1) end)
    end
    collecting(function()
      for _ = 1, 300 do
        task.group(function(group)
          for _ = 1, 4 do
            group:spawn(function()
              drop_with(finalizer)
              equal(assert(fs.read_file(path)), text)
            end)
          end
        end)
      end
    end)
    while called < written do
      task.sleep(0.001)
    end
    file:close()
    equal(#fs.read_file(folder:path() .. "/written"), written)
    assert(written > 500)
    folder:close()
  end)

  it("cannot wait, and that is reported", function()
    local err
    drop_with(function()
      local ok, why = pcall(task.sleep, 0)
      err = not ok and why
    end)
    collectgarbage()
    equal(err.code, "EWAIT")
  end)
end)
