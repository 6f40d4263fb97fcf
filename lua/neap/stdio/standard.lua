-- standard.lua: the streams of this process, each made when it is first asked for.
--
--   input() -> stream | nil, err      output() -> stream      errors() -> stream      count() -> integer

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

--- How many of them have been made: they are there until the program ends, and nobody's leak.
function standard.count()
  return (input and 1 or 0) + (output and 1 or 0) + (errors and 1 or 0)
end

return standard
