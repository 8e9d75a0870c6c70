import { inspect } from 'node:util'
import t from 'tap'
import { tesseral } from '../../lib/providers/index.js'
import { mistake } from '../support/mistake.js'

const publishableKey = 'publishable_key_0a1b2c'
const backendApiKey = 'tesseral_secret_key_0a1b2c'

t.test('by default everything is where Tesseral hosts it', async (t) => {
  t.match(tesseral({ publishableKey }), {
    name: 'tesseral',
    issuer: 'https://{project}.tesseral.app',
    issuerTemplate: { before: 'https://', after: '.tesseral.app', claim: undefined },
    audience: ['https://{project}.tesseral.app'],
    algorithms: ['ES256'],
    keys: { project: { url: `https://config.tesseral.com/v1/config/${publishableKey}`, refreshInterval: 600 } },
    claims: { subject: 'sub', permissions: 'actions', organization: { path: ['organization', 'id'] } },
    cookie: { before: 'tesseral_', after: '_access_token' },
    apiKeys: undefined
  })
})

t.test('options left undefined are options left out', async (t) => {
  const left = { name: undefined, configApiHostname: undefined, backendApiHostname: undefined, refreshInterval: undefined, issuer: undefined, apiKeys: undefined, backendApiKey: undefined, claims: undefined }
  t.same(tesseral({ publishableKey, ...left }), tesseral({ publishableKey }))
})

t.test('services may be elsewhere; loopback is reached by http', async (t) => {
  for (const [hostname, url] of [
    ['auth.example.com/api/service', 'https://auth.example.com/api/service'],
    ['auth.example.com:8443', 'https://auth.example.com:8443'],
    ['localhost:3000', 'http://localhost:3000'],
    ['localhost', 'http://localhost'],
    ['127.0.0.1:3000/api/service', 'http://127.0.0.1:3000/api/service'],
    ['localhost.example.com', 'https://localhost.example.com'],
    ['127.0.0.1.example.com', 'https://127.0.0.1.example.com']
  ] as const) {
    const provider = tesseral({ publishableKey, configApiHostname: hostname, backendApiHostname: hostname, apiKeys: true, backendApiKey })
    t.equal(provider.keys.project?.url, `${url}/v1/config/${publishableKey}`)
    t.equal(provider.apiKeys?.url, `${url}/v1/api-keys/authenticate`)
  }
})

t.test('API keys are on where they were switched on', async (t) => {
  const defaults = { ttl: 30_000, negativeTtl: 10_000, max: 10_000, perSecond: 100, burst: 1_000 }
  t.match(tesseral({ publishableKey, apiKeys: true, backendApiKey }).apiKeys, { url: 'https://api.tesseral.com/v1/api-keys/authenticate', prefix: '', answers: defaults })
  t.match(tesseral({ publishableKey, apiKeys: { prefix: 'acme_sk_', cache: { ttl: 5 }, budget: { burst: 5 } }, backendApiKey }).apiKeys, { prefix: 'acme_sk_', answers: { ...defaults, ttl: 5_000, burst: 5 } })
  t.equal(tesseral({ publishableKey, apiKeys: false, backendApiKey }).apiKeys, undefined)
})

t.test('the backend API key is in nothing that is printed or serialized', async (t) => {
  const provider = tesseral({ publishableKey, apiKeys: true, backendApiKey })
  t.notMatch(String(provider.apiKeys?.secret), backendApiKey)
  t.notMatch(JSON.stringify(provider.apiKeys), backendApiKey)
  t.notMatch(inspect(provider, { depth: 10, showHidden: true }), backendApiKey)
  t.equal(provider.apiKeys?.secret.reveal(), backendApiKey)
})

t.test('a provider is frozen, and its name and claims can be set', async (t) => {
  const provider = tesseral({ publishableKey, name: 'customers', claims: { roles: { path: ['user', 'roles'] } }, apiKeys: true, backendApiKey })
  t.match(provider, { name: 'customers', claims: { roles: { path: ['user', 'roles'] }, permissions: 'actions' } })
  for (const part of [provider, provider.keys, provider.keys.project, provider.cookie, provider.apiKeys]) t.ok(Object.isFrozen(part))
})

const KEY = 'publishable_key_0a1b2c'
const SECRET = 'tesseral_secret_key_9x8y7z'

// Calls from plain JavaScript, which the types cannot stop.
const refusal = (options: unknown) => mistake(() => tesseral(options as never))

