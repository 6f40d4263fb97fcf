-- neap.test.pretty -- results for people at a terminal: a line a file, failures whole, and a sum at the end.
--
--   pretty.new(write, color) -> report   as neap.test.tap's

local pretty = {}

local Report = {}
Report.__index = Report

local function paint(self, code, text)
  return self.color and ("\27[%sm%s\27[0m"):format(code, text) or text
end

local function indent(text)
  return "    " .. text:gsub("\n", "\n    ")
end

local function mark(self, change)
  if change:sub(1, 2) == "- " then return paint(self, 31, change) end
  if change:sub(1, 2) == "+ " then return paint(self, 32, change) end
  return change
end

local function mark_source(self, source)
  return paint(self, (source:find "^>" or source:find "^ +| +%^") and 31 or 2, source)
end

local function write_lines(self, text, painted)
  for text_line in (text .. "\n"):gmatch "(.-)\n" do
    self.write(indent(painted(self, text_line)) .. "\n")
  end
end

function Report:began()
end

-- What the file that is over came to.
local function close_file(self)
  local file = self.file
  if not file then return end
  self.file, self.files = nil, self.files + 1
  local sign = file.failed > 0 and paint(self, 31, "✗") or paint(self, 32, "✓")
  local skipped = file.skipped > 0 and paint(self, 33, (", %d skipped"):format(file.skipped)) or ""
  self.write(("%s %s  %d tests, %.2f s%s\n"):format(sign, file.path, file.count, file.seconds, skipped))
end

local function count(self, path, seconds)
  if not self.file or path and self.file.path ~= path then
    close_file(self)
    self.file = { path = path or "?", count = 0, failed = 0, skipped = 0, seconds = 0 }
  end
  self.count, self.file.count = self.count + 1, self.file.count + 1
  self.file.seconds = self.file.seconds + (seconds or 0)
end

function Report:passed(_, seconds, path)
  count(self, path, seconds)
end

function Report:skipped(_, _, _, path)
  count(self, path)
  self.skips, self.file.skipped = self.skips + 1, self.file.skipped + 1
end

-- A traceback of the one line that the excerpt shows does not.
local function tells_more(failure)
  local _, frames = (failure.traceback or ""):gsub("\n\t[^%[]", "")
  return frames > (failure.excerpt and 1 or 0)
end

function Report:failed(name, failure, seconds, path)
  count(self, path, seconds)
  self.failures, self.file.failed = self.failures + 1, self.file.failed + 1
  local at = failure.at and "  " .. failure.at or ""
  local title = ("%s %s%s\n"):format(paint(self, 31, "✗"), paint(self, 1, name), at)
  self.titles[#self.titles + 1] = title
  self.write(title)
  write_lines(self, failure.message, mark)
  if failure.excerpt then write_lines(self, failure.excerpt, mark_source) end
  if tells_more(failure) then self.write(paint(self, 2, indent(failure.traceback)) .. "\n") end
end

function Report:comment()
end

function Report:output(text)
  self.write(text)
end

-- What failed is named again: it may be pages above.
function Report:finish()
  close_file(self)
  if self.files > 1 then self.write(table.concat(self.titles)) end
  local failed = self.failures > 0 and paint(self, 31, self.failures .. " failed") or "none failed"
  local skipped = self.skips > 0 and (", %d skipped"):format(self.skips) or ""
  self.write(("%d tests, %s%s\n"):format(self.count, failed, skipped))
end

function Report:bail_out(why)
  close_file(self)
  self.write(why .. "\n")
end

---@param write fun(text: string)
---@param color boolean
---@return table report
function pretty.new(write, color)
  return setmetatable({
    write = write, color = color, count = 0, failures = 0, skips = 0, files = 0, titles = {},
  }, Report)
end

return pretty
