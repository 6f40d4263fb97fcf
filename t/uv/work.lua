-- Work on the pool: arguments there, results back.
local uv = require "luv"
local show = require "show"

local work = uv.new_work(function(...) return select("#", ...), ... end, function(...) show("after", ...) end)
show("new", work, type(work))
for _, args in ipairs { { n = 0 }, { n = 1, nil }, { n = 3, 1, "two", true }, { n = 2, 2.5, "zero\0byte" } } do
  show.call("queue", work.queue, work, unpack(args, 1, args.n))
  uv.run()
end
show.call("queue a table", work.queue, work, {})
show.call("queue a function", work.queue, work, print)
uv.run()

-- Its state has uv, and none of ours.
local foreign = 1
local own = uv.new_work(function()
  return type(require("luv").hrtime()), foreign == nil, type(_G.show)
end, show.callback "own")
own:queue()
uv.run()
show("ours", foreign)

local many, sum = 0, 0
local square = uv.new_work(function(n) return n * n end, function(n) many, sum = many + 1, sum + n end)
for i = 1, 100 do square:queue(i) end
uv.run()
show("many", many, sum)

-- Strings with code.
local chunk = uv.new_work("return ...", show.callback "chunk")
chunk:queue("a", 1)
uv.run()
collectgarbage()
local dropped = uv.new_work(function() return "dropped" end, show.callback "dropped")
dropped:queue()
dropped = nil -- luacheck: ignore
collectgarbage()
uv.run()
