import t from 'tap'
import type { Test } from 'tap'
import Fastify from 'fastify'
import gatehouse from '../../lib/index.js'
import type { GatehouseOptions } from '../../lib/index.js'
import { readDpop } from '../../lib/binding/options.js'
import { readOptions } from '../../lib/options.js'
import { memoryStore } from '../../lib/store/memory.js'
import { guardedApi, trusting } from '../support/guarded-api.js'
import { createIssuer } from '../support/issuer.js'
import { mistake } from '../support/mistake.js'
import { createProver } from '../support/prover.js'

const issuer = await createIssuer({ algorithms: ['ES256'] })
t.teardown(() => issuer.close())
const BASE = 'https://api.example.com'
const SECRET = Buffer.from(Array.from({ length: 48 }, (_, index) => (index * 37 + 11) % 256)).toString('base64')
const refusal = (dpop: unknown) => mistake(() => readDpop('gatehouse.dpop', dpop))
const whole = (options: object) => mistake(() => readOptions({ provider: trusting(issuer), ...options }))

t.test('a mode alone is the options with that mode', async (t) => {
  for (const mode of ['off', 'allow', 'require']) t.strictSame(readDpop('gatehouse.dpop', mode), readDpop('gatehouse.dpop', { mode }))
  const defaults = readDpop('gatehouse.dpop', {})
  t.strictSame(defaults, readDpop('gatehouse.dpop', { mode: 'allow', iatOffset: 300, iatLeeway: 30, onStoreFailure: 'refuse', nonce: undefined, store: undefined, maxProofs: undefined, algorithms: undefined }))
  t.ok(Object.isFrozen(defaults))
})

t.test('what is written is taken, and frozen', async (t) => {
  const store = memoryStore()
  const algorithms = ['ES256' as const]
  const settings = readDpop('gatehouse.dpop', { mode: 'require', algorithms, iatOffset: 1, iatLeeway: 0, nonce: { secret: SECRET, lifetime: 10 }, store, maxProofs: 1_000, onStoreFailure: 'accept' })
  t.strictSame({ ...settings, store: undefined, nonce: { ...settings.nonce } }, { mode: 'require', algorithms: ['ES256'], iatOffset: 1, iatLeeway: 0, nonce: { secrets: [SECRET], lifetime: 10 }, store: undefined, maxProofs: 1_000, acceptsWithoutStore: true })
  t.equal(settings.store, store)
  algorithms.pop()
  t.strictSame(settings.algorithms, ['ES256'])
  t.ok(Object.isFrozen(settings.algorithms) && Object.isFrozen(settings.nonce))
  t.equal(readDpop('gatehouse.dpop', { nonce: { secret: SECRET } }).nonce?.lifetime, 60)
})

