-- neap.test -- what specs are written with, and the command `neap test`.
--
--   local test = require "neap.test"
--   local describe, it = test.describe, test.it
--
--   describe("neap.fs", function()
--     test.before(function() … end)                 -- and after, before_all, after_all
--     it("reads a file", function() … end)          -- may wait; { timeout = seconds } as a third argument
--   end)
--
--   test.equal, same, raises, fails                 see neap.test.check; plain `assert` works too
--   test.calls(fn, n)                               fn, to be called exactly n times before the test is over
--   test.skip(reason?)                              ends the test here
--   test.main(arguments)                            the command: its exit status
--   test.run(files, options)                        see neap.test.runner
--
-- A file's chunk declares, then its tests run one after the other, each in a task of its own under a deadline. A
-- test is over when its function and its `after` functions are, each function of `calls` was called, and every
-- handle and task it opened is gone; one that stays fails it. A test that returns nil and an error has failed.

local check = require "neap.test.check"
local fs = require "neap.fs"
local guard = require "neap.test.guard"
local runner = require "neap.test.runner"
local suite = require "neap.test.suite"

local USAGE = "usage: neap test [--filter text] [--timeout seconds] [file or folder]…"

local test = {
  describe = suite.describe, it = suite.it,
  before = suite.before, after = suite.after, before_all = suite.before_all, after_all = suite.after_all,
  equal = check.equal, same = check.same, raises = check.raises, fails = check.fails,
  skip = guard.skip, calls = runner.calls, run = runner.run,
}

-- Adds the spec files in and below a folder, in the order of their names; or nil, err.
local function add_folder(files, folder)
  local entries, err = fs.list(folder)
  if not entries then return nil, err end
  table.sort(entries, function(a, b) return a.name < b.name end)
  for _, entry in ipairs(entries) do
    local path, added = folder:gsub("/+$", "") .. "/" .. entry.name, true
    if entry.type == "directory" and entry.name:sub(1, 1) ~= "." then
      added, err = add_folder(files, path)
    elseif entry.name:find "_spec%.lua$" then
      files[#files + 1] = path
    end
    if not added then return nil, err end
  end
  return true
end

-- A path that ends in .lua is a file, whatever its name; any other a folder.
local function find_specs(paths)
  local files = {}
  for _, path in ipairs(paths) do
    if path:find "%.lua$" then
      files[#files + 1] = path
    else
      local found, err = add_folder(files, path)
      if not found then return nil, err end
    end
  end
  return files
end

-- Paths and options, or nil and what is wrong.
local function parse(arguments)
  local paths, options, i = {}, { read = fs.read_file }, 1
  while i <= #arguments do
    local word, value = arguments[i], arguments[i + 1]
    if word == "--filter" or word == "--timeout" then
      value = word == "--timeout" and tonumber(value) or word == "--filter" and value
      if not value then return nil, word .. " takes a " .. (word == "--filter" and "text" or "number of seconds") end
      options[word:sub(3)], i = value, i + 1
    elseif word:sub(1, 1) == "-" then
      return nil, "unknown option " .. word
    else
      paths[#paths + 1] = word
    end
    i = i + 1
  end
  return #paths > 0 and paths or { "spec" }, options
end

---The command `neap test`.
---@param arguments string[] what follows `test`
---@return integer status 0 all passed, 1 not, 2 wrong arguments
function test.main(arguments)
  if arguments[1] == "--help" or arguments[1] == "-h" then
    print(USAGE)
    return 0
  end
  local paths, options = parse(arguments)
  if not paths then
    io.stderr:write("neap test: ", options, "\n", USAGE, "\n")
    return 2
  end
  local files, err = find_specs(paths)
  if not files then
    io.stderr:write("neap test: ", tostring(err), "\n")
    return 1
  end
  local ok, passed = pcall(runner.run, files, options)
  if not ok then io.stderr:write("neap test: ", tostring(passed), "\n") end
  return ok and passed and 0 or 1
end

return test
