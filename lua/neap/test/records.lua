-- neap.test.records -- a report as records in a process's output, for the process that started it.
--
--   records.new(token)                   a report (see neap.test.tap) that writes them to standard output
--   records.reader(token, on_text, on_record) -> feed    feed(bytes), and feed() at the end
--
-- A record is the token, JSON and a line's end. The token is drawn anew for each run, so that whatever a test prints
-- is no record; it may stand behind half a line of such text.

local json = require "cjson".new()

local records = {}

local Report = {}
Report.__index = Report

local function put(self, event, name, fields)
  fields = fields or {}
  fields.event, fields.name = event, name
  io.stdout:write(self.token, json.encode(fields), "\n")
  io.stdout:flush() -- it is known should the next test end the process
end

function Report:began(name, seconds)
  put(self, "began", name, { seconds = seconds })
end

function Report:passed(name, seconds)
  self.count = self.count + 1
  put(self, "passed", name, { seconds = seconds })
end

function Report:skipped(name, reason, kind)
  self.count = self.count + 1
  put(self, "skipped", name, { reason = reason, kind = kind })
end

function Report:failed(name, failure, seconds)
  self.count, self.failures = self.count + 1, self.failures + 1
  put(self, "failed", name, {
    failure = {
      message = failure.message, at = failure.at, traceback = failure.traceback, excerpt = failure.excerpt,
    },
    seconds = seconds,
  })
end

function Report:comment(text)
  put(self, "comment", text)
end

function Report:finish()
  put(self, "finish")
end

function Report:bail_out(why)
  put(self, "bail_out", why)
end

---@param token string
---@return table report
function records.new(token)
  return setmetatable({ token = token, count = 0, failures = 0 }, Report)
end

---@param token string
---@param on_text fun(text: string) what is no record
---@param on_record fun(record: table)
---@return fun(bytes?: string) feed
function records.reader(token, on_text, on_record)
  local kept = ""
  local function give(text)
    if text ~= "" then on_text(text) end
  end
  return function(bytes)
    kept = kept .. (bytes or "")
    while true do
      local from, to = kept:find(token, 1, true)
      local line_end = to and kept:find("\n", to, true)
      if not line_end then
        local begun = from or kept:find("\1", math.max(#kept - #token + 2, 1), true)       -- with which a token begins
        local sure = bytes == nil and #kept or (begun or #kept + 1) - 1
        give(kept:sub(1, sure))
        kept = kept:sub(sure + 1)
        return
      end
      give(kept:sub(1, from - 1))
      on_record(json.decode(kept:sub(to + 1, line_end - 1)))
      kept = kept:sub(line_end + 1)
    end
  end
end

return records
