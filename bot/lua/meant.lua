-- A provider said wait, and not whom it means: one recipient or everybody. Who had more than this one message lately is
-- left alone; when another one is answered so meanwhile, or who had nothing else, everybody is meant.
-- KEYS: recipient tat, name of whoever is left alone
-- ARGV: microseconds from now, spacing for one recipient, burst of a broadcast, name of this recipient
-- Returns 1 when this recipient alone is meant, and lets nobody send to them until then
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local wait, each, burst = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local mine, written = string.match(redis.call('GET', KEYS[1]) or '', '^(%d+) (%d+)$')
mine = tonumber(mine or '0') - math.max(0, tonumber(written or '0') - now)
local other = redis.call('GET', KEYS[2])
if mine - now <= each or (other and other ~= ARGV[4]) then
  return 0
end
local till = math.max(mine, now + wait + burst * each)
redis.call('SET', KEYS[1], string.format('%.0f %.0f', till, now), 'PX', math.ceil((till - now) / 1000))
redis.call('SET', KEYS[2], ARGV[4], 'PX', math.ceil(wait / 1000) + 1000)
return 1
