import { inspect } from 'node:util'
import t from 'tap'
import { tesseral } from '../../lib/providers/index.js'

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
