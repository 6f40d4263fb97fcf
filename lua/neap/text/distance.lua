-- neap.text.distance: how far words are from each other, in neap.text: distance, closest ("did you mean").
--
-- Optimal string alignment: characters inserted, left out, changed, or two neighbours exchanged, each counts one. Only
-- the cells within `limit` of the diagonal are looked at, so the time grows with the length, not with its square.

local options = require "neap.options"
local utf8 = require "neap.text.utf8"

local check = options.argument
local abs, max, min = math.abs, math.max, math.min

local distance = {}

local LIMIT = 32

local function characters(text)
  local list = {}
  for position, codepoint in utf8.codepoints(text) do
    list[#list + 1] = codepoint or -text:byte(position)
  end
  return list
end

-- One row of the table from the two before it; cells outside the band are `far`.
local function fill(row, above, second, i, a, b, limit, far)
  local from, to = max(1, i - limit), min(#b, i + limit)
  row[from - 1] = from == 1 and i or far
  row[to + 1] = far
  local least = row[from - 1]
  for j = from, to do
    local cost = a[i] == b[j] and 0 or 1
    local best = min((above[j] or far) + 1, row[j - 1] + 1, (above[j - 1] or far) + cost)
    if i > 1 and j > 1 and a[i] == b[j - 1] and a[i - 1] == b[j] then
      best = min(best, (second[j - 2] or far) + 1)
    end
    row[j] = best
    least = min(least, best)
  end
  return least
end

local function measure(a, b, limit)
  local far = limit + 1
  if abs(#a - #b) > limit then
    return nil
  end
  local second, above, least_above = {}, {}, 0
  for j = 0, min(#b, limit) do
    above[j] = j
  end
  for i = 1, #a do
    local row = {}
    local least = fill(row, above, second, i, a, b, limit, far)
    if least > limit and least_above > limit then -- an exchange reaches over one row
      return nil
    end
    second, above, least_above = above, row, least
  end
  local result = above[#b] or far
  return result <= limit and result or nil
end

--- How many changes lead from one text to the other: a character more, less, another, or two neighbours exchanged.
---@param a string
---@param b string
---@param limit? integer default 32
---@return integer? changes nil when they are more than the limit
function distance.distance(a, b, limit)
  check("distance", 1, "string", a)
  check("distance", 2, "string", b)
  limit = limit == nil and LIMIT or limit
  check("distance", 3, "number", limit)
  return measure(characters(a), characters(b), max(limit, 0))
end

local check_closest = options.checker("closest", { limit = options.integer(0) })

--- The candidate that is nearest to a word, without regard to the case of ASCII letters: for "did you mean". Of equally
--- near ones the first.
---
---     local text = require "neap.text"
---     assert(text.closest("lisen", { "connect", "listen" }) == "listen")
---@param word string
---@param candidates string[]
---@param given? { limit?: integer } changes that are allowed, default a third of the word's length, 1 at least
---@return string? candidate nil when none is near enough
function distance.closest(word, candidates, given)
  check("closest", 1, "string", word)
  check("closest", 2, "table", candidates)
  check_closest(given)
  local asked, best = characters(word:lower()), nil
  local limit = given and given.limit or max(1, math.floor(#asked / 3))
  for _, candidate in ipairs(candidates) do
    local changes = measure(asked, characters(candidate:lower()), limit)
    if changes then
      best, limit = candidate, changes - 1
    end
    if limit < 0 then
      break
    end
  end
  return best
end

return distance
