import { randomBytes } from 'node:crypto'
import cors from '@fastify/cors'
import { calculateThumbprint, generateKeyPair, generateProof } from 'dpop'
import t from 'tap'
import { fakeClock } from '../support/clock.js'
import { issuerFor } from '../support/house.js'
import { ask, RESOURCE, resourceApp, WELL_KNOWN } from '../support/resource-app.js'

const issuer = await issuerFor(t)
const token = (claims: Record<string, unknown> = {}) => issuer.token({ aud: RESOURCE, ...claims })
const bearer = (value: string) => ({ authorization: `Bearer ${value}` })
const METADATA = `resource_metadata="${RESOURCE}${WELL_KNOWN}"`
const INVALID = 'error="invalid_token", error_description="The access token is expired, revoked, malformed or not meant for this API"'
const EXPOSED = { 'access-control-expose-headers': 'WWW-Authenticate' }

/** What of a refusal clients act on. */
async function refusal (app: Parameters<typeof ask>[0], question: Parameters<typeof ask>[1]) {
  const { status, body, headers: { 'content-type': _, ...headers } } = await ask(app, question)
  return { status, code: (body as { code?: string }).code, headers }
}

t.test('each challenge says where the metadata are, and that scripts may read it', async (t) => {
  const app = await resourceApp(t, issuer)
  app.get('/strong', { config: { auth: { acr: 'gold', maxAge: 60 } } }, async () => 'strong')
  app.get('/maybe', { config: { auth: 'optional' } }, async (request) => request.auth.subject)
  for (const [question, status, code, challenge] of [
    ['/', 401, 'GATEHOUSE_CREDENTIAL_MISSING', `Bearer realm="api", ${METADATA}`],
    [{ url: '/', headers: { authorization: 'Basic YTpi' } }, 401, 'GATEHOUSE_CREDENTIAL_MISSING', `Bearer realm="api", ${METADATA}`],
    ['/email', 401, 'GATEHOUSE_CREDENTIAL_MISSING', `Bearer realm="api", scope="email", ${METADATA}`],
    ['/maybe', 401, 'GATEHOUSE_NOT_AUTHENTICATED', `Bearer realm="api", ${METADATA}`],
    [{ url: '/', headers: bearer('no.good.token') }, 401, 'GATEHOUSE_TOKEN_INVALID', `Bearer realm="api", ${INVALID}, ${METADATA}`],
    [{ url: '/email', headers: bearer(token()) }, 403, 'GATEHOUSE_SCOPE_INSUFFICIENT', `Bearer realm="api", error="insufficient_scope", error_description="The access token lacks a scope this request needs", scope="email", ${METADATA}`],
    [{ url: '/strong', headers: bearer(token()) }, 401, 'GATEHOUSE_AUTHENTICATION_INSUFFICIENT', `Bearer realm="api", error="insufficient_user_authentication", error_description="This needs a stronger or more recent authentication", acr_values="gold", max_age="60", ${METADATA}`],
    [{ url: '/', headers: { authorization: 'Bearer' } }, 400, 'GATEHOUSE_CREDENTIAL_MALFORMED', `Bearer realm="api", error="invalid_request", error_description="The request must carry exactly one credential, in one header and well formed: the scheme, one space, the token", ${METADATA}`]
  ] as const) {
    t.strictSame(await refusal(app, question), { status, code, headers: { 'www-authenticate': challenge, ...EXPOSED } })
  }
})

t.test('an answer without a challenge exposes nothing', async (t) => {
  const app = await resourceApp(t, issuer)
  app.get('/admin', { config: { roles: 'admin' } }, async () => 'admin')
  t.strictSame(await ask(app, { url: '/', headers: bearer(token()) }), { status: 200, body: 'user-1', headers: { 'content-type': 'text/plain; charset=utf-8' } })
  t.strictSame(await refusal(app, { url: '/admin', headers: bearer(token()) }), { status: 403, code: 'GATEHOUSE_FORBIDDEN', headers: {} })
})

t.test('without a resource challenges and headers are as they were', async (t) => {
  const { default: gatehouse } = await import('../../lib/index.js')
  const { bareHouse, providerOf } = await import('../support/house.js')
  const app = bareHouse(t)
  await app.register(gatehouse, { provider: providerOf(issuer), baseUrl: RESOURCE })
  app.get('/', async () => 'x')
  t.strictSame(await refusal(app, '/'), { status: 401, code: 'GATEHOUSE_CREDENTIAL_MISSING', headers: { 'www-authenticate': 'Bearer realm="api"' } })
})

