-- neap.inspect -- readable text of any value, for people: logs, the REPL, failing tests.
--
--   local inspect = require "neap.inspect"
--   inspect(value, options)      text; never raises, whatever the value's metatables do
--
-- What has a Lua notation is shown in it; what has none stands in angle brackets: <function a.lua:3>,
-- <neap.tcp> { … }, <ref 1> { me = <cycle 1> }. Only `next` and `rawget` read a table; the two ways in which
-- a value's own code runs, __tostring and (on request) __pairs, are called under pcall.
--
-- Layout is bottom-up: each part is text with its width in columns, `math.huge` when it has more than one
-- line. A part gets the room its own line has; one that was broken there could not fit its parent's line.

local text_of = require "neap.inspect.text"

local find, format, rep, sub = string.find, string.format, string.rep, string.sub
local concat, huge, sort = table.concat, math.huge, table.sort
local columns, number_text, visible = text_of.columns, text_of.number, text_of.visible
local getinfo = debug and debug.getinfo          -- a restricted runtime has no debug

local DEPTH, ITEMS, WIDTH, LENGTH = 6, 100, 80, 10000
local MAX_DEPTH = 100                            -- of recursion, whatever the options say
local MAX_VALUES = 20000                         -- in one text: shared tables would multiply without end

local COLORS = { string = 32, number = 33, boolean = 33, ["nil"] = 90, special = 36 }

local KEYWORDS = {}
for word in ([[and break do else elseif end false for function goto if in local nil not or repeat return
    then true until while]]):gmatch "%a+" do KEYWORDS[word] = true end

local converting = setmetatable({}, { __mode = "k" })   -- values whose __tostring runs: it may inspect them

-- leaves --

local function paint(ctx, kind, text)
  local color = ctx.color and COLORS[kind]
  return color and format("\27[%dm%s\27[0m", color, text) or text, columns(text)
end

-- Runs no code of a script.
local function plain_name(value)
  return format("<%s: %p>", type(value), value)
end

-- What `convert` makes of a value in angle brackets; nil when it fails, or is at work on that value already.
local function converted(ctx, value, convert)
  if converting[value] then return nil end
  converting[value] = true
  local ok, text = pcall(convert, value)
  converting[value] = nil
  if not ok or type(text) ~= "string" then return nil end
  text = visible(sub(text, 1, ctx.length))
  return find(text, "^<.*>$") and text or "<" .. text .. ">"
end

local function function_text(fn)
  local info = getinfo and getinfo(fn, "S")
  if not info or info.what == "C" then return plain_name(fn) end
  return visible(format("<function %s:%d>", info.short_src, info.linedefined))
end

-- ffi.metatype can give structures a __tostring. That of a type is LuaJIT's own.
local function cdata_text(ctx, value)
  local name = tostring(require "ffi".typeof(value))
  if find(name, "^ctype<u?int64_t>$") then return paint(ctx, "number", tostring(value)) end
  local text = not ctx.raw and converted(ctx, value, tostring)
  return paint(ctx, "special", text or format("<%s: %p>", visible((name:gsub("^ctype", "cdata"))), value))
end

local function leaf(ctx, value)
  local kind = type(value)
  if kind == "string" then return paint(ctx, kind, text_of.quoted(value, ctx.length)) end
  if kind == "number" then return paint(ctx, kind, number_text(value)) end
  if kind == "nil" then return paint(ctx, kind, "nil") end
  if kind == "boolean" then return paint(ctx, kind, value and "true" or "false") end
  if kind == "function" then return paint(ctx, "special", function_text(value)) end
  if kind == "cdata" then return cdata_text(ctx, value) end
  return paint(ctx, "special", plain_name(value))
end

-- metatables --

local function walk(value, iterate)
  local found, count = {}, 0
  local step, state, first = iterate(value)
  local key, item = step(state, first)
  while key ~= nil and count < MAX_VALUES do
    found[key], count = item, count + 1
    key, item = step(state, key)
  end
  return found
end

local ERROR_HIDDEN = { code = true, message = true, traceback = true }
local SCRIPT_HIDDEN = { code = true, message = true, traceback = true, value = true }

-- Like its tostring: ESCRIPT, an error of the script's own, goes without saying.
local function error_header(ctx, value)
  local code, message = rawget(value, "code"), rawget(value, "message")
  code, message = type(code) == "string" and code, type(message) == "string" and message
  local text = code and message and code ~= "ESCRIPT" and code .. ": " .. message or message or code or "unknown"
  local hidden = rawequal(rawget(value, "value"), message) and SCRIPT_HIDDEN or ERROR_HIDDEN
  return "<error " .. visible(sub(text, 1, ctx.length)) .. ">", value, hidden
end

-- What can be seen of a userdata whose metatable is hidden, as those of Neap's handles are.
local function name_of(ctx, value)
  return not ctx.raw and converted(ctx, value, tostring) or plain_name(value)
end

-- What stands before a value's fields, the fields (nil: the header is all), and the keys not to show.
local function face(ctx, value)
  local meta = not ctx.raw and getmetatable(value)
  local fields = type(value) == "table" and value or nil
  if type(meta) ~= "table" then return nil, fields end
  local name = rawget(meta, "__name")
  name = type(name) == "string" and name or nil
  if fields and name == "neap.error" then return error_header(ctx, value) end
  local header = name and "<" .. visible(name) .. ">"
  local iterate = ctx.pairs and rawget(meta, "__pairs")
  if iterate then
    local ok, found = pcall(walk, value, iterate)
    if ok then return header, found end
  end
  local convert = rawget(meta, "__tostring")
  local text = convert and converted(ctx, value, convert)
  if text then return text end
  return header, fields
end

-- tables --

