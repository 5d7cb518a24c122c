-- Nobody sends on an account for a while; a longer wait is never shortened.
-- KEYS: frozen; ARGV: microseconds from now
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local till = now + tonumber(ARGV[1])
local before, written = string.match(redis.call('GET', KEYS[1]) or '', '^(%d+) (%d+)$')
if till > tonumber(before or '0') - math.max(0, tonumber(written or '0') - now) then
  local words = string.format('%.0f %.0f', till, now)
  redis.call('SET', KEYS[1], words, 'PX', math.ceil(tonumber(ARGV[1]) / 1000) + 1000)
end
return 1
