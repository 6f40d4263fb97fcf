-- neap.command.interpreter: the command line of plain Lua, `lua [-e CODE]… [SCRIPT [ARGUMENTS]]`: it is what LuaRocks
-- calls an interpreter by, and what the programs that rocks bring are run by.

local function run(chunk, why, ...)
  if not chunk then
    error(why, 0)
  end
  return chunk(...)
end

---@param ... string
---@return any ... what the script returns
return function(...)
  local words, n, first = { ... }, select("#", ...), 1
  while words[first] == "-e" do
    run(loadstring(words[first + 1] or "", "=-e"))
    first = first + 2
  end
  if first > n then
    return
  end
  local own = { [-1] = arg[0] }
  for i = first, n do
    own[i - first] = words[i]
  end
  rawset(_G, "arg", own)
  local chunk, why = loadfile(words[first])
  return run(chunk, why, unpack(words, first + 1, n))
end
