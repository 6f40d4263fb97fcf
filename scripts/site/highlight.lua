-- highlight.lua: code as HTML in which comments, texts, numbers and words of the language have a class.
--
--   highlight(code, language) -> html          language: "lua", "c", "sh", "js", "python"; others are only escaped

local WORDS = {
  lua = [[and break do else elseif end false for function goto if in local nil not or repeat return then true until
    while]],
  c = [[auto break case char const continue default do double else enum extern float for if int long return short signed
    sizeof static struct switch typedef union unsigned void volatile while NULL bool true false]],
  sh = "case do done elif else esac exit export fi for if in set then while cd make sudo",
  js = [[async await break case catch class const continue default else export extends false finally for from function
    if import in let new null of return throw true try typeof undefined var while yield]],
  python = [[and as assert async await break class continue def del elif else except False finally for from global if
    import in is lambda None nonlocal not or pass raise return True try while with yield]],
}

-- In order; each gives a token's class for text that begins there.
local QUOTED = { { '^"[^"\\\n]*"', "s" }, { "^'[^'\\\n]*'", "s" }, { '^".-[^\\]"', "s" }, { "^'.-[^\\]'", "s" } }
local SPECIAL = {
  lua = { { "^%-%-%[%[.-%]%]", "c" }, { "^%-%-[^\n]*", "c" }, { "^%[%[.-%]%]", "s" } },
  c = { { "^/%*.-%*/", "c" }, { "^//[^\n]*", "c" }, { "^#%a+[^\n]*", "p" } },
  sh = { { "^#[^\n]*", "c" } },
  js = { { "^/%*.-%*/", "c" }, { "^//[^\n]*", "c" }, { "^`[^`]*`", "s" } },
  python = { { "^#[^\n]*", "c" }, { '^""".-"""', "s" } },
}

local words = {}
for language, text in pairs(WORDS) do
  words[language] = {}
  for word in text:gmatch "%S+" do
    words[language][word] = true
  end
end

local ESCAPES = { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;" }

local function escape(text)
  return (text:gsub('[&<>"]', ESCAPES))
end

local function first_match(rules, code, at)
  for _, rule in ipairs(rules) do
    local found = code:match(rule[1], at)
    if found and found ~= "" then
      return found, rule[2]
    end
  end
end

local function token(code, at, language)
  local found, class = first_match(SPECIAL[language], code, at)
  if not found then
    found, class = first_match(QUOTED, code, at)
  end
  if found then
    return found, class
  end
  local word = code:match("^[%a_][%w_]*", at)
  if word then
    return word, words[language][word] and "k" or nil
  end
  local number = code:match("^%d[%w.]*", at)
  return number or code:sub(at, at), number and "n" or nil
end

-- A class goes on over several lines: each line has its own element, so that lines can be cut out.
local function wrapped(text, class)
  if not class then
    return escape(text)
  end
  return (escape(text):gsub("[^\n]+", function(line)
    return ('<span class="%s">%s</span>'):format(class, line)
  end))
end

return function(code, language)
  if not words[language] then
    return escape(code)
  end
  local out, at = {}, 1
  while at <= #code do
    local text, class = token(code, at, language)
    out[#out + 1] = wrapped(text, class)
    at = at + #text
  end
  return table.concat(out)
end
