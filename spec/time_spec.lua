local test = require "neap.test"
local time = require "neap.time"

local describe, it = test.describe, test.it

describe("neap.time", function()
  it("has a wall clock and one that never goes back", function()
    assert(math.abs(time.now() - os.time()) < 5)
    local last = time.monotonic()
    for _ = 1, 1000 do
      local now = time.monotonic()
      assert(now >= last)
      last = now
    end
  end)

  it("agrees with the C library on every day from 1600 to 2400", function()
    for days = -135140, 157054 do
      local seconds = days * 86400 + days % 86400
      test.equal(time.rfc3339(seconds), os.date("!%Y-%m-%dT%H:%M:%SZ", seconds))
    end
  end)

  it("reads back every day of the years 0000 to 9999", function()
    for days = -719528, 2932896, 7 do
      test.equal(time.parse_rfc3339(time.rfc3339(days * 86400)), days * 86400)
      test.equal(time.parse_http_date(time.http_date(days * 86400)), days * 86400)
    end
  end)
end)

describe("neap.time.rfc3339", function()
  it("writes whole seconds without a fraction, others with three digits", function()
    test.equal(time.rfc3339(0), "1970-01-01T00:00:00Z")
    test.equal(time.rfc3339(-1), "1969-12-31T23:59:59Z")
    test.equal(time.rfc3339(1.25), "1970-01-01T00:00:01.250Z")
    test.equal(time.rfc3339(-0.25), "1969-12-31T23:59:59.750Z")
  end)

  it("rounds the fraction, carrying into the next second and year", function()
    test.equal(time.rfc3339(1700000000.123), "2023-11-14T22:13:20.123Z")
    test.equal(time.rfc3339(946684799.9996), "2000-01-01T00:00:00.000Z")
    test.equal(time.rfc3339(0.6, { digits = 0 }), "1970-01-01T00:00:01Z")
    test.equal(time.rfc3339(0.123456789, { digits = 9 }), "1970-01-01T00:00:00.123456789Z")
  end)

  it("writes the local time of an offset", function()
    test.equal(time.rfc3339(0, { offset = 19800 }), "1970-01-01T05:30:00+05:30")
    test.equal(time.rfc3339(0, { offset = -12600 }), "1969-12-31T20:30:00-03:30")
  end)

  it("raises for what has no four-digit year, and for wrong arguments", function()
    for _, seconds in ipairs { -62167219201, 253402300800, 1 / 0, -1 / 0, 0 / 0 } do
      test.raises(function() time.rfc3339(seconds) end, "outside the years 0000 to 9999")
    end
    test.raises(function() time.rfc3339 "1" end, "number expected, got string")
    test.raises(function() time.rfc3339(0, { offset = 30 }) end, "whole minutes")
    test.raises(function() time.rfc3339(0, { offset = 86400 }) end, "less than a day")
    test.raises(function() time.rfc3339(0, { digits = 10 }) end, "integer from 0 to 9 expected, got 10")
    test.raises(function() time.rfc3339(0, { digit = 3 }) end, "'digit' of 'rfc3339' %(options: digits, offset%)")
    test.raises(function() time.rfc3339(253402300799, { offset = 3600 }) end, "outside the years")
  end)
end)

describe("neap.time.parse_rfc3339", function()
  it("reads the examples of RFC 3339 5.8", function()
    for text, seconds in pairs {
      ["1985-04-12T23:20:50.52Z"] = 482196050.52,
      ["1996-12-19T16:39:57-08:00"] = 851042397,
      ["1990-12-31T23:59:60Z"] = 662688000,
      ["1990-12-31T15:59:60-08:00"] = 662688000,
      ["1937-01-01T12:00:27.87+00:20"] = -1041337172.13,
    } do
      test.equal(time.parse_rfc3339(text), seconds)
    end
  end)

  it("takes small letters and an unknown offset", function()
    test.equal(time.parse_rfc3339 "1970-01-01t00:00:01z", 1)
    test.equal(time.parse_rfc3339 "1970-01-01T00:00:01-00:00", 1)
    test.equal(time.parse_rfc3339 "0000-02-29T00:00:00Z", -62162121600)
  end)

  for why, text in pairs {
    ["nothing"] = "", ["a date alone"] = "2026-05-04", ["no offset"] = "2026-05-04T09:30:00",
    ["a space"] = "2026-05-04 09:30:00Z", ["month 13"] = "2026-13-04T09:30:00Z", ["month 0"] = "2026-00-04T09:30:00Z",
    ["day 0"] = "2026-05-00T09:30:00Z", ["31 April"] = "2026-04-31T09:30:00Z", ["29 February"] = "2026-02-29T09:30:00Z",
    ["29 February 1900"] = "1900-02-29T09:30:00Z", ["hour 24"] = "2026-05-04T24:00:00Z",
    ["minute 60"] = "2026-05-04T09:60:00Z", ["second 61"] = "2026-12-31T23:59:61Z",
    ["a leap second in mid-month"] = "2026-05-04T23:59:60Z", ["a leap second at noon"] = "2026-06-30T12:59:60Z",
    ["a leap second by local time"] = "2026-06-30T23:59:60+01:00", ["an empty fraction"] = "2026-05-04T09:30:00.Z",
    ["a comma"] = "2026-05-04T09:30:00,5Z", ["offset hour 24"] = "2026-05-04T09:30:00+24:00",
    ["offset minute 60"] = "2026-05-04T09:30:00+01:60", ["an offset without colon"] = "2026-05-04T09:30:00+0100",
    ["text before"] = " 2026-05-04T09:30:00Z", ["text after"] = "2026-05-04T09:30:00Z\n",
    ["a NUL after"] = "2026-05-04T09:30:00Z\0", ["five digits of year"] = "12026-05-04T09:30:00Z",
  } do
    it("refuses " .. why, function() test.fails("EINVAL", time.parse_rfc3339(text)) end)
  end

  it("names the text and the reason on one line", function()
    local err = test.fails("EINVAL", time.parse_rfc3339 "2026-02-30T00:00:00Z\n")
    assert(not err.message:find "\n")
    err = test.fails("EINVAL", time.parse_rfc3339 "2026-02-30T00:00:00Z")
    test.equal(err.message, 'not an RFC 3339 time: "2026-02-30T00:00:00Z" (no such day)')
  end)

  it("raises for what is no string", function()
    test.raises(function() time.parse_rfc3339(5) end, "string expected, got number")
  end)
end)

