/**
 * What the store does in Redis in one step. A key of the store is a string there, `prefix k: key`; its text is the
 * hashes of its indexes, separated by spaces, a line feed, and the value. An index is a sorted set, `prefix i: hash`,
 * of keys by the time they expire, and expires with the last of them.
 *
 * Whoever writes a key takes it out of the indexes it leaves, and whoever writes an index takes the expired out of
 * it, so it holds no more than the keys that live under it and those that expired since. The text of a key has the
 * last word: where the sorted set knows better (Redis evicted a key, clocks were set), nothing wrong is deleted.
 *
 * Every script gets the two prefixes as its KEYS, for ioredis adds its `keyPrefix` to those alone.
 */
const SHARED = `
local keys, indexes = KEYS[1], KEYS[2]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local function read(key)
  local text = redis.call('GET', keys .. key)
  if not text then return nil end
  local feed = string.find(text, '\\n', 1, true)
  return string.sub(text, 1, feed - 1), string.sub(text, feed + 1)
end

local function tidy(index)
  redis.call('ZREMRANGEBYSCORE', index, '-inf', now)
  local last = redis.call('ZRANGE', index, -1, -1, 'WITHSCORES')
  if last[2] then redis.call('PEXPIREAT', index, last[2]) end
end

local function enter(key, hashes, ttl)
  for hash in string.gmatch(hashes, '%S+') do
    redis.call('ZADD', indexes .. hash, string.format('%.0f', now + ttl), key)
    tidy(indexes .. hash)
  end
end

local function leave(key, hashes)
  for hash in string.gmatch(hashes, '%S+') do
    redis.call('ZREM', indexes .. hash, key)
    tidy(indexes .. hash)
  end
end

local function remove(key, hashes)
  redis.call('DEL', keys .. key)
  leave(key, hashes)
end
`

// Redis without memory refuses a script's first write only: what may be refused comes before all else.
const SET = `
local key, value, ttl, onlyIfPresent, given = unpack(ARGV)
local old = read(key)
if not old and onlyIfPresent == '1' then return 0 end
local hashes = given or old or ''
redis.call('SET', keys .. key, hashes .. '\\n' .. value, 'PX', ttl)
if old then leave(key, old) end
enter(key, hashes, ttl)
return 1
`

const DELETE = `
local key = ARGV[1]
local hashes = read(key)
if hashes then remove(key, hashes) end
return 1
`

const EXTEND = `
local key, owner, ttl = unpack(ARGV)
local hashes, value = read(key)
if value ~= owner then return 0 end
redis.call('PEXPIRE', keys .. key, ttl)
enter(key, hashes, ttl)
return 1
`

const RELEASE = `
local key, owner = unpack(ARGV)
local hashes, value = read(key)
if value ~= owner then return 0 end
remove(key, hashes)
return 1
`

const DELETE_BY_INDEX = `
local hash, count = ARGV[1], 0
for _, key in ipairs(redis.call('ZRANGE', indexes .. hash, 0, -1)) do
  local hashes = read(key)
  if hashes and string.find(hashes, hash, 1, true) then
    remove(key, hashes)
    count = count + 1
  end
end
redis.call('DEL', indexes .. hash)
return count
`

/** The scripts by what they do, for EVAL. */
export const SCRIPTS = {
  set: SHARED + SET,
  delete: SHARED + DELETE,
  extend: SHARED + EXTEND,
  release: SHARED + RELEASE,
  deleteByIndex: SHARED + DELETE_BY_INDEX
}
