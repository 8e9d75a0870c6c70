import { hash, X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { connect as connectHttp2 } from 'node:http2'
import { Agent, get } from 'node:https'
import type { AgentOptions } from 'node:https'
import { text } from 'node:stream/consumers'
import { TLSSocket } from 'node:tls'
import Fastify from 'fastify'
import t from 'tap'
import type { Test } from 'tap'
import gatehouse from '../../lib/index.js'
import type { GatehouseOptions, OidcOptions } from '../../lib/index.js'
import { selfSigned } from '../browser/certificate.js'
import { ACCEPTED, INVALID_TOKEN, refusalsIn, trusting } from '../support/guarded-api.js'
import type { Answer } from '../support/guarded-api.js'
import { active, introspectionServer } from '../support/introspection-server.js'
import { createIssuer } from '../support/issuer.js'
import { captureLogs } from '../support/logs.js'
import { BAD_PROOF } from '../support/proof-answers.js'
import { createProver } from '../support/prover.js'

const issuer = await createIssuer({ algorithms: ['ES256'] })
t.teardown(() => issuer.close())

const SERVER = selfSigned()
const MINE = selfSigned()
const OTHER = selfSigned()
const MY_THUMBPRINT = thumbprint(MINE)
const TOKEN = issuer.token({ cnf: { 'x5t#S256': MY_THUMBPRINT } })

interface Certificate { readonly key: string, readonly cert: string }

function thumbprint ({ cert }: { readonly cert: string }): string {
  return hash('sha256', new X509Certificate(cert).raw, 'base64url')
}

/** An API that ends TLS itself and asks clients for a certificate, whoever signed it. */
async function secureApi (t: Test, options: Partial<GatehouseOptions> = {}, tls: object = {}) {
  const logs = captureLogs()
  const app = Fastify({ logger: { level: 'trace', stream: logs.stream }, https: { ...SERVER, requestCert: true, rejectUnauthorized: false, ...tls } })
  t.teardown(() => app.close())
  await app.register(gatehouse, { provider: trusting(issuer), startup: 'lazy', ...options })
  app.get('/', async ({ auth }) => ({ subject: auth.subject }))
  const { port } = new URL(await app.listen({ port: 0, host: '127.0.0.1' }))
  return { app, logs, port: Number(port), refusals: () => refusalsIn(logs) }
}

/** A client with its connections. */
function clientWith (t: Test, certificate: Certificate | undefined, options: AgentOptions = {}): Agent {
  const agent = new Agent({ ...certificate, rejectUnauthorized: false, ...options })
  t.teardown(() => { agent.destroy() })
  return agent
}

interface TlsAnswer { readonly answer: Answer, readonly wasResumed: boolean, readonly localPort: number | undefined }

async function ask (agent: Agent, port: number, headers: Readonly<Record<string, string>> = { authorization: `Bearer ${TOKEN}` }): Promise<TlsAnswer> {
  const request = get({ agent, host: '127.0.0.1', port, path: '/', headers })
  const [response] = await once(request, 'response')
  const { socket } = response
  const seen = { wasResumed: socket.isSessionReused(), localPort: socket.localPort }
  const body = JSON.parse(await text(response))
  const { 'www-authenticate': challenge, 'retry-after': retryAfter } = response.headers
  return { ...seen, answer: { status: response.statusCode, body, challenge, retryAfter } }
}

t.test('a token bound to a certificate is accepted from who shows it, and from nobody else', async (t) => {
  const { port, refusals } = await secureApi(t)
  t.strictSame((await ask(clientWith(t, MINE), port)).answer, ACCEPTED)
  t.strictSame((await ask(clientWith(t, OTHER), port)).answer, INVALID_TOKEN)
  t.strictSame((await ask(clientWith(t, undefined), port)).answer, INVALID_TOKEN)
  t.strictSame((await ask(clientWith(t, undefined), port, { authorization: `Bearer ${issuer.token()}` })).answer, ACCEPTED, 'a token that is not bound needs none')
  const common = { code: 'GATEHOUSE_TOKEN_INVALID', provider: 'oidc', clientId: 'client-1' }
  t.strictSame(refusals(), [
    { ...common, reason: 'certificate_mismatch', expected: `x5t#S256 ${MY_THUMBPRINT}`, found: `x5t#S256 ${thumbprint(OTHER)}` },
    { ...common, reason: 'binding_unverifiable', hint: 'the token is bound to a certificate: the client showed no certificate: the server asks for one with https: { requestCert: true, rejectUnauthorized: false }' }
  ])
})

t.test('a server that asks for no certificate accepts no such token', async (t) => {
  const { port } = await secureApi(t, {}, { requestCert: false })
  t.strictSame((await ask(clientWith(t, MINE), port)).answer, INVALID_TOKEN)
})

t.test('nor does one without TLS, and the log says what to configure', async (t) => {
  const logs = captureLogs()
  const app = Fastify({ logger: { level: 'info', stream: logs.stream } })
  t.teardown(() => app.close())
  await app.register(gatehouse, { provider: trusting(issuer), startup: 'lazy' })
  app.get('/', async ({ auth }) => ({ subject: auth.subject }))
  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  t.equal((await fetch(url, { headers: { authorization: `Bearer ${TOKEN}` } })).status, 401)
  t.match(refusalsIn(logs), [{ reason: 'binding_unverifiable', hint: 'the token is bound to a certificate: the connection is not TLS: where a proxy ends it, name its header with clientCertificate' }])
})

t.test('a header is nothing where TLS is what counts, and TLS nothing where a header is', async (t) => {
  const header = { 'client-cert': `:${new X509Certificate(MINE.cert).raw.toString('base64')}:` }
  const bearer = { authorization: `Bearer ${TOKEN}` }
  const { port } = await secureApi(t)
  t.strictSame((await ask(clientWith(t, OTHER), port, { ...bearer, ...header })).answer, INVALID_TOKEN)
  const proxied = await secureApi(t, { clientCertificate: { format: 'rfc9440', trustedProxies: ['127.0.0.1'] } })
  t.strictSame((await ask(clientWith(t, MINE), proxied.port)).answer, INVALID_TOKEN)
  t.strictSame((await ask(clientWith(t, OTHER), proxied.port, { ...bearer, ...header })).answer, ACCEPTED)
})

t.test('the certificate of a connection is read once, and each connection has its own', async (t) => {
  const read = t.capture(TLSSocket.prototype, 'getPeerX509Certificate', TLSSocket.prototype.getPeerX509Certificate)
  const { port } = await secureApi(t)
  const agents = [MINE, OTHER].map((certificate) => clientWith(t, certificate, { keepAlive: true, maxSockets: 1 }))
  const ports = new Set<unknown>()
  for (let round = 0; round < 5; round++) {
    const [mine, other] = [await ask(agents[0]!, port), await ask(agents[1]!, port)]
    t.strictSame([mine.answer, other.answer], [ACCEPTED, INVALID_TOKEN])
    ports.add(mine.localPort).add(other.localPort)
  }
  t.equal(ports.size, 2, 'the connections were kept')
  t.equal(read().length, 2)
})

t.test('a connection that showed none is looked at again', async (t) => {
  const { port } = await secureApi(t)
  const agent = clientWith(t, undefined, { keepAlive: true, maxSockets: 1 })
  for (let round = 0; round < 2; round++) t.strictSame((await ask(agent, port)).answer, INVALID_TOKEN)
})

for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
  t.test(`${version}: a session that is resumed has the certificate it began with`, async (t) => {
    const { port } = await secureApi(t, {}, { minVersion: version, maxVersion: version })
    for (const [certificate, answer] of [[MINE, ACCEPTED], [OTHER, INVALID_TOKEN], [undefined, INVALID_TOKEN]] as const) {
      // Connections are not kept, sessions are.
      const agent = clientWith(t, certificate)
      const [first, second] = [await ask(agent, port), await ask(agent, port)]
      t.strictSame([first.answer, second.answer], [answer, answer])
      t.strictSame([first.wasResumed, second.wasResumed], [false, true])
      t.not(first.localPort, second.localPort)
    }
  })
}

