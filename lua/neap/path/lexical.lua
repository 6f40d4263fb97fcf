-- neap.path.lexical: what paths are made of, for neap.path: the names along them.
--
--   strip(text) -> text                     without slashes at the end
--   reduced(text) -> names, absolute        after "." and ".." were carried out
--   normalize(text) -> text                 shared(names, names) -> how many are the same, from the first on

local concat, sub = table.concat, string.sub

local lexical = {}

-- Without slashes at the end, but for the root's.
function lexical.strip(text)
  local last = #text
  while last > 1 and sub(text, last, last) == "/" do
    last = last - 1
  end
  return sub(text, 1, last)
end

-- The names that are left when "." and ".." are carried out; above the root is the root.
function lexical.reduced(text)
  local absolute, out, n = sub(text, 1, 1) == "/", {}, 0
  for name in text:gmatch "[^/]+" do
    if name == ".." and n > 0 and out[n] ~= ".." then
      out[n], n = nil, n - 1
    elseif name ~= "." and not (name == ".." and absolute) then
      n = n + 1
      out[n] = name
    end
  end
  return out, absolute
end

function lexical.normalize(text)
  local list, absolute = lexical.reduced(text)
  local whole = concat(list, "/")
  if absolute then
    return "/" .. whole
  end
  return whole ~= "" and whole or "."
end

function lexical.shared(a, b)
  local n = 0
  while a[n + 1] ~= nil and a[n + 1] == b[n + 1] do
    n = n + 1
  end
  return n
end

return lexical
