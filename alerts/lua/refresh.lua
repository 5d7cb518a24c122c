-- Says "still at work" for an entry, but only for the consumer that still owns it.
-- KEYS: stream; ARGV: group, consumer, entry. Returns 1 when it is still ours
local owner = redis.call('XPENDING', KEYS[1], ARGV[1], ARGV[3], ARGV[3], 1)
if #owner == 0 or owner[1][2] ~= ARGV[2] then
  return 0
end
redis.call('XCLAIM', KEYS[1], ARGV[1], ARGV[2], 0, ARGV[3], 'JUSTID')
return 1
