import t from 'tap'
import { apiKey, oidc, tesseral } from '../lib/index.js'
import type { Provider } from '../lib/index.js'
import { readOptions } from '../lib/options.js'
import { mistake } from './support/mistake.js'

const backend = { publishableKey: 'publishable_key_1', backendApiKey: 'tesseral_secret_key_1' }

function introspecting (name: string, prefix?: string): Provider {
  return oidc({ name, issuer: `https://${name}.example`, audience: 'api', introspection: { clientId: 'api', clientSecret: 'a secret', prefix } })
}

const takesNone = oidc({ name: 'jwts', issuer: 'https://jwts.example', audience: 'api' })

t.test('a provider that would never be asked about an opaque credential stops the boot', async (t) => {
  const because = (name: string, greedy: string) => `gatehouse.provider: ${name} would not be asked about credentials that ${greedy} takes first: give ${greedy} a prefix of its own, or put it last`
  for (const [title, provider, message] of [
    ['two that take everything', [introspecting('a'), introspecting('b')], because('b', 'a')],
    ['one behind a prefix of its own prefix', [introspecting('a', 'x_'), introspecting('b', 'x_y_')], because('b', 'a')],
    ['one between which is not asked', [introspecting('a'), takesNone, introspecting('b')], because('b', 'a')],
    ['behind API keys without a prefix', [tesseral({ ...backend, apiKeys: true }), introspecting('b')], because('b', 'tesseral')],
    ['API keys behind one that takes everything', [introspecting('a'), tesseral({ ...backend, apiKeys: { prefix: 'acme_' } })], because('tesseral', 'a')]
  ] as const) t.equal(mistake(() => readOptions({ provider })), message, title)
})

t.test('providers that take different credentials, or the greedy one last, may be together', async (t) => {
  for (const provider of [
    [introspecting('a', 'x_'), introspecting('b', 'y_'), introspecting('c')],
    [takesNone, introspecting('a')],
    [tesseral({ ...backend, apiKeys: { prefix: 'acme_' } }), introspecting('b')]
  ]) t.equal(readOptions({ provider }).providers.size, provider.length)
})

t.test('an authenticator cannot be called what the API keys of a provider are called', async (t) => {
  const options = (name: string) => ({ provider: tesseral({ ...backend, apiKeys: true }), authenticators: [apiKey({ name, lookup: () => undefined })] })
  t.equal(mistake(() => readOptions(options('api_key'))), 'gatehouse.authenticators[0].name: "api_key" is taken; providers and authenticators need a name each')
  t.equal(readOptions(options('partner_key')).authenticators.length, 1)
})

t.test('a provider that was never made is refused without a word of its secrets', async (t) => {
  for (const provider of [{ ...backend, apiKeys: true }, [{ issuer: 'https://a.example', introspection: { clientId: 'api', clientSecret: 'hunter2' } }], 'tesseral_secret_key_1']) {
    const message = mistake(() => readOptions({ provider }))
    t.match(message, 'gatehouse.provider: expected what oidc')
    for (const secret of ['tesseral_secret_key_1', 'hunter2']) t.notMatch(message, secret)
  }
})

t.test('two projects in one registration are refused: which of them a token is from cannot be told before its key is found', async (t) => {
  const provider = [tesseral({ publishableKey: 'publishable_key_1' }), tesseral({ name: 'other', publishableKey: 'publishable_key_2' })]
  t.equal(mistake(() => readOptions({ provider })), 'gatehouse.provider: two providers have the issuer https://{project}.tesseral.app; give one of them, or register them in sibling scopes')
})
