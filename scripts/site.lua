-- scripts/site.lua: the documentation as static HTML in build/docs, from the Markdown in the tree.
--
--   build/neap scripts/site.lua [folder]
--
-- The site mirrors the tree: docs/waiting.md is docs/waiting.html, a README.md is index.html, and a file that is linked
-- to (examples/echo.lua) is a page with numbered lines. The navigation is what docs/README.md links to, in its order,
-- then the reference. A link that leads nowhere, and a guide that docs/README.md does not have, are errors.

local fs, path, task = require "neap.fs", require "neap.path", require "neap.task"
local json = require "cjson"
local highlight = require "site.highlight"
local layout = require "site.layout"
local markdown = require "site.markdown"

local OUT = arg[1] or "build/docs"
local BODY = 1500                                -- bytes of a section that the search looks at
local LANGUAGES = { lua = "lua", c = "c", h = "c", sh = "sh", js = "js", py = "python" }

local pages, sources, failed = {}, {}, false     -- by path in the tree

local function complain(text)
  io.stderr:write("site: ", text, "\n")
  failed = true
end

-- Where things are

local function out_of(at)
  local folder = at:match "^(.*)README%.md$"
  return folder and folder .. "index.html" or (at:gsub("%.md$", "") .. ".html")
end

local function kind_of(at)
  local stat = fs.stat(at)
  return stat and stat.type
end

-- The page of the site for a file or folder of the tree, or nil.
local function page_of(at)
  local kind = kind_of(at)
  if kind == "directory" then
    local readme = at == "." and "README.md" or at .. "/README.md"
    if kind_of(readme) then
      return page_of(readme)
    end
    sources[at] = at .. "/index.html"
    return sources[at]
  elseif pages[at] then
    return pages[at].out
  elseif kind then
    sources[at] = at .. ".html"
    return sources[at]
  end
end

local function linker(from)
  return function(href)
    local target, anchor = href:match "^([^#]*)(#?.*)$"
    if target == "" then
      return href
    end
    local at = path.join(path.dirname(from), target)
    local out = page_of(at)
    if not out then
      complain(from .. ": " .. href .. " does not exist")
      return href
    end
    return path.relative(path.dirname(out_of(from)), out) .. anchor
  end
end

-- Of the reference: from a heading to the line that defines what it names.
local function source_finder(at, text)
  local named = text:match "Made by %S+ from (lua/%S+%.lua)"
  if not named then
    return function() end
  end
  local lines, number = {}, 0
  for line in io.lines(named) do
    number = number + 1
    local name = line:match "^function [%w_]+[.:]([%w_]+)%(" or line:match "^[%w_]+%.([%w_]+) = "
    if name then
      lines[name] = lines[name] or number
    end
  end
  local out = path.relative(path.dirname(out_of(at)), page_of(named))
  return function(heading)
    local line = lines[heading:match "[.:]([%w_]+)$" or ""]
    return line and ("%s#L%d"):format(out, line)
  end
end

-- Which pages there are

local function add_page(at, label)
  if not pages[at] then
    pages[at] = { at = at, out = out_of(at), label = label }
  end
  return pages[at]
end

