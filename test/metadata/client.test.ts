import * as oauth from 'oauth4webapi'
import t from 'tap'
import { issuerFor, providerOf } from '../support/house.js'
import { RESOURCE, resourceApp } from '../support/resource-app.js'

const issuer = await issuerFor(t)

t.test('a client that knows the address alone finds out whom to ask for a token, and is let in with it', async (t) => {
  for (const path of ['', '/resource1']) {
    const resource = RESOURCE + path
    const app = await resourceApp(t, issuer, { provider: providerOf(issuer, { audience: resource }), resource: { resource, scopesSupported: ['email'] } })
    const origin = await app.listen({ port: 0, host: '127.0.0.1' })
    // The name is the RFC's; the wire is real.
    const here = (url: string | URL) => String(url).replace(RESOURCE, origin)
    const options = { [oauth.customFetch]: (url: string, init: object) => fetch(here(url), init) }

    const refused = await fetch(here(`${RESOURCE}/email`)).then(async (response) => { await response.text(); return response })
    const challenge = await oauth.protectedResourceRequest(issuer.token(), 'GET', new URL(`${RESOURCE}/email`), undefined, undefined, options).then(() => undefined, (error: unknown) => error)
    t.ok(challenge instanceof oauth.WWWAuthenticateChallengeError, 'it reads our challenge')
    const [{ scheme, parameters }] = (challenge as oauth.WWWAuthenticateChallengeError).cause as [oauth.WWWAuthenticateChallenge]
    t.match({ scheme, parameters }, { scheme: 'bearer', parameters: { error: 'invalid_token', resource_metadata: /\/\.well-known\/oauth-protected-resource/ } })
    t.match(refused.headers.get('www-authenticate'), `resource_metadata="${parameters.resource_metadata}"`)

    const found = await oauth.resourceDiscoveryRequest(new URL(resource), options)
    t.equal(found.url, here(parameters.resource_metadata!), 'the address it would guess is the one we name')
    t.equal(found.headers.get('content-type'), 'application/json')
    const metadata = await oauth.processResourceDiscoveryResponse(new URL(resource), found)
    t.match(metadata, { resource, authorization_servers: [issuer.issuer], scopes_supported: ['email'], bearer_methods_supported: ['header'] })
    const followed = await oauth.processResourceDiscoveryResponse(new URL(resource), await fetch(here(parameters.resource_metadata!)))
    t.strictSame(followed, metadata)

    const token = issuer.token({ aud: metadata.resource, scope: metadata.scopes_supported!.join(' ') })
    const answer = await oauth.protectedResourceRequest(token, 'GET', new URL(`${RESOURCE}/email`), undefined, undefined, options)
    t.equal(answer.status, 200)
    t.equal(await answer.text(), 'email')
  }
})

t.test('a client refuses the document of another resource', async (t) => {
  const app = await resourceApp(t, issuer)
  const origin = await app.listen({ port: 0, host: '127.0.0.1' })
  const found = await oauth.resourceDiscoveryRequest(new URL(origin), { [oauth.allowInsecureRequests]: true })
  await t.rejects(oauth.processResourceDiscoveryResponse(new URL(origin), found), { code: 'OAUTH_JSON_ATTRIBUTE_COMPARISON_FAILED' })
})
