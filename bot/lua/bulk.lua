-- Grants bulk slots of one account: GCRA without bursts on Redis TIME.
-- KEYS: tat, frozen, bulk (marks that a broadcast is under way), count of slots granted, then the tat of each message's
-- recipient (none: recipients have no limit of their own)
-- ARGV: spacing, wanted, horizon, spacing for one recipient, burst, then the slots each message takes (none: one each).
-- All but wanted, burst and slots in microseconds.
-- A message is granted when its first slot lies within the horizon; the others follow it, whatever they take. One whose
-- recipient must be left alone is passed over.
-- Returns {messages granted, microseconds until the first slot, microseconds to wait before asking again, then of each
-- that was passed over its place, 0 the first, and the microseconds until its recipient may be sent to}
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local spacing, wanted, horizon = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local each, burst = tonumber(ARGV[4]), tonumber(ARGV[5])
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
local answer = {0, 0, 0}
if #ARGV > 5 or #KEYS > 4 then
  granted, slots = 0, 0
  local place = 0
  while place < wanted and slots < room do
    place = place + 1
    local recipient, at, early = KEYS[4 + place], tat + slots * spacing, 0
    if recipient then
      local mine = moment(recipient)
      early = mine - burst * each - at
      if early <= 0 then
        mine = math.max(mine, at) + each
        local life = math.ceil((mine - now) / 1000)
        redis.call('SET', recipient, string.format('%.0f %.0f', mine, now), 'PX', life)
      end
    end
    if early > 0 then
      table.insert(answer, place - 1)
      table.insert(answer, at + early - now)
    else
      granted = granted + 1
      slots = slots + math.max(1, tonumber(ARGV[5 + place] or '1'))
    end
  end
end
if granted < 1 then
  answer[3] = math.max(0, tat - now - horizon + spacing)
  return answer
end
-- %.0f: a double prints 16 digits in scientific notation, and 17 are needed.
-- A very long message may reach beyond the minute after which idle keys go: its own end keeps this one.
local after = tat + slots * spacing
redis.call('SET', KEYS[1], string.format('%.0f %.0f', after, now), 'PX', 60000 + math.ceil((after - now) / 1000))
redis.call('INCRBY', KEYS[4], slots)
answer[1], answer[2] = granted, tat - now
return answer
