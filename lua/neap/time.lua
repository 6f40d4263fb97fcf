-- neap.time: the two clocks, and times as text: RFC 3339 and HTTP dates.
--
--   time.now()                        seconds since 1970-01-01 UTC, a float; may jump
--   time.monotonic()                  seconds since some moment, never goes back: measure with this one
--   time.rfc3339(seconds, options)    "2026-05-04T09:30:00Z"
--   time.parse_rfc3339(text)          seconds, or nil, err
--   time.http_date(seconds)           "Mon, 04 May 2026 09:30:00 GMT"
--   time.parse_http_date(text)        seconds, or nil, err
--   time.duration(seconds)            "1h 2m", "1.25s", "340ms"
--
-- Everything is arithmetic on the proleptic Gregorian calendar, as POSIX counts: a day has 86,400 seconds, and
-- a leap second is the first second of the next day. Nothing asks the locale or the time zone.

local errors = require "neap.errors"
local inspect = require "neap.inspect"
local native = require "neap_time"
local options = require "neap.options"
local settle = require "neap.task".settle

local floor, format = math.floor, string.format

local time = {}

local DAY = 86400
local FIRST, LAST = -62167219200, 253402300800        -- 0000-01-01 and 10000-01-01: four digits of year

local WEEKDAYS = { "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun" }
local MONTHS = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" }
local FULL_WEEKDAYS = { "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday" }

local function numbered(names)
  local numbers = {}
  for number, name in ipairs(names) do
    numbers[name] = number
  end
  return numbers
end

local WEEKDAY_NUMBERS, MONTH_NUMBERS = numbered(WEEKDAYS), numbered(MONTHS)
local FULL_WEEKDAY_NUMBERS = numbered(FULL_WEEKDAYS)

-- The calendar
-- Years are counted from March, so that the leap day is the last of its year, in eras of 400 years, which
-- all have 146,097 days. 719,468 days lie between 0000-03-01 and 1970-01-01.

local function days_of(year, month, day)
  if month <= 2 then
    year, month = year - 1, month + 12
  end
  local era = floor(year / 400)
  local year_of_era = year - era * 400
  local day_of_year = floor((153 * (month - 3) + 2) / 5) + day - 1
  return era * 146097 + year_of_era * 365 + floor(year_of_era / 4) - floor(year_of_era / 100) + day_of_year - 719468
end

local function date_of(days)
  days = days + 719468
  local era = floor(days / 146097)
  local day = days - era * 146097
  local year = floor((day - floor(day / 1460) + floor(day / 36524) - floor(day / 146096)) / 365)
  day = day - (365 * year + floor(year / 4) - floor(year / 100))
  local month = floor((5 * day + 2) / 153)
  day = day - floor((153 * month + 2) / 5) + 1
  year, month = year + era * 400, month + 3
  if month > 12 then
    year, month = year + 1, month - 12
  end
  return year, month, day
end

local function days_in(year, month)
  return month == 12 and 31 or days_of(year, month + 1, 1) - days_of(year, month, 1)
end

local function clock_of(seconds)
  local rest = seconds % DAY
  return floor(rest / 3600), floor(rest / 60) % 60, rest % 60
end

-- Seconds since 1970 of a date and time `offset` seconds east of UTC, or nil and what is wrong with it.
local function seconds_of(year, month, day, hour, minute, second, offset)
  if month < 1 or month > 12 then
    return nil, "no such month"
  elseif day < 1 or day > days_in(year, month) then
    return nil, "no such day"
  elseif hour > 23 or minute > 59 or second > 60 then
    return nil, "no such time of day"
  end
  local seconds = days_of(year, month, day) * DAY + hour * 3600 + minute * 60 + second - offset
  if second == 60 then           -- RFC 3339 5.7: leap seconds come at the end of a month, UTC
    local first_of_month = seconds % DAY == 0 and select(3, date_of(seconds / DAY)) == 1
    if not first_of_month then
      return nil, "no leap second then"
    end
  end
  return seconds
end

-- Arguments

local function check_seconds(name, seconds)
  if type(seconds) ~= "number" then
    error(format("bad argument #1 to '%s' (number expected, got %s)", name, type(seconds)), 3)
  end
  if not (seconds >= FIRST and seconds < LAST) then
    error(format("bad argument #1 to '%s' (outside the years 0000 to 9999)", name), 3)
  end
end

local function check_text(name, text)
  if type(text) ~= "string" then
    error(format("bad argument #1 to '%s' (string expected, got %s)", name, type(text)), 3)
  end
end

