-- Takes the most urgent entry that nobody has read.
-- KEYS: streams, the most urgent first; ARGV: group, consumer
-- Returns {number of the stream, entry, its fields}, or nothing
for number, stream in ipairs(KEYS) do
  local found = redis.call('XREADGROUP', 'GROUP', ARGV[1], ARGV[2], 'COUNT', 1, 'STREAMS', stream, '>')
  if found then
    local entry = found[1][2][1]
    return {number, entry[1], entry[2]}
  end
end
return {}