const NEEDS_KEY = /^tesseral\(\{ publishableKey \}\): expected a project's publishable key, got .*; is TESSERAL_PUBLISHABLE_KEY set\?$/
const WRONG_KEY = "tesseral({ publishableKey }): expected a project's publishable key, publishable_key_ and then digits and letters in lower case; "
const COPY = WRONG_KEY + 'copy it from the Tesseral console, without quotes and white space'
const HOST = (option: string) => `tesseral({ ${option} }): expected a host name`
const NEEDS_SECRET = 'tesseral({ backendApiKey }): apiKeys needs the secret of a backend API key; is TESSERAL_BACKEND_API_KEY set?'
const WRONG_SECRET = 'tesseral({ backendApiKey }): expected the secret of a backend API key, which begins with tesseral_secret_key_; '
const ISSUER = 'tesseral({ issuer }): expected a URL with {project} in it once'

const rows: ReadonlyArray<readonly [title: string, options: unknown, message: string | RegExp]> = [
  ['no options', undefined, /^tesseral\(\): expected an object, got undefined; pass \{ publishableKey \}$/],
  ['an unknown option', { publishableKey: KEY, scopes: [] }, /^tesseral\(\): unknown key "scopes"; known are publishableKey, /],
  ['a near miss', { publishable_key: KEY }, 'tesseral(): unknown key "publishable_key"; did you mean "publishableKey"?'],
  ['the algorithm is not to be chosen', { publishableKey: KEY, algorithms: ['ES256'] }, /^tesseral\(\): unknown key "algorithms"/],

  ['no publishable key', {}, NEEDS_KEY],
  ['an unset variable', { publishableKey: undefined }, NEEDS_KEY],
  ['an empty one', { publishableKey: '' }, NEEDS_KEY],
  ['one that was unset and made a text', { publishableKey: 'undefined' }, NEEDS_KEY],
  ['a publishable key that is no text', { publishableKey: 42 }, NEEDS_KEY],
  ['the id of a project', { publishableKey: 'project_0a1b2c' }, COPY],
  ['a publishable key in upper case', { publishableKey: 'publishable_key_0A1B2C' }, COPY],
  ['nothing behind the prefix', { publishableKey: 'publishable_key_' }, COPY],
  ['white space', { publishableKey: `${KEY} ` }, COPY],
  ['another path', { publishableKey: `${KEY}/../x` }, COPY],
  ['a line break', { publishableKey: `${KEY}\n` }, COPY],
  ['the secret in its place', { publishableKey: SECRET }, WRONG_KEY + 'this is a secret: keep it on the server, and pass the publishable key'],

  ['an empty name', { publishableKey: KEY, name: '' }, /^tesseral\(\): name: expected a text/],
  ['claims that are none', { publishableKey: KEY, claims: { subject: 42 } }, /^tesseral\(\): claims\.subject: expected a claim name/],

  ...['configApiHostname', 'backendApiHostname'].flatMap((option) => [
    [`${option}: a scheme`, { publishableKey: KEY, [option]: 'https://auth.example.com' }, new RegExp(`^${escaped(HOST(option))}, got .*; remove the leading https://$`)],
    [`${option}: a scheme for loopback`, { publishableKey: KEY, [option]: 'http://localhost:3000/api' }, new RegExp(`^${escaped(HOST(option))}, got .*; remove the leading http://$`)],
    [`${option}: upper case`, { publishableKey: KEY, [option]: 'Auth.example.com' }, new RegExp(`^${escaped(HOST(option))}, got .*; write it in lower case`)],
    [`${option}: empty`, { publishableKey: KEY, [option]: '' }, new RegExp(`^${escaped(HOST(option))}, got ''; is TESSERAL_\\w+_HOSTNAME set\\?$`)],
    [`${option}: only a path`, { publishableKey: KEY, [option]: '/api' }, new RegExp(`^${escaped(HOST(option))}, got '';`)],
    [`${option}: no text`, { publishableKey: KEY, [option]: 42 }, new RegExp(`^${escaped(HOST(option))}, got 42;`)],
    [`${option}: user and password`, { publishableKey: KEY, [option]: 'me:secret@auth.example.com' }, new RegExp(`^${escaped(HOST(option))}`)],
    [`${option}: no port`, { publishableKey: KEY, [option]: 'auth.example.com:99999' }, new RegExp(`^${escaped(`tesseral({ ${option} }): expected an https URL`)}`)],
    ...['/', '/api/', '//api', '/api?x', '/api#x', '/api/../x', '/a b', '/%2e%2e'].map((path) => [
      `${option}: the path ${path}`, { publishableKey: KEY, [option]: `auth.example.com${path}` }, new RegExp(`^${escaped(HOST(option))}, or one with a path, got .*; remove a slash at the end, query and fragment$`)
    ] as const)
  ] as const),

  ...[59, 3601, NaN, Infinity, '600', null].map((refreshInterval) => [
    `refreshInterval: ${refreshInterval}`, { publishableKey: KEY, refreshInterval }, /^tesseral\(\{ refreshInterval \}\): expected 60 to 3600 seconds, got /
  ] as const),

  ...[42, '', 'https://project-1.tesseral.app', 'https://{projectId}.example.com', 'https://{project}.{project}.example.com', 'https://{project}.{tenant}.example.com', null].map((issuer) => [
    `issuer: ${issuer}`, { publishableKey: KEY, issuer }, new RegExp(`^${escaped(ISSUER)}`)
  ] as const),
  ['an issuer without scheme', { publishableKey: KEY, issuer: '{project}.example.com' }, /^tesseral\(\{ issuer \}\): expected an https URL, got .*; begin it with https:\/\/$/],
  ['an issuer by plain http', { publishableKey: KEY, issuer: 'http://{project}.example.com' }, /^tesseral\(\{ issuer \}\): expected an https URL/],
  ['an issuer with a query', { publishableKey: KEY, issuer: 'https://example.com/?project={project}' }, /^tesseral\(\{ issuer \}\): expected a URL without query/],

  ...[undefined, '', 'undefined', 42].map((backendApiKey) => [
    `API keys with the backend API key ${JSON.stringify(backendApiKey)}`, { publishableKey: KEY, apiKeys: true, backendApiKey }, NEEDS_SECRET
  ] as const),
  ['the id of the backend API key', { publishableKey: KEY, apiKeys: true, backendApiKey: 'backend_api_key_0a1b2c' }, WRONG_SECRET + "this is the key's id: its secret is shown once, when the key is created"],
  ['a backend API key in quotes', { publishableKey: KEY, apiKeys: {}, backendApiKey: `"${SECRET}"` }, WRONG_SECRET + 'copy it without quotes and white space'],
  ['a backend API key with a line break', { publishableKey: KEY, apiKeys: true, backendApiKey: `${SECRET}\r\nx: y` }, WRONG_SECRET + 'copy it without quotes and white space'],
  ['a backend API key that nothing uses', { publishableKey: KEY, backendApiKey: SECRET }, 'tesseral({ backendApiKey }): nothing uses it; add apiKeys: true to accept API keys, or write apiKeys: false'],
  ...['yes', SECRET, 1, null, []].map((apiKeys) => [
    `apiKeys: ${JSON.stringify(apiKeys)}`, { publishableKey: KEY, apiKeys, backendApiKey: SECRET }, 'tesseral({ apiKeys }): expected true, false or { prefix, cache, budget }'
  ] as const),
  ['an unknown member of apiKeys', { publishableKey: KEY, apiKeys: { ttl: 1 }, backendApiKey: SECRET }, 'tesseral({ apiKeys }): unknown key "ttl"; known are prefix, cache, budget'],
  ['a prefix no API key has', { publishableKey: KEY, apiKeys: { prefix: 'ACME-' }, backendApiKey: SECRET }, /^tesseral\(\{ apiKeys \}\)\.prefix: expected digits, letters in lower case and _, got /],
  ['a prefix that is no text', { publishableKey: KEY, apiKeys: { prefix: 1 }, backendApiKey: SECRET }, /^tesseral\(\{ apiKeys \}\)\.prefix: expected/],
  ['a lifetime that is none', { publishableKey: KEY, apiKeys: { cache: { ttl: -1 } }, backendApiKey: SECRET }, /^tesseral\(\{ apiKeys \}\)\.cache\.ttl: expected 0 to 3600 seconds/],
  ['a budget that is none', { publishableKey: KEY, apiKeys: { budget: { burst: 0 } }, backendApiKey: SECRET }, /^tesseral\(\{ apiKeys \}\)\.budget\.burst: expected 1 to/]
]

function escaped (text: string): string {
  return text.replaceAll(/[(){}.?]/g, '\\$&')
}

for (const [title, options, message] of rows) {
  t.test(`tesseral() refuses: ${title}`, async (t) => {
    const found = refusal(options)
    if (typeof message === 'string') t.equal(found, message)
    else t.match(found, message)
    t.notMatch(found, '9x8y7z', 'no secret is shown')
  })
}
