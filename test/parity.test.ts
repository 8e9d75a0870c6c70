import { readFileSync } from 'node:fs'
import t from 'tap'
import { SETTINGS } from '../lib/providers/define.js'
import { AuthError } from '../lib/errors.js'
import * as entry from '../lib/index.js'
import { readOptions } from '../lib/options.js'
import type { Refusal } from '../lib/refusal.js'
import { mistake } from './support/mistake.js'

const root = new URL('../', import.meta.url)
const read = (path: string) => readFileSync(new URL(path, root), 'utf8')

/** Members of a union of texts, as the source writes them. */
function unionOf (path: string, name: string): string[] {
  const [, members] = new RegExp(`export type ${name} =\\n((?: +(?:\\||//).*\\n)+)`).exec(read(path))!
  return [...members!.replaceAll(/\/\/.*/g, '').matchAll(/'(\w+)'/g)].map(([, member]) => member!)
}

/** Members of an interface, as the source writes them. */
function membersOf (path: string, name: string): string[] {
  const [, body] = new RegExp(`export interface ${name} \\{\\n(.*?)\\n\\}`, 's').exec(read(path))!
  return [...body!.matchAll(/^ {2}readonly (\w+)\??:/gm)].map(([, member]) => member!)
}

type Row = readonly [names: readonly string[], second: string]

