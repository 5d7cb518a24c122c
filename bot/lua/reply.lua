-- Grants one reply its slots: before bulk, but never more than its share while a broadcast is under way, and never
-- faster to one recipient than the provider allows.
-- KEYS: tat, frozen, bulk, reply tat, recipient tat, count of slots granted
-- ARGV: spacing, spacing of replies while bulk is under way, horizon, spacing for one recipient (0 = none), burst - 1,
-- slots it takes. All but the last two in microseconds.
-- Returns {1, microseconds until its first slot} or {0, microseconds to wait before asking again}
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local spacing, shared, horizon = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local each, burst, weight = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local frozen = tonumber(redis.call('GET', KEYS[2]) or '0')
if frozen > now then
  return {0, frozen - now}
end
if each > 0 then
  local mine = tonumber(redis.call('GET', KEYS[5]) or '0')
  if mine - burst * each > now then
    return {0, mine - burst * each - now}
  end
end
local tat = math.max(tonumber(redis.call('GET', KEYS[1]) or '0'), now)
local replies = math.max(tonumber(redis.call('GET', KEYS[4]) or '0'), now)
local busy = redis.call('EXISTS', KEYS[3]) == 1
if busy and replies > now + horizon then
  return {0, replies - now - horizon}
end
if tat > now + 10 * horizon then
  return {0, tat - now - 10 * horizon}
end
redis.call('SET', KEYS[1], string.format('%.0f', tat + weight * spacing), 'PX', 60000)
redis.call('INCRBY', KEYS[6], weight)
if busy then
  redis.call('SET', KEYS[4], string.format('%.0f', replies + weight * shared), 'PX', 60000)
end
if each > 0 then
  local mine = math.max(tonumber(redis.call('GET', KEYS[5]) or '0'), now)
  redis.call('SET', KEYS[5], string.format('%.0f', mine + each), 'PX', 60000)
end
return {1, tat - now}
