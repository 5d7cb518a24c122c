-- Grants one reply its slots: before bulk, but never more than its share while a broadcast is under way, and never
-- faster to one recipient than the provider allows.
-- KEYS: tat, frozen, bulk, reply tat, recipient tat, count of slots granted
-- ARGV: spacing, spacing of replies while bulk is under way, horizon, spacing for one recipient (0 = none), burst - 1,
-- slots it takes. All but the last two in microseconds.
-- Returns {1, microseconds until its first slot} or {0, microseconds to wait before asking again}
local spacing, shared, horizon = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local each, burst, weight = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local frozen = moment(KEYS[2])
if frozen > now then
  return {0, frozen - now}
end
if each > 0 then
  local mine = moment(KEYS[5])
  if mine - burst * each > now then
    return {0, mine - burst * each - now}
  end
end
local tat = math.max(moment(KEYS[1]), now)
local replies = math.max(moment(KEYS[4]), now)
local busy = redis.call('EXISTS', KEYS[3]) == 1
if busy and replies > now + horizon then
  return {0, replies - now - horizon}
end
if tat > now + 10 * horizon then
  return {0, tat - now - 10 * horizon}
end
keep(KEYS[1], tat + weight * spacing, 60000)
redis.call('INCRBY', KEYS[6], weight)
if busy then
  keep(KEYS[4], replies + weight * shared, 60000)
end
if each > 0 then
  local mine = math.max(moment(KEYS[5]), tat) + each
  keep(KEYS[5], mine, (mine - now) / 1000)
end
return {1, tat - now}
