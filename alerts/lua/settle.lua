-- Acknowledges and removes an entry, but only for the consumer that still owns it.
-- KEYS: stream, set of what lies on a stream; ARGV: group, consumer, entry, batch. Returns 1 when it was ours
local owner = redis.call('XPENDING', KEYS[1], ARGV[1], ARGV[3], ARGV[3], 1)
if #owner == 0 or owner[1][2] ~= ARGV[2] then
  return 0
end
redis.call('XACK', KEYS[1], ARGV[1], ARGV[3])
redis.call('XDEL', KEYS[1], ARGV[3])
redis.call('SREM', KEYS[2], ARGV[4])
return 1
