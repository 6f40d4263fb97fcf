-- markdown.lua: a page of Markdown as HTML: cmark-gfm makes it, and what a reader wants is added: anchors at headings,
-- colours in code, tables that scroll by themselves.
--
--   markdown.render(path, link, source_of) -> { html, title, headings = { { level, id, text, body } } }
--
-- link(href) gives where a relative link leads to in the site; source_of(heading) a link to its lines, or nil.

local highlight = require "site.highlight"

local markdown = {}

local ENTITIES = { amp = "&", lt = "<", gt = ">", quot = '"' }

local function plain(html)
  return (html:gsub("<[^>]*>", ""):gsub("&(%a+);", ENTITIES))
end

-- As GitHub makes them, so that links in the Markdown hold in both places.
local function slug(text, taken)
  local id = text:lower():gsub("[^%w_ \128-\255-]", ""):gsub(" ", "-")
  taken[id] = (taken[id] or -1) + 1
  return taken[id] == 0 and id or id .. "-" .. taken[id]
end

local function convert(path)
  local pipe = assert(io.popen("cmark-gfm -e table -e strikethrough -e autolink '" .. path .. "'"))
  local html = pipe:read "*a"
  if not pipe:close() or html == "" then
    error("cmark-gfm could not convert " .. path, 0)
  end
  return (html:gsub("<!%-%-.-%-%->\n?", ""))
end

local function colour(attributes, code)
  local language = attributes:match "language%-(%w+)"
  local class = language and "" or ' class="plain"'
  return ('<pre%s tabindex="0"><code>%s</code></pre>'):format(class, highlight(plain(code), language))
end

-- A loop, as `link` looks at files: inside gsub nothing can wait.
local function with_links(html, link)
  local out, at = {}, 1
  for before, href, after in html:gmatch '()<a href="([^"]*)"()' do
    local target = href:find "^%a+:" and href or link(plain(href))
    out[#out + 1] = html:sub(at, before - 1) .. ('<a href="%s"'):format(target)
    at = after
  end
  return table.concat(out) .. html:sub(at)
end

local ANCHOR = '<h%d id="%s">%s<a class="anchor" href="#%s" aria-label="Link to this section">#</a>%s</h%d>'
local SOURCE = '<a class="source" href="%s">source</a>'

local function with_anchors(html, found, source_of)
  local taken = {}
  return (html:gsub("<h(%d)>(.-)</h%d>", function(level, inner)
    local text = plain(inner)
    local id = slug(text, taken)
    found[#found + 1] = { level = tonumber(level), id = id, text = text }
    local source = source_of(text)
    return ANCHOR:format(level, id, inner, id, source and SOURCE:format(source) or "", level)
  end))
end

-- What stands below each heading, for the search.
local function add_bodies(html, headings)
  for _, heading in ipairs(headings) do
    local at = html:find('id="' .. heading.id .. '"', 1, true)
    local first = html:find(">", html:find("</h%d>", at), true) + 1
    local last = html:find("<h[1-6] id=", first) or #html + 1
    heading.body = plain(html:sub(first, last - 1)):gsub("%s+", " ")
  end
end

local PAIR = '<div class="pair"><div><p>%s</p>%%1</div>\n<div><p>Neap</p>%%2</div></div>'

-- Of a "coming from": theirs and ours, side by side.
local function with_pairs(html, title)
  local theirs = title:match "^Coming from (.*)$" or "Theirs"
  return (html:gsub("(<pre [^>]*>.-</pre>)\n(<pre [^>]*>.-</pre>)", (PAIR:format(theirs))))
end

local TABLE = '<div class="wide" role="region" aria-label="Table" tabindex="0">%1</div>'

function markdown.render(path, link, source_of)
  local headings = {}
  local html = convert(path):gsub("<pre><code([^>]*)>(.-)</code></pre>", colour)
  html = with_links(html, link):gsub("(<table>.-</table>)", TABLE)
  html = with_anchors(html, headings, source_of)
  add_bodies(html, headings)
  local title = headings[1] and headings[1].text or path
  if path:find "/coming%-from/" then
    html = with_pairs(html, title)
  end
  return { html = html, headings = headings, title = title }
end

return markdown
