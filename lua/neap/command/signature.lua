-- neap.command.signature: text that is another when a file has changed; "" when there is none. It does not wait.

---@param path string
---@return string
return function(path)
  local about = require("uv").fs_stat(path)
  if not about then
    return ""
  end
  return ("%d.%09d %d %d"):format(about.mtime.sec, about.mtime.nsec, about.size, about.ino)
end
