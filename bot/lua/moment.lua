-- What every script of the limiter begins with: the time, and times that are kept. Microseconds of Redis TIME.
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
-- A time that was kept, 0 = none. Where the clock went back since it was written, it goes back with it.
local function moment(key)
  local at, written = string.match(redis.call('GET', key) or '', '^(%d+) (%d+)$')
  at, written = tonumber(at or '0'), tonumber(written or '0')
  if written > now then
    at = at - (written - now)
    redis.call('SET', key, string.format('%.0f %.0f', at, now), 'KEEPTTL')
  end
  return at
end
-- Keeps a time for so many milliseconds. %.0f: a double prints 16 digits in scientific notation, and 17 are needed.
local function keep(key, at, life)
  redis.call('SET', key, string.format('%.0f %.0f', at, now), 'PX', math.ceil(life))
end
