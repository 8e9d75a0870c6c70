import t from 'tap'
import { auth0, entra, oidc } from '../../lib/index.js'
import type { GatehouseOptions } from '../../lib/index.js'
import { readOptions } from '../../lib/options.js'
import { readMetadata } from '../../lib/resource.js'
import { mistake } from '../support/mistake.js'
import { RESOURCE, WELL_KNOWN } from '../support/resource-app.js'

const API = 'https://api.example.com/orders'
const issuer = 'https://as1.example.com'

const settingsOf = (options: Partial<GatehouseOptions>) => readOptions({
  provider: oidc({ issuer, audience: [API, RESOURCE] }), baseUrl: ['https://api.example.com', RESOURCE], ...options
}).resource!

const documentOf = (options: Partial<GatehouseOptions>) => JSON.parse(settingsOf(options).document!.body)
const ALGORITHMS = ['ES256', 'ES384', 'EdDSA', 'PS256', 'RS256', 'RS384', 'RS512', 'PS384', 'PS512', 'ES512', 'Ed25519']

t.test('a URL alone publishes what the registration knows, and no scopes', async (t) => {
  const { document, ...settings } = settingsOf({ resource: API })
  t.match(settings, { resource: API, base: { origin: 'https://api.example.com' }, metadataUrl: `https://api.example.com${WELL_KNOWN}/orders` })
  const { dpop_signing_alg_values_supported: algorithms, ...rest } = JSON.parse(document!.body)
  t.strictSame(rest, { resource: API, authorization_servers: [issuer], bearer_methods_supported: ['header'] })
  t.strictSame(algorithms.toSorted(), ALGORITHMS.toSorted())
})

t.test("RFC 9728's own example is what its members say", async (t) => {
  const { dpop_signing_alg_values_supported: _, ...published } = documentOf({
    resource: {
      resource: RESOURCE,
      authorizationServers: ['https://as1.example.com', 'https://as2.example.net'],
      scopesSupported: ['profile', 'email', 'phone'],
      resourceDocumentation: 'https://resource.example.com/resource_documentation.html'
    }
  })
  t.strictSame(published, {
    resource: 'https://resource.example.com',
    authorization_servers: ['https://as1.example.com', 'https://as2.example.net'],
    // The example has "body" too, where we never look.
    bearer_methods_supported: ['header'],
    scopes_supported: ['profile', 'email', 'phone'],
    resource_documentation: 'https://resource.example.com/resource_documentation.html'
  })
})

t.test('texts in several languages are published with tags, the first without as well', async (t) => {
  t.match(documentOf({ resource: { resource: API, resourceName: { en: 'My Resource', it: 'La mia bella risorsa' }, resourceTosUri: { 'pt-BR': 'https://api.example.com/termos' } } }), {
    resource_name: 'My Resource',
    'resource_name#en': 'My Resource',
    'resource_name#it': 'La mia bella risorsa',
    resource_tos_uri: 'https://api.example.com/termos',
    'resource_tos_uri#pt-BR': 'https://api.example.com/termos'
  })
})

t.test('every member has its parameter, in the order of RFC 9728 section 2', async (t) => {
  const all = {
    dpopBoundAccessTokensRequired: false,
    dpopSigningAlgValuesSupported: ['ES256'],
    authorizationDetailsTypesSupported: ['payment_initiation'],
    tlsClientCertificateBoundAccessTokens: false,
    resourceTosUri: 'https://api.example.com/terms',
    resourcePolicyUri: 'https://api.example.com/policy',
    resourceDocumentation: 'http://127.0.0.1:3000/docs',
    resourceName: 'Orders',
    resourceSigningAlgValuesSupported: ['EdDSA'],
    bearerMethodsSupported: ['header', 'header'],
    scopesSupported: ['read:orders'],
    jwksUri: 'https://api.example.com',
    authorizationServers: [issuer],
    resource: API
  } as const
  t.equal(readMetadata('here', all).body, JSON.stringify({
    resource: API,
    authorization_servers: [issuer],
    jwks_uri: 'https://api.example.com',
    scopes_supported: ['read:orders'],
    bearer_methods_supported: ['header'],
    resource_signing_alg_values_supported: ['EdDSA'],
    resource_name: 'Orders',
    resource_documentation: 'http://127.0.0.1:3000/docs',
    resource_policy_uri: 'https://api.example.com/policy',
    resource_tos_uri: 'https://api.example.com/terms',
    tls_client_certificate_bound_access_tokens: false,
    authorization_details_types_supported: ['payment_initiation'],
    dpop_signing_alg_values_supported: ['ES256'],
    dpop_bound_access_tokens_required: false
  }))
})

