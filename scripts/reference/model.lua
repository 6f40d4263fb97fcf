-- model.lua: the public modules, what each of them holds, and what is missing in their annotations.
--
--   model.read(folder) -> modules, complaints
--
-- A module is public when it is a file lua/neap/NAME.lua whose first line begins with "-- neap.NAME:" (an internal one
-- names its file there: "-- boot.lua:"). The files in lua/neap/NAME/ are its parts. Its functions are those that the
-- loaded module has; a class is public when a public function's annotations name it, or those of a public class.
--
--   a module   { name, title, text, functions, classes, aliases, sources }
--   a class    { name, parent, text, fields, methods }

local fs = require "neap.fs"
local read = require "reference.read"

local model = {}

local complaints

local function complain(entry, what)
  complaints[#complaints + 1] = ("%s:%d: %s"):format(entry.path, entry.line, what)
end

local function add_sources(sources, folder)
  local entries = fs.list(folder)
  for _, entry in ipairs(entries or {}) do
    local path = folder .. "/" .. entry.name
    if entry.type == "directory" then
      add_sources(sources, path)
    elseif path:find "%.lua$" then
      sources[#sources + 1] = read.file(path)
    end
  end
  return sources
end

-- "neap.net: TCP" and "neap.http -- HTTP": the first sentence, and what follows it.
local function head_of(name, head)
  local text = table.concat(head, "\n"):gsub("^neap%." .. name .. ":?[ %-]*", "")
  local title, rest = text:match "^(.-%.)%s(.*)$"
  if not title or title:find "\n\n" then
    title, rest = text:match "^(.-)\n\n(.*)$"
  end
  title = (title or text):gsub("\n", " ")
  return title:sub(1, 1):upper() .. title:sub(2), rest or ""
end

local function open_module(folder, file)
  local name = file:match "^(.*)%.lua$"
  local source = read.file(folder .. "/" .. file)
  if not (source.head[1] or ""):find("^neap%." .. name .. "[: ]") then
    return nil
  end
  local module = { name = name, functions = {}, classes = {}, aliases = {}, path = source.path }
  module.title, module.text = head_of(name, source.head)
  module.sources = add_sources({ source }, folder .. "/" .. name)
  return module
end

-- Classes

local function last_word(name)
  return name:match "[^.]*$":lower()
end

local function class_of(source, owner)
  for _, class in ipairs(owner and owner ~= source.returned and source.classes or {}) do
    if class.variable == owner or last_word(class.name) == owner:lower() then
      return class
    end
  end
end

local function is_hidden(entry)
  local raw = entry.doc and table.concat(entry.doc.raw, "\n") or ""
  return entry.name:sub(1, 1) == "_" or raw:find "@private" or raw:find "@package"
end

-- All classes of a module's files by name; one may be opened again further down.
local function collect_classes(module, all)
  for _, source in ipairs(module.sources) do
    for _, alias in ipairs(source.aliases) do
      table.insert(module.aliases, alias)
    end
    for _, class in ipairs(source.classes) do
      local known = all[class.name]
      if not known then
        known = { name = class.name, parent = class.parent, text = {}, fields = {}, methods = {}, module = module }
        known.path, known.line = source.path, class.line
        all[class.name] = known
        all[#all + 1] = known
      end
      for _, line in ipairs(class.text) do table.insert(known.text, line) end
      for _, field in ipairs(class.fields) do table.insert(known.fields, field) end
    end
  end
end

local function collect_methods(module, all)
  for _, source in ipairs(module.sources) do
    for _, entry in ipairs(source.functions) do
      local class = class_of(source, entry.owner)
      if class and not is_hidden(entry) then
        table.insert(all[class.name].methods, entry)
      end
    end
  end
end

local function note_types(doc, used)
  for _, line in ipairs(doc and doc.raw or {}) do
    for name in line:gmatch "neap%.[%w_.]*[%w_]" do
      used[name] = true
    end
  end
end

local function note_class(class, used)
  used[class.parent or ""] = true
  for _, field in ipairs(class.fields) do
    note_types({ raw = { field.type } }, used)
  end
  for _, method in ipairs(class.methods) do
    note_types(method.doc, used)
  end
end

local function choose_classes(modules, all)
  local used, done = {}, {}
  for _, module in ipairs(modules) do
    for _, entry in ipairs(module.functions) do
      note_types(entry.doc, used)
    end
    for _, alias in ipairs(module.aliases) do
      note_types({ raw = { alias.type } }, used)
    end
  end
  local again = true
  while again do
    again = false
    for _, class in ipairs(all) do
      if used[class.name] and not done[class.name] then
        done[class.name], again = true, true
        note_class(class, used)
      end
    end
  end
  for _, class in ipairs(all) do
    if done[class.name] then
      table.insert(class.module.classes, class)
    end
  end
end

-- Functions

-- Where a function of the loaded module is written: in the module's own file, or in a part.
local function find_entry(module, name)
  local bare
  for _, source in ipairs(module.sources) do
    for _, entry in ipairs(source.functions) do
      local wanted = name == "return" and source == module.sources[1] and source.returned or name
      if (entry.name == wanted or entry.name == name) and not class_of(source, entry.owner) then
        if entry.doc then
          return entry
        end
        bare = bare or entry
      end
    end
  end
  return bare
end

local function position(module, entry)
  for i, source in ipairs(module.sources) do
    if source.path == entry.path then
      return i * 100000 + entry.line
    end
  end
end

local function collect_functions(module)
  local loaded = require("neap." .. module.name)
  module.is_function = type(loaded) == "function"
  for name, value in pairs(module.is_function and { ["return"] = loaded } or loaded) do
    if type(value) == "function" then
      local entry = find_entry(module, name)
      if entry then
        table.insert(module.functions, entry)
      else
        complain({ path = module.path, line = 1 }, ("neap.%s.%s is written nowhere in it"):format(module.name, name))
      end
    end
  end
  table.sort(module.functions, function(a, b)
    return position(module, a) < position(module, b)
  end)
end

-- What is missing

local function check_parameters(entry, what)
  local expected, given = 0, #entry.doc.params
  for name in entry.signature:gmatch "[%w_]+" do
    expected = name == "_" and expected or expected + 1
  end
  if entry.signature:find "%.%.%." then
    expected = expected + 1
  end
  if given < expected then
    complain(entry, what .. " has parameters without ---@param")
  end
end

local function check_entry(entry, what)
  local doc = entry.doc
  if not doc then
    return complain(entry, what .. " has no description")
  end
  if not table.concat(doc.text):find "%S" and not (doc.returns[1] and doc.returns[1].text:find "%S") then
    complain(entry, what .. " has no description")
  end
  if entry.signature then
    check_parameters(entry, what)
  end
  if entry.returns_value and not doc.returns[1] then
    complain(entry, what .. " has no ---@return")
  elseif not entry.signature and not doc.type and not doc.returns[1] and not doc.params[1] then
    complain(entry, what .. " has neither ---@param nor ---@return nor ---@type")
  end
end

local function check(modules)
  for _, module in ipairs(modules) do
    if not module.title:find "%S" then
      complain({ path = module.path, line = 1 }, "its first comment says nothing")
    end
    for _, entry in ipairs(module.functions) do
      check_entry(entry, ("neap.%s.%s"):format(module.name, entry.name))
    end
    for _, class in ipairs(module.classes) do
      for _, method in ipairs(class.methods) do
        check_entry(method, class.name .. ":" .. method.name)
      end
    end
  end
end

-- The methods of C's objects, as they are when everything is loaded: none may be without annotation.
local function check_native(all)
  for name, meta in pairs(debug.getregistry()) do
    local methods = type(name) == "string" and name:find "^neap%." and type(meta) == "table" and rawget(meta, "__index")
    local class = type(methods) == "table" and all[name] or nil
    for _, each in ipairs(type(methods) == "table" and not class and all or {}) do
      class = last_word(each.name) == last_word(name) and each or class
    end
    local known = {}
    for _, list in ipairs(class and { class.methods, class.fields } or {}) do
      for _, each in ipairs(list) do
        known[each.name] = true
      end
    end
    for method in pairs(class and methods or {}) do
      if type(method) == "string" and method:sub(1, 1) ~= "_" and not known[method] then
        complain(class, ("%s:%s has no annotation"):format(class.name, method))
      end
    end
  end
end

function model.read(folder)
  local modules, all = {}, {}
  complaints = {}
  for _, entry in ipairs(assert(fs.list(folder))) do
    local module = entry.name:find "%.lua$" and open_module(folder, entry.name)
    if module then
      modules[#modules + 1] = module
    end
  end
  for _, module in ipairs(modules) do
    collect_classes(module, all)
  end
  for _, module in ipairs(modules) do
    collect_methods(module, all)
    collect_functions(module)
  end
  choose_classes(modules, all)
  check(modules)
  check_native(all)
  return modules, complaints
end

return model
