import t from 'tap'
import type { ExchangeOptions } from '../../lib/index.js'
import { ExchangedToken } from '../../lib/exchange/downstream-token.js'
import { KeptTokens } from '../../lib/exchange/kept-tokens.js'
import { fakeClock } from '../support/clock.js'
import { exchangeServer, exchangingApi, json } from '../support/exchange-server.js'
import type { ExchangeServer } from '../support/exchange-server.js'
import { until } from '../support/until.js'

/** An API whose tokens of other services last so many seconds, and how often the provider was asked. */
async function keeping (t: Parameters<typeof exchangingApi>[0], lifetime: number | undefined) {
  const clock = fakeClock(t)
  const server = await exchangeServer(t)
  server.answer = (response) => { json(200, server.token({ access_token: `downstream ${server.requests.length}`, expires_in: lifetime }))(response) }
  const api = await exchangingApi(t, server)
  const ask = async (token: string) => ((await api.get(token, '/down')).body as { accessToken: string }).accessToken
  return { clock, server, api, ask }
}

const longLived = ({ issuer }: ExchangeServer, more: Record<string, unknown> = {}) => issuer.token({ exp: Math.floor(Date.now() / 1000) + 1e6, ...more })

t.test('200 requests at once for one token are one call, and each gets it', async (t) => {
  const { server, ask } = await keeping(t, 3600)
  const token = longLived(server)
  t.strictSame(await Promise.all(Array.from({ length: 200 }, () => ask(token))), Array(200).fill('downstream 1'))
  t.equal(server.requests.length, 1)
})

t.test('200 requests of 20 callers never get the token of another', async (t) => {
  const { server, ask } = await keeping(t, 3600)
  server.answer = (response, { form }) => { json(200, server.token({ access_token: `for ${form.get('subject_token')}` }))(response) }
  const people = Array.from({ length: 20 }, (_, index) => longLived(server, { sub: `person ${index}` }))
  t.strictSame(await Promise.all(Array.from({ length: 200 }, (_, index) => ask(people[index % 20]!))), Array.from({ length: 200 }, (_, index) => `for ${people[index % 20]}`))
  t.equal(server.requests.length, 20)
})

t.test('whatever the token depends on makes a call of its own; the same again does not', async (t) => {
  const { server, api, ask } = await keeping(t, 3600)
  server.answer = (response, { form }) => { json(200, server.token({ issued_token_type: form.get('requested_token_type') }))(response) }
  const [token, other] = [longLived(server), longLived(server, { jti: '2' })]
  const custom = { subjectToken: token, subjectTokenType: 'urn:acme:legacy' }
  const different: ReadonlyArray<readonly [string, ExchangeOptions]> = [
    [token, { audience: 'a' }], [other, { audience: 'a' }], [token, { audience: 'b' }], [token, { audience: ['a', 'b'] }], [token, { audience: ['b', 'a'] }], [token, { audience: 'a,b' }],
    [token, { resource: 'urn:a' }], [token, { audience: 'urn:a' }], [token, { scope: 'a' }], [token, { audience: 'a', scope: 'a b' }], [token, { audience: 'a', scope: 'b a' }],
    [token, { audience: 'a', requestedTokenType: 'urn:ietf:params:oauth:token-type:jwt' }],
    [token, { audience: 'a', actorToken: { token: 'x', type: 'urn:x' } }], [token, { audience: 'a', actorToken: { token: 'y', type: 'urn:x' } }], [token, { audience: 'a', actorToken: { token: 'x', type: 'urn:y' } }],
    [token, { audience: 'a', parameters: { b: 'c' } }], [token, { audience: 'a', parameters: { b: ['c', 'd'] } }], [token, { audience: 'a', parameters: { b: 'd' } }],
    [token, { ...custom, audience: 'a' }], [token, { ...custom, audience: 'a', organization: 'o' }], [token, { connection: 'a' }], [token, { connection: 'a', loginHint: 'b' }]
  ]
  for (let round = 0; round < 2; round++) {
    for (const [credential, wishes] of different) {
      api.wishes = wishes
      t.equal(await ask(credential), 'downstream')
    }
    t.equal(server.requests.length, different.length)
  }
})

t.test('a failure is kept by nobody, and is that of everybody who waits', async (t) => {
  const { server, api, ask } = await keeping(t, 3600)
  const token = longLived(server)
  const right = server.answer
  server.answer = json(400, { error: 'invalid_grant' })
  const answers = await Promise.all(Array.from({ length: 20 }, () => api.get(token, '/down')))
  t.ok(answers.every(({ status }) => status === 502))
  t.equal(server.requests.length, 1)
  t.equal(api.refusals().length, 20)
  server.answer = right
  t.equal(await ask(token), 'downstream 2')
})

t.test('a token is given until shortly before its end: 30 seconds, or a tenth of its life', async (t) => {
  for (const [lifetime, kept] of [[3600, 3570], [100, 90], [1, 0.9]] as const) {
    const { clock, server, ask } = await keeping(t, lifetime)
    // Whole seconds are told of its end: the part of one that has gone by is none of it.
    clock.advance(1000 - clock.now() % 1000)
    const token = longLived(server)
    t.equal(await ask(token), 'downstream 1')
    clock.advance(kept * 1000 - 1)
    t.equal(await ask(token), 'downstream 1', `${lifetime}`)
    clock.advance(1)
    t.equal(await ask(token), 'downstream 2', `${lifetime}`)
  }
})