t.test('what the registration says of proofs and certificates is published, unless it is written', async (t) => {
  t.equal(documentOf({ resource: API, dpop: 'off' }).dpop_signing_alg_values_supported, undefined)
  t.match(documentOf({ resource: API, dpop: { mode: 'require', algorithms: ['ES256', 'EdDSA'] } }), {
    bearer_methods_supported: [], dpop_signing_alg_values_supported: ['ES256', 'EdDSA'], dpop_bound_access_tokens_required: true
  })
  t.match(documentOf({ resource: { resource: API, bearerMethodsSupported: [], dpopSigningAlgValuesSupported: ['ES512'], resourceName: undefined } }), {
    bearer_methods_supported: [], dpop_signing_alg_values_supported: ['ES512'], dpop_bound_access_tokens_required: undefined, resource_name: undefined
  })
  t.match(documentOf({ resource: API, clientCertificate: { format: 'pem', trustedProxies: ['10.0.0.1'] } }), { tls_client_certificate_bound_access_tokens: true })
})

t.test('issuers are those of providers that vouch for tokens, by names of their own', async (t) => {
  const sessions = oidc({ issuer: 'https://sessions.example', name: 'sessions', clientId: 'web', clientAuthentication: 'none' })
  const anything = oidc({ issuer: 'https://any.example', name: 'any', audience: false })
  const many = entra({ tenants: 'any', audience: API })
  t.strictSame(documentOf({ resource: API, provider: [oidc({ issuer, audience: API }), sessions, anything, many] }).authorization_servers, [issuer, 'https://any.example'])
  t.equal(documentOf({ resource: API, provider: many }).authorization_servers, undefined)
  t.equal(documentOf({ resource: API, provider: () => undefined }).authorization_servers, undefined, 'a resolver')
  t.strictSame(documentOf({ resource: { resource: API, authorizationServers: [issuer] }, provider: () => undefined }).authorization_servers, [issuer])
})

t.test('the path of the resource follows the well-known one, RFC 9728 section 3.1', async (t) => {
  for (const [resource, url, paths] of [
    ['https://resource.example.com', `${RESOURCE}${WELL_KNOWN}`, [WELL_KNOWN]],
    ['https://resource.example.com/', `${RESOURCE}${WELL_KNOWN}`, [WELL_KNOWN]],
    ['https://resource.example.com/resource1', `${RESOURCE}${WELL_KNOWN}/resource1`, [`${WELL_KNOWN}/resource1`]],
    ['https://resource.example.com/a/b.c/', `${RESOURCE}${WELL_KNOWN}/a/b.c/`, [`${WELL_KNOWN}/a/b.c/`]],
    ['http://[::1]:3000/x', `http://[::1]:3000${WELL_KNOWN}/x`, [`${WELL_KNOWN}/x`]]
  ] as const) {
    t.match(readMetadata('here', { resource }), { resource, url, paths })
    t.equal(JSON.parse(readMetadata('here', { resource }).body).resource, resource, 'to the letter')
  }
  t.strictSame(readMetadata('here', { resource: API, rootMetadata: true }).paths, [`${WELL_KNOWN}/orders`, WELL_KNOWN])
  t.strictSame(readMetadata('here', { resource: RESOURCE, rootMetadata: true }).paths, [WELL_KNOWN])
})

t.test('a document served elsewhere is only named', async (t) => {
  const metadataUrl = 'https://docs.example.com/metadata/orders?v=2'
  t.match(settingsOf({ resource: { resource: API, metadataUrl, resourceName: undefined } }), { resource: API, metadataUrl, document: undefined })
})

