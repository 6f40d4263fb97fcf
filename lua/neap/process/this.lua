-- this.lua: what neap.process says of the process itself.
--
--   fields -> table      name -> fn: stdin, stdout, stderr, title, pid, each made or asked for when it is wanted
--   on_exit(fn), set_title(title)

local errors = require "neap.errors"
local native = require "neap_host"

local this = { fields = {} }

local function standard(name)
  return function()
    local ok, streams = pcall(require, "neap.stdio.standard")
    if not ok then
      error(errors.new("EPERMISSION", "a restricted runtime has no standard streams; io.read and print serve it"), 0)
    end
    return assert(streams[name]())
  end
end

this.fields.stdin = standard "input"
this.fields.stdout = standard "output"
this.fields.stderr = standard "errors"

function this.fields.pid()
  return (require "neap.system".pid())
end

function this.fields.title()
  local ok, uv = pcall(require, "uv")
  return ok and uv.get_process_title() or nil
end

function this.set_title(title)
  local ok, uv = pcall(require, "uv")
  if not ok then
    return nil, errors.new("EPERMISSION", 'needs permission "process"')
  end
  local done, message, code = uv.set_process_title(title)
  if not done then
    return nil, errors.new(code, message)
  end
  return true
end

-- The newest first, as what it uses was there before it. One that fails does not keep the others from their turn.
local hooks = {}

local function run_hooks()
  while #hooks > 0 do
    local fn = table.remove(hooks)
    local ok, value, err = xpcall(fn, errors.report)
    if ok and value == nil and errors.is(err) then
      errors.report(err)
    end
  end
end

function this.on_exit(fn)
  if #hooks == 0 then
    native.on_exit(run_hooks)
  end
  hooks[#hooks + 1] = fn
end

return this
