import { generateKeyPairSync, verify } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import t from 'tap'
import type { Test } from 'tap'
import { oidc } from '../../lib/index.js'
import type { FetchOptions, IntrospectionOptions, OidcOptions } from '../../lib/index.js'
import { createIntrospection } from '../../lib/token/introspection.js'
import { JudgeFailure } from '../../lib/token/judge-failure.js'
import { fakeClock } from '../support/clock.js'
import { active, introspectionServer, status } from '../support/introspection-server.js'
import { createIssuer, signJws } from '../support/issuer.js'
import type { SigningAlgorithm } from '../support/issuer.js'

const never = new AbortController().signal
const client: IntrospectionOptions = { clientId: 'api', clientSecret: 'secret' }

interface Setting { options?: IntrospectionOptions, provider?: Partial<OidcOptions>, fetchOptions?: FetchOptions, names?: 'endpoint' | 'document' }

/** A judge that asks the stand-in, whose endpoint is configured or named by the issuer's document. */
async function judgeAt (t: Test, { options = client, provider = {}, fetchOptions = {}, names = 'endpoint' }: Setting = {}) {
  const server = await introspectionServer(t)
  const issuer = await createIssuer({ algorithms: ['RS256', 'ES256'] })
  t.teardown(() => issuer.close())
  issuer.metadata.introspection_endpoint = server.endpoint
  const introspection = names === 'endpoint' ? { endpoint: server.endpoint, ...options } : options
  const asked = oidc({ issuer: issuer.issuer, audience: issuer.audience, introspection, ...provider })
  const judge = createIntrospection(asked, asked.introspection!, fetchOptions, 10)
  const outcome = (token = 'opaque', signal = never) => judge(token, signal).catch((error: unknown) => {
    if (error instanceof JudgeFailure) return { failure: error.message, retryAfter: error.retryAfter }
    throw error
  })
  return { server, issuer, outcome }
}

t.test('RFC 7662 section 2.1: the token is asked about by POST, as an access token', async (t) => {
  const { server, outcome } = await judgeAt(t)
  t.match(await outcome('a~b+c/d=='), { subject: 'user-1' })
  t.match(server.questions, [{
    form: { token: 'a~b+c/d==', token_type_hint: 'access_token' },
    headers: { 'content-type': 'application/x-www-form-urlencoded;charset=UTF-8', accept: 'application/json', authorization: `Basic ${Buffer.from('api:secret').toString('base64')}` }
  }])
})

t.test('client_secret_post sends the secret in the body alone', async (t) => {
  const { server, outcome } = await judgeAt(t, { options: { ...client, clientAuthentication: 'client_secret_post' } as IntrospectionOptions })
  await outcome()
  t.strictSame(server.questions[0]?.form, { token_type_hint: 'access_token', token: 'opaque', client_id: 'api', client_secret: 'secret' })
  t.equal(server.questions[0]?.headers.authorization, undefined)
})

t.test('private_key_jwt signs with the algorithm that was asked for, or one that fits the key', async (t) => {
  const pair = { rsa: generateKeyPairSync('rsa', { modulusLength: 2048 }), p256: generateKeyPairSync('ec', { namedCurve: 'P-256' }), p384: generateKeyPairSync('ec', { namedCurve: 'P-384' }), p521: generateKeyPairSync('ec', { namedCurve: 'P-521' }), ed: generateKeyPairSync('ed25519') }
  const cases: ReadonlyArray<[{ privateKey: KeyObject, publicKey: KeyObject }, SigningAlgorithm | undefined, string]> = [
    [pair.rsa, undefined, 'RS256'], [pair.rsa, 'RS512', 'RS512'], [pair.rsa, 'PS256', 'PS256'], [pair.p256, undefined, 'ES256'], [pair.p384, undefined, 'ES384'],
    [pair.p521, 'ES512', 'ES512'], [pair.ed, undefined, 'Ed25519'], [pair.ed, 'EdDSA', 'EdDSA']
  ]
  for (const [{ privateKey, publicKey }, keyAlg, alg] of cases) {
    const { server, issuer, outcome } = await judgeAt(t, { options: { clientId: 'api', key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(), keyAlg } })
    t.match(await outcome(), { subject: 'user-1' }, alg)
    const [head, body, signature] = server.questions[0]!.form.client_assertion!.split('.') as [string, string, string]
    const decode = (part: string): object => JSON.parse(Buffer.from(part, 'base64url').toString())
    t.strictSame(decode(head), { alg })
    t.match(decode(body), { iss: 'api', sub: 'api', aud: issuer.issuer, jti: String, exp: Number })
    const padding = alg.startsWith('PS') ? { padding: 6, saltLength: -1 } : {}
    t.ok(verify(alg.startsWith('E') && !alg.startsWith('ES') ? null : `sha${alg.slice(2)}`, Buffer.from(`${head}.${body}`), { key: publicKey, dsaEncoding: 'ieee-p1363', ...padding }, Buffer.from(signature, 'base64url')), alg)
  }
})