-- The links of a page to others of it, as sections by its headings.
local function sections_of(at)
  local sections = {}
  for line in io.lines(at) do
    local title = line:match "^##? (.*)$"
    if title then
      sections[#sections + 1] = { title = title, pages = {} }
    end
    local label, target = line:match "^| %[(.-)%]%(([^)]*)%)"
    if target and target:find "%.md$" then
      table.insert(sections[#sections].pages, add_page(path.join(path.dirname(at), target), label))
    end
  end
  return sections
end

local function pages_in(folder)
  local list = {}
  for _, entry in ipairs(assert(fs.list(folder))) do
    if entry.name:find "%.md$" and entry.name ~= "README.md" then
      list[#list + 1] = add_page(folder .. "/" .. entry.name, entry.name:match "^(.*)%.md$")
    end
  end
  table.sort(list, function(a, b)
    return a.at < b.at
  end)
  return list
end

local function check_guides()
  for _, folder in ipairs { "docs", "docs/coming-from" } do
    for _, entry in ipairs(assert(fs.list(folder))) do
      local at = folder .. "/" .. entry.name
      if entry.name:find "%.md$" and not pages[at] then
        complain("docs/README.md does not link to " .. at)
      end
    end
  end
end

local function collect()
  local sections = {}
  add_page("README.md", "Neap")
  add_page("docs/README.md", "Overview")
  for _, from in ipairs { "docs/README.md", "docs/reference/README.md" } do
    add_page(from, from:find "reference" and "All modules" or "Overview")
    for _, section in ipairs(sections_of(from)) do
      if section.pages[1] then
        sections[#sections + 1] = section
      end
    end
  end
  table.insert(sections[1].pages, 1, pages["docs/README.md"])
  table.insert(sections[#sections].pages, 1, pages["docs/reference/README.md"])
  sections[#sections + 1] = { title = "uv, in detail", pages = pages_in "docs/reference/uv" }
  local project = { title = "Project", pages = {} }
  for _, at in ipairs { "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", "bindings/README.md", "bench/README.md" } do
    table.insert(project.pages, add_page(at, at:find "/" and at:match "^(%l+)/" or at:match "^(%u)" ..
      at:match "^%u(%u*)":lower()))
  end
  sections[#sections + 1] = project
  check_guides()
  return sections
end

-- Writing

local function write(at, text)
  local file = OUT .. "/" .. at
  assert(fs.mkdir(path.dirname(file), { parents = true }))
  assert(fs.write_file(file, text, { atomic = false }))
end

local function render(page)
  local text = assert(fs.read_file(page.at))
  local made = markdown.render(page.at, linker(page.at), source_finder(page.at, text))
  page.html, page.headings, page.title = made.html, made.headings, made.title
end

local function listing(at)
  local names = {}
  for _, entry in ipairs(assert(fs.list(at))) do
    names[#names + 1] = entry.name
  end
  table.sort(names)
  for i, name in ipairs(names) do
    local out = page_of(at .. "/" .. name)
    names[i] = ('<li><a href="%s">%s</a></li>'):format(path.relative(at, out), name)
  end
  return "<ul>\n" .. table.concat(names, "\n") .. "\n</ul>"
end

local function numbered(at)
  local code = highlight(assert(fs.read_file(at)), LANGUAGES[at:match "%.(%w+)$" or ""])
  local number = 0
  code = code:gsub("([^\n]*)\n", function(line)
    number = number + 1
    return ('<span class="line" id="L%d">%s</span>\n'):format(number, line)
  end)
  return '<pre class="numbered" tabindex="0"><code>' .. code .. "</code></pre>"
end

-- Files that pages link to. A listing finds more of them.
local function write_sources(sections)
  local written = {}
  while next(sources) do
    local at, out = next(sources)
    sources[at] = nil
    if not written[at] then
      written[at] = true
      local html = kind_of(at) == "directory" and listing(at) or numbered(at)
      local page = { out = out, title = at, headings = {}, html = "<h1>" .. at .. "</h1>\n" .. html }
      write(out, layout(page, sections, {}))
    end
  end
end

local function search_index(ordered)
  local entries = {}
  for _, page in ipairs(ordered) do
    for _, heading in ipairs(page.headings) do
      entries[#entries + 1] = {
        page = page.label or page.title, title = heading.text, text = heading.body:sub(1, BODY),
        at = page.out .. (heading.level > 1 and "#" .. heading.id or ""),
      }
    end
  end
  return "window.neapIndex = " .. json.encode(entries) .. ";\n"
end

local function in_order(sections)
  local ordered = { pages["README.md"] }
  for _, section in ipairs(sections) do
    for _, page in ipairs(section.pages) do
      if not page.ordered then
        page.ordered = true
        ordered[#ordered + 1] = page
      end
    end
  end
  return ordered
end

if kind_of(OUT) then
  assert(fs.remove(OUT, { recursive = true }))
end
local sections = collect()
local ordered = in_order(sections)
task.map(ordered, { limit = 4 }, render)
for i, page in ipairs(ordered) do
  write(page.out, layout(page, sections, { previous = ordered[i - 1], next = ordered[i + 1] }))
end
write_sources(sections)
write("index.js", search_index(ordered))
for _, name in ipairs { "style.css", "site.js" } do
  write(name, assert(fs.read_file("scripts/site/" .. name)))
end
print(("%s/index.html: %d pages"):format(OUT, #ordered))
os.exit(failed and 1 or 0)
