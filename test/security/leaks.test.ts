import { inspect } from 'node:util'
import t, { test } from 'tap'
import { base64url, compact } from '../support/compact.js'
import { missing, unavailable, welcome } from '../support/expected-answers.js'
import { openGate } from '../support/gate.js'
import { hostileHeaders, mutations } from '../support/hostile.js'
import { createIssuer } from '../support/issuer.js'
import { send } from '../support/wire.js'

const issuer = await createIssuer({ algorithms: ['RS256', 'ES256'] })
const stranger = await createIssuer({ algorithms: ['RS256'] })
t.teardown(() => Promise.all([issuer.close(), stranger.close()]))

const good = issuer.token({ scope: 'read:messages', jti: 'jti-1' })
const [header, , signature] = good.split('.') as [string, string, string]

/** Where one of these texts stands, with what is around it; nowhere: an empty list. */
function found (text: string, ...secrets: string[]): string[] {
  return secrets.flatMap((secret) => text.split(secret).slice(0, -1).map((before) => `${before.slice(-80)}[${secret.slice(0, 20)}]`)).slice(0, 5)
}

/** A token in each place of a token that a refusal may speak of. */
const carriers = [
  ...['alg', 'kid', 'typ', 'crit', 'cty', 'jku', 'x5u'].flatMap((name) => [issuer.token({}, { [name]: good }), issuer.token({}, { [name]: [good] }), issuer.token({}, { [name]: { token: good } })]),
  ...['iss', 'sub', 'aud', 'exp', 'nbf', 'iat', 'azp', 'client_id', 'cnf', 'nonce', 'token_use', 'typ', 'scope', 'org_id'].flatMap((name) => [
    issuer.token({ [name]: good }, { typ: 'JWT' }), issuer.token({ [name]: [good] }, { typ: 'JWT' }), issuer.token({ [name]: [[[good]]] }), issuer.token({ [name]: { token: good } }),
    issuer.token({ [name]: `x ${good}` }), issuer.token({ [name]: good.slice(3) }), issuer.token({ [name]: header })
  ]),
  issuer.token({ exp: 1, azp: good }), issuer.token({ aud: 'other', client_id: good }), issuer.token({ [good]: 1, cnf: { [good]: good } })
]
const refused = [
  issuer.token({ exp: 1 }), issuer.token({ aud: 'https://other.example' }), issuer.token({ nbf: 4_000_000_000 }), issuer.token({ sub: undefined }),
  issuer.token({}, { kid: 'unknown' }), issuer.token({}, { kid: undefined, alg: 'PS256' }), issuer.token({ nonce: 'n' }, { typ: 'JWT' }), issuer.token({ cnf: {} }),
  `${good.slice(0, -6)}AAAAAA`, stranger.token(), compact({ alg: 'none' }, { sub: 'admin' }), compact('{"alg":"RS256","alg":"none"}', '{}')
]

test('no log line, error or body contains a token, good or bad, at trace', async (t) => {
  const gate = await openGate(t, {
    issuer,
    provider: { claims: { roles: ({ roles }) => { if (roles === undefined) return []; throw new Error(good) } } },
    routes: (app) => {
      app.get('/log', async ({ auth, log }) => {
        log.info({ auth, nested: { auth } }, 'who is calling')
        return { auth }
      })
      app.get('/throw', async ({ auth }) => { throw Object.assign(new Error('a mistake of the app'), { auth }) })
    }
  })
  const answers: string[] = []
  const keep = async (authorization: string, url = '/') => {
    const response = await gate.app.inject({ url, headers: { authorization } })
    // Who may pass gets what the app says; a refusal is ours.
    if (response.statusCode !== 200) answers.push(response.body, JSON.stringify(response.headers))
    return response.statusCode
  }
  for (const url of ['/', '/messages', '/log']) t.equal(await keep(`Bearer ${good}`, url), 200)
  t.equal(await keep(`Bearer ${good}`, '/throw'), 500)
  t.equal(await keep(`Bearer ${issuer.token({ roles: [] })}`), 401)
  for (const token of [...refused, ...carriers]) await keep(`Bearer ${token}`)
  for (const token of refused) t.equal(await keep(`Bearer ${token}`, '/messages'), 401)
  for (const [, authorization] of [...hostileHeaders(good), ...mutations(good, 100)]) await keep(authorization)

  const text = gate.logs.text()
  t.ok(gate.logs.lines.length > 500, `${gate.logs.lines.length} lines`)
  t.same(found(text, 'eyJ', signature.slice(0, 20)), [], 'logs')
  t.same(found(answers.join('\n'), 'eyJ', signature.slice(0, 20)), [], 'answers')
})

test('an Authorization header that repeats or misplaces a token is not logged', async (t) => {
  const gate = await openGate(t, { issuer })
  await gate.app.listen({ port: 0, host: '127.0.0.1' })
  const bodies = await Promise.all([
    [['Authorization', `Bearer ${good}`], ['Authorization', `Bearer ${good}`]],
    [['Authorization', good]],
    [['Authorization', `Token ${good}`]],
    [['Authorization', `${good} Bearer`]],
    [['Cookie', `token=${good}`], ['X-Token', good]]
  ].map(async (headers) => (await send(gate.app, { headers: headers as Array<[string, string]> })).body))
  t.equal(bodies.length, 5)
  t.same(found(bodies.join() + gate.logs.text(), 'eyJ'), [])
})

test('what stands where a scheme is expected is not logged if it may be a secret', async (t) => {
  const gate = await openGate(t, { issuer })
  for (const secret of [base64url({ alg: 'RS256' }), base64url({ sub: 'x' }), 'sk_live_51H8aKq2eZv', 'hunter2']) {
    t.same(await gate.ask(`${secret} x`), missing('scheme_unsupported'))
    t.same(found(gate.logs.text(), secret), [])
  }
})

test('an error carries no token, however it is printed', async (t) => {
  const gate = await openGate(t, { issuer })
  let errors = 0
  for (const token of [...refused, ...carriers]) {
    const error: unknown = await gate.app.gatehouse.verify(token).then(() => undefined, (error: unknown) => error)
    if (error === undefined) continue
    errors++
    const text = `${String(error)} ${JSON.stringify(error)} ${inspect(error, { depth: 9, showHidden: true, getters: true })}`
    t.same(found(text, 'eyJ', signature.slice(0, 20)), [])
  }
  t.ok(errors > 60, `${errors} errors`)
})

test('what a key server says is not passed on', async (t) => {
  issuer.behave('html')
  t.teardown(() => issuer.behave('answer'))
  const gate = await openGate(t, { issuer })
  t.same(await gate.bearer(good), unavailable())
  t.match(gate.logs.text(), /answers HTML instead of JSON/)
  t.notMatch(gate.logs.text() + JSON.stringify(gate.app.gatehouse.health()), /Sign in|doctype|eyJ/i)
})

test('no key that was read or left out is logged', async (t) => {
  const published = issuer.published
  t.teardown(() => { issuer.published = published })
  const privateJwk = issuer.keys[1]!.privateKey.export({ format: 'jwk' })
  issuer.published = [...published, { ...privateJwk, kid: 'private' }, { kty: 'oct', k: base64url('a shared secret'), kid: 'oct' }]
  const gate = await openGate(t, { issuer })
  t.same(await gate.bearer(good), welcome())
  t.match(gate.logs.text(), /carries private members/)
  t.same(found(gate.logs.text(), String(privateJwk.d), base64url('a shared secret'), String(published[0]!.n)), [])
})
