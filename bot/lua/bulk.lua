-- Grants bulk slots of one account: GCRA without bursts on Redis TIME.
-- KEYS: tat, frozen, bulk (marks that a broadcast is under way), count of slots granted
-- ARGV: spacing in microseconds, wanted, horizon in microseconds, then the slots each message takes (none: one each)
-- A message is granted when its first slot lies within the horizon; the others follow it, whatever they take.
-- Returns {messages granted, microseconds until the first slot, microseconds to wait before asking again}
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local spacing, wanted, horizon = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
-- A time and when it was written. Where the clock went back since, it goes back with it.
local function moment(key)
  local at, written = string.match(redis.call('GET', key) or '', '^(%d+) (%d+)$')
  at, written = tonumber(at or '0'), tonumber(written or '0')
  if written > now then
    at = at - (written - now)
    redis.call('SET', key, string.format('%.0f %.0f', at, now), 'KEEPTTL')
  end
  return at
end
local frozen = moment(KEYS[2])
if frozen > now then
  return {0, 0, frozen - now}
end
redis.call('SET', KEYS[3], '1', 'PX', 1000)
local tat = math.max(moment(KEYS[1]), now)
local room = math.floor((now + horizon - tat) / spacing) + 1
local granted, slots = math.min(wanted, room), math.min(wanted, room)
if #ARGV > 3 then
  granted, slots = 0, 0
  while granted < wanted and slots < room do
    granted = granted + 1
    slots = slots + math.max(1, tonumber(ARGV[3 + granted]))
  end
end
if granted < 1 then
  return {0, 0, tat - now - horizon + spacing}
end
-- %.0f: a double prints 16 digits in scientific notation, and 17 are needed.
-- A very long message may reach beyond the minute after which idle keys go: its own end keeps this one.
local after = tat + slots * spacing
redis.call('SET', KEYS[1], string.format('%.0f %.0f', after, now), 'PX', 60000 + math.ceil((after - now) / 1000))
redis.call('INCRBY', KEYS[4], slots)
return {granted, tat - now, 0}