t.test('a wrong option stops the boot, with path, value and remedy', async (t) => {
  const at = 'gatehouse.dpop'
  const known = 'known are mode, algorithms, iatOffset, iatLeeway, nonce, store, maxProofs, onStoreFailure'
  for (const [options, message] of [
    [undefined, `${at}: expected one of off, allow, require, got undefined; is its environment variable set? Leave it out to allow them`],
    [{ mode: undefined }, `${at}.mode: expected one of off, allow, require, got undefined; is its environment variable set? Leave it out to allow them`],
    [true, `${at}: expected one of off, allow, require, got true`],
    [false, `${at}: expected one of off, allow, require, got false`],
    [null, `${at}: expected one of off, allow, require, got null`],
    ['required', `${at}: expected one of off, allow, require, got 'required'`],
    [[], `${at}: expected one of off, allow, require, got []`],
    [{ mode: 'on' }, `${at}.mode: expected one of off, allow, require, got 'on'`],
    [{ mode: true }, `${at}.mode: expected one of off, allow, require, got true`],
    [{ required: true }, `${at}: unknown key "required"; ${known}`],
    [{ enabled: true }, `${at}: unknown key "enabled"; ${known}`],
    [{ algorithm: ['ES256'] }, `${at}: unknown key "algorithm"; did you mean "algorithms"?`],
    [{ iat_offset: 1 }, `${at}: unknown key "iat_offset"; did you mean "iatOffset"?`],
    [{ algorithms: [] }, `${at}.algorithms: expected a list of algorithms, got []; leave it out to accept all`],
    [{ algorithms: 'ES256' }, `${at}.algorithms: expected a list of algorithms, got 'ES256'; leave it out to accept all`],
    [{ algorithms: ['HS256'] }, `${at}.algorithms: expected one of RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA, Ed25519, got 'HS256'`],
    [{ algorithms: ['none'] }, `${at}.algorithms: expected one of RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA, Ed25519, got 'none'`],
    [{ algorithms: new Array(1) }, `${at}.algorithms: expected one of RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA, Ed25519, got undefined`],
    [{ iatOffset: 0 }, `${at}.iatOffset: expected 1 to 3600 seconds, got 0`],
    [{ iatOffset: 3601 }, `${at}.iatOffset: expected 1 to 3600 seconds, got 3601`],
    [{ iatOffset: '300' }, `${at}.iatOffset: expected 1 to 3600 seconds, got '300'`],
    [{ iatLeeway: -1 }, `${at}.iatLeeway: expected 0 to 300 seconds, got -1`],
    [{ iatLeeway: 301 }, `${at}.iatLeeway: expected 0 to 300 seconds, got 301`],
    [{ iatLeeway: NaN }, `${at}.iatLeeway: expected 0 to 300 seconds, got NaN`],
    [{ maxProofs: 99 }, `${at}.maxProofs: expected 100 to 10000000 proofs, got 99`],
    [{ maxProofs: 10_000_001 }, `${at}.maxProofs: expected 100 to 10000000 proofs, got 10000001`],
    [{ maxProofs: 100.5 }, `${at}.maxProofs: expected a whole number, got 100.5`],
    [{ maxProofs: '1000' }, `${at}.maxProofs: expected 100 to 10000000 proofs, got '1000'`],
    [{ max_proofs: 1000 }, `${at}: unknown key "max_proofs"; did you mean "maxProofs"?`],
    [{ onStoreFailure: 'ignore' }, `${at}.onStoreFailure: expected one of refuse, accept, got 'ignore'`],
    [{ nonce: true }, `${at}.nonce: expected an object, got true; pass { secret }: what processes share to agree on nonces`],
    [{ nonce: SECRET }, /^gatehouse\.dpop\.nonce: expected an object, got .*; pass \{ secret \}/],
    [{ nonce: { secret: SECRET, ttl: 60 } }, `${at}.nonce: unknown key "ttl"; known are secret, lifetime`],
    [{ nonce: { secret: SECRET, lifetime: 9 } }, `${at}.nonce.lifetime: expected 10 to 3600 seconds, got 9`],
    [{ nonce: { secret: SECRET, lifetime: 3601 } }, `${at}.nonce.lifetime: expected 10 to 3600 seconds, got 3601`]
  ] as ReadonlyArray<[unknown, string | RegExp]>) {
    const found = refusal(options)
    if (typeof message === 'string') t.equal(found, message)
    else t.match(found, message)
  }
})

