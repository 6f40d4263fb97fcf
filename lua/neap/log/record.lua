-- record.lua: what a line is made of, in a form that every format can write: values that JSON has not become ones that
-- it has, errors become tables, and names that a line uses itself get out of the way.

local errors = require "neap.errors"
local inspect = require "neap.inspect"
local null = require("cjson").null

local next, pcall, tostring, type = next, pcall, tostring, type

local record = {}

local DEPTH, VALUES = 16, 10000                    -- of a field: a table within itself, or shared, would have no end
local MORE = "<...>"
local RESERVED = { time = "time_", level = "level_", message = "message_" }

-- Shown as text: what no table and no JSON value is.
local function shown(value)
  local ok, text = pcall(inspect, value, { length = 1000 })
  return ok and text or type(value)
end

--- An error as a plain table: its own fields, `value` (what was raised) as text.
---@param err neap.Error
---@return table
function record.error(err)
  local plain = {}
  for key, value in next, err do
    plain[key] = value
  end
  if type(plain.value) == "table" then
    plain.value = shown(plain.value)
  end
  return plain
end

-- Numbers that JSON has not are named as other languages do.
local function number(value)
  if value ~= value then
    return "NaN"
  elseif value == math.huge or value == -math.huge then
    return value > 0 and "Infinity" or "-Infinity"
  end
  return value
end

local plain

local function is_list(value)
  local n = 0
  for _ in next, value do
    n = n + 1
  end
  return n > 0 and n == #value
end

local function plain_list(list, depth, state)
  local copy = {}
  for i = 1, #list do
    copy[i] = plain(list[i], depth + 1, state)
    if state.left <= 0 then
      copy[i] = MORE
      break
    end
  end
  return copy
end

local function plain_object(object, depth, state)
  local copy = {}
  for key, value in next, object do
    copy[type(key) == "string" and key or shown(key)] = plain(value, depth + 1, state)
    if state.left <= 0 then
      copy[MORE] = MORE
      break
    end
  end
  return copy
end

local function plain_table(value, depth, state)
  if state.inside[value] then
    return "<cycle>"
  elseif depth > DEPTH then
    return MORE
  end
  state.inside[value] = true
  local copy = (is_list(value) and plain_list or plain_object)(value, depth, state)
  state.inside[value] = nil
  return copy
end

function plain(value, depth, state)
  local kind = type(value)
  state.left = state.left - 1
  if kind == "number" then
    return number(value)
  elseif kind == "string" or kind == "boolean" or value == null then
    return value
  elseif kind ~= "table" then
    return shown(value)
  end
  return plain_table(errors.is(value) and record.error(value) or value, depth, state)
end

--- A copy of any value that JSON can have, of a size that it can bear: cycles, functions and the like become text.
---@param value any
---@return any
function record.plain(value)
  return plain(value, 1, { inside = {}, left = VALUES })
end

local function field(value)
  return type(value) == "table" and errors.is(value) and record.error(value) or value
end

--- The fields of a line or a child: names as text, errors as tables. Anything but a table stands under "value".
---@param fields any
---@param into table
---@return table into
function record.add(fields, into)
  if fields == nil then
    return into
  elseif type(fields) ~= "table" then
    into.value = fields
    return into
  elseif errors.is(fields) then
    into.error = record.error(fields)
    return into
  end
  for key, value in next, fields do
    key = type(key) == "string" and key or shown(key)
    into[RESERVED[key] or key] = field(value)
  end
  return into
end

--- What a line says: text as it is, an error's message (the error becomes a field), the rest shown.
---@param message any
---@param fields table the error is added here
---@return string
function record.message(message, fields)
  if type(message) == "string" then
    return message
  elseif errors.is(message) then
    fields.error = fields.error or record.error(message)
    return tostring(message)
  end
  return shown(message)
end

return record