t.test('over HTTP/2', async (t) => {
  const logs = captureLogs()
  const app = Fastify({ logger: { level: 'info', stream: logs.stream }, http2: true, https: { ...SERVER, requestCert: true, rejectUnauthorized: false } })
  t.teardown(() => app.close())
  await app.register(gatehouse, { provider: trusting(issuer), startup: 'lazy' })
  app.get('/', async ({ auth }) => ({ subject: auth.subject }))
  const url = await app.listen({ port: 0, host: '127.0.0.1' })

  for (const [certificate, status] of [[MINE, 200], [OTHER, 401], [undefined, 401]] as const) {
    const session = connectHttp2(url, { ...certificate, rejectUnauthorized: false })
    t.teardown(() => { session.close() })
    const statuses = await Promise.all([1, 2, 3].map(async () => {
      const stream = session.request({ ':path': '/', authorization: `Bearer ${TOKEN}` })
      const [headers] = await once(stream, 'response')
      stream.resume()
      return headers[':status']
    }))
    t.strictSame(statuses, [status, status, status])
    session.close()
  }
  t.strictSame(refusalsIn(logs).map(({ reason }) => reason), [...Array(3).fill('certificate_mismatch'), ...Array(3).fill('binding_unverifiable')])
})

t.test('over HTTP/2 a proxy is believed as over HTTP/1', async (t) => {
  const app = Fastify({ http2: true })
  t.teardown(() => app.close())
  await app.register(gatehouse, { provider: trusting(issuer), startup: 'lazy', clientCertificate: { format: 'pem', trustedProxies: ['127.0.0.1'] } })
  app.get('/', async ({ auth }) => ({ subject: auth.subject }))
  const session = connectHttp2(await app.listen({ port: 0, host: '127.0.0.1' }))
  t.teardown(() => { session.close() })
  for (const [{ cert }, status] of [[MINE, 200], [OTHER, 401]] as const) {
    const stream = session.request({ ':path': '/', authorization: `Bearer ${TOKEN}`, 'ssl-client-cert': encodeURIComponent(cert) })
    const [headers] = await once(stream, 'response')
    stream.resume()
    t.equal(headers[':status'], status)
  }
  session.close()
})

