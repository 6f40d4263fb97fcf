---@meta neap.time
-- Made by scripts/reference.lua from lua/neap/time.lua: for editors, never run.

---@class neap.time.Rfc3339Options
---@field digits? integer digits of the fraction, 0 to 9 (0 for whole seconds, else 3)
---@field offset? number seconds east of UTC, whole minutes (0, written "Z")

---The two clocks, and times as text: RFC 3339 and HTTP dates.
local time = {}

--- The time as RFC 3339 5.6 writes it. Raises outside the years 0000 to 9999.
---@param seconds number since 1970-01-01 UTC
---@param given? neap.time.Rfc3339Options
---@return string
function time.rfc3339(seconds, given) end

--- Reads an RFC 3339 time, strictly: date, "T", time, and an offset or "Z". ":60" is a leap second.
---@param text string
---@return number? seconds since 1970-01-01 UTC
---@return neap.Error? err EINVAL
function time.parse_rfc3339(text) end

--- The time as HTTP writes it (RFC 9110 5.6.7, IMF-fixdate), whole seconds. Raises outside the years 0000 to 9999.
---@param seconds number since 1970-01-01 UTC
---@return string
function time.http_date(seconds) end

--- Reads an HTTP date in any of the three formats of RFC 9110 5.6.7. The weekday's name must be one, but
--- may be that of another day.
---@param text string
---@return number? seconds since 1970-01-01 UTC
---@return neap.Error? err EINVAL
function time.parse_http_date(text) end

--- A duration for people, in its two largest units: "2d 3h", "1h 2m", "1m 30s"; below a minute "1.25s", "340ms".
---@param seconds number
---@return string
function time.duration(seconds) end

--- Wall-clock time. It may jump when the machine's clock is set.
---@return number seconds since 1970-01-01 UTC
function time.now() end

--- A clock that never goes back, for measuring.
---@return number seconds since an unspecified moment
function time.monotonic() end

return time
