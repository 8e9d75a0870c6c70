import { generateKeyPairSync } from 'node:crypto'
import type { JsonWebKey } from 'node:crypto'
import { inspect } from 'node:util'
import t from 'tap'
import { fusionauth, keycloak, oidc, okta, zitadel } from '../../lib/index.js'
import type { IntrospectionOptions } from '../../lib/index.js'
import { mistake } from '../support/mistake.js'

const client: IntrospectionOptions = { clientId: 'api', clientSecret: 'hunter2' }
const introspection = (options: IntrospectionOptions) => oidc({ issuer: 'https://id.example', audience: 'api', introspection: options }).introspection!
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey

t.test('a provider introspects only where it was told how', async (t) => {
  t.equal(oidc({ issuer: 'https://id.example', audience: 'api' }).introspection, undefined)
  t.equal(oidc({ issuer: 'https://id.example', audience: 'api', introspection: undefined }).introspection, undefined)
})

t.test('a client and its secret are enough', async (t) => {
  const { clientAuthentication, ...rest } = introspection(client)
  t.strictSame(rest, {
    endpoint: undefined,
    clientId: 'api',
    requiresAudience: true,
    prefix: '',
    signedResponseAlg: undefined,
    answers: { ttl: 30_000, negativeTtl: 10_000, max: 10_000, perSecond: 100, burst: 1_000 }
  })
  t.equal(clientAuthentication.method, 'client_secret_basic')
  t.equal('secret' in clientAuthentication && clientAuthentication.secret.reveal(), 'hunter2')
})

t.test('everything can be said', async (t) => {
  t.match(introspection({
    endpoint: 'https://id.example/introspect',
    clientId: 'api',
    clientSecret: 'hunter2',
    clientAuthentication: 'client_secret_post',
    audience: false,
    prefix: 'at_',
    signedResponseAlg: 'Ed25519',
    cache: { ttl: 0, negativeTtl: 1, max: 2 },
    budget: { perSecond: 3, burst: 4 }
  }), {
    endpoint: 'https://id.example/introspect',
    clientAuthentication: { method: 'client_secret_post' },
    requiresAudience: false,
    prefix: 'at_',
    signedResponseAlg: 'Ed25519',
    answers: { ttl: 0, negativeTtl: 1_000, max: 2, perSecond: 3, burst: 4 }
  })
})

t.test('what is undefined is left out', async (t) => {
  const options = { ...client, endpoint: undefined, clientAuthentication: undefined, key: undefined, audience: undefined, prefix: undefined, signedResponseAlg: undefined, cache: undefined, budget: undefined }
  t.equal(mistake(() => introspection(options)), undefined)
  const jwk = { ...ec.export({ format: 'jwk' }), alg: undefined, kid: undefined, use: undefined }
  t.match(introspection({ clientId: 'api', key: jwk, keyAlg: undefined, keyId: undefined, clientSecret: undefined }), { clientAuthentication: { method: 'private_key_jwt', alg: 'ES256' } })
})

t.test('a private key comes as JWK or as PEM of either kind', async (t) => {
  for (const [key, expected] of [
    [{ ...ec.export({ format: 'jwk' }), kid: 'k', use: 'sig' }, { alg: 'ES256', kid: 'k' }],
    [{ ...rsa.export({ format: 'jwk' }), alg: 'PS384' }, { alg: 'PS384' }],
    [{ ...rsa.export({ format: 'jwk' }), kid: 7 }, { alg: 'RS256' }],
    [rsa.export({ type: 'pkcs1', format: 'pem' }).toString(), { alg: 'RS256' }],
    [`\n${ec.export({ type: 'sec1', format: 'pem' }).toString()}`, { alg: 'ES256' }],
    [generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(), { alg: 'Ed25519' }]
  ] as ReadonlyArray<[string | JsonWebKey, object]>) {
    const { clientAuthentication } = introspection({ clientId: 'api', key, clientAuthentication: 'private_key_jwt' })
    t.match(clientAuthentication, { method: 'private_key_jwt', ...expected })
    t.equal('key' in clientAuthentication && clientAuthentication.key.type, 'private')
    t.equal('kid' in clientAuthentication && clientAuthentication.kid, 'kid' in expected ? expected.kid : undefined)
  }
})

t.test('what was checked cannot be changed', async (t) => {
  const options = { ...client, cache: { ttl: 5 } }
  const checked = introspection(options)
  options.cache.ttl = 500
  t.equal(checked.answers.ttl, 5_000)
  t.ok(Object.isFrozen(checked) && Object.isFrozen(checked.clientAuthentication) && Object.isFrozen(checked.answers))
})

t.test('a provider that is printed shows neither secret nor key', async (t) => {
  const jwk = ec.export({ format: 'jwk' })
  for (const options of [client, { clientId: 'api', key: jwk }]) {
    const provider = oidc({ issuer: 'https://id.example', audience: 'api', introspection: options })
    for (const text of [inspect(provider, { depth: 9, showHidden: true }), JSON.stringify(provider), String(provider.introspection?.clientAuthentication)]) {
      t.notMatch(text, 'hunter2')
      t.notMatch(text, jwk.d)
    }
  }
})

t.test('keys found elsewhere need an endpoint that is named', async (t) => {
  const endpoint = 'https://id.example/introspect'
  const keys = { jwksUri: 'https://id.example/jwks' }
  const given = oidc({ issuer: 'https://id.example', audience: 'api', keys, introspection: { ...client, endpoint, signedResponseAlg: 'ES256' } })
  t.equal(given.introspection?.endpoint, endpoint)
})

t.test('providers whose access tokens may be opaque take the option', async (t) => {
  for (const provider of [
    okta({ domain: 'dev-123.okta.com', audience: 'api://default', introspection: client }),
    zitadel({ issuer: 'https://example.zitadel.cloud', audience: 'api', introspection: client }),
    keycloak({ issuer: 'https://id.example/realms/main', audience: 'api', introspection: client }),
    fusionauth({ issuer: 'https://id.example', audience: 'api', introspection: client })
  ]) t.match(provider.introspection, { clientId: 'api', requiresAudience: true }, provider.name)
})
