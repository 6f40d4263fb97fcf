-- standard.lua: the streams of this process, each made when it is first asked for.
--
--   input() -> stream | nil, err      output() -> stream      errors() -> stream

local native = require "neap_stdio"
require "neap.stream" -- these are its objects

local standard = {}
local input, output, errors

function standard.input()
  if not input then
    local made, err = native.input()
    if not made then
      return nil, err
    end
    input = made
  end
  return input
end

function standard.output()
  output = output or native.output(1)
  return output
end

function standard.errors()
  errors = errors or native.output(2)
  return errors
end

return standard
