-- page.lua: a module's page of docs/reference, and the index of the pages, as Markdown.
--
--   page.module(module, classes) -> text       classes: which page has a class, { [name] = module name }
--   page.index(modules) -> text

local page = {}

local function made_from(module)
  return ("<!-- Made by scripts/reference.lua from %s. -->\n"):format(module.path)
end

-- GitHub's rule, which the site follows.
local function slug(heading)
  return (heading:lower():gsub("[^%w_ -]", ""):gsub(" ", "-"))
end

-- Prose

-- Comments are no Markdown but for their code: what would be HTML or emphasis stays as it stands.
local function literal(text)
  local out = {}
  for plain, code in (text .. "``"):gmatch "([^`]*)(`[^`]*`)" do
    out[#out + 1] = plain:gsub("[<*]", "\\%0"):gsub("__", "\\_\\_") .. code
  end
  local joined = table.concat(out)
  return joined:sub(-2) == "``" and joined:sub(1, -3) or text
end

-- The lines of code between others: Lua if they are that, else an overview of names.
local function fence(code)
  local text = table.concat(code, "\n"):gsub("\n+$", "")
  local info = load(text) and "lua no-run (an outline)" or ""
  return ("```%s\n%s\n```"):format(info, text)
end

local function overview(text)
  local out, code = {}, {}
  for line in (text .. "\n"):gmatch "([^\n]*)\n" do
    local inner = line:match "^  (.*)$"
    if inner or (line == "" and code[1]) then
      code[#code + 1] = inner or ""
    else
      if code[1] then
        out[#out + 1] = fence(code) .. "\n"
        code = {}
      end
      out[#out + 1] = literal(line)
    end
  end
  if code[1] then
    out[#out + 1] = fence(code)
  end
  return table.concat(out, "\n")
end

-- What a reader of the sources needs, and nobody else.
local function public_part(text)
  local kept = {}
  for paragraph in (text .. "\n\n"):gmatch "(.-)\n\n+" do
    if not paragraph:find "^neap/" and not paragraph:find "bindings/" then
      kept[#kept + 1] = paragraph
    end
  end
  return table.concat(kept, "\n\n")
end

-- Lines indented by four spaces are an example, which t/60-docs.t runs, unless it begins with "-- not run: reason".
local function prose(lines)
  local out, code = {}, nil
  for _, line in ipairs(lines) do
    local inner = line:match "^    (.*)$"
    local reason = inner and not code and inner:match "^%-%- not run: (.*)$"
    if inner and not code then
      out[#out + 1], code = "```lua" .. (reason and " no-run (" .. reason .. ")" or ""), true
    elseif not inner and code then
      out[#out + 1], code = "```", nil
    end
    if not reason then
      out[#out + 1] = inner or literal(line)
    end
  end
  if code then
    out[#out + 1] = "```"
  end
  return (table.concat(out, "\n"):gsub("^%s+", ""):gsub("%s+$", ""))
end

-- Signatures

local function parameters_of(entry)
  local list = {}
  for _, param in ipairs(entry.doc.params) do
    if param.name ~= "self" then
      list[#list + 1] = param.name .. param.optional
    end
  end
  local of_type = entry.doc.type and entry.doc.type:match "^fun%((.-)%)"
  for name in (of_type or ""):gmatch "([%w_%.]+%??)%s*:" do
    list[#list + 1] = name
  end
  return table.concat(list, ", ")
end

-- Behind a type stands the result's name, or a description at once: that begins with one of these.
local NO_NAMES = {}
for word in ("a an the how what which where when whether who that of in as is or and all every"):gmatch "%l+" do
  NO_NAMES[word] = true
end

local function result_name(result)
  local name = result.text:match "^[%l_][%l%d_]*%f[^%l%d_]" or result.text:match "^%.%.%."
  return name and not NO_NAMES[name] and name or result.type
end

local function results_of(entry)
  local list, returns = {}, entry.doc.returns
  for i, result in ipairs(returns) do
    list[i] = result_name(result)
  end
  local last = returns[#returns]
  if #list == 2 and last.type:find "neap.Error" and (returns[1].type:find "%?$" or returns[1].type:find "|nil$") then
    list[1] = list[1]:gsub("%?$", ""):gsub("|nil$", "") .. " | nil"
    list[2] = "err"
  end
  list[1] = list[1] or entry.doc.type and entry.doc.type:match "^fun%(.-%)%s*:%s*(.*)$"
  return list[1] and " -> " .. table.concat(list, ", ") or ""
end

-- Entries

local function linked(kind, classes)
  local code = "`" .. kind .. "`"
  if kind:find "^fun%(" then
    return code
  end
  for name in kind:gmatch "neap%.[%w_.]*[%w_]" do
    if classes[name] then
      return ("[%s](%s.md#%s)"):format(code, classes[name], slug(name))
    end
  end
  return code
end

local function item(name, kind, text, classes)
  local line = "- " .. (name and "`" .. name .. "`: " or "") .. linked(kind, classes)
  return line .. (text ~= "" and (name and ", " or " ") .. literal(text) or "") .. "\n"
end

local function details(doc, classes)
  local params, returns = {}, {}
  for _, param in ipairs(doc.params) do
    if param.name ~= "self" then
      params[#params + 1] = item(param.name .. param.optional, param.type, param.text, classes)
    end
  end
  for _, result in ipairs(doc.returns) do
    returns[#returns + 1] = item(nil, result.type, result.text, classes)
  end
  local text = params[1] and "\n" .. table.concat(params) or ""
  return text .. (returns[1] and "\nReturns:\n\n" .. table.concat(returns) or "")
end

local function entry_text(heading, call, entry, classes)
  local text = ("%s\n\n```\n%s(%s)%s\n```\n"):format(heading, call, parameters_of(entry), results_of(entry))
  local description = prose(entry.doc.text)
  text = text .. (description ~= "" and "\n" .. description .. "\n" or "") .. details(entry.doc, classes)
  for _, overload in ipairs(entry.doc.overloads) do
    text = text .. "\nAlso: `" .. overload .. "`\n"
  end
  return text
end

local function function_text(module, entry, classes)
  local name = module.is_function and module.name or module.name .. "." .. entry.name
  return entry_text("## " .. name, name, entry, classes)
end

local function class_text(class, classes)
  local text = "## " .. class.name .. "\n"
  local description = prose(class.text)
  if class.parent then
    text = text .. "\nIs a " .. linked(class.parent, classes) .. " too.\n"
  end
  text = text .. (description ~= "" and "\n" .. description .. "\n" or "")
  local fields = {}
  for i, field in ipairs(class.fields) do
    fields[i] = item(field.name .. field.optional, field.type, field.text, classes)
  end
  text = text .. (fields[1] and "\n" .. table.concat(fields) or "")
  local object = class.name:match "[^.]*$":lower()
  for _, method in ipairs(class.methods) do
    local name = object .. ":" .. method.name
    text = text .. (method.doc and "\n" .. entry_text("### " .. name, name, method, classes) or "")
  end
  return text
end

local function alias_text(alias)
  local description = prose(alias.text)
  return ("## %s\n\n```\n%s\n```\n"):format(alias.name, alias.type) ..
    (description ~= "" and "\n" .. description .. "\n" or "")
end

function page.module(module, classes)
  local parts = { made_from(module) .. "# neap." .. module.name .. "\n\n" .. module.title .. "\n" }
  local text = overview(public_part(module.text)):gsub("^%s+", ""):gsub("%s+$", "")
  parts[#parts + 1] = text ~= "" and text .. "\n" or nil
  for _, entry in ipairs(module.functions) do
    parts[#parts + 1] = entry.doc and function_text(module, entry, classes)
  end
  for _, class in ipairs(module.classes) do
    parts[#parts + 1] = class_text(class, classes)
  end
  for _, alias in ipairs(module.aliases) do
    parts[#parts + 1] = alias_text(alias)
  end
  return table.concat(parts, "\n")
end

function page.index(modules)
  local lines = { "<!-- Made by scripts/reference.lua from lua/neap. -->", "# Reference", "",
    "The modules that a script can `require`. Their functions wait, or take a callback as the last argument:",
    "[waiting](../waiting.md). What fails is `nil, err`: [errors](../errors.md).", "", "| module | |", "|---|---|" }
  for _, module in ipairs(modules) do
    lines[#lines + 1] = ("| [neap.%s](%s.md) | %s |"):format(module.name, module.name, (module.title:gsub("|", "\\|")))
  end
  lines[#lines + 1] = "| [uv](uv/README.md) | libuv under luv's names, for programs written for luv. |"
  return table.concat(lines, "\n") .. "\n"
end

return page
