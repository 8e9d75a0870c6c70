import { createHash } from 'node:crypto'
import t from 'tap'
import { parseForm } from '../../lib/login/form.js'
import { newRecord } from '../../lib/session/record.js'
import { memoryStore } from '../../lib/store/memory.js'
import { endOfAll } from '../../lib/token/deadline.js'
import { away, backchannel, DONE, REPLAYED, watched } from '../support/backchannel.js'
import { fakeClock } from '../support/clock.js'
import { logoutToken, outcomeOf } from '../support/logout-tokens.js'
import { KEEPERS, logIn, loginOf, newBrowser, whoIs } from '../support/session-stage.js'

const never = endOfAll().signal
const REFUSED = { status: 400, code: 'GATEHOUSE_LOGIN_FAILED', reason: 'logout_token_refused' }

t.test('a session of the provider is ended, or all of a person where none is named', async (t) => {
  const { one, two, send, ended } = await backchannel(t)
  t.strictSame(await send(logoutToken(one, { sub: undefined })), DONE)
  t.strictSame(await send(logoutToken(one, { sid: undefined })), DONE)
  t.strictSame(await send(logoutToken(one)), DONE)
  t.strictSame(await send(logoutToken(two, { aud: 'web-two', sid: undefined })), DONE)
  t.strictSame(ended, [
    { issuer: one.issuer, sid: 'session-1' },
    { issuer: one.issuer, subject: 'user-1' },
    { issuer: one.issuer, sid: 'session-1' },
    { issuer: two.issuer, subject: 'user-1' }
  ])
})

t.test('what is not one logout token is refused', async (t) => {
  const { one, logout, ended, calls } = await backchannel(t)
  const token = logoutToken(one)
  for (const [name, parameters, expected] of [
    ['no member', {}, { hint: 'the form has no logout_token' }],
    ['another member', { id_token: token }, { hint: 'the form has no logout_token' }],
    ['a member of the prototype', Object.create({ logout_token: token }), { hint: 'the form has no logout_token' }],
    ['an object', { logout_token: { token } }, { hint: 'the form has no logout_token' }],
    ['two members', parseForm(`logout_token=${token}&logout_token=${token}`), { hint: 'logout_token came more than once' }],
    ['a form without end', parseForm(`logout_token=${token}${'&a=b'.repeat(100)}`), { hint: 'the form has no logout_token' }]
  ] as const) t.match(await outcomeOf(logout(parameters, never)), { ...REFUSED, provider: 'one, two', expected: 'one logout_token', ...expected }, name)
  t.strictSame([ended, calls], [[], []])
  t.strictSame(await outcomeOf(logout(parseForm(`other=member&logout_token=${token}`), never)), DONE, 'what is not understood is ignored')
})

t.test('the provider is the one the token names, and no other: neither is asked for its keys before', async (t) => {
  const { one, two, send, ended, calls } = await backchannel(t)
  const expected = [one.issuer, two.issuer]
  for (const [name, token, refusal] of [
    ['garbage', 'garbage', { reason: 'token_opaque', provider: 'one, two', hint: 'a logout token is a JWT' }],
    ['20 KB', logoutToken(one, { more: 'x'.repeat(20_000) }), { reason: 'token_too_large', provider: 'one, two' }],
    ['no issuer', logoutToken(one, { iss: undefined }), { reason: 'claim_missing', provider: 'one, two' }],
    ['a foreign issuer', logoutToken(one, { iss: 'https://evil.example' }), { reason: 'issuer_mismatch', provider: 'one, two', expected, found: 'https://evil.example' }],
    ['an issuer that differs by a slash', logoutToken(one, { iss: `${one.issuer}/` }), { reason: 'issuer_mismatch', hint: 'issuer differs only by a trailing slash' }],
    ['a list of issuers', logoutToken(one, { iss: expected }), { reason: 'claim_malformed', provider: 'one, two' }],
    ['for the client of the other', logoutToken(two), { reason: 'audience_mismatch', provider: 'two', expected: 'web-two', found: 'web' }],
    ['an ID token', one.token({ aud: 'web', azp: undefined, nonce: 'n' }, { typ: 'JWT' }), { reason: 'logout_token_refused', provider: 'one' }]
  ] as const) t.match(await send(token), { status: 400, code: 'GATEHOUSE_LOGIN_FAILED', ...refusal }, name)
  t.match([one.requests, two.requests], [{ discovery: 0, jwks: 0 }, { discovery: 0, jwks: 0 }])

  t.match(await send(logoutToken(one, { iss: two.issuer, aud: 'web-two' })), { status: 400, reason: 'kid_unknown', provider: 'two' }, 'signed by another provider')
  t.match([one.requests, two.requests], [{ jwks: 0 }, { jwks: 1 }])
  t.strictSame([ended, calls], [[], []], 'what is refused leaves nothing in the store')
})

