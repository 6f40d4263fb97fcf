-- read.lua: what a file of lua/neap says of itself: its first comment, and the LuaCATS blocks with what follows them.
--
--   read.file(path) -> { path, text, head, returned, functions, classes, aliases }
--
--   head       the first comment's lines;  returned  the variable that the file returns
--   functions  in order: { owner, name, method, signature, returns_value, line, doc }; owner is the variable it is put
--              into, nil of a local function; the function that a module returns is called "return"
--   classes    in order: { name, parent, text, fields, variable, line }
--   aliases    { name, type, text }
--   a doc      { text = lines, params = { { name, optional, type, text } }, returns = { { type, text } }, overloads,
--              type, raw = lines as they stand }

local read = {}

-- Where a type ends: at a space that is in no bracket, no text, and beside no ":", "," or "|".
local function type_end(text, at)
  local depth, i = 0, at
  while i <= #text do
    local c = text:sub(i, i)
    if c:find "[%(%{%<%[]" then
      depth = depth + 1
    elseif c:find "[%)%}%>%]]" then
      depth = depth - 1
    elseif c == '"' then
      i = text:find('"', i + 1, true) or #text
    elseif c == " " and depth == 0 then
      local before, after = text:sub(i - 1, i - 1), text:match("^ *(.?)", i)
      if not before:find "[:,|]" and after ~= "|" then
        return i - 1
      end
    end
    i = i + 1
  end
  return #text
end

local function split_type(text)
  local last = type_end(text, 1)
  return text:sub(1, last), text:sub(last + 1):match "^ *(.*)$"
end

local tags = {}

function tags.param(doc, rest)
  local name, optional, after = rest:match "^([%w_%.]+)(%??)%s+(.*)$"
  local kind, text = split_type(after or "any")
  doc.params[#doc.params + 1] = { name = name or rest, optional = optional or "", type = kind, text = text }
  return doc.params[#doc.params]
end

tags["return"] = function(doc, rest)
  local kind, text = split_type(rest)
  doc.returns[#doc.returns + 1] = { type = kind, text = text }
  return doc.returns[#doc.returns]
end

function tags.overload(doc, rest)
  doc.overloads[#doc.overloads + 1] = rest
end

function tags.alias(doc, rest)
  local name, kind = rest:match "^([%w_%.]+)%s+(.*)$"
  doc.aliases[#doc.aliases + 1] = { name = name or rest, type = kind or "", text = doc.text }
  doc.text, doc.raw = {}, {}
end

function tags.type(doc, rest)
  doc.type = rest
end

tags["class"] = function(doc, rest)
  local name, after = rest:match "^([%w_%.]+)%s*:?%s*(.*)$"
  local class = { name = name, fields = {}, text = doc.text }
  if after:find "^[%w_]+%.[%w_%.]+$" then
    class.parent = after
  elseif after ~= "" then
    class.text[#class.text + 1] = after:sub(1, 1):upper() .. after:sub(2) .. "."
  end
  doc.text, doc.raw = {}, {}
  doc.classes[#doc.classes + 1] = class
end

function tags.field(doc, rest)
  local class = doc.classes[#doc.classes]
  local scope, after = rest:match "^(%l+) (.*)$"
  if scope ~= "private" and scope ~= "protected" then
    after = rest
  end
  local name, optional, following = after:match "^([%w_]+)(%??)%s+(.*)$"
  local kind, text = split_type(following or "any")
  local field = { name = name or after, optional = optional or "", type = kind, text = text }
  if after == rest then
    class.fields[#class.fields + 1] = field
  end
  return field
end

-- A line behind a tag goes on with what that says.
local function add_line(doc, text, last)
  local tag, rest = text:match "^@(%a+)%s*(.*)$"
  doc.raw[#doc.raw + 1] = text
  if tag then
    return tags[tag] and tags[tag](doc, rest)
  elseif last then
    last.text = last.text .. " " .. text:match "^%s*(.*)$"
    return last
  end
  doc.text[#doc.text + 1] = (text:gsub("^ ", ""))
end

local function parse_block(lines)
  local doc = { text = {}, params = {}, returns = {}, overloads = {}, classes = {}, aliases = {}, raw = {} }
  local last
  for _, text in ipairs(lines) do
    last = add_line(doc, text, last)
  end
  return doc
end

-- What a line of code puts where: owner, name, whether by ":", parameters (nil: they are not to be seen).
local function declared(code)
  local owner, mark, name, parameters = code:match "^function ([%w_]+)([.:])([%w_]+)%((.-)%)"
  if owner then
    return owner, name, mark == ":", parameters
  end
  name, parameters = code:match "^local function ([%w_]+)%((.-)%)"
  if name then
    return nil, name, false, parameters
  end
  owner, name, parameters = code:match "^([%w_]+)%.([%w_]+) = [%w_.]*%(?function%((.-)%)"
  if owner then
    return owner, name, false, parameters
  end
  parameters = code:match "^return function%((.-)%)"
  if parameters then
    return nil, "return", false, parameters
  end
  owner, name = code:match "^([%w_]+)%.([%w_]+) = "
  return owner, name, false, nil
end

-- Whether the function that begins there returns something at its own level.
local function returns_value(lines, at)
  for i = at + 1, #lines do
    if lines[i]:find "^end" then
      return false
    elseif lines[i]:find "^  return %S" then
      return true
    end
  end
end

local function name_variables(classes, code)
  local i = 0
  for variable in (code:match "^local ([%w_, ]+) = " or ""):gmatch "[%w_]+" do
    i = i + 1
    if classes[i] then
      classes[i].variable = variable
    end
  end
end

-- Parameters may go over several lines.
local function joined(lines, at)
  local code = lines[at] or ""
  while code:find "function[^)]*$" and lines[at + 1] do
    at = at + 1
    code = code .. " " .. lines[at]:match "^%s*(.*)$"
  end
  return code
end

local function add(found, lines, at, doc)
  local code = joined(lines, at)
  for _, class in ipairs(doc and doc.classes or {}) do
    class.line = at
    found.classes[#found.classes + 1] = class
  end
  for _, alias in ipairs(doc and doc.aliases or {}) do
    found.aliases[#found.aliases + 1] = alias
  end
  name_variables(doc and doc.classes or {}, code)
  local owner, name, method, parameters = declared(code)
  if name then
    found.functions[#found.functions + 1] = {
      owner = owner, name = name, method = method, signature = parameters, line = at, path = found.path,
      doc = doc, returns_value = parameters and returns_value(lines, at),
    }
  end
end

local function lines_of(text)
  local lines = {}
  for line in text:gmatch "([^\n]*)\n" do
    lines[#lines + 1] = line
  end
  return lines
end

local function head_of(lines)
  local head = {}
  for _, line in ipairs(lines) do
    local text = line:match "^%-%- ?([^%-].*)$" or line == "--" and ""
    if not text then
      break
    end
    head[#head + 1] = text
  end
  return head
end

function read.file(path)
  local file = assert(io.open(path))
  local text = file:read "*a"
  file:close()
  local found = { path = path, text = text, functions = {}, classes = {}, aliases = {} }
  local lines, block = lines_of(text), nil
  found.head = head_of(lines)
  found.returned = text:match "\nreturn ([%w_]+)%s*$"
  for at, line in ipairs(lines) do
    local comment = line:match "^%-%-%-(.*)$"
    if comment and not comment:find "^%-" then
      block = block or {}
      block[#block + 1] = comment
    else
      add(found, lines, at, block and parse_block(block))
      block = nil
    end
  end
  return found
end

return read
