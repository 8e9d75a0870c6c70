import t from 'tap'
import type { Test } from 'tap'
import { oidc } from '../../lib/index.js'
import { discoverAddress } from '../../lib/token/discovery.js'
import { createIssuer } from '../support/issuer.js'
import type { TestIssuer } from '../support/issuer.js'

const never = new AbortController().signal

async function openIssuer (t: Test): Promise<{ issuer: TestIssuer, url: string }> {
  const issuer = await createIssuer({ algorithms: ['ES256'] })
  t.teardown(() => issuer.close())
  return { issuer, url: `${issuer.issuer}/.well-known/openid-configuration` }
}

function discover (issuer: TestIssuer, dangerouslyAllowHttp = false): Promise<string> {
  const provider = oidc({ issuer: issuer.issuer, audience: issuer.audience, dangerouslyAllowHttp })
  return discoverAddress('jwks_uri', provider.keys.discovery ?? [], provider, {}, never)
}

t.test('the address of the key set is the jwks_uri of the document', async (t) => {
  const { issuer } = await openIssuer(t)
  t.equal(await discover(issuer), `${issuer.issuer}/jwks`)
  issuer.metadata.jwks_uri = 'https://keys.example/of/the/issuer?v=1'
  t.equal(await discover(issuer), 'https://keys.example/of/the/issuer?v=1', 'another https origin may hold it')
})

t.test('a document of another issuer is refused, however little differs', async (t) => {
  const { issuer, url } = await openIssuer(t)
  for (const other of [
    `${issuer.issuer}/`, issuer.issuer.replace('http:', 'https:'), issuer.issuer.toUpperCase(), `${issuer.issuer}/tenant`,
    'https://evil.example', '', null, [issuer.issuer], undefined
  ]) {
    issuer.metadata.issuer = other
    await t.rejects(discover(issuer), { message: `${url}: its issuer differs from ${issuer.issuer}` }, String(other))
  }
})

t.test('a document without a URL as jwks_uri is refused', async (t) => {
  const { issuer, url } = await openIssuer(t)
  for (const jwksUri of [undefined, null, '', '/jwks', 'jwks', 42, [`${issuer.issuer}/jwks`], `https://keys.example/${'a'.repeat(2000)}`]) {
    issuer.metadata.jwks_uri = jwksUri
    await t.rejects(discover(issuer), { message: `${url}: has no jwks_uri` }, String(jwksUri))
  }
})

t.test('a jwks_uri that is not https is refused beyond loopback', async (t) => {
  const { issuer, url } = await openIssuer(t)
  for (const jwksUri of ['http://issuer.example/jwks', 'http://127.0.0.1.example/jwks', 'ftp://issuer.example/jwks', 'file:///etc/jwks', 'data:application/json,{}']) {
    issuer.metadata.jwks_uri = jwksUri
    await t.rejects(discover(issuer), { message: `${url}: its jwks_uri is plain http` }, jwksUri)
  }
  issuer.metadata.jwks_uri = 'http://issuer.example/jwks'
  t.equal(await discover(issuer, true), 'http://issuer.example/jwks', 'unless plain http was allowed by name')
})

t.test('a jwks_uri with a password is refused without showing it', async (t) => {
  const { issuer, url } = await openIssuer(t)
  for (const jwksUri of ['https://user:hunter2@keys.example/jwks', 'https://user@keys.example/jwks', 'https://:hunter2@keys.example/jwks']) {
    issuer.metadata.jwks_uri = jwksUri
    await t.rejects(discover(issuer), { message: `${url}: its jwks_uri has a user name or password` }, jwksUri)
  }
})

t.test('a document from elsewhere does not send us to services of this machine', async (t) => {
  const issuer = 'https://id.example'
  const answer = (jwksUri: string) => new Response(JSON.stringify({ issuer, jwks_uri: jwksUri }))
  const discoverAt = (jwksUri: string, dangerouslyAllowHttp = false) => {
    t.intercept(globalThis, 'fetch', { value: async () => answer(jwksUri) })
    const provider = oidc({ issuer, audience: 'api', dangerouslyAllowHttp })
    return discoverAddress('jwks_uri', provider.keys.discovery ?? [], provider, {}, never)
  }
  for (const jwksUri of ['http://127.0.0.1:2375/containers/json', 'http://localhost/jwks', 'http://[::1]/jwks']) {
    await t.rejects(discoverAt(jwksUri), { message: `${issuer}/.well-known/openid-configuration: its jwks_uri is plain http` }, jwksUri)
    t.equal(await discoverAt(jwksUri, true), jwksUri, 'unless plain http was allowed by name')
  }
  t.equal(await discoverAt('https://127.0.0.1/jwks'), 'https://127.0.0.1/jwks')
})
