-- demo.lua -- mycodec in use: run it in this folder, where mycodec.so is.

local codec = require "mycodec"

print(codec.hex "Neap")                              -- 4e656170

local sum = assert(codec.adler32("demo.lua"))        -- waits, and blocks nobody
print("waited for", sum)

codec.adler32("demo.lua", function(err, again)       -- or is called back
  print("called back", err or again == sum)
end)

local _, err = codec.adler32("no such file")
print(err.code, err.path)                            -- ENOENT  no such file
print(codec.count() .. " bytes of hex")
