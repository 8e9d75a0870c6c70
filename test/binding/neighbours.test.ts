import t from 'tap'
import { apiKey, tesseral } from '../../lib/index.js'
import { accepted, signatures } from '../support/other-credentials.js'
import { guardedApi, INVALID_TOKEN } from '../support/guarded-api.js'
import { createIssuer } from '../support/issuer.js'
import { BAD_PROOF, UNEXPECTED_PROOF } from '../support/proof-answers.js'
import { createProver } from '../support/prover.js'
import { sessionApp } from '../support/session-app.js'
import { createProject } from '../support/tesseral/project.js'

const issuer = await createIssuer({ algorithms: ['ES256'] })
t.teardown(() => issuer.close())
const client = await createProver()
const BASE = 'https://api.example.com'
const ALGS = /algs=.*/.exec(BAD_PROOF.challenge!)![0]
const WANTED = { status: 401, body: { statusCode: 401, code: 'GATEHOUSE_CREDENTIAL_MISSING', error: 'Unauthorized', message: 'Authentication is required' }, challenge: `DPoP ${ALGS}`, retryAfter: undefined }

t.test("a bound token in a provider's cookie is refused, with a proof too, and the answer asks for the proper way", async (t) => {
  const project = await createProject(t)
  const { get, refusals } = await guardedApi(t, issuer, { provider: tesseral(project.options), baseUrl: BASE })
  const ask = (token: string, headers = {}) => get(undefined, '/', { cookie: `${project.cookieName}=${token}`, 'sec-fetch-site': 'same-origin', ...headers })
  t.equal((await ask(project.token())).status, 200)
  const bound = project.token({ cnf: { jkt: client.jkt } })
  for (const headers of [{}, { dpop: client.proof({ token: bound, url: `${BASE}/` }) }]) {
    t.strictSame(await ask(bound, headers), { ...INVALID_TOKEN, challenge: `${INVALID_TOKEN.challenge},DPoP ${ALGS}` })
    t.match(refusals().at(-1), { reason: 'binding_unverifiable' })
  }
  t.strictSame(await ask(project.token({ cnf: { 'x5t#S256': client.jkt } })), INVALID_TOKEN)
  t.match(refusals().at(-1), { reason: 'binding_unverifiable', hint: 'the token is bound to a certificate: there is no certificate to compare with' })
})

t.test("where proofs are required a provider's cookie is as good as nothing", async (t) => {
  const project = await createProject(t)
  const { get, refusals } = await guardedApi(t, issuer, { provider: tesseral(project.options), baseUrl: BASE, dpop: 'require' })
  for (const claims of [{}, { cnf: { jkt: client.jkt } }]) {
    t.strictSame(await get(undefined, '/', { cookie: `${project.cookieName}=${project.token(claims)}`, 'sec-fetch-site': 'same-origin' }), WANTED)
    t.match(refusals().at(-1), { reason: 'dpop_required', found: 'a cookie' })
  }
})

t.test('with dangerouslyIgnoreBinding a bound token in a cookie is a token', async (t) => {
  const project = await createProject(t)
  const { get } = await guardedApi(t, issuer, { provider: tesseral(project.options), dpop: 'off', dangerouslyIgnoreBinding: true })
  t.equal((await get(undefined, '/', { cookie: `${project.cookieName}=${project.token({ cnf: { jkt: client.jkt } })}`, 'sec-fetch-site': 'same-origin' })).status, 200)
})

t.test("a provider's API key is a Bearer credential: as DPoP it is bound to nothing, and beside a proof it is a mistake", async (t) => {
  const project = await createProject(t)
  const { get, refusals } = await guardedApi(t, issuer, { provider: tesseral(project.withApiKeys), baseUrl: BASE })
  const key = project.backend.issue({ organizationId: 'org_1', actions: [] })
  const dpop = client.proof({ token: key, url: `${BASE}/` })
  t.equal((await get(key)).status, 200)
  t.match(await get(undefined, '/', { authorization: `DPoP ${key}`, dpop }), { status: 401, challenge: /^DPoP error="invalid_token"/ })
  t.match(refusals().at(-1), { reason: 'binding_missing' })
  t.strictSame(await get(key, '/', { dpop }), UNEXPECTED_PROOF)
  t.match(refusals().at(-1), { reason: 'proof_unexpected' })
})

t.test('the app\'s own credentials need no proof, and are not confused by one', async (t) => {
  const { get } = await guardedApi(t, issuer, {
    baseUrl: BASE,
    dpop: 'require',
    authenticators: [apiKey({ prefix: 'acme_', lookup: async (hash) => ({ hash, subject: 'program' }) }), signatures().authenticator]
  })
  const headers = { dpop: client.proof({ token: 'x', url: `${BASE}/` }) }
  t.strictSame(await get(undefined, '/', { 'x-api-key': `acme_${'k'.repeat(32)}`, ...headers }), accepted('program'))
  t.strictSame(await get(undefined, '/', { 'x-signature': 'good', ...headers }), accepted('good'))
  const token = client.token(issuer)
  const two = await get(undefined, '/', { 'x-signature': 'good', authorization: `DPoP ${token}`, dpop: client.proof({ token, url: `${BASE}/` }) })
  t.match(two, { status: 400, challenge: /^DPoP error="invalid_request"/ })
})

t.test('a route that takes access tokens with proofs only takes no other credential', async (t) => {
  const { get } = await guardedApi(t, issuer, {
    baseUrl: BASE,
    authenticators: [signatures().authenticator],
    routes: (app) => { app.get('/bound', { config: { auth: { dpop: 'require', credentials: ['access_token'] } } }, async ({ auth }) => ({ subject: auth.subject })) }
  })
  const token = client.token(issuer)
  t.equal((await get(undefined, '/bound', { 'x-signature': 'good' })).status, 401)
  t.strictSame(await get(undefined, '/bound', { authorization: `DPoP ${token}`, dpop: client.proof({ token, url: `${BASE}/bound` }) }), accepted('user-1'))
})

t.test("a session's bound access token grants nothing, and the session is as good as before", async (t) => {
  const { server, seat, app, reason } = await sessionApp(t, {
    audience: true,
    routes: (app) => {
      app.get('/who', async ({ auth }) => ({ subject: auth.subject, scopes: auth.scopes }))
      app.get('/scoped', { config: { scopes: 'read' } }, async () => ({}))
    }
  })
  await app.gatehouse.ready()
  for (const cnf of [{ jkt: client.jkt }, { 'x5t#S256': client.jkt }, { kid: 'x' }]) {
    const browser = await seat({ accessToken: server.issuer.token({ sub: 'ada', scope: 'read', cnf }) })
    t.strictSame((await browser.get('/who')).json(), { subject: 'ada', scopes: [] })
    t.match((await browser.get('/scoped')).json(), { statusCode: 403, code: 'GATEHOUSE_SCOPE_INSUFFICIENT' })
    t.equal(reason(), 'scope_missing')
  }
  const free = await seat({ accessToken: server.issuer.token({ sub: 'ada', scope: 'read' }) })
  t.strictSame((await free.get('/who')).json(), { subject: 'ada', scopes: ['read'] })
})
