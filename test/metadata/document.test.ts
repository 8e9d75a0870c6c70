import { randomBytes } from 'node:crypto'
import cors from '@fastify/cors'
import t from 'tap'
import login from '../../lib/login/index.js'
import { issuerFor, providerOf } from '../support/house.js'
import { ask, DOCUMENT_HEADERS, PREFLIGHT_HEADERS, RESOURCE, resourceApp, WELL_KNOWN } from '../support/resource-app.js'

const issuer = await issuerFor(t)
const METADATA = { resource: RESOURCE, dpopSigningAlgValuesSupported: ['ES256'] } as const
const BODY = { resource: RESOURCE, authorization_servers: [issuer.issuer], bearer_methods_supported: ['header'], dpop_signing_alg_values_supported: ['ES256'] }
const DOCUMENT = { status: 200, body: BODY, headers: DOCUMENT_HEADERS }
const PREFLIGHT = {
  method: 'OPTIONS', url: WELL_KNOWN, headers: { origin: 'https://client.example', 'access-control-request-method': 'GET', 'access-control-request-headers': 'mcp-protocol-version' }
} as const

t.test('the document is for everybody, credentials or none, from pages of any origin', async (t) => {
  const app = await resourceApp(t, issuer, { resource: METADATA })
  t.strictSame(await ask(app, WELL_KNOWN), DOCUMENT)
  t.strictSame(await ask(app, { url: WELL_KNOWN, headers: { origin: 'https://client.example', authorization: 'Bearer no.good.token' } }), DOCUMENT)
  t.strictSame(await ask(app, { method: 'HEAD', url: WELL_KNOWN }), { ...DOCUMENT, body: '' })
  t.strictSame(await ask(app, PREFLIGHT), { status: 204, body: '', headers: PREFLIGHT_HEADERS })
  t.equal((await ask(app, { method: 'POST', url: WELL_KNOWN })).status, 404)
  t.strictSame(app.gatehouse.routes().filter(({ url }) => url === WELL_KNOWN).map(({ method, auth }) => `${method} ${auth}`), ['GET public', 'HEAD public', 'OPTIONS public'])
})

t.test('no default and no group closes it, and no server option takes its HEAD away', async (t) => {
  const app = await resourceApp(t, issuer, { resource: METADATA, defaultAuth: () => ({ scopes: 'admin' }), enforce: 'onRequest', server: { exposeHeadRoutes: false } })
  app.gatehouse.group(app, { scopes: 'admin' })
  t.strictSame(await ask(app, WELL_KNOWN), DOCUMENT)
  t.strictSame(await ask(app, { method: 'HEAD', url: WELL_KNOWN }), { ...DOCUMENT, body: '' })
})

t.test('a resource with a path has its document at that path alone, and at the root too where that is asked for', async (t) => {
  const resource = `${RESOURCE}/resource1`
  const provider = providerOf(issuer, { audience: resource })
  const one = await resourceApp(t, issuer, { provider, resource: { ...METADATA, resource } })
  t.strictSame(await ask(one, `${WELL_KNOWN}/resource1`), { ...DOCUMENT, body: { ...BODY, resource } })
  t.equal((await ask(one, WELL_KNOWN)).status, 404)
  const both = await resourceApp(t, issuer, { provider, resource: { ...METADATA, resource, rootMetadata: true } })
  for (const url of [`${WELL_KNOWN}/resource1`, WELL_KNOWN]) t.strictSame(await ask(both, url), { ...DOCUMENT, body: { ...BODY, resource } }, url)
})

t.test('behind a gateway that takes a prefix away, the document is at its public path', async (t) => {
  const resource = `${RESOURCE}/app/orders`
  const app = await resourceApp(t, issuer, { provider: providerOf(issuer, { audience: resource }), baseUrl: `${RESOURCE}/app`, resource: { ...METADATA, resource } })
  t.strictSame(await ask(app, `${WELL_KNOWN}/app/orders`), { ...DOCUMENT, body: { ...BODY, resource } })
  t.equal((await ask(app, '/')).headers['www-authenticate'], `Bearer realm="api", resource_metadata="${RESOURCE}${WELL_KNOWN}/app/orders"`)
})

t.test('@fastify/cors keeps to the routes of the app, whichever of the two came first', async (t) => {
  const strict = { origin: 'https://app.example', credentials: true, exposedHeaders: ['X-Total'] }
  for (const before of [true, false]) {
    const app = await resourceApp(t, issuer, { resource: METADATA, before: async (app) => { if (before) await app.register(cors, strict) } })
    if (!before) await app.register(cors, strict)
    t.strictSame(await ask(app, { url: WELL_KNOWN, headers: { origin: 'https://client.example' } }), DOCUMENT)
    t.strictSame(await ask(app, PREFLIGHT), { status: 204, body: '', headers: PREFLIGHT_HEADERS })
    const other = await ask(app, { ...PREFLIGHT, url: '/' })
    t.equal(other.status, 204)
    t.equal(other.headers['access-control-allow-origin'], 'https://app.example')
  }
})

t.test('beside web login the document is the same', async (t) => {
  const provider = providerOf(issuer, { audience: RESOURCE, clientId: 'web', clientSecret: randomBytes(32).toString('hex') })
  const app = await resourceApp(t, issuer, { provider, resource: METADATA })
  await app.register(login, { session: { secret: randomBytes(32).toString('hex') } })
  t.strictSame(await ask(app, { url: WELL_KNOWN, headers: { accept: 'text/html', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' } }), DOCUMENT)
})

t.test('a document served elsewhere is not served here', async (t) => {
  const app = await resourceApp(t, issuer, { resource: { resource: RESOURCE, metadataUrl: 'https://docs.example.com/metadata' } })
  t.equal((await ask(app, WELL_KNOWN)).status, 404)
  t.equal((await ask(app, '/')).headers['www-authenticate'], 'Bearer realm="api", resource_metadata="https://docs.example.com/metadata"')
})