local RANKS = { number = 1, string = 2, boolean = 3 }

local function by_rank(positions)
  return function(a, b)
    local rank_a, rank_b = RANKS[type(a)] or 4, RANKS[type(b)] or 4
    if rank_a ~= rank_b then return rank_a < rank_b end
    if rank_a <= 2 then return a < b end
    if rank_a == 3 then return b and not a end
    return positions[a] < positions[b]
  end
end

-- The length of the array part, and the other keys in order.
local function keys_of(fields, hidden)
  local n, keys, positions = 0, {}, {}
  while type(rawget(fields, n + 1)) ~= "nil" do n = n + 1 end      -- a cdata's own == might raise
  for key in next, fields do
    local in_array = type(key) == "number" and key >= 1 and key <= n and key % 1 == 0
    if not in_array and not (hidden and hidden[key]) then
      keys[#keys + 1] = key
      positions[key] = #keys
    end
  end
  sort(keys, by_rank(positions))
  return n, keys
end

local render

local function key_text(ctx, key, depth)
  if type(key) == "string" and find(key, "^[%a_][%w_]*$") and not KEYWORDS[key] then return key .. " = ", #key + 3 end
  local text, width = render(ctx, key, depth, 0, huge)
  return "[" .. text .. "] = ", width + 5
end

-- The entries as parts { text, width, packed }; `packed` ones may share a line.
local function parts_of(ctx, fields, hidden, depth, indent)
  local n, keys = keys_of(fields, hidden)
  local parts, room = {}, ctx.width - indent - 1
  for i = 1, math.min(n, ctx.items) do
    local text, width = render(ctx, rawget(fields, i), depth, indent, room)
    parts[i] = { text = text, width = width, packed = width < huge }
  end
  for i = 1, math.min(#keys, ctx.items - #parts) do
    local name, name_width = key_text(ctx, keys[i], depth)
    local text, width = render(ctx, rawget(fields, keys[i]), depth, indent, room - name_width)
    parts[#parts + 1] = { text = name .. text, width = name_width + width }
  end
  local more = n + #keys - #parts
  if more > 0 then
    local text, width = paint(ctx, "special", format("… %d more", more))
    parts[#parts + 1] = { text = text, width = width }
  end
  return parts
end

local function inline(parts)
  local texts, width = {}, 2 + 2 * #parts
  for i, part in ipairs(parts) do
    texts[i], width = part.text, width + part.width
  end
  return "{ " .. concat(texts, ", ") .. " }", width
end

local function broken(ctx, parts, indent)
  local margin, lines, column, packing = "\n" .. rep(" ", indent), {}, 0, false
  for i, part in ipairs(parts) do
    local text, width = part.text .. (i < #parts and "," or ""), part.width + 1
    if packing and part.packed and column + 1 + width <= ctx.width then
      lines[#lines] = lines[#lines] .. " " .. text
      column = column + 1 + width
    else
      lines[#lines + 1] = margin .. text
      column = indent + width
    end
    packing = part.packed
  end
  return "{" .. concat(lines) .. "\n" .. rep(" ", indent - 2) .. "}"
end

local function body(ctx, fields, hidden, depth, indent, room)
  if type(next(fields)) == "nil" then return "{}", 2 end
  if depth >= ctx.depth or ctx.left <= 0 then return "{…}", 3 end
  local parts = parts_of(ctx, fields, hidden, depth + 1, indent + 2)
  if #parts == 0 then return "", 0 end           -- an error with nothing beside code and message
  local text, width = inline(parts)
  if width <= room then return text, width end
  return broken(ctx, parts, indent + 2), huge
end

local function object(ctx, value, depth, indent, room)
  if ctx.open[value] then
    if ctx.open[value] == true then
      ctx.refs = ctx.refs + 1
      ctx.open[value] = ctx.refs
    end
    return paint(ctx, "special", format("<cycle %d>", ctx.open[value]))
  end
  local header, fields, hidden = face(ctx, value)
  if not fields then return paint(ctx, "special", header or name_of(ctx, value)) end
  ctx.open[value] = true
  local taken = header and columns(header) + 1 or 0
  local text, width = body(ctx, fields, hidden, depth, indent, room - taken)
  local ref = ctx.open[value]
  ctx.open[value] = nil
  if ref ~= true then header = format("<ref %d>", ref) .. (header and " " .. header or "") end
  if not header then return text, width end
  local painted, header_width = paint(ctx, "special", header)
  if text == "" then return painted, header_width end
  return painted .. " " .. text, header_width + 1 + width
end

function render(ctx, value, depth, indent, room)
  ctx.left = ctx.left - 1
  local kind = type(value)
  if kind == "table" or kind == "userdata" then return object(ctx, value, depth, indent, room) end
  return leaf(ctx, value)
end

---@class neap.inspect.options
---@field depth? integer levels of tables shown (6; at most 100)
---@field items? integer entries shown of one table (100)
---@field width? integer columns of a line; 1 puts every entry on its own (80)
---@field length? integer bytes shown of one string (10,000)
---@field color? boolean ANSI colors (false)
---@field pairs? boolean lazy objects through their __pairs (false)
---@field raw? boolean everything as it is: no __tostring, no __name (false)

---Readable text of any value: keys sorted, cycles marked, long tables broken into lines.
---@param value any
---@param options? neap.inspect.options
---@return string
return function(value, options)
  options = options or {}
  local ctx = {
    depth = math.min(options.depth or DEPTH, MAX_DEPTH), items = options.items or ITEMS,
    width = options.width or WIDTH, length = options.length or LENGTH,
    color = options.color, pairs = options.pairs, raw = options.raw,
    open = {}, refs = 0, left = MAX_VALUES,
  }
  return (render(ctx, value, 0, 0, ctx.width))
end
