-- neap.command.test: `neap test`.

return function(...)
  return require("neap.test.command").main({ ... })
end
