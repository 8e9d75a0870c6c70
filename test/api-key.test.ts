import { createHash, createHmac } from 'node:crypto'
import t from 'tap'
import type { FastifyRequest } from 'fastify'
import { apiKey } from '../lib/index.js'
import type { ApiKeyOptions, StoredApiKey } from '../lib/index.js'
import { InvalidRequestError } from '../lib/errors.js'
import { mistake } from './support/mistake.js'

const lookup = () => undefined
const KEY = 'acme_0123456789abcdef'
const sha256 = (key: string) => createHash('sha256').update(key).digest('hex')
const requestWith = (...rawHeaders: string[]): FastifyRequest => Object.assign(Object.create(null), { raw: { rawHeaders } })
const context = { signal: new AbortController().signal }

/** What `authenticate` answers about this key. */
async function judged (options: ApiKeyOptions, key = KEY): Promise<unknown> {
  const { authenticate } = apiKey(options)
  return authenticate(key, requestWith(), context)
}

/** The members that say something. */
function given (answer: unknown): object {
  return Object.fromEntries(Object.entries(answer as object).filter(([, value]) => value !== undefined))
}

t.test('it is an authenticator called api_key that reads x-api-key and keeps answers', async (t) => {
  const authenticator = apiKey({ lookup })
  t.match(authenticator, { name: 'api_key', from: 'header', cache: {}, budget: undefined })
  t.ok(Object.isFrozen(authenticator))
  t.equal(authenticator.match(requestWith('Host', 'a', 'X-API-Key', KEY)), KEY)
  t.equal(authenticator.match(requestWith('Host', 'a')), undefined)
  const unset = { name: undefined, header: undefined, prefix: undefined, hash: undefined, cache: undefined, budget: undefined }
  t.equal(JSON.stringify(apiKey({ lookup, ...unset })), JSON.stringify(authenticator))
})

t.test('name, header, cache and budget can be others', async (t) => {
  const authenticator = apiKey({ lookup, name: 'partner', header: 'X-Partner-Key', cache: { ttl: 1 }, budget: { burst: 1 } })
  t.match(authenticator, { name: 'partner', cache: { ttl: 1 }, budget: { burst: 1 } })
  t.equal(authenticator.match(requestWith('x-partner-key', KEY, 'x-api-key', 'other')), KEY)
})

t.test('a header that comes twice is a malformed request', async (t) => {
  for (const values of [[KEY, KEY], [KEY, 'other'], ['', KEY]]) {
    t.throws(() => apiKey({ lookup }).match(requestWith(...values.flatMap((value) => ['X-Api-Key', value]))), InvalidRequestError)
  }
})

t.test('in the Authorization header it reads Bearer credentials with its prefix, no others', async (t) => {
  const { match, from } = apiKey({ lookup, header: 'Authorization', prefix: 'acme_' })
  t.equal(from, 'authorization')
  for (const [value, found] of [[`Bearer ${KEY}`, KEY], [`bearer   ${KEY}`, KEY], ['Bearer eyJ.eyJ.x', undefined], [`Basic ${KEY}`, undefined], [KEY, undefined], [`Bearer ACME_${KEY}`, undefined]] as const) {
    t.equal(match(requestWith('authorization', value)), found, value)
  }
  t.equal(match(requestWith()), undefined)
  t.throws(() => match(requestWith('authorization', `Bearer ${KEY}`, 'authorization', `Bearer ${KEY}`)), InvalidRequestError)
})

t.test('a key is its prefix and 16 to 512 characters of a token', async (t) => {
  const { shape } = apiKey({ lookup, prefix: 'a.b+c_' })
  const { shape: anyShape } = apiKey({ lookup })
  for (const rest of ['0123456789abcdef', 'ABCxyz-._~+/0123', 'a'.repeat(512), `${'a'.repeat(16)}==`]) {
    t.ok(shape!.test(`a.b+c_${rest}`), rest)
    t.ok(anyShape!.test(rest))
  }
  for (const rest of ['', 'a'.repeat(15), 'a'.repeat(513), `${'a'.repeat(16)} `, `${'a'.repeat(16)}\n`, ` ${'a'.repeat(16)}`, `${'a'.repeat(16)}:b`, `=${'a'.repeat(16)}`, `${'a'.repeat(15)}=a`, `${'a'.repeat(16)}ä`]) {
    t.notOk(shape!.test(`a.b+c_${rest}`), JSON.stringify(rest))
    t.notOk(anyShape!.test(rest))
  }
  for (const prefix of ['axb+c_', 'a.bbc_', 'A.B+C_', '', 'xa.b+c_']) t.notOk(shape!.test(`${prefix}0123456789abcdef`), prefix)
})

t.test('a lookup sees the hash, never the key', async (t) => {
  const seen: unknown[] = []
  await judged({ lookup: (...sent) => { seen.push(...sent); return undefined } })
  await judged({ lookup: (...sent) => { seen.push(...sent); return undefined }, hash: (key) => createHmac('sha256', 'pepper').update(key).digest('base64') })
  t.strictSame(seen, [sha256(KEY), context, createHmac('sha256', 'pepper').update(KEY).digest('base64'), context])
})

