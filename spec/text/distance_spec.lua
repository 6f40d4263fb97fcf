local test = require "neap.test"
local text = require "neap.text"

local describe, it, equal, raises = test.describe, test.it, test.equal, test.raises

-- The textbook's whole table.
local function reference(a, b)
  local d = {}
  for i = 0, #a do
    d[i] = { [0] = i }
    for j = 1, #b do
      if i == 0 then
        d[i][j] = j
      else
        local same = a:byte(i) == b:byte(j)
        local best = math.min(d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + (same and 0 or 1))
        if i > 1 and j > 1 and a:byte(i) == b:byte(j - 1) and a:byte(i - 1) == b:byte(j) then
          best = math.min(best, d[i - 2][j - 2] + 1)
        end
        d[i][j] = best
      end
    end
  end
  return d[#a][#b]
end

local function random_word()
  local letters = {}
  for i = 1, math.random(0, 9) do letters[i] = ("abc"):sub(math.random(3)):sub(1, 1) end
  return table.concat(letters)
end

describe("text.distance", function()
  it("counts insertions, deletions, changes and exchanges", function()
    equal(text.distance("kitten", "sitting"), 3)
    equal(text.distance("", "abc"), 3)
    equal(text.distance("same", "same"), 0)
    equal(text.distance("form", "from"), 1)
    equal(text.distance("naïve", "naive"), 1)
    equal(text.distance("\255", "\254"), 1)
  end)

  it("agrees with the textbook, within every limit", function()
    math.randomseed(7)
    for _ = 1, 3000 do
      local a, b = random_word(), random_word()
      local expected = reference(a, b)
      equal({ a, b, text.distance(a, b) }, { a, b, expected })
      for limit = 0, 5 do
        equal({ a, b, limit, text.distance(a, b, limit) }, { a, b, limit, expected <= limit and expected or nil })
      end
    end
  end)

  it("is quick with long texts", function()
    equal(text.distance(("ab"):rep(1e4), ("ba"):rep(1e4)), 2)
    equal(text.distance(("a"):rep(1e5), ("b"):rep(1e5)), nil)
  end)
end)

describe("text.closest", function()
  it("finds what was meant", function()
    equal(text.closest("lisen", { "connect", "listen", "lines" }), "listen")
    equal(text.closest("HOST", { "port", "host" }), "host")
    equal(text.closest("x", { "listen" }), nil)
    equal(text.closest("ab", { "ac", "ad" }), "ac")
    equal(text.closest("port", { "part", "port" }), "port")
    equal(text.closest("abcd", { "xyz" }, { limit = 9 }), "xyz")
    equal(text.closest("a", {}), nil)
    raises(function() text.closest("a", "b") end, "distance_spec.lua:%d+: bad argument #2 to 'closest'")
  end)
end)
