-- neap.test.tap -- results as TAP 14, one flat line a test, failures with a YAML block.
--
--   tap.new(write)                       a report; `write` takes text, a whole line or more at a time: tap.write_now
--   report:began(name, seconds)          a test, or a hook of one, which may take so long
--   report:passed(name, seconds)         that it took
--   report:skipped(name, reason, kind)   kind: "SKIP" or "TODO"
--   report:failed(name, failure, seconds)          failure: { message =, at = "file:line", traceback =, excerpt = }
--   report:comment(text)
--   report:output(text)                  what a test has printed
--   report:finish()                      the plan; last, so that a run that dies shows in its absence
--   report:bail_out(why)                 no more tests can be run
--   report.count, report.failures

local Report = {}
Report.__index = Report

-- TAP 14: "#" begins a directive, "\" escapes; a description is one line.
local function description(name)
  return (name:gsub("[\\#]", "\\%0"):gsub("%c", " "))
end

-- Text as a YAML literal block. Its lines may hold no control characters but the tab (YAML 1.2.2 5.1).
local function block(text)
  text = text:gsub("\r?\n$", ""):gsub("[^\t\n\32-\126\128-\255]", function(char)
    return ("\\x%02x"):format(char:byte())
  end)
  return "|2-\n      " .. text:gsub("\n", "\n      ")        -- "2": the first line may begin with spaces
end

local function line(self, verdict, name, directive)
  self.count = self.count + 1
  self.write(("%s %d - %s%s\n"):format(verdict, self.count, description(name), directive or ""))
end

function Report:passed(name)
  line(self, "ok", name)
end

function Report:began()
end

function Report:skipped(name, reason, kind)
  line(self, kind == "TODO" and "not ok" or "ok", name, (" # %s %s"):format(kind or "SKIP", description(reason)))
end

function Report:failed(name, failure)
  line(self, "not ok", name)
  self.failures = self.failures + 1
  local yaml = { "  ---", "    message: " .. block(failure.message) }
  if failure.at then yaml[#yaml + 1] = "    at: " .. ("%q"):format(failure.at) end
  if failure.excerpt then yaml[#yaml + 1] = "    source: " .. block(failure.excerpt) end
  if failure.traceback then yaml[#yaml + 1] = "    traceback: " .. block(failure.traceback) end
  self.write(table.concat(yaml, "\n") .. "\n  ...\n")
end

function Report:comment(text)
  self.write("# " .. text:gsub("\n", "\n# "):gsub("[^%C\n]", " ") .. "\n")
end

-- As a comment, or it might be read as results.
function Report:output(text)
  self:comment((text:gsub("\n$", "")))
end

function Report:finish()
  self.write(("1..%d\n"):format(self.count))
end

function Report:bail_out(why)
  self.write("Bail out! " .. why:gsub("%c", " ") .. "\n")
end

local tap = {}

---@param text string
function tap.write_now(text)
  io.stdout:write(text)
  io.stdout:flush()            -- what passed is known, should the next test end the process
end

---@param write fun(text: string)
---@return table report
function tap.new(write)
  -- `prove` as distributions have it (it sets this variable) refuses 14; what is written here is valid 13 too.
  write(os.getenv "HARNESS_ACTIVE" and "TAP version 13\n" or "TAP version 14\n")
  return setmetatable({ write = write, count = 0, failures = 0 }, Report)
end

return tap