t.test('a token is used once, for as long as it lasts anywhere', async (t) => {
  const clock = fakeClock(t)
  const { one, two, send, ended, calls } = await backchannel(t)
  const token = logoutToken(one, { jti: 'same' })
  t.strictSame(await send(token), DONE)
  t.match(await send(token), { ...REPLAYED, provider: 'one', hint: 'the same logout token came again' })
  t.match(await send(logoutToken(one, { jti: 'same', sid: 'session-2' })), REPLAYED, 'the name is what counts')
  t.strictSame(await send(logoutToken(two, { jti: 'same', aud: 'web-two' })), DONE, 'another provider has names of its own')
  clock.advance(125_000)
  t.match(await send(token), REPLAYED)
  clock.advance(6_000)
  t.match(await send(token), { status: 400, reason: 'token_expired' })
  t.equal(ended.length, 2)
  const [, key, , ttl] = calls.find(([method]) => method === 'add')!
  t.equal(key, `logout-token:${createHash('sha256').update(JSON.stringify([one.issuer, 'same'])).digest('base64url')}`)
  t.ok(Number(ttl) > 139_000 && Number(ttl) <= 140_000, 'a process whose clock is behind by the tolerance remembers it too')
})

t.test('a token is remembered for a day at most, and refused by itself after that', async (t) => {
  const { one, send, calls } = await backchannel(t)
  t.strictSame(await send(logoutToken(one, { exp: Math.floor(Date.now() / 1000) + 1e9 })), DONE)
  const ttl = Number(calls.find(([method]) => method === 'add')![3])
  t.ok(ttl > 86_400_000 && ttl <= 86_420_000)
})

t.test('a token that expires while it is used is used', async (t) => {
  const clock = fakeClock(t)
  const { one, send, mishaps, calls } = await backchannel(t)
  mishaps.after = async (method) => { if (method === 'get') clock.advance(600_000) }
  t.strictSame(await send(logoutToken(one)), DONE)
  t.equal(calls.find(([method]) => method === 'add')![3], 1)
})

t.test('of the same token many times at once, one is told that it ended the session', async (t) => {
  const { one, send, ended } = await backchannel(t)
  const token = logoutToken(one)
  const outcomes = await Promise.all(Array.from({ length: 50 }, () => send(token)))
  t.equal(outcomes.filter(({ status }) => status === undefined).length, 1)
  t.equal(outcomes.filter(({ reason }) => reason === 'logout_token_refused').length, 49)
  t.strictSame(new Set(ended.map((session) => JSON.stringify(session))), new Set([JSON.stringify({ issuer: one.issuer, sid: 'session-1' })]))
  t.equal(one.requests.jwks, 1)
})

t.test('of two processes that get the same token at once, both end the session', async (t) => {
  const { one, send, ended, mishaps } = await backchannel(t)
  const token = logoutToken(one)
  let twin: Promise<object> | undefined
  mishaps.before = async (method) => {
    if (method !== 'add' || twin !== undefined) return
    twin = send(token)
    await twin
  }
  t.match(await send(token), REPLAYED)
  t.strictSame(await twin, DONE)
  t.equal(ended.length, 2)
})

