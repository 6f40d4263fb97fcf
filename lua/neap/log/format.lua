-- format.lua: a line as text: format.json for programs, format.pretty for people.
--
-- A record is { time = seconds, level = name, message = text, fields = table }. What it becomes is one line whatever
-- is in it: control characters are escaped in both, so that nobody who is logged can forge a line, or talk to the
-- terminal of who reads it.

local errors = require "neap.errors"
local inspect = require "neap.inspect"
local native = require "neap_log"
local record = require "neap.log.record"
local time = require "neap.time"
local utf8 = require "neap.text.utf8"
local visible = require("neap.inspect.text").visible

local cjson = require "cjson"
cjson = cjson.new and cjson.new() or cjson           -- whose settings nobody changes

local concat, find, floor, gsub, sort = table.concat, string.find, math.floor, string.gsub, table.sort
local is_plain, next, pcall, rfc3339, type = native.is_plain, next, pcall, time.rfc3339, type

local format = {}

local EXACT = 1e14                                   -- integers below it are written with all their digits
local NAMES = 1000                                   -- of fields that are kept as JSON

-- Time: the text of a millisecond is made once for all its lines.

local DIGITS = { digits = 3 }
local last, last_text

---@param seconds number
---@return string "2026-05-04T09:30:00.125Z"
local function stamp(seconds)
  local milliseconds = floor(seconds * 1000)
  if milliseconds ~= last then
    last, last_text = milliseconds, rfc3339(milliseconds / 1000, DIGITS)
  end
  return last_text
end

-- JSON

-- RFC 8259 8.1: UTF-8. A byte that is none becomes U+FFFD.
local function only_utf8(text)
  if utf8.is_valid(text) then
    return text
  end
  local parts, from = {}, 1
  for position, codepoint in utf8.codepoints(text) do
    if not codepoint then
      parts[#parts + 1] = text:sub(from, position - 1)
      parts[#parts + 1] = "\239\191\189"
      from = position + 1
    end
  end
  return concat(parts) .. text:sub(from)
end

-- cjson writes every "/" as "\/", which is allowed; but people search logs for paths.
local SLASH = { ["/"] = "/" }

local function encode_any(value)
  local text = cjson.encode(record.plain(value))
  return only_utf8(find(text, "\\/", 1, true) and gsub(text, "\\(.)", SLASH) or text)
end

-- What is most common needs no cjson.
local function encode(value)
  if type(value) == "string" and is_plain(value) then
    return '"' .. value .. '"'
  elseif type(value) == "number" and value % 1 == 0 and value > -EXACT and value < EXACT then
    return value .. ""
  end
  return encode_any(value)
end

-- Names come again with every line: `,"port":` by "port".
local names, known = {}, 0

local function encode_name(name)
  local text = "," .. encode(name) .. ":"
  if known >= NAMES then
    names, known = {}, 0
  end
  names[name], known = text, known + 1
  return text
end

--- One JSON object: time, level, message, and the fields.
---@param line neap.log.Record
---@return string
function format.json(line)
  local parts, n = { '{"time":"', stamp(line.time), '","level":"', line.level, '","message":', encode(line.message) }, 6
  for name, value in next, line.fields do
    parts[n + 1], parts[n + 2] = names[name] or encode_name(name), encode(value)
    n = n + 2
  end
  parts[n + 1] = "}"
  return concat(parts)
end

-- Pretty

local COLORS = { trace = 90, debug = 36, info = 32, warn = 33, error = 31 }
local DIM, BOLD = 2, 1

local function paint(style, text, color)
  return color and ("\27[%dm%s\27[0m"):format(style, text) or text
end

local function short(value)
  if type(value) == "string" and find(value, "^[%w_%-./:@+]+$") then
    return value
  end
  local text = inspect(value, { width = math.huge, length = 1000 })
  return (text:gsub("%s*\n%s*", " "))
end

local function sorted_names(fields)
  local list = {}
  for name in next, fields do
    list[#list + 1] = name
  end
  sort(list)
  return list
end

local function traceback_of(value, indent)
  local text = type(value) == "table" and value.traceback
  if type(text) ~= "string" then
    return ""
  end
  return (text:gsub("[^\n]+", function(line)
    return "\n" .. indent .. visible((line:gsub("\t", "  ")))
  end):gsub("\n+", "\n"))
end

local function without_traceback(value)
  local copy = {}
  for key, item in next, value do
    if key ~= "traceback" then
      copy[key] = item
    end
  end
  return copy
end

--- Time, level, message and the fields by name; below them the tracebacks of errors.
---@param line neap.log.Record
---@param color boolean
---@return string
function format.pretty(line, color)
  local parts, below = {}, {}
  parts[1] = paint(DIM, stamp(line.time), color)
  parts[2] = paint(COLORS[line.level], ("%-5s"):format(line.level:upper()), color)
  parts[3] = paint(BOLD, visible(line.message), color)
  for _, name in ipairs(sorted_names(line.fields)) do
    local value = line.fields[name]
    below[#below + 1] = traceback_of(value, "    ")
    if below[#below] ~= "" then
      value = without_traceback(value)
    end
    parts[#parts + 1] = paint(DIM, visible(name) .. "=", color) .. short(value)
  end
  return concat(parts, " ") .. concat(below)
end

--- A text of one's own making; JSON when the function fails, which is reported.
---@param make fun(record: neap.log.Record): string
---@return fun(line: neap.log.Record): string
function format.custom(make)
  return function(line)
    local ok, text = pcall(make, line)
    if ok and type(text) == "string" then
      return text
    end
    errors.report(ok and "a log's format gave no text" or text)
    return format.json(line)
  end
end

return format