t.test('what is found is an answer only if its hash is that of the key', async (t) => {
  const stored = { subject: 'service-1', scopes: ['read'] }
  t.same(given(await judged({ lookup: (hash) => ({ hash, ...stored }) })), stored, 'without the hash')
  t.same(given(await judged({ lookup: async (hash) => ({ hash, ...stored }) })), stored)
  for (const hash of [sha256(`${KEY} `), sha256('other'), sha256(KEY).toUpperCase(), sha256(KEY).slice(0, -1), `${sha256(KEY)}0`, '', '*', '%', KEY]) {
    t.equal(await judged({ lookup: () => ({ hash, ...stored }) }), undefined, `a lenient lookup that found ${hash}`)
  }
  for (const nothing of [undefined, null]) t.equal(await judged({ lookup: () => nothing }), undefined)
})

t.test('a row as a database gives it is an answer: other columns are not looked at, null counts as left out', async (t) => {
  class Row {
    id = 7
    hash = sha256(KEY)
    subject = 'service-1'
    scopes = ['read']
    roles = null
    expiresAt = null
    createdAt = new Date()
    get organizationId () { return 'org-1' }
    get owner (): never { throw new Error('a relation that was not loaded') }
  }
  const expected = { subject: 'service-1', scopes: ['read'], organizationId: 'org-1' }
  for (const row of [new Row(), Object.assign(Object.create(null), { ...new Row(), organizationId: 'org-1' })] as object[] as StoredApiKey[]) {
    t.same(given(await judged({ lookup: () => row })), expected)
    t.same(given(await judged({ lookup: async () => row })), expected)
  }
})

t.test('a hash may take its time', async (t) => {
  const hash = async (key: string) => `hash of ${key}`
  const seen: string[] = []
  t.same(given(await judged({ hash, lookup: (hash) => { seen.push(hash); return { hash, subject: 'service-1' } } })), { subject: 'service-1' })
  t.same(seen, [`hash of ${KEY}`])
  t.equal(await judged({ hash, lookup: () => ({ hash: 'hash of another', subject: 'service-1' }) }), undefined)
  await t.rejects(judged({ lookup, hash: async () => { throw new Error('away') } }), { message: 'away' })
})

t.test('a hash or a lookup that misbehaves is an error, never an answer', async (t) => {
  const malformed = 'lookup must return { hash, subject, … }, undefined or null'
  for (const stored of [true, false, 0, '', [], {}, { subject: 'a' }, { hash: undefined, subject: 'a' }, { hash: Buffer.from(sha256(KEY)), subject: 'a' }, { hash: [sha256(KEY)], subject: 'a' }, [{ hash: sha256(KEY), subject: 'a' }]]) {
    await t.rejects(judged({ lookup: (() => stored) as object as ApiKeyOptions['lookup'] }), { name: 'TypeError', message: malformed })
  }
  for (const hash of ['', undefined, null, 42, Buffer.from('a'), Promise.resolve(''), Promise.resolve(42)]) {
    await t.rejects(judged({ lookup: () => ({ hash: '', subject: 'a' }), hash: (() => hash) as object as (key: string) => string }), { name: 'TypeError', message: 'hash must return a text' })
  }
  await t.rejects(judged({ lookup: () => { throw new Error('away') } }), { message: 'away' })
  let reads = 0
  const shifty = { get hash () { return reads++ === 0 ? sha256('other') : sha256(KEY) }, subject: 'a' }
  t.equal(await judged({ lookup: () => shifty }), undefined)
  t.equal(reads, 1, 'what is compared is what was checked')
})

t.test('a wrong option is refused', async (t) => {
  const refusal = (options: unknown) => mistake(() => apiKey(options as ApiKeyOptions))
  for (const [options, sentence] of [
    [undefined, 'apiKey(): expected an object, got undefined; pass { lookup }'],
    [lookup, 'apiKey(): expected an object, got a function; pass { lookup }'],
    [{}, 'apiKey(): lookup: expected a function of the hash, got undefined'],
    [{ lookup, Prefix: 'a' }, 'apiKey(): unknown key "Prefix"; did you mean "prefix"?'],
    [{ lookup, from: 'cookie' }, 'apiKey(): unknown key "from"; known are name, header, prefix, hash, lookup, cache, budget'],
    [{ lookup, hash: 'sha256' }, 'apiKey(): hash: expected a function of the key, got a value of type string'],
    [{ lookup, prefix: 42 }, 'apiKey(): prefix: expected a text of characters a key may have, got 42'],
    [{ lookup, prefix: 'acme ' }, "apiKey(): prefix: expected a text of characters a key may have, got 'acme '"],
    [{ lookup, prefix: '.*|' }, "apiKey(): prefix: expected a text of characters a key may have, got '.*|'"],
    [{ lookup, prefix: 'acme\n' }, "apiKey(): prefix: expected a text of characters a key may have, got 'acme\\n'"],
    [{ lookup, header: '' }, "apiKey(): header: expected a header's name, got ''"],
    [{ lookup, header: 'x api key' }, "apiKey(): header: expected a header's name, got 'x api key'"],
    [{ lookup, header: ['x-api-key'] }, "apiKey(): header: expected a header's name, got [ 'x-api-key' ]"],
    [{ lookup, header: 'Cookie' }, "apiKey(): header: expected a header that browsers do not send by themselves, got 'Cookie'"],
    [{ lookup, header: 'Authorization' }, "apiKey(): header: 'authorization' needs a prefix, for access tokens come there too"]
  ] as const) t.match(refusal(options), sentence)
})
