-- neap.text.template: text.template, texts with places for values.
--
-- A template is compiled once into a list of texts and places; rendering walks it. It holds no code, so one that comes
-- from a stranger can do no more than name values.

local options = require "neap.options"

local concat, find, sub, tostring, type = table.concat, string.find, string.sub, tostring, type

local ENTITIES = { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;", ["'"] = "&#39;" }

local function escape_html(value)
  return (value:gsub("[&<>\"']", ENTITIES))
end

-- Compiling

local function fail(state, at, message, level)
  local _, breaks = sub(state.source, 1, at - 1):gsub("\n", "")
  error(("%s:%d: %s"):format(state.name, breaks + 1, message), level)
end

local LEVEL = 5 -- of who called text.template, seen from fail in the functions below

-- string.format's, for one value; its numbers of digits are bounded there.
local function check_format(state, at, format)
  local kind = format:match "^%%[-+ #0]*%d?%d?(%a)$" or format:match "^%%[-+ #0]*%d?%d?%.%d?%d?(%a)$"
  if not kind or not find("diuoxXcsqeEfgGaA", kind, 1, true) then
    fail(state, at, ("'%s' is no format like '%%.2f'"):format(format), LEVEL + 1)
  end
  return kind ~= "s" and kind ~= "q"
end

-- What stands between braces: "name", "user.name", "!name", "price:%.2f".
local function parse_place(state, at, inner)
  local head, colon, format = inner:match "^([^:]*)(:?)(.*)$"
  local raw, path = head:match "^%s*(!?)%s*([%w_][%w_.-]*)%s*$"
  if not path or find(path, "%.$") or find(path, "..", 1, true) then
    fail(state, at, ("'{%s}' names no value (a brace itself is '{{' or '}}')"):format(inner), LEVEL)
  end
  local place = { names = {}, path = path, raw = raw == "!", at = at }
  for name in path:gmatch "[^.]+" do
    place.names[#place.names + 1] = name
  end
  if colon ~= "" then
    place.format, place.is_number = format, check_format(state, at, format)
  end
  return place
end

local function compile(state)
  local source, at, parts = state.source, 1, {}
  while true do
    local brace = find(source, "[{}]", at)
    parts[#parts + 1] = sub(source, at, brace and brace - 1)
    if not brace then
      return parts
    end
    local kind, last = sub(source, brace, brace), nil
    if sub(source, brace + 1, brace + 1) == kind then
      parts[#parts + 1], last = kind, brace + 1
    elseif kind == "}" then
      fail(state, brace, "'}' without '{' (a brace itself is '}}')", LEVEL - 1)
    else
      last = find(source, "[{}\n]", brace + 1)
      if not last or sub(source, last, last) ~= "}" then
        fail(state, brace, "'{' without '}' in its line (a brace itself is '{{')", LEVEL - 1)
      end
      parts[#parts + 1] = parse_place(state, brace, sub(source, brace + 1, last - 1))
    end
    at = last + 1
  end
end

-- Rendering

-- The value at the end of the names; a number names a list's entry where there is no such key.
local function find_value(values, names)
  local value = values
  for i = 1, #names do
    if type(value) ~= "table" then
      return nil
    end
    local found = value[names[i]]
    if found == nil and tonumber(names[i]) then
      found = value[tonumber(names[i])]
    end
    value = found
  end
  return value
end

local function text_of(state, place, value)
  if place.format then
    if place.is_number and type(value) ~= "number" then
      fail(state, place.at, ("'%s' is a %s, no number for '%s'"):format(place.path, type(value), place.format), 5)
    end
    return place.format:format(place.is_number and value or tostring(value))
  end
  return tostring(value)
end

local function render_place(state, place, values)
  local value = find_value(values, place.names)
  if value == nil then
    if state.missing then
      return state.missing
    end
    fail(state, place.at, ("there is no value for '%s'"):format(place.path), 4)
  end
  local text = text_of(state, place, value)
  if state.escape and not place.raw then
    return state.escape(text)
  end
  return text
end

local function render(state, values)
  if type(values) ~= "table" then
    error(("bad argument #1 to a template (table expected, got %s)"):format(type(values)), 3)
  end
  local out = {}
  for i, part in ipairs(state.parts) do
    out[i] = type(part) == "table" and render_place(state, part, values) or part
  end
  return concat(out)
end

local check_template = options.checker("template", {
  escape = options.kind('"html" or a function', function(value)
    return value == "html" or type(value) == "function"
  end),
  missing = "string", name = "string",
})

local template = {}

--- A text for HTML, also in an attribute's quotes: `&`, `<`, `>`, `"` and `'` as entities.
---@param text string
---@return string
function template.escape_html(text)
  if type(text) ~= "string" then
    error(("bad argument #1 to 'escape_html' (string expected, got %s)"):format(type(text)), 2)
  end
  return escape_html(text)
end

---@class neap.text.TemplateOptions
---@field escape? "html"|fun(text: string): string what every value goes through, but those with "!"
---@field missing? string what stands for a value that is not there (without it that raises)
---@field name? string what errors call it ("template")

--- A function that puts values into a text: `{name}`, `{user.name}`, `{list.1}`, `{price:%.2f}` with a format of
--- string.format, `{!name}` not escaped; `{{` and `}}` are braces. Mistakes in the source raise here, and say in which
--- line; a value that is missing raises there.
---
---     local text = require "neap.text"
---     local page = text.template("<p>Hello {user.name}, {total:%.2f} €</p>", { escape = "html" })
---     assert(page { user = { name = "<Ann>" }, total = 3 } == "<p>Hello &lt;Ann&gt;, 3.00 €</p>")
---@param source string
---@param given? neap.text.TemplateOptions
---@return fun(values: table): string render
function template.template(source, given)
  if type(source) ~= "string" then
    error(("bad argument #1 to 'template' (string expected, got %s)"):format(type(source)), 2)
  end
  check_template(given)
  given = given or {}
  local escape = given.escape == "html" and escape_html or given.escape
  local state = { source = source, name = given.name or "template", escape = escape, missing = given.missing }
  state.parts = compile(state)
  return function(values)
    return (render(state, values))
  end
end

return template