local function refuse(kind, text, why)
  local shown = inspect(text, { length = 60 })
  return settle(nil, errors.new("EINVAL", format("not %s: %s%s", kind, shown, why and " (" .. why .. ")" or "")))
end

-- RFC 3339

-- Rounded, not cut: the float nearest to .123 is often just below it.
local function split_fraction(seconds, digits)
  local whole = floor(seconds)
  local fraction = floor((seconds - whole) * 10 ^ digits + 0.5)
  if fraction >= 10 ^ digits then
    whole, fraction = whole + 1, 0
  end
  return whole, fraction
end

local function offset_text(offset)
  if offset == 0 then
    return "Z"
  end
  local minutes = math.abs(offset) / 60
  return format("%s%02d:%02d", offset < 0 and "-" or "+", floor(minutes / 60), minutes % 60)
end

local check_rfc3339 = options.checker("rfc3339", {
  digits = options.integer(0, 9),
  offset = options.kind("whole minutes in seconds, less than a day", function(value)
    return type(value) == "number" and value % 60 == 0 and value > -DAY and value < DAY
  end),
})

---@class neap.time.Rfc3339Options
---@field digits? integer digits of the fraction, 0 to 9 (0 for whole seconds, else 3)
---@field offset? number seconds east of UTC, whole minutes (0, written "Z")

--- The time as RFC 3339 5.6 writes it. Raises outside the years 0000 to 9999.
---@param seconds number since 1970-01-01 UTC
---@param given? neap.time.Rfc3339Options
---@return string
function time.rfc3339(seconds, given)
  check_seconds("rfc3339", seconds)
  check_rfc3339(given)
  local offset = given and given.offset or 0
  local digits = given and given.digits or (seconds % 1 == 0 and 0 or 3)
  local whole, fraction = split_fraction(seconds, digits)
  whole = whole + offset
  check_seconds("rfc3339", whole)                  -- the offset or the rounding may leave the last year
  local year, month, day = date_of(floor(whole / DAY))
  local hour, minute, second = clock_of(whole)
  local text = format("%04d-%02d-%02dT%02d:%02d:%02d", year, month, day, hour, minute, second)
  if digits > 0 then
    text = text .. format(".%0" .. digits .. "d", fraction)
  end
  return text .. offset_text(offset)
end

-- Seconds east of UTC, or nil. RFC 3339 4.3: "-00:00" is UTC, place unknown.
local function offset_of(zone)
  if zone == "Z" or zone == "z" then
    return 0
  end
  local sign, hours, minutes = zone:match "^([+-])(%d%d):(%d%d)$"
  if not sign or tonumber(hours) > 23 or tonumber(minutes) > 59 then
    return nil
  end
  local offset = hours * 3600 + minutes * 60
  return sign == "-" and -offset or offset
end

--- Reads an RFC 3339 time, strictly: date, "T", time, and an offset or "Z". ":60" is a leap second.
---@param text string
---@return number? seconds since 1970-01-01 UTC
---@return neap.Error? err EINVAL
function time.parse_rfc3339(text)
  check_text("parse_rfc3339", text)
  local year, month, day, hour, minute, second, rest =
    text:match "^(%d%d%d%d)%-(%d%d)%-(%d%d)[Tt](%d%d):(%d%d):(%d%d)(.*)$"
  if not year then
    return refuse("an RFC 3339 time", text)
  end
  local fraction, zone = rest:match "^(%.%d+)(.*)$"
  local offset = offset_of(zone or rest)
  if not offset then
    return refuse("an RFC 3339 time", text, "no valid offset")
  end
  local seconds, why = seconds_of(tonumber(year), tonumber(month), tonumber(day), tonumber(hour),
    tonumber(minute), tonumber(second), offset)
  if not seconds then
    return refuse("an RFC 3339 time", text, why)
  end
  return seconds + tonumber("0" .. (fraction or ""))
end

-- HTTP dates

--- The time as HTTP writes it (RFC 9110 5.6.7, IMF-fixdate), whole seconds. Raises outside the years 0000 to 9999.
---@param seconds number since 1970-01-01 UTC
---@return string
function time.http_date(seconds)
  check_seconds("http_date", seconds)
  local days = floor(seconds / DAY)
  local year, month, day = date_of(days)
  local hour, minute, second = clock_of(floor(seconds))
  return format("%s, %02d %s %04d %02d:%02d:%02d GMT", WEEKDAYS[(days + 3) % 7 + 1], day, MONTHS[month], year,
    hour, minute, second)
end

