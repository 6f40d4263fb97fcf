-- neap.command.rocks: `neap rocks …` is the installed luarocks, for Lua 5.1 and the project's own tree.
--
--   neap rocks install NAME        into ./lua_modules, where `require` looks
--   neap rocks --local …           the user's tree, ~/.luarocks; --tree DIR: another one; --global: the system's
--
-- What luarocks builds is compiled against Neap's own LuaJIT, and the programs that rocks bring run in Neap: their
-- interpreter is a file of the tree, lib/neap/bin/lua5.1, which neap.command.interpreter stands behind.

local fs = require "neap.fs"
local installation = require "neap.command.installation"
local task = require "neap.task"
local uv = require "uv"

local INSTALLS = { build = true, init = true, install = true, make = true, test = true }
local INTERPRETER = [[
#!%s
-- What the programs of this tree's rocks are run by; `neap rocks` makes it.
return require "neap.command.interpreter"(...)
]]

local function users_tree()
  return uv.os_homedir() .. "/.luarocks"
end

-- The tree that the arguments name, nil for the system's; whether they do name one.
local function given_tree(arguments)
  for i, word in ipairs(arguments) do
    local tree = word:match "^%-%-tree=(.*)$" or word == "--tree" and arguments[i + 1]
    if word == "--global" or tree == "system" then
      return nil, true
    elseif word == "--local" or tree == "user" then
      return users_tree(), true
    elseif tree then
      return tree, true
    end
  end
  return "lua_modules", false
end

local function absolute(path)
  return path:find "^/" and path or uv.cwd() .. "/" .. path
end

-- Whether anything may be built or put into a tree.
local function installs(arguments)
  for _, word in ipairs(arguments) do
    if INSTALLS[word] then
      return true
    end
  end
  return false
end

-- What luarocks takes for an installation of Lua 5.1, in a tree.
local function provide_lua(tree)
  local folder, text = tree .. "/lib/neap", INTERPRETER:format(uv.exepath())
  local path = folder .. "/bin/lua5.1"
  if fs.read_file(path) ~= text then
    assert(fs.mkdir(folder .. "/bin", { parents = true }))
    assert(fs.write_file(path, text, { mode = "755" }))
  end
  return folder
end

local function command_line(arguments)
  local tree, given = given_tree(arguments)
  local words = { "--lua-version=5.1" }
  if tree and not given then
    words[#words + 1] = "--tree=" .. absolute(tree)
  end
  if tree and installs(arguments) then
    words[#words + 1] = "--lua-dir=" .. provide_lua(absolute(tree))
    local folder = installation.headers()
    words[#words + 1] = folder and "LUA_INCDIR=" .. folder
  end
  for _, word in ipairs(arguments) do
    words[#words + 1] = word
  end
  return words
end

-- Its exit status; or nil, err.
local function run(words)
  local ended = task.channel(1)
  local function on_exit(code, signal)
    ended:send(signal > 0 and 128 + signal or code)
  end
  local process, _, name = uv.spawn("luarocks", { args = words, stdio = { 0, 1, 2 } }, on_exit)
  if not process then
    return nil, name
  end
  local status = ended:receive()
  process:close()
  return status
end

---@param ... string the words behind `neap rocks`
---@return integer status
return function(...)
  local status, err = run(command_line { ... })
  if status then
    return status
  end
  local why = err == "ENOENT" and "luarocks is not installed (apt-get, brew or dnf install luarocks)" or err
  io.stderr:write("neap rocks: ", why, "\n")
  return 1
end
