-- neap.test.junit -- results as JUnit XML, as build servers read it.
--
--   junit.text(results) -> text          results: { file =, name =, verdict =, seconds =, failure =, reason = } …

local junit = {}

local ENTITIES = {
  ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;", ["\n"] = "&#10;", ["\t"] = "&#9;",
}
local CHARACTERS = {
  "^[%z\1-\127]", "^[\194-\223][\128-\191]", "^[\224-\239][\128-\191][\128-\191]",
  "^[\240-\244][\128-\191][\128-\191][\128-\191]",
}

local function character_at(text, at)
  for _, pattern in ipairs(CHARACTERS) do
    local char = text:match(pattern, at)
    if char then return char end
  end
end

-- XML 1.0 has no other control characters, not even escaped, and wants UTF-8: other bytes are shown as \xNN.
local function escape(text)
  local parts, at = {}, 1
  while at <= #text do
    local char = character_at(text, at)
    if not char or char:find "^[%z\1-\8\11-\31\127]$" then
      parts[#parts + 1] = ("\\x%02x"):format(text:byte(at))
    else
      parts[#parts + 1] = ENTITIES[char] or char
    end
    at = at + #(char or " ")
  end
  return table.concat(parts)
end

local function case(result)
  local open = ('    <testcase classname="%s" name="%s" time="%.3f"'):format(escape(result.file), escape(result.name),
    result.seconds or 0)
  if result.verdict == "failed" then
    local failure = result.failure
    return ('%s>\n      <failure message="%s">%s</failure>\n    </testcase>\n'):format(open,
      escape(failure.message:match "^[^\n]*"),
      escape(table.concat({ failure.message, failure.at or "", failure.excerpt or "", failure.traceback or "" }, "\n")))
  elseif result.verdict == "skipped" then
    return ('%s>\n      <skipped message="%s"/>\n    </testcase>\n'):format(open, escape(result.reason))
  end
  return open .. "/>\n"
end

-- The results of each file, in order.
local function by_file(results)
  local suites, of = {}, {}
  for _, result in ipairs(results) do
    if not of[result.file] then
      of[result.file] = { file = result.file }
      suites[#suites + 1] = of[result.file]
    end
    table.insert(of[result.file], result)
  end
  return suites
end

local function suite_text(suite)
  local count, seconds, cases = { failed = 0, skipped = 0, passed = 0 }, 0, {}
  for i, result in ipairs(suite) do
    count[result.verdict] = count[result.verdict] + 1
    seconds = seconds + (result.seconds or 0)
    cases[i] = case(result)
  end
  local open = ('  <testsuite name="%s" tests="%d" failures="%d" errors="0" skipped="%d" time="%.3f">\n'):format(
    escape(suite.file), #suite, count.failed, count.skipped, seconds)
  return open .. table.concat(cases) .. "  </testsuite>\n"
end

---@param results table[]
---@return string
function junit.text(results)
  local texts = {}
  for i, suite in ipairs(by_file(results)) do
    texts[i] = suite_text(suite)
  end
  return '<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n' .. table.concat(texts) .. "</testsuites>\n"
end

return junit