t.test('a token bound to a key and a certificate needs both', async (t) => {
  const client = await createProver()
  const { port } = await secureApi(t)
  const url = `https://127.0.0.1:${port}/`
  const token = client.token(issuer, { cnf: { jkt: client.jkt, 'x5t#S256': MY_THUMBPRINT } })
  const mine = clientWith(t, MINE)
  const headers = client.headers({ token, url })
  t.strictSame((await ask(clientWith(t, OTHER), port, headers)).answer.status, 401)
  t.strictSame((await ask(clientWith(t, undefined), port, headers)).answer.status, 401)
  t.strictSame((await ask(mine, port, { authorization: `Bearer ${token}` })).answer.status, 401)
  t.strictSame((await ask(mine, port, (await createProver()).headers({ token, url }))).answer.status, 401)
  t.strictSame((await ask(mine, port, headers)).answer, ACCEPTED, 'none of these used the proof up')
  t.strictSame((await ask(mine, port, headers)).answer, BAD_PROOF)
})

t.test('a token bound to a certificate alone is none for the DPoP scheme', async (t) => {
  const client = await createProver()
  const { port, refusals } = await secureApi(t)
  const { answer } = await ask(clientWith(t, MINE), port, client.headers({ token: TOKEN, url: `https://127.0.0.1:${port}/` }))
  t.match(answer, { status: 401, body: { code: 'GATEHOUSE_TOKEN_INVALID' }, challenge: /^DPoP error="invalid_token"/ })
  t.match(refusals(), [{ reason: 'binding_missing' }])
})

t.test('an opaque token is bound by what introspection says', async (t) => {
  const server = await introspectionServer(t)
  const introspection: NonNullable<OidcOptions['introspection']> = { clientId: 'api', clientSecret: 'a secret of the API', endpoint: server.endpoint }
  const { port } = await secureApi(t, { provider: trusting(issuer, { introspection }) })
  const bearer = { authorization: 'Bearer an-opaque-token' }
  server.answer = active({ cnf: { 'x5t#S256': MY_THUMBPRINT } })
  t.strictSame((await ask(clientWith(t, MINE), port, bearer)).answer, ACCEPTED)
  t.strictSame((await ask(clientWith(t, OTHER), port, bearer)).answer, INVALID_TOKEN, 'the same token again')
  t.strictSame((await ask(clientWith(t, undefined), port, bearer)).answer, INVALID_TOKEN)
  t.strictSame((await ask(clientWith(t, MINE), port, bearer)).answer, ACCEPTED)
})

t.test('a certificate beside a token from elsewhere: PEM or DER, or a mistake of the app', async (t) => {
  const { app, refusals } = await secureApi(t)
  const { raw } = new X509Certificate(MINE.cert)
  for (const certificate of [MINE.cert, raw, new Uint8Array(raw), MINE.cert + OTHER.cert]) t.match(await app.gatehouse.verify(TOKEN, { certificate }), { subject: 'user-1' })
  for (const certificate of [OTHER.cert, undefined]) await t.rejects(app.gatehouse.verify(TOKEN, { certificate }), { code: 'GATEHOUSE_TOKEN_INVALID' })
  t.match(await app.gatehouse.verify(issuer.token(), { certificate: OTHER.cert }), { subject: 'user-1' })
  const message = 'gatehouse.verify(): certificate: expected an X.509 certificate, as PEM or DER'
  for (const certificate of ['', MY_THUMBPRINT, raw.toString('base64'), MINE.key, raw.subarray(1), new Uint8Array()]) {
    await t.rejects(app.gatehouse.verify(TOKEN, { certificate }), { name: 'TypeError', message })
  }
  t.notMatch(JSON.stringify(refusals()), /BEGIN|MII/)
})

t.test('no certificate is logged', async (t) => {
  const { port, logs } = await secureApi(t)
  for (const certificate of [MINE, OTHER]) await ask(clientWith(t, certificate), port)
  for (const { cert } of [MINE, OTHER]) t.notOk(logs.text().includes(cert.split('\n')[1]!.slice(100, 140)))
})