t.test('the id of a key is what the user or the JWK calls it', async (t) => {
  const jwk = { ...generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' }), kid: 'its own', alg: 'EdDSA' }
  for (const [keyId, kid] of [[undefined, 'its own'], ['another', 'another']]) {
    const { server, outcome } = await judgeAt(t, { options: { clientId: 'api', key: jwk, keyId } })
    await outcome()
    t.strictSame(JSON.parse(Buffer.from(server.questions[0]!.form.client_assertion!.split('.')[0]!, 'base64url').toString()), { alg: 'EdDSA', kid })
  }
})

t.test('headers of fetchOptions go to the configured hosts only, and never in place of ours', async (t) => {
  const fetchOptions = { headers: { 'X-Gateway': 'pass', Authorization: 'Bearer gateway', 'Content-Type': 'text/plain' } }
  for (const [names, gateway] of [['endpoint', 'pass'], ['document', undefined]] as const) {
    const { server, outcome } = await judgeAt(t, { names, fetchOptions })
    t.match(await outcome(), { subject: 'user-1' })
    const { headers } = server.questions[0]!
    t.strictSame([headers['x-gateway'], headers.authorization, headers['content-type']], [gateway, `Basic ${Buffer.from('api:secret').toString('base64')}`, 'application/x-www-form-urlencoded;charset=UTF-8'], names)
  }
})

t.test('a dispatcher carries the question', async (t) => {
  const dispatcher = { dispatch () { throw Object.assign(new Error('no way'), { code: 'PROXY_DOWN' }) } }
  const { server, outcome } = await judgeAt(t, { fetchOptions: { dispatcher } })
  t.match(await outcome(), { failure: `${server.endpoint}: PROXY_DOWN` })
})

t.test('what is asked ends with its signal', async (t) => {
  const { server, outcome } = await judgeAt(t)
  const controller = new AbortController()
  let closed: Promise<void> | undefined
  server.answer = (response) => {
    closed = new Promise((resolve) => { response.on('close', resolve) })
    controller.abort()
  }
  t.match(await outcome('opaque', controller.signal), { failure: `${server.endpoint}: no full answer in time` })
  await closed
})

t.test('plain http is for loopback, unless allowed', async (t) => {
  const sent: string[] = []
  t.intercept(globalThis, 'fetch', {
    value: async (url: URL) => {
      sent.push(String(url))
      return new Response(JSON.stringify(active()), { headers: { 'content-type': 'application/json' } })
    }
  })
  const endpoint = 'http://id.example/introspect'
  const { outcome } = await judgeAt(t, { options: { ...client, endpoint }, provider: { dangerouslyAllowHttp: true } })
  t.match(await outcome(), { subject: 'user-1' })
  t.strictSame(sent, [endpoint])
})

t.test('where the endpoint is not found, the hint asks whether there is one', async (t) => {
  const { server, outcome } = await judgeAt(t, { names: 'document' })
  server.answer = (response) => { response.writeHead(404).end() }
  t.match(await outcome(), { failure: `${server.endpoint}: status 404; does the provider introspect?` })
})

t.test('a key that the provider does not know is a mistake of ours', async (t) => {
  const key = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' })
  const { server, outcome } = await judgeAt(t, { options: { clientId: 'api', key } })
  server.answer = (response) => { response.writeHead(401).end() }
  t.match(await outcome(), { failure: /check clientId and its key/ })
})

t.test('a key that cannot be used is a 503 without a word of what failed', async (t) => {
  const key = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' })
  const { server, outcome } = await judgeAt(t, { options: { clientId: 'api', key } })
  t.intercept(crypto.subtle, 'importKey', { value: async () => { throw new Error(`cannot import ${key.d}`) } })
  t.match(await outcome(), { failure: 'the question could not be put', retryAfter: undefined })
  t.strictSame(server.questions, [])
})

t.test('when to come back is told where the answer is a 429 or a 503, for a minute at most', async (t) => {
  const { server, outcome } = await judgeAt(t)
  for (const [code, retryAfter, seconds] of [[429, '7', 7], [503, '86400', 60], [500, '7', undefined], [429, 'soon', undefined]] as const) {
    server.answer = status(code, { 'retry-after': retryAfter })
    t.strictSame(await outcome(), { failure: `${server.endpoint}: status ${code}`, retryAfter: seconds })
  }
})

t.test('RFC 9701', async (t) => {
  const signed: IntrospectionOptions = { ...client, signedResponseAlg: 'RS256' }

  /** An endpoint that signs: claims and header override the right ones. */
  async function signing (t: Test, setting: Setting = {}) {
    const parts = await judgeAt(t, { options: signed, ...setting })
    const { server, issuer } = parts
    function answer (claims: Record<string, unknown> = {}, header: Record<string, unknown> = {}, key = issuer.keys[0]!): string {
      const right = { iss: issuer.issuer, aud: 'api', iat: Math.floor(Date.now() / 1000), token_introspection: active() }
      return signJws(JSON.stringify({ alg: key.alg, kid: key.kid, typ: 'token-introspection+jwt', ...header }), JSON.stringify({ ...right, ...claims }), key)
    }
    function say (text: string): void {
      server.answer = (response) => { response.writeHead(200, { 'content-type': 'application/token-introspection+jwt' }).end(text) }
    }
    return { ...parts, answer, say }
  }

  await t.test('a signed answer is asked for, verified, and its keys are kept', async (t) => {
    const { server, issuer, outcome, answer, say } = await signing(t)
    say(answer())
    t.match(await outcome(), { subject: 'user-1' })
    t.match(await outcome(), { subject: 'user-1' })
    t.equal(server.questions[0]?.headers.accept, 'application/token-introspection+jwt')
    t.match(issuer.requests, { discovery: 1, jwks: 1 })
    say(answer({ token_introspection: { active: false } }))
    t.match(await outcome(), { reason: 'token_inactive' })
  })

  await t.test('many who ask at once fetch the keys once', async (t) => {
    const { server, issuer, outcome, answer, say } = await signing(t)
    say(answer())
    for (const result of await Promise.all(Array.from({ length: 50 }, (_, index) => outcome(`opaque-${index}`)))) t.match(result, { subject: 'user-1' })
    t.equal(server.questions.length, 50)
    t.equal(issuer.requests.jwks, 1)
  })

  await t.test('the keys may stand at an address that was configured', async (t) => {
    const issuer = await createIssuer()
    t.teardown(() => issuer.close())
    const { outcome, answer, say } = await signing(t, { provider: { keys: { jwksUri: `${issuer.issuer}/jwks` } } })
    say(answer({}, {}, issuer.keys[0]!))
    t.match(await outcome(), { subject: 'user-1' })
  })

  await t.test('an answer that is not signed, or not rightly, is none', async (t) => {
    const { server, issuer, outcome, answer, say } = await signing(t)
    const rsa = issuer.keys[0]!
    const forged = answer().split('.')
    for (const [name, text, hint] of [
      ['another key', answer({}, { kid: rsa.kid }, { ...issuer.keys[1]!, alg: 'ES256' }), /OAUTH_INVALID_RESPONSE/],
      ['another algorithm', answer({}, {}, { ...rsa, alg: 'RS512' }), /OAUTH_INVALID_RESPONSE/],
      ['no algorithm', answer({}, { alg: 'none' }), /OAUTH_INVALID_RESPONSE/],
      ['a secret for a key', answer({}, { alg: 'HS256' }), /OAUTH_INVALID_RESPONSE/],
      ['an unknown key', answer({}, { kid: 'unknown' }), /OAUTH_KEY_SELECTION_FAILED/],
      ['another payload', `${forged[0]}.${Buffer.from(JSON.stringify({ ...JSON.parse(Buffer.from(forged[1]!, 'base64url').toString()), extra: 1 })).toString('base64url')}.${forged[2]}`, /OAUTH_INVALID_RESPONSE/],
      ['another type', answer({}, { typ: 'at+jwt' }), /OAUTH_INVALID_RESPONSE/],
      ['another issuer', answer({ iss: 'https://other.example' }), /OAUTH_JWT_CLAIM_COMPARISON_FAILED/],
      ['another client', answer({ aud: 'other' }), /OAUTH_JWT_CLAIM_COMPARISON_FAILED/],
      ['an old one', answer({ exp: 1 }), /OAUTH_JWT_TIMESTAMP_CHECK_FAILED/],
      ['no answer inside', answer({ token_introspection: undefined }), /OAUTH_INVALID_RESPONSE/],
      ['no text', '', /answers no JSON$/]
    ] as const) {
      say(text)
      t.match(await outcome(), { failure: hint, retryAfter: undefined }, name)
    }
    say(issuer.sign(JSON.stringify({ alg: 'RS256', kid: rsa.kid, typ: 'token-introspection+jwt' }), `{"iss":"${issuer.issuer}","aud":"api","iat":1,"token_introspection":{"active":false,"active":true}}`))
    t.match(await outcome(), { failure: `${server.endpoint}: answers a member twice` })
    server.answer = active()
    t.match(await outcome(), { failure: `${server.endpoint}: answers another content type than application/token-introspection+jwt` })
  })

  await t.test('an answer names no token, so one that was kept from before is none', async (t) => {
    fakeClock(t, 1_800_000_000_000)
    const { server, outcome, answer, say } = await signing(t)
    for (const iat of [1_800_000_000, 1_800_000_000 - 120]) {
      say(answer({ iat }))
      t.match(await outcome(), { subject: 'user-1' }, String(iat))
    }
    for (const iat of [1_800_000_000 - 120.5, 1, undefined, null, '1800000000', [1_800_000_000]]) {
      say(answer({ iat }))
      t.match(await outcome(), { failure: `${server.endpoint}: answers with an old signature: are the clocks in step?` }, String(iat))
    }
  })

  await t.test('keys that moved are looked for anew after a failure, and no more often than once in 30 seconds', async (t) => {
    const clock = fakeClock(t)
    const { issuer, outcome, answer, say } = await signing(t)
    say(answer())
    t.match(await outcome(), { subject: 'user-1' })
    t.match(issuer.requests, { discovery: 1, jwks: 1 })
    issuer.metadata.jwks_uri = `${issuer.issuer}/elsewhere/jwks`
    await issuer.rotate()
    issuer.behave('status-500', 'jwks')
    clock.advance(61_000)
    say(answer())
    t.match(await outcome(), { failure: `${issuer.issuer}/jwks: status 500` })
    t.match(issuer.requests, { discovery: 1, jwks: 2 })
    clock.advance(1)
    t.match(await outcome(), { failure: `${issuer.issuer}/elsewhere/jwks: status 500` }, 'where the document says now')
    for (let times = 0; times < 3; times++) await outcome()
    t.equal(issuer.requests.discovery, 2)
    issuer.behave('answer', 'jwks')
    clock.advance(30_001)
    t.match(await outcome(), { subject: 'user-1' })
  })

  await t.test('keys that changed are fetched again', async (t) => {
    const clock = fakeClock(t)
    const { issuer, outcome, answer, say } = await signing(t)
    say(answer())
    t.match(await outcome(), { subject: 'user-1' })
    await issuer.rotate()
    clock.advance(61_000)
    say(answer())
    t.match(await outcome(), { subject: 'user-1' })
    t.equal(issuer.requests.jwks, 2)
  })

  await t.test('keys that cannot be had are no reason to believe', async (t) => {
    const { issuer, outcome, answer, say } = await signing(t)
    say(answer())
    for (const [mode, hint] of [['status-500', /jwks: status 500$/], ['html', /the answer is not one of RFC 7662: OAUTH_/], ['redirect', /jwks: status 30\d; redirects/]] as const) {
      issuer.behave(mode, 'jwks')
      t.match(await outcome(), { failure: hint }, mode)
    }
  })
})
