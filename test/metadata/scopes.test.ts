import t from 'tap'
import gatehouse, { protectedResource } from '../../lib/index.js'
import type { GatehouseOptions } from '../../lib/index.js'
import { bareHouse, issuerFor, providerOf } from '../support/house.js'
import { mistake } from '../support/mistake.js'
import { ask, DOCUMENT_HEADERS, PREFLIGHT_HEADERS, RESOURCE, resourceApp, WELL_KNOWN } from '../support/resource-app.js'

const issuer = await issuerFor(t)
const ORDERS = `${RESOURCE}/orders`
const scoped = (resource: GatehouseOptions['resource']): GatehouseOptions => ({ provider: providerOf(issuer, { audience: ORDERS }), startup: 'lazy', baseUrl: RESOURCE, resource })

t.test('in a prefixed scope the boot fails and says what to write where', async (t) => {
  const app = bareHouse(t)
  app.register(async (api) => { await api.register(gatehouse, scoped(ORDERS)) }, { prefix: '/orders' })
  await t.rejects(async () => { await app.ready() }, new TypeError(`gatehouse.resource: in a scope with the prefix /orders the document would answer at another address than ${RESOURCE}${WELL_KNOWN}/orders; ` +
    `app.register(protectedResource({ resource: '${ORDERS}', … })) at the root, and here resource: { resource: '${ORDERS}', metadataUrl: '${RESOURCE}${WELL_KNOWN}/orders' }`))
})

t.test('the root serves the document, and challenges of the scope lead to it', async (t) => {
  const app = bareHouse(t)
  app.register(protectedResource({ resource: ORDERS, authorizationServers: [issuer.issuer], resourceName: 'Orders' }))
  app.register(async (api) => {
    await api.register(gatehouse, scoped({ resource: ORDERS, metadataUrl: `${RESOURCE}${WELL_KNOWN}/orders` }))
    api.get('/list', async () => [])
  }, { prefix: '/orders' })
  t.strictSame(await ask(app, `${WELL_KNOWN}/orders`), {
    status: 200, body: { resource: ORDERS, authorization_servers: [issuer.issuer], bearer_methods_supported: ['header'], resource_name: 'Orders' }, headers: DOCUMENT_HEADERS
  })
  t.strictSame(await ask(app, { method: 'OPTIONS', url: `${WELL_KNOWN}/orders`, headers: { origin: 'https://client.example', 'access-control-request-method': 'GET' } }), { status: 204, body: '', headers: PREFLIGHT_HEADERS })
  t.equal((await ask(app, '/orders/list')).headers['www-authenticate'], `Bearer realm="api", resource_metadata="${RESOURCE}${WELL_KNOWN}/orders"`)
})

t.test('sibling scopes without prefix each serve their own', async (t) => {
  const app = bareHouse(t)
  for (const path of ['/orders', '/invoices']) {
    const resource = RESOURCE + path
    await app.register(async (api) => { await api.register(gatehouse, { ...scoped(resource), provider: providerOf(issuer, { audience: resource }) }) })
  }
  for (const path of ['/orders', '/invoices']) t.match(await ask(app, WELL_KNOWN + path), { status: 200, body: { resource: RESOURCE + path } })
})

t.test('a gatehouse at the root does not close the documents of others', async (t) => {
  const app = await resourceApp(t, issuer)
  await app.register(protectedResource({ resource: ORDERS }))
  t.match(await ask(app, `${WELL_KNOWN}/orders`), { status: 200, body: { resource: ORDERS } })
  t.match(await ask(app, WELL_KNOWN), { status: 200, body: { resource: RESOURCE } })
})

t.test('a document served twice fails the boot and says what to do', async (t) => {
  const twice = (resource: string, url: string) => new TypeError(`the metadata of ${resource}: there is a route ${url} already; serve each document once, only one with rootMetadata, and name it with metadataUrl elsewhere`)
  const own = await resourceApp(t, issuer)
  own.register(protectedResource({ resource: RESOURCE }))
  await t.rejects(async () => { await own.ready() }, twice(RESOURCE, WELL_KNOWN))
  const siblings = bareHouse(t)
  for (let count = 0; count < 2; count++) siblings.register(async (api) => { await api.register(gatehouse, scoped(ORDERS)) })
  await t.rejects(async () => { await siblings.ready() }, twice(ORDERS, `${WELL_KNOWN}/orders`))
  const roots = bareHouse(t)
  for (const path of ['/orders', '/invoices']) roots.register(protectedResource({ resource: RESOURCE + path, rootMetadata: true }))
  await t.rejects(async () => { await roots.ready() }, twice(`${RESOURCE}/invoices`, WELL_KNOWN))
})

t.test('where proofs are demanded no Bearer method is published', async (t) => {
  const app = bareHouse(t)
  app.register(protectedResource({ resource: ORDERS, dpopBoundAccessTokensRequired: true, dpopSigningAlgValuesSupported: ['ES256'] }))
  t.strictSame((await ask(app, `${WELL_KNOWN}/orders`)).body, { resource: ORDERS, bearer_methods_supported: [], dpop_signing_alg_values_supported: ['ES256'], dpop_bound_access_tokens_required: true })
})

t.test('protectedResource() belongs at the root', async (t) => {
  const app = bareHouse(t)
  app.register(protectedResource({ resource: ORDERS }), { prefix: '/api' })
  await t.rejects(async () => { await app.ready() }, new TypeError(`protectedResource(): in a scope with the prefix /api it would answer at another address than ${RESOURCE}${WELL_KNOWN}/orders; register it at the root`))
})

t.test('protectedResource() refuses wrong metadata at once', async (t) => {
  for (const [metadata, message] of [
    [undefined, "protectedResource(): expected an object, got undefined; write app.register(protectedResource({ resource: 'https://api.example.com', authorizationServers: [ … ] }))"],
    [ORDERS, `protectedResource(): expected an object, got '${ORDERS}'; write app.register(protectedResource({ resource: 'https://api.example.com', authorizationServers: [ … ] }))`],
    [{}, 'protectedResource().resource: expected an https URL such as https://api.example.com/orders, got undefined; is its environment variable set?'],
    [{ resource: ORDERS, scopes: 'a' }, /^protectedResource\(\): unknown key "scopes"; known are resource, authorizationServers, .*, rootMetadata$/],
    [{ resource: ORDERS, differentAudience: true }, 'protectedResource().differentAudience: belongs to the resource of a registration: app.register(gatehouse, { resource: { … } })'],
    [{ resource: ORDERS, metadataUrl: ORDERS }, 'protectedResource().metadataUrl: belongs to the resource of a registration: app.register(gatehouse, { resource: { … } })']
  ] as const) {
    const said = mistake(() => protectedResource(metadata as never))
    if (typeof message === 'string') t.equal(said, message)
    else t.match(said, message)
  }
})
