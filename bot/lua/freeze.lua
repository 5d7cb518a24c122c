-- Nobody sends on an account for a while; a longer wait is never shortened.
-- KEYS: frozen; ARGV: microseconds from now
local till = now + tonumber(ARGV[1])
if till > moment(KEYS[1]) then
  keep(KEYS[1], till, tonumber(ARGV[1]) / 1000 + 1000)
end
return 1