-- RFC 9110 5.6.7: two digits that seem more than 50 years in the future mean the past; so a window of
-- 100 years that ends 50 years from now.
local function full_year(short, month, day)
  local year, this_month, this_day = date_of(floor(native.now() / DAY))
  local full = year - year % 100 + short
  local limit = year + 50
  if full > limit or full == limit and (month > this_month or month == this_month and day > this_day) then
    return full - 100
  end
  return full < year - 50 and full + 100 or full
end

-- Each returns year, month, day, hour, minute, second, or nothing.

local function imf_fixdate(text)
  local weekday, day, month, year, hour, minute, second =
    text:match "^(%a%a%a), (%d%d) (%a%a%a) (%d%d%d%d) (%d%d):(%d%d):(%d%d) GMT$"
  if not WEEKDAY_NUMBERS[weekday] then
    return
  end
  return tonumber(year), MONTH_NUMBERS[month], tonumber(day), hour, minute, second
end

local function rfc850_date(text)
  local weekday, day, month, year, hour, minute, second =
    text:match "^(%a+), (%d%d)%-(%a%a%a)%-(%d%d) (%d%d):(%d%d):(%d%d) GMT$"
  if not FULL_WEEKDAY_NUMBERS[weekday] or not MONTH_NUMBERS[month] then
    return
  end
  day, month = tonumber(day), MONTH_NUMBERS[month]
  return full_year(tonumber(year), month, day), month, day, hour, minute, second
end

local function asctime_date(text)
  local weekday, month, day, hour, minute, second, year =
    text:match "^(%a%a%a) (%a%a%a) ([ %d]%d) (%d%d):(%d%d):(%d%d) (%d%d%d%d)$"
  if not WEEKDAY_NUMBERS[weekday] then
    return
  end
  return tonumber(year), MONTH_NUMBERS[month], tonumber(day), hour, minute, second
end

local FORMATS = { imf_fixdate, rfc850_date, asctime_date }

--- Reads an HTTP date in any of the three formats of RFC 9110 5.6.7. The weekday's name must be one, but
--- may be that of another day.
---@param text string
---@return number? seconds since 1970-01-01 UTC
---@return neap.Error? err EINVAL
function time.parse_http_date(text)
  check_text("parse_http_date", text)
  for _, read in ipairs(FORMATS) do
    local year, month, day, hour, minute, second = read(text)
    if year and month then
      local seconds, why = seconds_of(year, month, day, tonumber(hour), tonumber(minute), tonumber(second), 0)
      if seconds then
        return seconds
      end
      return refuse("an HTTP date", text, why)
    end
  end
  return refuse("an HTTP date", text)
end

-- Durations

local function two_units(large, large_name, small, small_name)
  if small == 0 then
    return large .. large_name
  end
  return large .. large_name .. " " .. small .. small_name
end

local SMALL_UNITS = { { 1e-9, "ns" }, { 1e-6, "µs" }, { 1e-3, "ms" }, { 1, "s" } }

local function short_duration(seconds)
  for i, unit in ipairs(SMALL_UNITS) do
    local amount = seconds / unit[1]
    if amount < 999.5 or i == #SMALL_UNITS then
      return format("%.3g%s", amount, unit[2])
    end
  end
end

--- A duration for people, in its two largest units: "2d 3h", "1h 2m", "1m 30s"; below a minute "1.25s", "340ms".
---@param seconds number
---@return string
function time.duration(seconds)
  if type(seconds) ~= "number" or seconds ~= seconds or seconds == math.huge or seconds == -math.huge then
    error("bad argument #1 to 'duration' (finite number expected)", 2)
  end
  if seconds < 0 then
    return "-" .. time.duration(-seconds)
  elseif seconds == 0 then
    return "0s"
  elseif seconds < 59.95 then
    return short_duration(seconds)
  end
  local whole = floor(seconds + 0.5)
  if whole < 3600 then
    return two_units(floor(whole / 60), "m", whole % 60, "s")
  end
  local minutes = floor(seconds / 60 + 0.5)
  if minutes < 1440 then
    return two_units(floor(minutes / 60), "h", minutes % 60, "m")
  end
  local hours = floor(seconds / 3600 + 0.5)
  return two_units(floor(hours / 24), "d", hours % 24, "h")
end

-- Clocks

--- Wall-clock time. It may jump when the machine's clock is set.
---@return number seconds since 1970-01-01 UTC
time.now = native.now

--- A clock that never goes back, for measuring.
---@return number seconds since an unspecified moment
time.monotonic = native.monotonic

return time
