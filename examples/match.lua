-- match.lua -- the rules of a match, for examples/embed.c: the world is C, what happens in it is here.

local host, task, world = require "neap.host", require "neap.task", require "world"

local score = host.keep("score", { red = 0, blue = 0 })      -- survives a reload of this script

host.on("join", function(player, team)
  world.say(player, "welcome to " .. team)
  task.sleep(0.2)                                            -- waits here; no tick is late
  world.say(player, "go!")
end)

-- Called by the world when somebody is hit: does the match go on?
host.export("on_hit", function(team, damage)
  score[team] = score[team] + damage
  return score[team] < 100
end)

local ticks = 0
host.on("tick", function(time)
  ticks = ticks + 1
  if ticks % 30 == 0 then
    print(("%.1f s: red %d, blue %d"):format(time, score.red, score.blue))
  end
end)