t.test('a token that ends at once is given, and not kept', async (t) => {
  const { server, ask } = await keeping(t, 0)
  const token = longLived(server)
  t.strictSame([await ask(token), await ask(token)], ['downstream 1', 'downstream 2'])
})

t.test('a token without an end is kept for a minute', async (t) => {
  const { clock, server, ask } = await keeping(t, undefined)
  const token = longLived(server)
  t.equal(await ask(token), 'downstream 1')
  clock.advance(59_999)
  t.equal(await ask(token), 'downstream 1')
  clock.advance(1)
  t.equal(await ask(token), 'downstream 2')
})

t.test('what was made of a token is not given past its end', async (t) => {
  const { clock, server, ask, api } = await keeping(t, 3600)
  const exp = Math.floor(clock.now() / 1000) + 40
  const token = server.issuer.token({ exp })
  t.equal(await ask(token), 'downstream 1')
  clock.advance(exp * 1000 - clock.now() - 1)
  t.equal(await ask(token), 'downstream 1')
  clock.advance(1)
  t.equal(await ask(token), 'downstream 2', 'accepted for ten seconds more, and asked about each time')
  t.equal(await ask(token), 'downstream 3')
  clock.advance(10_000)
  t.equal((await api.get(token, '/down')).status, 401)
})

t.test('what was made of a token whose end we do not know is kept for a minute', async (t) => {
  for (const wishes of [{ subjectToken: 'legacy', subjectTokenType: 'urn:acme:legacy' }, { audience: 'a', actorToken: { token: 'actor', type: 'urn:x' } }]) {
    const { clock, server, api, ask } = await keeping(t, 3600)
    api.wishes = wishes
    const token = longLived(server)
    t.equal(await ask(token), 'downstream 1')
    clock.advance(59_999)
    t.equal(await ask(token), 'downstream 1')
    clock.advance(1)
    t.equal(await ask(token), 'downstream 2')
  }
})

t.test('what was made of a JWT we did not judge is not given past the end it names, and for a minute at most', async (t) => {
  const form = (token: string, asActor: boolean): ExchangeOptions => asActor
    ? { audience: 'a', actorToken: { token, type: 'urn:x' } }
    : { subjectToken: token, subjectTokenType: 'urn:acme:legacy' }
  for (const asActor of [false, true]) {
    for (const [name, lifetime, kept] of [['soon', 20, 20], ['late', 3600, 60], ['no number', undefined, 60], ['no JWT', undefined, 60]] as const) {
      const { clock, server, api, ask } = await keeping(t, 3600)
      clock.advance(1000 - clock.now() % 1000)
      const token = longLived(server)
      const exp = lifetime === undefined ? 'soon' : clock.now() / 1000 + lifetime
      api.wishes = form(name === 'no JWT' ? 'a.b.c' : server.issuer.token({ exp, iss: 'https://elsewhere.example' }), asActor)
      t.equal(await ask(token), 'downstream 1')
      clock.advance(kept * 1000 - 1)
      t.equal(await ask(token), 'downstream 1', `${name}, ${asActor}`)
      clock.advance(1)
      t.equal(await ask(token), 'downstream 2', `${name}, ${asActor}`)
    }
  }
})

t.test('a clock that is set back keeps no token longer', async (t) => {
  const { clock, server, ask } = await keeping(t, 100)
  const token = longLived(server)
  t.equal(await ask(token), 'downstream 1')
  clock.advance(95_000)
  const now = Date.now
  t.intercept(Date, 'now', { value: () => now() - 80_000 })
  t.equal(await ask(token), 'downstream 2')
})

t.test('who comes while a token is on its way waits for it, and who comes later has it', async (t) => {
  const { server, ask } = await keeping(t, 3600)
  const right = server.answer as (...args: unknown[]) => void
  let answer = () => {}
  server.answer = (...args) => { answer = () => { right(...args) } }
  const token = longLived(server)
  const first = ask(token)
  await until(() => server.requests.length === 1)
  const second = ask(token)
  answer()
  t.strictSame([await first, await second, await ask(token)], Array(3).fill('downstream 1'))
})

t.test('tokens as long as they may be, or with as many scopes, make room for each other before memory is short', async (t) => {
  for (const [accessToken, scopes, most] of [['x'.repeat(24_000), [], 1_334], ['x', Array<string>(12_000).fill('a'), 81]] as const) {
    const kept = new KeptTokens()
    let made = 0
    const get = (key: number) => kept.get(String(key), [], async () => {
      made++
      return new ExchangedToken({ accessToken, scopes, expiresAt: undefined, issuedTokenType: 'urn:x', tokenType: 'Bearer' })
    })
    for (let key = 0; key < most; key++) await get(key)
    await get(most - 1)
    t.equal(made, most, 'the last is kept')
    await get(0)
    t.equal(made, most + 1, 'the first made room')
  }
})
