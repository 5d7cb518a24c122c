-- Grants bulk slots of one account: GCRA without bursts on Redis TIME.
-- KEYS: tat, frozen, bulk (marks that a broadcast is under way), count of slots granted, then the tat of each message's
-- recipient (none: recipients have no limit of their own)
-- ARGV: spacing, wanted, horizon, spacing for one recipient, burst, then the slots each message takes (none: one each).
-- All but wanted, burst and slots in microseconds.
-- A message is granted when its first slot lies within the horizon; the others follow it, whatever they take. One whose
-- recipient must be left alone is passed over.
-- Returns {messages granted, microseconds until the first slot, microseconds to wait before asking again, then of each
-- that was passed over its place, 0 the first, and the microseconds until its recipient may be sent to}
local spacing, wanted, horizon = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local each, burst = tonumber(ARGV[4]), tonumber(ARGV[5])
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
        keep(recipient, mine, (mine - now) / 1000)
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
-- A very long message may reach beyond the minute after which idle keys go: its own end keeps this one.
local after = tat + slots * spacing
keep(KEYS[1], after, 60000 + (after - now) / 1000)
redis.call('INCRBY', KEYS[4], slots)
answer[1], answer[2] = granted, tat - now
return answer
