-- A provider said wait, and not whom it means: one recipient or everybody. Who had more than this one message lately is
-- left alone; when another one is answered so meanwhile, or who had nothing else, everybody is meant.
-- KEYS: recipient tat, name of whoever is left alone
-- ARGV: microseconds from now, spacing for one recipient, burst of a broadcast, name of this recipient
-- Returns 1 when this recipient alone is meant, and lets nobody send to them until then
local wait, each, burst = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local mine = moment(KEYS[1])
local other = redis.call('GET', KEYS[2])
if mine - now <= each or (other and other ~= ARGV[4]) then
  return 0
end
local till = math.max(mine, now + wait + burst * each)
keep(KEYS[1], till, (till - now) / 1000)
redis.call('SET', KEYS[2], ARGV[4], 'PX', math.ceil(wait / 1000) + 1000)
return 1
