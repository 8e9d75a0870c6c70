import { generateKeyPairSync, hash, randomUUID, X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import type { RequestListener } from 'node:http'
import { createServer, request } from 'node:https'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import type { TLSSocket } from 'node:tls'
import Fastify from 'fastify'
import { createMemoryAdapter } from 'oidc-provider/lib/adapters/memory_adapter.js'
import t from 'tap'
import type { Test } from 'tap'
import gatehouse, { oidc } from '../../lib/index.js'
import { selfSigned } from '../browser/certificate.js'
import { INVALID_TOKEN } from '../support/guarded-api.js'
import { listen } from '../support/issuer/server.js'

const AUDIENCE = 'https://api.example'
const SERVER = selfSigned()
const CLIENT = selfSigned()
const OTHER = selfSigned()

interface Certificate { readonly key: string, readonly cert: string }
interface Sent { readonly certificate?: Certificate, readonly path?: string, readonly headers?: Record<string, string>, readonly form?: Record<string, string> }

/** Asks a server of ours over TLS. */
async function over (port: number, { certificate, path = '/', headers = {}, form }: Sent) {
  const body = form === undefined ? undefined : new URLSearchParams(form).toString()
  const type = body === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' }
  const asked = request({ ...certificate, rejectUnauthorized: false, agent: false, host: '127.0.0.1', port, path, method: body === undefined ? 'GET' : 'POST', headers: { ...headers, ...type } })
  asked.end(body)
  const [response] = await once(asked, 'response')
  return {
    status: response.statusCode, body: JSON.parse(await text(response)), challenge: response.headers['www-authenticate'], retryAfter: response.headers['retry-after']
  }
}

/** The certified provider, whose token endpoint binds tokens to the certificate a client shows it over TLS. */
async function bindingProvider (t: Test) {
  const inner = 'oidc-provider/lib/provider.js'
  const { Provider }: { Provider: new (issuer: string, configuration: object) => { callback (): RequestListener } } = await import(inner)
  let handle: RequestListener = () => {}
  const plain = await listen((request, response) => { handle(request, response) })
  t.teardown(plain.close)
  const secure = createServer({ ...SERVER, requestCert: true, rejectUnauthorized: false }, (request, response) => { handle(request, response) })
  secure.listen(0, '127.0.0.1')
  await once(secure, 'listening')
  t.teardown(() => { secure.close() })
  const secret = randomUUID()
  const machine = { grant_types: ['client_credentials'], redirect_uris: [], response_types: [], client_secret: secret }
  const signing = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
  handle = new Provider(plain.origin, {
    adapter: createMemoryAdapter(),
    clients: [{ ...machine, client_id: 'caller', tls_client_certificate_bound_access_tokens: true }, { ...machine, client_id: 'api' }],
    cookies: { keys: [randomUUID()] },
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
      introspection: { enabled: true, allowedPolicy: () => true },
      mTLS: {
        enabled: true,
        certificateBoundAccessTokens: true,
        getCertificate: ({ socket }: { socket: TLSSocket }) => socket.getPeerX509Certificate?.()
      },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (_ctx: object, resource: string) => ({ audience: AUDIENCE, scope: 'read', accessTokenFormat: resource.endsWith('/jwt') ? 'jwt' : 'opaque', jwt: { sign: { alg: 'RS256' } } })
      }
    },
    jwks: { keys: [{ ...signing.export({ format: 'jwk' }), alg: 'RS256', use: 'sig', kid: 'rs256' }] },
    ttl: { ClientCredentials: () => 3600 }
  }).callback()
  const { port } = secure.address() as AddressInfo
  return {
    issuer: plain.origin,
    secret,
    async token (format: 'jwt' | 'opaque'): Promise<string> {
      const headers = { authorization: `Basic ${Buffer.from(`caller:${secret}`).toString('base64')}` }
      const answer = await over(port, { certificate: CLIENT, path: '/token', headers, form: { grant_type: 'client_credentials', resource: `${AUDIENCE}/${format}`, scope: 'read' } })
      if (typeof answer.body.access_token !== 'string') throw new Error(`no token: ${JSON.stringify(answer)}`)
      return answer.body.access_token
    }
  }
}

t.test('tokens a certified provider bound to a certificate', async (t) => {
  const provider = await bindingProvider(t)
  const app = Fastify({ https: { ...SERVER, requestCert: true, rejectUnauthorized: false } })
  t.teardown(() => app.close())
  await app.register(gatehouse, {
    // What acts for itself has no `sub` in the answer of introspection.
    provider: oidc({ issuer: provider.issuer, audience: AUDIENCE, introspection: { clientId: 'api', clientSecret: provider.secret }, claims: { subject: ['sub', 'client_id'] } }),
    startup: 'require'
  })
  app.get('/', async ({ auth }) => auth.accessTokenClaims())
  const port = Number(new URL(await app.listen({ port: 0, host: '127.0.0.1' })).port)

  for (const format of ['jwt', 'opaque'] as const) {
    await t.test(format, async (t) => {
      const headers = { authorization: `Bearer ${await provider.token(format)}` }
      const thumbprint = hash('sha256', new X509Certificate(CLIENT.cert).raw, 'base64url')
      t.match(await over(port, { certificate: CLIENT, headers }), { status: 200, body: { cnf: { 'x5t#S256': thumbprint } } })
      t.strictSame(await over(port, { certificate: OTHER, headers }), INVALID_TOKEN)
      t.strictSame(await over(port, { headers }), INVALID_TOKEN)
    })
  }
})