/** The tables of a page: per row the names in backticks of the first column, and the text of the second. */
function tables (page: string): Row[][] {
  return [...read(page).matchAll(/(?:^\|.*\n)+/gm)].map(([table]) => table.trim().split('\n').map((line): Row => {
    const [, first = '', second = ''] = line.split(/(?<!\\)\|/)
    return [[...first.matchAll(/`([^`]+)`/g)].map(([, name]) => name!), second.trim()]
  }))
}

/** The one table that has a row for this name. */
function tableOf (name: string, page = 'README.md'): Row[] {
  const found = tables(page).filter((table) => table.some(([[first]]) => first === name))
  if (found.length !== 1) throw new Error(`${page}: expected one table with a row for ${name}, got ${found.length}`)
  return found[0]!.filter(([names]) => names.length > 0)
}

type ErrorClass = new (refusal: Refusal, more?: string) => AuthError

const isErrorClass = (value: unknown): value is ErrorClass => typeof value === 'function' && value.prototype instanceof AuthError

/** NotAuthenticatedError and LoginError answer one way with their second argument, another without. */
function answersOf (Class: ErrorClass): AuthError[] {
  return [new Class({ reason: 'id_token' }), new Class({ reason: 'id_token' }, '1')]
}

/** The statuses each code is answered with, as the classes say. */
function statuses (): Record<string, number[]> {
  const found: Record<string, number[]> = {}
  for (const error of Object.values(entry as object).filter(isErrorClass).flatMap(answersOf)) {
    found[error.code] = [...new Set([...found[error.code] ?? [], error.statusCode])].sort()
  }
  return found
}

t.test('the union of codes is what the classes carry', async (t) => {
  t.strictSame(unionOf('lib/error-codes.ts', 'AuthErrorCode').sort(), Object.keys(statuses()).sort())
})

t.test("README's table of codes is what the classes carry, with their statuses", async (t) => {
  const rows = tableOf('GATEHOUSE_TOKEN_INVALID').map(([[code], status]) => [code, (status.match(/\d{3}/g) ?? []).map(Number).sort()])
  t.strictSame(Object.fromEntries(rows), statuses())
  t.equal(rows.length, Object.keys(statuses()).length, 'no code twice')
})

t.test("README names each code's class, and it is exported", async (t) => {
  for (const [line, code, name] of read('README.md').matchAll(/^\| `(GATEHOUSE_\w+)` \|[^|]*\| `(\w+)` \|/gm)) {
    const Class = (entry as Readonly<Record<string, unknown>>)[name!]
    t.ok(isErrorClass(Class) && answersOf(Class).some((error) => error.code === code), line)
  }
})

t.test('docs/errors.md explains every reason once, and none that does not exist', async (t) => {
  const reasons = unionOf('lib/refusal.ts', 'Reason')
  t.ok(reasons.length > 60, 'the list was found')
  const rows = tableOf('issuer_mismatch', 'docs/errors.md')
  t.strictSame(rows.flatMap(([names]) => names).sort(), [...reasons].sort())
  t.strictSame(rows.filter(([, explanation]) => explanation === ''), [])
})

t.test("README's table of options is the interface, and what the plugin takes", async (t) => {
  const options = membersOf('types/options.ts', 'GatehouseOptions')
  const rows = tableOf('clockTolerance').map(([[name]]) => name!)
  t.strictSame(new Set(rows.map((name) => name.split('.')[0]!)), new Set(options))
  t.strictSame(rows.filter((name) => options.includes(name)).sort(), [...options].sort(), 'each has one row of its own')
  const [, known] = /known are (.*)$/.exec(mistake(() => readOptions({ nonsense: 1 }))!)!
  t.strictSame(known!.split(', ').sort(), [...options].sort())
})

t.test("docs/providers.md's table of options is what every provider takes", async (t) => {
  t.strictSame(membersOf('lib/providers/define.ts', 'ProviderSettings'), [...SETTINGS])
  const rows = tableOf('tokenKind', 'docs/providers.md').flatMap(([names]) => names)
  t.strictSame(SETTINGS.filter((setting) => !rows.includes(setting)), [])
})

t.test('the entry exports these values', async (t) => {
  t.equal(entry.default, entry.gatehouse)
  t.strictSame(Object.keys(entry).sort(), [
    'AuthError', 'CookieTooLargeError', 'DpopNonceRequiredError', 'ExchangeError', 'ForbiddenError', 'InsufficientScopeError', 'InsufficientUserAuthenticationError', 'InvalidCredentialError', 'InvalidDpopProofError', 'InvalidRequestError', 'InvalidTokenError', 'LoginError',
    'LoginRequiredError', 'MissingCredentialError', 'NoOrganizationError', 'NoSessionError', 'NotAnAccessTokenError', 'NotAuthenticatedError', 'ProviderUnavailableError',
    'RouteMisconfiguredError', 'StoreUnavailableError', 'TooManyRequestsError', 'UnavailableError',
    'apiKey', 'auth0', 'authgear', 'clerk', 'cognito', 'default', 'entra', 'fusionauth', 'gatehouse', 'getAuth', 'google', 'keycloak', 'memoryStore', 'oidc', 'okta', 'protectedResource',
    'redactPaths', 'redisStore', 'tesseral', 'zitadel'
  ])
})

t.test('the entry exports these types', async (t) => {
  const source = read('lib/index.ts')
  const types = [...source.matchAll(/^export type \{([^}]*)\}/gm)].flatMap(([, names]) => names!.split(',').map((name) => name.trim()))
  t.strictSame(types.sort(), [
    'AccessTokenClaims', 'Actor', 'AnswerCacheOptions', 'ApiKeyOptions', 'Auth0Options', 'AuthErrorCode', 'AuthMode', 'AuthenticateContext',
    'Authenticator', 'AuthgearOptions', 'CacheOptions', 'CallBudget', 'ClaimMapping', 'ClaimPath', 'ClaimRequirement', 'ClaimSource',
    'ClaimValues', 'ClerkOptions', 'ClientCertificateHeader', 'CognitoOptions', 'ConnectionTokenOptions', 'CredentialsType', 'CustomExchangeOptions', 'DefaultAuth', 'Demands', 'DownstreamToken', 'DpopMode', 'DpopNonceOptions', 'DpopOptions', 'EntraAnyTenantOptions', 'EntraOptions',
    'EntraTenantsOptions', 'ExchangeOptions', 'FetchOptions', 'FusionAuthOptions', 'Gatehouse', 'GatehouseOptions', 'GoogleOptions', 'GroupPolicy',
    'GuardedRoute', 'GuardedScope', 'HostedSettings', 'Identity', 'IntrospectionOptions', 'IoredisClient', 'Json', 'JsonMembers',
    'JsonWebKeySet', 'KeyLocation', 'KeyOptions', 'KeycloakOptions', 'Localized', 'MemoryStoreOptions', 'NodeRedisClient', 'OidcOptions', 'OktaOptions', 'OnBehalfOfOptions',
    'Primitive', 'Provider', 'ProviderHealth', 'ProviderResolver', 'ProviderSettings', 'Reason', 'RedisStoreOptions', 'Refusal',
    'RequestAuth', 'Requirement', 'ResourceMetadata', 'ResourceOptions', 'RouteAuth', 'RouteDescription', 'RoutePolicy', 'Sessions', 'SigningAlgorithm', 'StandardClaims', 'Stats',
    'Store', 'StoreSetOptions', 'StoredApiKey', 'TesseralAccessTokenClaims', 'TesseralApiKeyOptions', 'TesseralOptions', 'TokenKind',
    'VerifyOptions', 'Vouched', 'WebSession', 'ZitadelOptions'
  ])
  t.strictSame(source.match(/^export .*\*.*$/gm), ["export type * from '../types/register.js'"])
})
