-- What the specs of neap.test share. Run from the project's folder: require "spec.test.support".
local test = require "neap.test"

local support = {}

local HEAD = 'local test = require "neap.test"; local describe, it = test.describe, test.it; '

--- Runs spec text (after HEAD, on its first line); whether all passed, and the report.
function support.run(text, options)
  local out = {}
  options = options or {}
  options.read = function() return HEAD .. text end
  options.write = function(part) out[#out + 1] = part end
  local passed = test.run({ "inner_spec.lua" }, options)
  return passed, table.concat(out)
end

--- The same, and its results in short: "+a,-b > c".
function support.results(text, options)
  local passed, report = support.run(text, options)
  local results = {}
  for verdict, name in report:gmatch "\n(n?o?t? ?ok) %d+ %- ([^\n]*)" do
    results[#results + 1] = (verdict == "ok" and "+" or "-") .. name
  end
  return passed, table.concat(results, ","), report
end

function support.assert_has(report, ...)
  for _, expected in ipairs { ... } do
    if not report:find(expected, 1, true) then error(("no %q in:\n%s"):format(expected, report), 2) end
  end
end

function support.message_of(fn)
  local _, message = pcall(fn)
  return message
end

return support