describe("neap.time.http_date", function()
  it("writes IMF-fixdate in whole seconds", function()
    test.equal(time.http_date(784111777), "Sun, 06 Nov 1994 08:49:37 GMT")
    test.equal(time.http_date(784111777.9), "Sun, 06 Nov 1994 08:49:37 GMT")
    test.equal(time.http_date(0), "Thu, 01 Jan 1970 00:00:00 GMT")
    test.equal(time.http_date(-1), "Wed, 31 Dec 1969 23:59:59 GMT")
  end)
end)

describe("neap.time.parse_http_date", function()
  it("reads the three formats of RFC 9110 5.6.7", function()
    for _, text in ipairs { "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT",
      "Sun Nov  6 08:49:37 1994" } do
      test.equal(time.parse_http_date(text), 784111777)
    end
    test.equal(time.parse_http_date "Wed Nov 16 08:49:37 1994", 784975777)
  end)

  it("takes two digits of year for no more than 50 years ahead", function()
    local year = tonumber(time.rfc3339(time.now()):sub(1, 4))
    for ahead, expected in pairs { [0] = 0, [49] = 49, [51] = -49, [-1] = -1, [-49] = -49 } do
      local text = ("Monday, 15-Jun-%02d 00:00:00 GMT"):format((year + ahead) % 100)
      test.equal(time.rfc3339(time.parse_http_date(text)):sub(1, 4), tostring(year + expected))
    end
  end)

  for why, text in pairs {
    ["nothing"] = "", ["another zone"] = "Sun, 06 Nov 1994 08:49:37 EST",
    ["small letters"] = "sun, 06 nov 1994 08:49:37 gmt",
    ["one digit of day"] = "Sun, 6 Nov 1994 08:49:37 GMT", ["no such weekday"] = "Sux, 06 Nov 1994 08:49:37 GMT",
    ["no such month"] = "Sun, 06 Nox 1994 08:49:37 GMT", ["31 November"] = "Sun, 31 Nov 1994 08:49:37 GMT",
    ["hour 24"] = "Sun, 06 Nov 1994 24:00:00 GMT", ["a mid-day leap second"] = "Sun, 06 Nov 1994 08:49:60 GMT",
    ["a short name with dashes"] = "Sun, 06-Nov-94 08:49:37 GMT", ["text after"] = "Sun, 06 Nov 1994 08:49:37 GMT;",
    ["asctime with a zone"] = "Sun Nov  6 08:49:37 1994 GMT",
    ["no such month, RFC 850"] = "Sunday, 06-Nox-94 08:49:37 GMT",
  } do
    it("refuses " .. why, function() test.fails("EINVAL", time.parse_http_date(text)) end)
  end
end)

describe("neap.time.duration", function()
  it("gives the two largest units", function()
    for _, case in ipairs {
      { 0, "0s" }, { 1, "1s" }, { 1.25, "1.25s" }, { 0.34, "340ms" }, { 0.0000021, "2.1µs" }, { 5e-9, "5ns" },
      { 0.9999, "1s" }, { 59.96, "1m" }, { 90, "1m 30s" }, { 3599.6, "1h" }, { 3720, "1h 2m" }, { 86399, "1d" },
      { 183600, "2d 3h" }, { -90, "-1m 30s" },
    } do
      test.equal(time.duration(case[1]), case[2])
    end
  end)
end)