t.test('what @fastify/cors exposes stays exposed, and nothing twice', async (t) => {
  for (const [exposedHeaders, seen] of [
    [['X-Total', 'X-Page'], 'X-Total, X-Page, WWW-Authenticate'],
    [['www-authenticate'], 'www-authenticate'],
    [undefined, 'WWW-Authenticate']
  ] as const) {
    const app = await resourceApp(t, issuer, { before: (app) => app.register(cors, { origin: 'https://app.example', ...exposedHeaders && { exposedHeaders: [...exposedHeaders] } }) })
    const fromPage = (url: string, headers = {}) => refusal(app, { url, headers: { origin: 'https://app.example', ...headers } })
    const headers = { 'access-control-allow-origin': 'https://app.example', 'access-control-expose-headers': seen }
    t.strictSame(await fromPage('/'), { status: 401, code: 'GATEHOUSE_CREDENTIAL_MISSING', headers: { ...headers, 'www-authenticate': `Bearer realm="api", ${METADATA}` } })
    t.match(await fromPage('/email', bearer(token())), { status: 403, headers }, 'in a later hook too')
  }
})

t.test('an error handler of the app leaves it all in place', async (t) => {
  const app = await resourceApp(t, issuer, {
    before: (app) => { app.setErrorHandler((error: Error & { headers?: Record<string, string> }, _request, reply) => reply.code(418).headers(error.headers ?? {}).send({ code: 'mine' })) }
  })
  t.strictSame(await refusal(app, '/'), { status: 418, code: 'mine', headers: { 'www-authenticate': `Bearer realm="api", ${METADATA}`, ...EXPOSED } })
})

t.test('only requests to the address of the resource are told of it, RFC 9728 section 3.3', async (t) => {
  const app = await resourceApp(t, issuer, { baseUrl: ['https://app.example.com', RESOURCE] })
  const at = async (host: string) => (await refusal(app, { url: '/', headers: { host } })).headers['www-authenticate']
  t.equal(await at('resource.example.com'), `Bearer realm="api", ${METADATA}`)
  t.equal(await at('RESOURCE.example.com:443'), `Bearer realm="api", ${METADATA}`)
  t.equal(await at('app.example.com'), 'Bearer realm="api"')
  t.equal(await at('attacker.example'), 'Bearer realm="api"')
})

t.test('a token that came another way is refused with the same challenge', async (t) => {
  const app = await resourceApp(t, issuer)
  const error = await app.gatehouse.verify('no.good.token').catch((error: unknown) => error)
  t.match(error, { statusCode: 401, headers: { 'www-authenticate': `Bearer realm="api", ${INVALID}, ${METADATA}` } })
})

t.test('with proofs of possession:', async (t) => {
  const keys = await generateKeyPair('ES256')
  const bound = token({ cnf: { jkt: await calculateThumbprint(keys.publicKey) } })
  const withProof = async (nonce?: string) => ({ authorization: `DPoP ${bound}`, dpop: await generateProof(keys, `${RESOURCE}/`, 'GET', nonce, bound) })
  const ALGS = 'algs="ES256"'

  t.test('both challenges of a bound token lead to the metadata', async (t) => {
    const app = await resourceApp(t, issuer, { dpop: { algorithms: ['ES256'] } })
    t.strictSame(await refusal(app, { url: '/', headers: bearer(bound) }), {
      status: 401, code: 'GATEHOUSE_TOKEN_INVALID', headers: { 'www-authenticate': [`Bearer realm="api", ${INVALID}, ${METADATA}`, `DPoP ${METADATA}, ${ALGS}`], ...EXPOSED }
    })
    t.strictSame(await refusal(app, { url: '/', headers: { authorization: 'DPoP no.good.token', dpop: 'x' } }), {
      status: 401, code: 'GATEHOUSE_TOKEN_INVALID', headers: { 'www-authenticate': `DPoP ${INVALID}, ${METADATA}, ${ALGS}`, ...EXPOSED }
    })
  })

  t.test('where nothing but proofs will do, the challenge says so', async (t) => {
    const app = await resourceApp(t, issuer, { dpop: { mode: 'require', algorithms: ['ES256'] } })
    t.strictSame(await refusal(app, '/'), { status: 401, code: 'GATEHOUSE_CREDENTIAL_MISSING', headers: { 'www-authenticate': `DPoP ${METADATA}, ${ALGS}`, ...EXPOSED } })
  })

  t.test('nonces can be read by scripts, from refusals and from answers', async (t) => {
    const clock = fakeClock(t)
    const app = await resourceApp(t, issuer, { dpop: { algorithms: ['ES256'], nonce: { secret: randomBytes(32).toString('hex'), lifetime: 10 } } })
    const asked = await refusal(app, { url: '/', headers: await withProof() })
    const nonce = String(asked.headers['dpop-nonce'])
    t.match(asked, { status: 401, headers: { 'access-control-expose-headers': 'WWW-Authenticate, DPoP-Nonce', 'cache-control': 'no-store' } })
    t.match(asked.headers['www-authenticate'], 'error="use_dpop_nonce"')
    t.match(asked.headers['www-authenticate'], METADATA)

    clock.advance(10_000)
    const answer = await ask(app, { url: '/', headers: await withProof(nonce) })
    t.match(answer, { status: 200, body: 'user-1', headers: { 'access-control-expose-headers': 'DPoP-Nonce' } })
    t.not(answer.headers['dpop-nonce'], nonce, 'the next one')
  })
})
