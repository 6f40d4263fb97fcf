-- neap.test.excerpt -- the lines of source around a place, the place underlined.
--
--   excerpt(text, line)  ->    11 |   local sum = add(1, 2)
--                            > 12 |   test.equal(sum, 4)
--                                 |   ^^^^^^^^^^^^^^^^^^
--                              13 | end)

local text_of = require "neap.inspect.text"

local AROUND, WIDTH = 2, 100

local function lines_near(text, line)
  local lines, number = {}, 0
  for source in (text .. "\n"):gmatch "(.-)\r?\n" do
    number = number + 1
    if number > line + AROUND then break end
    if number >= line - AROUND then lines[number] = source end
  end
  return lines
end

local function shown(source)
  source = text_of.visible((source:gsub("\t", "    ")))
  if #source <= WIDTH then return source end
  return source:sub(1, WIDTH):gsub("[\192-\255][\128-\191]*$", "") .. "…"
end

local function underline(source)
  local indent, statement = source:match "^(%s*)(.-)%s*$"
  return indent .. ("^"):rep(math.max(text_of.columns(statement), 1))
end

---@param text string the file's
---@param line integer
---@return string? excerpt nil when there is no such line
return function(text, line)
  local lines, out = lines_near(text, line), {}
  if not lines[line] then return nil end
  local width = #tostring(line + AROUND)
  local row = "%s %" .. width .. "s | %s"
  for number = math.max(line - AROUND, 1), line + AROUND do
    local source = lines[number] and shown(lines[number])
    if source then
      out[#out + 1] = row:format(number == line and ">" or " ", number, source)
      if number == line then out[#out + 1] = row:format(" ", "", underline(source)) end
    end
  end
  for i, text_line in ipairs(out) do out[i] = text_line:gsub("%s+$", "") end
  return table.concat(out, "\n")
end