t.test('a nonce secret must be there, long and random, and is not shown', async (t) => {
  for (const secret of [undefined, '', 'short', 'x'.repeat(40), [], [SECRET, 'short'], 1, null]) {
    const found = refusal({ nonce: { secret } })
    t.match(found, /^gatehouse\.dpop\.nonce\.secret(\[1\])?: /, String(secret))
    t.notMatch(found, /short'/)
  }
})

t.test('a store of proofs must be one', async (t) => {
  t.match(refusal({ store: {} }), /^gatehouse\.dpop\.store: /)
  t.match(refusal({ store: 'redis' }), /^gatehouse\.dpop\.store: /)
})

t.test('proofs can be required only where the address they name is known', async (t) => {
  const sentence = "gatehouse.dpop: 'require' needs baseUrl: proofs name the address people reach this server at"
  t.equal(whole({ dpop: 'require' }), sentence)
  t.equal(whole({ dpop: { mode: 'require' } }), sentence)
  t.equal(whole({ dpop: 'require', baseUrl: BASE }), undefined)
  t.equal(whole({ dpop: undefined, baseUrl: BASE }), 'gatehouse.dpop: expected one of off, allow, require, got undefined; is its environment variable set? Leave it out to allow them')
})

t.test('bindings can be ignored only where the scheme is off, in so many words', async (t) => {
  const sentence = "gatehouse.dangerouslyIgnoreBinding: goes with dpop: 'off' only, where somebody in front of this server checks proofs"
  t.equal(whole({ dangerouslyIgnoreBinding: true }), sentence)
  t.equal(whole({ dangerouslyIgnoreBinding: true, dpop: 'allow' }), sentence)
  t.equal(whole({ dangerouslyIgnoreBinding: true, dpop: 'off' }), undefined)
  t.equal(whole({ dangerouslyIgnoreBinding: false, dpop: 'allow' }), undefined)
  for (const value of [1, 'true', null]) t.match(whole({ dangerouslyIgnoreBinding: value, dpop: 'off' }), /^gatehouse\.dangerouslyIgnoreBinding: expected true or false, got /)
})

type Declare = Exclude<Parameters<typeof guardedApi>[2], undefined>['routes']

/** Why the boot fails with these routes; undefined if it does not. */
async function bootError (t: Test, options: Partial<GatehouseOptions>, declare: Declare): Promise<string | undefined> {
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(gatehouse, { provider: trusting(issuer), startup: 'lazy', ...options })
  return mistake(() => declare!(app))
}

t.test("a route may demand proofs where the registration has a baseUrl, and does not say 'off'", async (t) => {
  const bound: Declare = (app) => { app.get('/bound', { config: { auth: { dpop: 'require' } } }, async () => '') }
  const path = 'route GET /bound: config.auth.dpop'
  t.equal(await bootError(t, {}, bound), `${path}: 'require' needs baseUrl: proofs name the address people reach this server at`)
  t.equal(await bootError(t, { dpop: 'off' }, bound), `${path}: 'require' cannot be met, for the registration says dpop: 'off'`)
  t.equal(await bootError(t, { dpop: 'off', baseUrl: BASE }, bound), `${path}: 'require' cannot be met, for the registration says dpop: 'off'`)
  t.equal(await bootError(t, { baseUrl: BASE }, bound), undefined)
  t.equal(await bootError(t, { baseUrl: BASE, dpop: 'require' }, bound), undefined)
})

t.test('a mistake in it is named with its route', async (t) => {
  for (const [config, message] of [
    [{ auth: { dpop: 'allow' } }, "route GET /x: config.auth.dpop: expected 'require', or nothing, got 'allow'"],
    [{ auth: { dpop: true } }, "route GET /x: config.auth.dpop: expected 'require', or nothing, got true"],
    [{ auth: { DPoP: 'require' } }, 'route GET /x: config.auth: unknown key "DPoP"; did you mean "dpop"?'],
    [{ dpop: 'require' }, 'route GET /x: config.dpop: belongs inside auth: write auth: { dpop: … }'],
    [{ auth: false, dpop: 'require' }, 'route GET /x: config.dpop: belongs inside auth: write auth: { dpop: … }']
  ] as ReadonlyArray<[object, string]>) {
    t.equal(await bootError(t, { baseUrl: BASE }, (app) => { app.get('/x', { config }, async () => '') }), message)
  }
  t.equal(await bootError(t, { baseUrl: BASE }, (app) => { app.get('/x', { config: { dpop: { max: 1 } } as object }, async () => '') }), undefined, 'a member of another plugin')
})

t.test('a group may demand proofs of every route in it but the public ones', async (t) => {
  const client = await createProver()
  const { app, get, refusals } = await guardedApi(t, issuer, {
    baseUrl: BASE,
    routes (app) {
      app.register(async (scope) => {
        app.gatehouse.group(scope, { auth: { dpop: 'require' } })
        scope.get('/in', async ({ auth }) => ({ subject: auth.subject }))
        scope.get('/open', { config: { auth: false } }, async () => ({}))
        scope.get('/scoped', { config: { scopes: 'read' } }, async () => ({}))
      })
    }
  })
  t.match(await get(issuer.token(), '/in'), { status: 401, challenge: /^DPoP algs=/, body: { code: 'GATEHOUSE_CREDENTIAL_MISSING' } })
  t.match(refusals(), [{ reason: 'dpop_required', found: 'a Bearer token' }])
  t.match(await get(issuer.token(), '/scoped'), { status: 401, challenge: /^DPoP scope="read", algs=/ })
  t.equal((await get(issuer.token(), '/open')).status, 200)
  t.equal((await get(issuer.token())).status, 200)
  const token = client.token(issuer)
  t.equal((await get(undefined, '/in', { authorization: `DPoP ${token}`, dpop: client.proof({ token, url: `${BASE}/in` }) })).status, 200)
  t.strictSame(app.gatehouse.routes().filter(({ method }) => method === 'GET').map(({ url, auth, demands }) => [url, auth, demands]), [
    ['/', 'required', ''], ['/in', 'required', 'dpop'], ['/open', 'public', ''], ['/scoped', 'required', 'dpop, scopes: read']
  ])
})

t.test('the guard table says where proofs are demanded, of every guarded route where all must have them', async (t) => {
  const { app } = await guardedApi(t, issuer, {
    baseUrl: BASE,
    dpop: 'require',
    routes: (app) => { app.get('/open', { config: { auth: false } }, async () => ({})) }
  })
  t.strictSame(app.gatehouse.routes().filter(({ method }) => method === 'GET').map(({ url, demands }) => [url, demands]), [['/', 'dpop'], ['/open', '']])
})

t.test('what is refused for its proof is counted under its code', async (t) => {
  const client = await createProver()
  const { app, get } = await guardedApi(t, issuer, { baseUrl: BASE })
  const token = client.token(issuer)
  const ask = (dpop: string) => get(undefined, '/', { authorization: `DPoP ${token}`, dpop })
  const target = { token, url: `${BASE}/` }
  for (const proof of [client.proof(target), client.proof(target), 'garbage', client.proof(target, { htm: 'PUT' }), (await createProver()).proof(target), '']) await ask(proof)
  t.match(app.gatehouse.stats(), { accepted: 2, cached: 1, refused: { GATEHOUSE_DPOP_PROOF_INVALID: 3, GATEHOUSE_TOKEN_INVALID: 1 }, cacheSize: 1 })
})
