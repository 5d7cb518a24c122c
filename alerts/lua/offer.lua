-- Puts batches on one stream unless they lie on one already.
-- KEYS: stream, set of what lies on a stream in this epoch
-- ARGV: epoch, seconds the set lives, batch ids...
-- Returns how many were new
local new = 0
for index = 3, #ARGV do
  if redis.call('SADD', KEYS[2], ARGV[index]) == 1 then
    redis.call('XADD', KEYS[1], '*', 'b', ARGV[index], 'e', ARGV[1])
    new = new + 1
  end
end
redis.call('EXPIRE', KEYS[2], ARGV[2])
return new
