import { readdirSync, readFileSync } from 'node:fs'
import t from 'tap'
import { SETTINGS } from '../lib/providers/define.js'
import * as errors from '../lib/errors.js'
import type { AuthError } from '../lib/errors.js'
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

/** The tables of README: per row the names in backticks of the first column, and the text of the second. */
function tables (): Row[][] {
  return [...read('README.md').matchAll(/(?:^\|.*\n)+/gm)].map(([table]) => table.trim().split('\n').map((line): Row => {
    const [, first = '', second = ''] = line.split(/(?<!\\)\|/)
    return [[...first.matchAll(/`([^`]+)`/g)].map(([, name]) => name!), second.trim()]
  }))
}

/** The one table that has a row for this name. */
function tableOf (name: string): Row[] {
  const found = tables().filter((table) => table.some(([[first]]) => first === name))
  if (found.length !== 1) throw new Error(`README.md: expected one table with a row for ${name}, got ${found.length}`)
  return found[0]!.filter(([names]) => names.length > 0)
}

/** The statuses each code is answered with, as the classes say. */
function statuses (): Record<string, number[]> {
  const classes = Object.values(errors).filter((value) => value !== errors.AuthError) as object[] as Array<new (refusal: Refusal, more?: string) => AuthError>
  const found: Record<string, number[]> = {}
  // NotAuthenticatedError answers one way with its second argument, another without.
  for (const error of classes.flatMap((Class) => [new Class({ reason: 'id_token' }), new Class({ reason: 'id_token' }, '1')])) {
    found[error.code] = [...new Set([...found[error.code] ?? [], error.statusCode])].sort()
  }
  return found
}

t.test('the union of codes is what the classes carry', async (t) => {
  t.strictSame(unionOf('lib/errors.ts', 'AuthErrorCode').sort(), Object.keys(statuses()).sort())
})

t.test("README's table of codes is what the classes carry, with their statuses", async (t) => {
  const rows = tableOf('GATEHOUSE_TOKEN_INVALID').map(([[code], status]) => [code, (status.match(/\d{3}/g) ?? []).map(Number).sort()])
  t.strictSame(Object.fromEntries(rows), statuses())
  t.equal(rows.length, Object.keys(statuses()).length, 'no code twice')
})

t.test("README names each code's class, and it is exported", async (t) => {
  for (const [line, code, name] of read('README.md').matchAll(/^\| `(GATEHOUSE_\w+)` \|[^|]*\| `(\w+)` \|/gm)) {
    const Class = (entry as Readonly<Record<string, unknown>>)[name!]
    t.type(Class, 'function', line)
    t.equal(new (Class as new (refusal: Refusal) => AuthError)({ reason: 'id_token' }).code, code)
  }
})

t.test('every reason is explained', async (t) => {
  const docs = readdirSync(root).includes('docs') ? readdirSync(new URL('docs/', root), { recursive: true, encoding: 'utf8' }) : []
  const pages = ['README.md', ...docs.filter((path) => path.endsWith('.md')).map((path) => `docs/${path}`)].map(read).join('\n')
  const reasons = unionOf('lib/refusal.ts', 'Reason')
  t.ok(reasons.length > 30, 'the list was found')
  t.strictSame(reasons.filter((reason) => !pages.includes(`\`${reason}\``)), [])
})

t.test('README explains no reason that does not exist', async (t) => {
  const reasons = unionOf('lib/refusal.ts', 'Reason')
  t.strictSame(tableOf('issuer_mismatch').flatMap(([names]) => names).filter((name) => !reasons.includes(name)), [])
})

t.test("README's table of options is the interface, and what the plugin takes", async (t) => {
  const options = membersOf('types/options.ts', 'GatehouseOptions')
  const rows = tableOf('clockTolerance').map(([[name]]) => name!)
  t.strictSame(new Set(rows.map((name) => name.split('.')[0]!)), new Set(options))
  t.strictSame(rows.filter((name) => options.includes(name)).sort(), [...options].sort(), 'each has one row of its own')
  const [, known] = /known are (.*)$/.exec(mistake(() => readOptions({ nonsense: 1 }))!)!
  t.strictSame(known!.split(', ').sort(), [...options].sort())
})

t.test("README's table of provider options is what every provider takes", async (t) => {
  t.strictSame(membersOf('lib/providers/define.ts', 'ProviderSettings'), [...SETTINGS])
  const rows = tableOf('tokenKind').flatMap(([names]) => names)
  t.strictSame(SETTINGS.filter((setting) => !rows.includes(setting)), [])
})

t.test('the entry exports these values', async (t) => {
  t.equal(entry.default, entry.gatehouse)
  t.strictSame(Object.keys(entry).sort(), [
    'AuthError', 'ForbiddenError', 'InsufficientScopeError', 'InvalidCredentialError', 'InvalidRequestError', 'InvalidTokenError',
    'MissingCredentialError', 'NoOrganizationError', 'NotAnAccessTokenError', 'NotAuthenticatedError', 'RouteMisconfiguredError', 'TooManyRequestsError', 'UnavailableError',
    'apiKey', 'auth0', 'authgear', 'clerk', 'cognito', 'default', 'entra', 'fusionauth', 'gatehouse', 'getAuth', 'google', 'keycloak', 'oidc', 'okta',
    'redactPaths', 'tesseral', 'zitadel'
  ])
})

t.test('the entry exports these types', async (t) => {
  const source = read('lib/index.ts')
  const types = [...source.matchAll(/^export type \{([^}]*)\}/gm)].flatMap(([, names]) => names!.split(',').map((name) => name.trim()))
  t.strictSame(types.sort(), [
    'AccessTokenClaims', 'AnswerCacheOptions', 'ApiKeyOptions', 'Auth0Options', 'AuthErrorCode', 'AuthMode', 'AuthenticateContext',
    'Authenticator', 'AuthgearOptions', 'CacheOptions', 'CallBudget', 'ClaimMapping', 'ClaimPath', 'ClaimRequirement', 'ClaimSource',
    'ClaimValues', 'ClerkOptions', 'CognitoOptions', 'CredentialsType', 'DefaultAuth', 'Demands', 'EntraAnyTenantOptions', 'EntraOptions', 'EntraTenantsOptions',
    'FetchOptions', 'FusionAuthOptions', 'Gatehouse', 'GatehouseOptions', 'GoogleOptions', 'GroupPolicy', 'GuardedRoute', 'GuardedScope',
    'HostedSettings', 'Identity', 'IntrospectionOptions', 'JsonWebKeySet', 'KeyLocation', 'KeyOptions', 'KeycloakOptions', 'OidcOptions',
    'OktaOptions', 'Primitive', 'Provider', 'ProviderHealth', 'ProviderResolver', 'ProviderSettings', 'Reason', 'Refusal', 'RequestAuth',
    'Requirement', 'RouteAuth', 'RouteDescription', 'RoutePolicy', 'SigningAlgorithm', 'StandardClaims', 'Stats', 'StoredApiKey',
    'TesseralAccessTokenClaims', 'TesseralApiKeyOptions', 'TesseralOptions', 'TokenKind', 'Vouched', 'ZitadelOptions'
  ])
  t.strictSame(source.match(/^export .*\*.*$/gm), ["export type * from '../types/register.js'"])
})
