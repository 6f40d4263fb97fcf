-- types.lua: a module as lua-language-server reads it: its annotations above functions without bodies.

local types = {}

local RESERVED = { ["end"] = true, ["repeat"] = true, ["function"] = true, ["in"] = true }

local function commented(lines)
  local out = {}
  for i, line in ipairs(lines) do
    out[i] = "---" .. line .. "\n"
  end
  return table.concat(out)
end

local function parameters(entry)
  local list = {}
  for _, param in ipairs(entry.doc.params) do
    if param.name ~= "self" then
      list[#list + 1] = RESERVED[param.name] and param.name .. "_" or param.name
    end
  end
  return table.concat(list, ", ")
end

local function without_self(lines)
  local out = {}
  for _, line in ipairs(lines) do
    if not line:find "^@param self " then
      out[#out + 1] = line
    end
  end
  return out
end

local function declaration(name, entry)
  if entry.doc.type then
    return commented(entry.doc.raw) .. name:gsub(":", ".") .. " = function() end\n"
  end
  return commented(without_self(entry.doc.raw)) .. ("function %s(%s) end\n"):format(name, parameters(entry))
end

local function class_text(class)
  local variable = class.name:gsub("%.", "_")
  local parent = class.parent and ": " .. class.parent or ""
  local text = commented(class.text) .. "---@class " .. class.name .. parent .. "\n"
  for _, field in ipairs(class.fields) do
    local line = ("---@field %s%s %s %s"):format(field.name, field.optional, field.type, field.text)
    text = text .. line:gsub(" $", "") .. "\n"
  end
  if class.methods[1] then
    text = text .. "local " .. variable .. " = {}\n"
  end
  for _, method in ipairs(class.methods) do
    text = text .. (method.doc and "\n" .. declaration(variable .. ":" .. method.name, method) or "")
  end
  return text
end

function types.module(module)
  local name = module.name
  local parts = { ("---@meta neap.%s\n-- Made by scripts/reference.lua from %s: for editors, never run.\n")
    :format(name, module.path) }
  for _, alias in ipairs(module.aliases) do
    parts[#parts + 1] = commented(alias.text) .. ("---@alias %s %s\n"):format(alias.name, alias.type)
  end
  for _, class in ipairs(module.classes) do
    parts[#parts + 1] = class_text(class)
  end
  parts[#parts + 1] = not module.is_function and ("---%s\nlocal %s = {}\n"):format(module.title, name) or nil
  for _, entry in ipairs(module.functions) do
    local prefix = module.is_function and "local function " .. name or name .. "." .. entry.name
    local text = entry.doc and declaration(prefix, entry)
    parts[#parts + 1] = text and text:gsub("function local function", "local function")
  end
  parts[#parts + 1] = "return " .. name .. "\n"
  return table.concat(parts, "\n")
end

return types