t.test('the audience of each provider contains the resource, or the boot fails:', async (t) => {
  const provider = auth0({ domain: 'tenant.eu.auth0.com', audience: ['https://api.example.com', 'orders'] })
  t.equal(mistake(() => settingsOf({ resource: API, provider: [oidc({ issuer, audience: API }), provider] })),
    'gatehouse.resource: https://api.example.com/orders is not the audience of auth0, which is https://api.example.com, orders: tokens clients get for the resource would be refused; ' +
    "name it in the provider's audience, or write resource: { resource: 'https://api.example.com/orders', differentAudience: true } if auth0 calls this API so")
  t.match(mistake(() => settingsOf({ resource: `${API}/` })), 'is not the audience of oidc', 'to the slash')
  t.match(mistake(() => settingsOf({ resource: { resource: API, metadataUrl: `${API}/metadata` }, provider })), 'is not the audience of auth0', 'wherever the document is')
  t.equal(documentOf({ resource: { resource: API, differentAudience: true }, provider }).resource, API)
})

t.test('a wrong value fails the boot with path, value and remedy:', async (t) => {
  const many = { resource: API, baseUrl: ['https://a.example', 'https://b.example'] }
  for (const [options, message] of [
    [{ resource: undefined }, 'gatehouse.resource: expected an https URL such as https://api.example.com/orders, got undefined; is its environment variable set?'],
    [{ resource: { resource: undefined } }, 'gatehouse.resource.resource: expected an https URL such as https://api.example.com/orders, got undefined; is its environment variable set?'],
    [{ resource: 'undefined' }, 'gatehouse.resource: expected an https URL such as https://api.example.com/orders, got \'undefined\'; is its environment variable set?'],
    [{ resource: null }, 'gatehouse.resource: expected an object, got null; pass a URL, or { resource: … }'],
    [{ resource: true }, 'gatehouse.resource: expected an https URL such as https://api.example.com/orders, got true; write scheme and host'],
    [{ resource: 'api.example.com' }, 'gatehouse.resource: expected an https URL such as https://api.example.com/orders, got \'api.example.com\'; write scheme and host'],
    [{ resource: 'api://orders' }, 'gatehouse.resource: expected an https URL such as https://api.example.com/orders, got \'api://orders\'; plain http is for loopback; a provider that names this API by no URL goes with differentAudience: true'],
    [{ resource: 'http://api.example.com' }, 'gatehouse.resource: expected an https URL such as https://api.example.com/orders, got \'http://api.example.com\'; plain http is for loopback; a provider that names this API by no URL goes with differentAudience: true'],
    [{ resource: 'https://me:hidden@api.example.com' }, 'gatehouse.resource: expected a URL without user name and password'],
    [{ resource: `${API}#x` }, `gatehouse.resource: expected a URL without query and fragment, got '${API}#x'`],
    [{ resource: `${API}?` }, `gatehouse.resource: expected a URL without query and fragment, got '${API}?'`],
    [{ resource: 'https://api.example.com/:id' }, 'gatehouse.resource: expected a path of letters, digits, dots, dashes and single slashes, got \'https://api.example.com/:id\''],
    [{ resource: 'https://api.example.com//x' }, 'gatehouse.resource: expected a path of letters, digits, dots, dashes and single slashes, got \'https://api.example.com//x\''],
    [{ resource: 'https://API.example.com/a/../b' }, 'gatehouse.resource: expected an https URL such as https://api.example.com/orders, got \'https://API.example.com/a/../b\'; write https://api.example.com/b'],
    [{ resource: API, baseUrl: 'https://app.example.com' }, `gatehouse.resource: expected a URL of https://app.example.com, got '${API}'; its origin must be one of baseUrl`],
    [many, `gatehouse.resource: expected a URL of https://a.example or https://b.example, got '${API}'; its origin must be one of baseUrl`],
    [{ resource: { resource: API, scopes_supported: [] } }, /^gatehouse\.resource: unknown key "scopes_supported"; did you mean "scopesSupported"\?$/],
    [{ resource: { resource: API, scopesSupported: [] } }, 'gatehouse.resource.scopesSupported: expected a list of scopes, got []; leave it out to say nothing'],
    [{ resource: { resource: API, scopesSupported: ['a', 'b c'] } }, 'gatehouse.resource.scopesSupported[1]: expected one scope, without white space, quotes and backslashes, got \'b c\''],
    [{ resource: { resource: API, scopesSupported: [1] } }, 'gatehouse.resource.scopesSupported[0]: expected one scope, without white space, quotes and backslashes, got 1'],
    [{ resource: { resource: API, authorizationServers: 'https://as1.example.com' } }, 'gatehouse.resource.authorizationServers: expected a list of issuers, got \'https://as1.example.com\'; leave it out to say nothing'],
    [{ resource: { resource: API, authorizationServers: ['as1.example.com'] } }, 'gatehouse.resource.authorizationServers[0]: expected an https URL, got \'as1.example.com\'; write its issuer, to the letter'],
    [{ resource: { resource: API, bearerMethodsSupported: 'header' } }, "gatehouse.resource.bearerMethodsSupported: expected ['header'], or [] for none, got 'header'"],
    [{ resource: { resource: API, bearerMethodsSupported: ['header', 'body'] } }, "gatehouse.resource.bearerMethodsSupported: expected ['header'], or [] for none, got 'body'; a token in a body or a query is never read"],
    [{ resource: { resource: API, dpopSigningAlgValuesSupported: ['HS256'] } }, /^gatehouse\.resource\.dpopSigningAlgValuesSupported\[0\]: expected one of /],
    [{ resource: { resource: API, dpopBoundAccessTokensRequired: 'yes' } }, 'gatehouse.resource.dpopBoundAccessTokensRequired: expected true or false, got \'yes\''],
    [{ resource: { resource: API, rootMetadata: 1 } }, 'gatehouse.resource.rootMetadata: expected true or false, got 1'],
    [{ resource: { resource: API, differentAudience: 'yes' } }, 'gatehouse.resource.differentAudience: expected true or false, got \'yes\''],
    [{ resource: { resource: API, resourceName: ' ' } }, 'gatehouse.resource.resourceName: expected a text, got \' \''],
    [{ resource: { resource: API, resourceName: 7 } }, 'gatehouse.resource.resourceName: expected a text, got 7'],
    [{ resource: { resource: API, resourceName: {} } }, "gatehouse.resource.resourceName: expected a text, or { en: '…', … }, got {}"],
    [{ resource: { resource: API, resourceName: { en_GB: 'Orders' } } }, 'gatehouse.resource.resourceName: expected texts by language, such as en or pt-BR, got \'en_GB\''],
    [{ resource: { resource: API, resourcePolicyUri: { en: '/policy' } } }, 'gatehouse.resource.resourcePolicyUri["en"]: expected an https URL, got \'/policy\'; write scheme and host'],
    [{ resource: { resource: API, jwksUri: 'http://api.example.com/keys' } }, 'gatehouse.resource.jwksUri: expected an https URL, got \'http://api.example.com/keys\'; plain http is for loopback'],
    [{ resource: { resource: API, jwksUri: 'https://api.example.com/a b' } }, 'gatehouse.resource.jwksUri: expected an https URL, got \'https://api.example.com/a b\'; write https://api.example.com/a%20b'],
    [{ resource: { resource: API, metadataUrl: 'https://me:hidden@api.example.com/' } }, 'gatehouse.resource.metadataUrl: expected a URL without user name and password'],
    [{ resource: { resource: API, resourceDocumentation: { en: 'https://me@api.example.com/' } } }, 'gatehouse.resource.resourceDocumentation["en"]: expected a URL without user name and password'],
    [{ resource: { resource: API, metadataUrl: 7 } }, 'gatehouse.resource.metadataUrl: expected an https URL, got 7; write scheme and host'],
    [{ resource: { resource: API, metadataUrl: `${API}/metadata`, resourceName: 'Orders' } }, 'gatehouse.resource.resourceName: nobody would read it, for metadataUrl says that the document is elsewhere; say it there']
  ] as const) {
    t.match(mistake(() => settingsOf(options as object)), typeof message === 'string' ? new RegExp(`^${message.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')}$`) : message)
  }
  t.equal(mistake(() => readOptions({ provider: oidc({ issuer, audience: API }), resource: API })),
    "gatehouse.resource: needs baseUrl, where people reach this server: baseUrl: 'https://api.example.com'")
})
