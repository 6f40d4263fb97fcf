-- neap.inspect.text -- strings and numbers as readable text.
--
--   text.quoted(value, length)           a string as Lua source
--   text.visible(value, escaped)         a string with what a terminal would not show made visible
--   text.number(n)                       the shortest decimal that reads back the same
--   text.columns(value)                  characters
--
-- The functions of `string` are taken once: scripts may change what ("").gsub is.

local byte, concat, find, format = string.byte, table.concat, string.find, string.format
local gsub, sub = string.gsub, string.sub

local text_of = {}

local ESCAPES = { ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t", ["\\"] = "\\\\", ['"'] = '\\"' }

-- RFC 3629 4; U+0080 to U+009F are left out: terminals obey them
local SEQUENCES = {
  "^\194[\160-\191]", "^[\195-\223][\128-\191]",
  "^\224[\160-\191][\128-\191]", "^[\225-\236\238\239][\128-\191][\128-\191]", "^\237[\128-\159][\128-\191]",
  "^\240[\144-\191][\128-\191][\128-\191]", "^[\241-\243][\128-\191][\128-\191][\128-\191]",
  "^\244[\128-\143][\128-\191][\128-\191]",
}

local function escape(char)
  return ESCAPES[char] or format("\\x%02x", byte(char))
end

local function escape_invalid(run)
  local out, i = {}, 1
  while i <= #run do
    local last
    for s = 1, #SEQUENCES do
      last = select(2, find(run, SEQUENCES[s], i))
      if last then break end
    end
    out[#out + 1] = last and sub(run, i, last) or escape(sub(run, i, i))
    i = (last or i) + 1
  end
  return concat(out)
end

---Text with every byte escaped that a terminal would obey, or could not show.
---@param text string
---@param escaped? string pattern of the characters below 128 to escape ("%c")
---@return string
function text_of.visible(text, escaped)
  text = gsub(text, escaped or "%c", escape)
  return (gsub(text, "[\128-\255]+", escape_invalid))
end

---A string as Lua source, at most `length` bytes of it.
---@param text string
---@param length integer
---@return string
function text_of.quoted(text, length)
  local more = #text - length
  if more > 0 then text = sub(text, 1, length) end
  local single = find(text, '"', 1, true) and not find(text, "'", 1, true)
  text = single and "'" .. text_of.visible(text, "[%c\\]") .. "'" or '"' .. text_of.visible(text, '[%c\\"]') .. '"'
  return more > 0 and format("%s… (%d more bytes)", text, more) or text
end

---The shortest decimal that reads back as the same number.
---@param n number
---@return string
function text_of.number(n)
  if n ~= n then return "nan" end                -- LuaJIT may write "-nan"
  if n % 1 == 0 and n > -2^53 and n < 2^53 then return format("%.0f", n) end
  for digits = 14, 16 do
    local text = format("%." .. digits .. "g", n)
    if tonumber(text) == n then return text end
  end
  return format("%.17g", n)
end

---Columns on a terminal, as far as bytes can tell: characters, wide ones counted once.
---@param text string
---@return integer
function text_of.columns(text)
  return #gsub(text, "[\128-\191]", "")
end

return text_of