t.test('a key that is new is fetched', async (t) => {
  const { one, send } = await backchannel(t)
  t.strictSame(await send(logoutToken(one)), DONE)
  const key = await one.rotate()
  t.strictSame(await send(logoutToken(one, {}, {}, key)), DONE)
})

t.test('where keys cannot be had the provider is told to come again, and the token is not used up', async (t) => {
  const { one, send, calls } = await backchannel(t)
  one.behave('status-500', 'jwks')
  const token = logoutToken(one)
  t.match(await send(token), { status: 503, code: 'GATEHOUSE_UNAVAILABLE', reason: 'keys_unavailable', provider: 'one' })
  t.strictSame(calls, [])
})

for (const kind of ['cookie', 'store'] as const) {
  t.test(`the provider ends sessions in a ${kind}`, async (t) => {
    const { store, mishaps } = watched(memoryStore({ singleProcess: true }))
    const keeper = KEEPERS[kind](store)
    const { one, logout, send } = await backchannel(t, { store, sessions: keeper })
    const at = async (sid: string | undefined, subject = 'user-1') => {
      const browser = newBrowser()
      await logIn(keeper, browser, newRecord(loginOf({ issuer: one.issuer, sid, subject })))
      return () => whoIs(keeper, browser.header())
    }

    t.test('with a sid this session is over, and no other of the person', async (t) => {
      const [here, there] = [await at('session-1'), await at('session-2')]
      await logout({ logout_token: logoutToken(one) }, never)
      t.strictSame([await here(), await there()], [undefined, 'user-1'])
    })

    t.test('without a sid all sessions of the person are over, and of nobody else', async (t) => {
      const [here, there, nowhere, other] = [await at('session-3'), await at('session-4'), await at(undefined), await at('session-5', 'user-2')]
      await logout({ logout_token: logoutToken(one, { sid: undefined }) }, never)
      t.strictSame([await here(), await there(), await nowhere(), await other()], [undefined, undefined, undefined, 'user-2'])
    })

    t.test('no session is no failure', async (t) => {
      t.strictSame(await send(logoutToken(one, { sid: 'unknown' })), DONE)
    })

    t.test('who logs in again stays in: the token that ended the session before is used up', async (t) => {
      const token = logoutToken(one, { sid: undefined })
      const before = await at('session-6')
      t.strictSame(await send(token), DONE)
      const again = await at('session-7')
      t.match(await send(token), REPLAYED)
      t.strictSame([await before(), await again()], [undefined, 'user-1'])
    })

    const ends = kind === 'cookie' ? 'set' : 'deleteByIndex'
    for (const method of ['get', ends, 'add']) {
      t.test(`a store away in the middle (${method}) is told, and the next try with the same token is heard`, async (t) => {
        const who = await at('session-8')
        const token = logoutToken(one, { sid: 'session-8' })
        mishaps.before = away(method)
        await t.rejects(logout({ logout_token: token }, never), { name: 'StoreUnavailableError' })
        await t.rejects(logout({ logout_token: token }, never), { name: 'StoreUnavailableError' }, 'twice')
        mishaps.before = undefined
        t.equal(await who(), method === 'add' ? undefined : 'user-1')
        t.strictSame(await send(token), DONE)
        t.equal(await who(), undefined)
        t.match(await send(token), REPLAYED)
      })
    }

    t.test('a store that did its work and did not say so: the session is over, whatever the next try is told', async (t) => {
      const who = await at('session-9')
      const token = logoutToken(one, { sid: 'session-9' })
      mishaps.after = away('add')
      await t.rejects(logout({ logout_token: token }, never), { name: 'StoreUnavailableError' })
      mishaps.after = undefined
      t.match(await send(token), REPLAYED)
      t.equal(await who(), undefined)
    })
  })
}
