-- layout.lua: a page around its text: header with search, navigation, contents, previous and next.
--
--   layout(page, sections, neighbours) -> html
--
-- A page is { out, title, html, headings }; out is where it is in the site, by which all links are relative.

local highlight = require "site.highlight"

local function escape(text)
  return highlight(text, nil)
end

-- From a page's folder to a file of the site.
local function relative(from, to)
  local _, depth = from:gsub("/", "")
  return ("../"):rep(depth) .. to
end

local function navigation(page, sections)
  local out = {}
  for _, section in ipairs(sections) do
    out[#out + 1] = ("<h2>%s</h2>\n<ul>"):format(escape(section.title))
    for _, other in ipairs(section.pages) do
      local current = other.out == page.out and ' aria-current="page"' or ""
      local href = relative(page.out, other.out)
      out[#out + 1] = ('<li><a href="%s"%s>%s</a></li>'):format(href, current, escape(other.label or other.title))
    end
    out[#out + 1] = "</ul>"
  end
  return table.concat(out, "\n")
end

local function contents(page)
  local out = {}
  for _, heading in ipairs(page.headings) do
    if heading.level == 2 or heading.level == 3 then
      out[#out + 1] = ('<li class="level%d"><a href="#%s">%s</a></li>')
        :format(heading.level, heading.id, escape(heading.text))
    end
  end
  if #out < 2 then
    return ""
  end
  return '<nav class="contents" aria-label="On this page"><h2>On this page</h2>\n<ul>' .. table.concat(out, "\n")
    .. "</ul></nav>"
end

local function neighbour(page, other, class, word)
  if not other then
    return ""
  end
  return ('<a class="%s" rel="%s" href="%s"><span>%s</span> %s</a>'):format(class, class,
    relative(page.out, other.out), word, escape(other.label or other.title))
end

local PAGE = [[
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title} · Neap</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="{root}style.css">
<script>try { document.documentElement.dataset.theme = localStorage.getItem("theme") || ""; } catch (e) {}</script>
</head>
<body data-root="{root}">
<a class="skip" href="#main">Skip to the text</a>
<header>
<button type="button" id="menu" aria-expanded="false" aria-controls="navigation">Menu</button>
<a class="home" href="{root}index.html">Neap</a>
<div class="search" role="search">
<input type="search" id="query" placeholder="Search (/)" aria-label="Search the documentation" autocomplete="off"
 role="combobox" aria-expanded="false" aria-controls="results">
<ul id="results" role="listbox" aria-label="Results" hidden></ul>
</div>
<button type="button" id="theme" aria-label="Light or dark">◐</button>
</header>
<div class="columns">
<nav id="navigation" aria-label="All pages">
{navigation}
</nav>
<main id="main" tabindex="-1">
{html}
<nav class="neighbours" aria-label="Previous and next page">{previous}{next}</nav>
</main>
{contents}
</div>
<script src="{root}index.js" defer></script>
<script src="{root}site.js" defer></script>
</body>
</html>
]]

return function(page, sections, neighbours)
  local values = {
    title = escape(page.title), root = relative(page.out, ""), html = page.html, contents = contents(page),
    navigation = navigation(page, sections),
    previous = neighbour(page, neighbours.previous, "prev", "Previous:"),
    next = neighbour(page, neighbours.next, "next", "Next:"),
  }
  return (PAGE:gsub("{(%l+)}", values))
end
