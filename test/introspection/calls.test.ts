import t from 'tap'
import type { Test } from 'tap'
import type { IntrospectionOptions } from '../../lib/index.js'
import { fakeClock } from '../support/clock.js'
import { ACCEPTED, guardedApi, INVALID_TOKEN, trusting, unavailable } from '../support/guarded-api.js'
import { active, introspectionServer } from '../support/introspection-server.js'
import { createIssuer } from '../support/issuer.js'

/** An API that asks the stand-in, which the issuer's document names. */
async function introspectingApi (t: Test, more: Partial<Pick<IntrospectionOptions, 'cache' | 'budget' | 'prefix'>> = {}) {
  const server = await introspectionServer(t)
  const issuer = await createIssuer({ algorithms: ['ES256'] })
  t.teardown(() => issuer.close())
  issuer.metadata.introspection_endpoint = server.endpoint
  const provider = trusting(issuer, { introspection: { clientId: 'api', clientSecret: 'secret', ...more } })
  return { server, issuer, ...await guardedApi(t, issuer, { provider }) }
}

t.test('two hundred requests with one new token cause one call', async (t) => {
  const { server, issuer, get } = await introspectingApi(t)
  const answers = await Promise.all(Array.from({ length: 200 }, () => get('opaque')))
  for (const answer of answers) t.strictSame(answer, ACCEPTED)
  t.equal(server.questions.length, 1)
  t.equal(issuer.requests.discovery, 1)
})

t.test('two hundred tokens at once cause two hundred calls, but one look at the document', async (t) => {
  const { server, issuer, get } = await introspectingApi(t)
  const answers = await Promise.all(Array.from({ length: 200 }, (_, index) => get(`opaque-${index}`)))
  for (const answer of answers) t.strictSame(answer, ACCEPTED)
  t.equal(server.questions.length, 200)
  t.equal(issuer.requests.discovery, 1)
})

t.test('a token that is refused is remembered as well, for less long', async (t) => {
  const clock = fakeClock(t)
  const { server, get, refusals } = await introspectingApi(t)
  for (const answer of [{ active: false }, active({ aud: 'https://other.example' }), active({ token_type: undefined }), active({ sub: undefined })]) {
    const token = `opaque-${server.questions.length}`
    const asked = server.questions.length
    server.answer = answer
    for (let times = 0; times < 3; times++) t.strictSame(await get(token), INVALID_TOKEN)
    t.equal(server.questions.length, asked + 1)
    server.answer = active({ exp: undefined })
    clock.advance(9_999)
    t.strictSame(await get(token), INVALID_TOKEN)
    clock.advance(1)
    t.strictSame(await get(token), ACCEPTED)
  }
  t.strictSame([...new Set(refusals().map(({ reason }) => reason))], ['token_inactive', 'audience_mismatch', 'not_an_access_token', 'subject_missing'])
})

t.test('a token is not remembered past its end', async (t) => {
  const clock = fakeClock(t)
  const { server, get } = await introspectingApi(t, { cache: { ttl: 3600 } })
  server.answer = active({ exp: Math.floor(clock.now() / 1000) + 10 })
  t.strictSame(await get('opaque'), ACCEPTED)
  server.answer = { active: false }
  clock.advance(9_000)
  t.strictSame(await get('opaque'), ACCEPTED)
  clock.advance(1_001)
  t.strictSame(await get('opaque'), INVALID_TOKEN)
})

t.test('a token that the provider calls active is refused past its end all the same', async (t) => {
  const clock = fakeClock(t)
  const { server, get, refusals } = await introspectingApi(t)
  server.answer = active({ exp: Math.floor(clock.now() / 1000) - 11 })
  t.strictSame(await get('opaque'), INVALID_TOKEN)
  t.match(refusals(), [{ reason: 'token_expired' }])
})

t.test('a JWT is never introspected, whatever is wrong with it', async (t) => {
  const { server, issuer, get } = await introspectingApi(t)
  t.strictSame(await get(issuer.token()), ACCEPTED)
  for (const token of [
    issuer.token({ exp: 1 }), issuer.token({ iss: 'https://other.example' }), issuer.token({}, { kid: 'other' }), issuer.token({}, { alg: 'none' }),
    issuer.token({ nonce: 'n', at_hash: 'h' }, { typ: 'JWT' }), `${issuer.token().slice(0, -4)}AAAA`, 'not.a.jwt', 'eyJhbGciOiJub25lIn0.e30.'
  ]) t.strictSame(await get(token), INVALID_TOKEN, token.slice(0, 20))
  t.strictSame(server.questions, [])
})

t.test('what no provider could have issued is not asked about', async (t) => {
  const { server, get } = await introspectingApi(t, { prefix: 'at_' })
  for (const token of ['other', 'AT_1', `at_${'a'.repeat(20_000)}`]) t.strictSame(await get(token), INVALID_TOKEN, token.slice(0, 10))
  t.strictSame(server.questions, [])
  t.strictSame(await get('at_1'), ACCEPTED)
})

t.test('a placeholder is not asked about: somebody forgot to put a token there', async (t) => {
  const { server, get, refusals } = await introspectingApi(t)
  const placeholders = ['undefined', 'null', 'token', 'your_token', 'YOUR-ACCESS-TOKEN', 'your_access_token', 'yourtoken', 'NULL']
  for (const token of placeholders) t.strictSame(await get(token), INVALID_TOKEN, token)
  t.strictSame(server.questions, [])
  t.match(refusals()[0], { reason: 'token_quoted', hint: 'a placeholder was sent instead of a token' })
  for (const token of ['undefined1', 'token_1', 'nul']) t.strictSame(await get(token), ACCEPTED, token)
})

t.test('a document that names no endpoint, or a bad one, is a 503 that says so', async (t) => {
  const { server, issuer, get, refusals } = await introspectingApi(t)
  const document = `${issuer.issuer}/.well-known/openid-configuration`
  for (const [endpoint, hint] of [
    [undefined, 'has no introspection_endpoint'], ['/introspect', 'has no introspection_endpoint'], [42, 'has no introspection_endpoint'],
    ['http://192.0.2.1/introspect', 'its introspection_endpoint is plain http'],
    ['https://user:word@id.example/', 'its introspection_endpoint has a user name or password']
  ]) {
    issuer.metadata.introspection_endpoint = endpoint
    t.strictSame(await get('opaque'), unavailable())
    t.match(refusals().at(-1), { reason: 'introspection_failed', hint: `${document}: ${hint}` })
  }
  t.strictSame(server.questions, [])
  issuer.metadata.introspection_endpoint = server.endpoint
  t.strictSame(await get('opaque'), ACCEPTED)
})

t.test('an endpoint that moved is found again, and a broken one does not cause a look each time', async (t) => {
  const clock = fakeClock(t)
  const { server, issuer, get } = await introspectingApi(t)
  t.strictSame(await get('opaque-0'), ACCEPTED)
  await server.shut()
  issuer.reset()
  for (let count = 1; count < 5; count++) t.strictSame(await get(`opaque-${count}`), unavailable())
  t.equal(issuer.requests.discovery, 1)
  const moved = await introspectionServer(t)
  issuer.metadata.introspection_endpoint = moved.endpoint
  clock.advance(30_001)
  t.strictSame(await get('opaque-5'), unavailable(), 'doubted')
  t.strictSame(await get('opaque-6'), ACCEPTED)
})
