import t from 'tap'
import type { Test } from 'tap'
import type { FastifyRequest } from 'fastify'
import type { Authenticator } from '../../lib/index.js'
import { oidc } from '../../lib/index.js'
import { holdDeadlines } from '../support/deadlines.js'
import { guardedApi, unavailable } from '../support/guarded-api.js'
import { issuerFor } from '../support/house.js'
import { signatures } from '../support/other-credentials.js'
import { until } from '../support/until.js'

const issuer = await issuerFor(t)
const SECRET = 'hunter2-0123456789'
const unhandled: unknown[] = []
process.on('unhandledRejection', (reason) => { unhandled.push(reason) })

/** One request with a secret credential; 503, one log line, and no secret in it. */
async function isUnavailable (t: Test, options: object, hint: string | RegExp, more: object = {}): Promise<void> {
  for (const cached of [false, true]) {
    const { authenticator } = signatures({ ...options as Partial<Authenticator>, ...cached ? { cache: {} } : {} })
    const { get, logs, refusals } = await guardedApi(t, issuer, { authenticators: [authenticator], ...more })
    t.same(await get(undefined, '/', { 'x-signature': SECRET }), unavailable())
    t.match(refusals(), [{ code: 'GATEHOUSE_UNAVAILABLE', reason: 'authenticator_failed', provider: 'signature', hint }])
    t.equal(refusals().length, 1)
    t.notMatch(logs.text(), /hunter2|0123456/)
  }
}

const ANSWERS: ReadonlyArray<readonly [title: string, answer: unknown, hint: string]> = [
  ['true', true, 'TypeError: authenticate must return { subject, … }, undefined or null'],
  ['false', false, 'TypeError: authenticate must return { subject, … }, undefined or null'],
  ['a text', 'user-1', 'TypeError: authenticate must return { subject, … }, undefined or null'],
  ['an empty object', {}, 'TypeError: subject must be a text that is not empty'],
  ['a list of identities', [{ subject: 'a' }], 'TypeError: authenticate must return { subject, … }, undefined or null'],
  ['a member nobody knows', { subject: 'a', [SECRET]: 1 }, 'TypeError: [left out: repeats what the caller sent]'],
  ['cyclic claims', { subject: 'a', claims: (() => { const claims: Record<string, unknown> = {}; return Object.assign(claims, { claims }) })() }, 'TypeError: claims must not be nested deeper than 64 levels'],
  ['a getter that throws', { get subject () { throw new Error(`no row for ${SECRET}`) } }, 'Error: [left out: repeats what the caller sent]'],
  ['an own then', { subject: 'a', then: 1 }, 'TypeError: the answer of authenticate: unknown key "then"; known are subject, clientId, organizationId, scopes, permissions, roles, claims, expiresAt']
]

for (const [title, answer, hint] of ANSWERS) {
  t.test(`an answer that is malformed is a 503: ${title}`, async (t) => {
    await isUnavailable(t, { authenticate: () => answer }, hint)
    await isUnavailable(t, { authenticate: async () => answer }, hint)
  })
}

const THROWN: ReadonlyArray<readonly [title: string, thrown: unknown, hint: string]> = [
  ['an Error', new Error('the database is away'), 'Error: the database is away'],
  ['an Error that repeats the credential', new Error(`no row for ${SECRET}`), 'Error: [left out: repeats what the caller sent]'],
  ['an Error of a parser', new SyntaxError(`Unexpected token 'h', "${SECRET.slice(0, 10)}"... is not valid JSON`), 'SyntaxError: [left out: repeats what the caller sent]'],
  ['an Error with a status code', Object.assign(new Error('teapot'), { statusCode: 200 }), 'Error: teapot'],
  ['an Error whose name is the credential', Object.assign(new Error('no'), { name: SECRET }), 'Error: no'],
  ['an Error that cannot be read', Object.defineProperty(new Error('no'), 'message', { get () { throw new Error(SECRET) } }), 'an Error that cannot be read'],
  ['a text', SECRET, 'what it threw is no Error'],
  ['undefined', undefined, 'what it threw is no Error'],
  ['null', null, 'what it threw is no Error'],
  ['false', false, 'what it threw is no Error']
]

for (const [title, thrown, hint] of THROWN) {
  t.test(`what is thrown is a 503: ${title}`, async (t) => {
    await isUnavailable(t, { authenticate: () => { throw thrown } }, hint)
    await isUnavailable(t, { authenticate: () => Promise.reject(thrown) }, hint)
    await isUnavailable(t, { match: () => { throw thrown } }, hint)
  })
}

t.test('what match returns is a text or nothing, else 503', async (t) => {
  for (const value of [null, 42, true, {}, [SECRET], Symbol(SECRET), () => SECRET, Promise.resolve(SECRET)]) await isUnavailable(t, { match: () => value }, 'TypeError: match must return a text or undefined')
  await isUnavailable(t, { match: async () => { throw new Error('unheard') } }, 'TypeError: match must return a text or undefined')
})

t.test('a shape that throws is a 500 at worst, and lets nobody in', async (t) => {
  const shape = Object.defineProperty(/^a$/, 'exec', { value: () => { throw new Error('patched') } })
  const { authenticator } = signatures({ shape })
  const { get } = await guardedApi(t, issuer, { authenticators: [authenticator] })
  t.match(await get(undefined, '/', { 'x-signature': 'good' }), { status: 500, body: { message: 'patched' }, challenge: undefined })
})

t.test('no answer within five seconds is a 503, and the authenticator is told', async (t) => {
  for (const options of [{}, { cache: {} }]) {
    let signal: AbortSignal | undefined
    const { authenticator } = signatures({ ...options, authenticate: (_credential, _request, context) => { signal = context.signal; return new Promise(() => {}) } })
    const { get, refusals } = await guardedApi(t, issuer, { authenticators: [authenticator] })
    const deadlines = holdDeadlines(t)
    const answer = get(undefined, '/', { 'x-signature': SECRET })
    await until(() => signal !== undefined)
    t.same([deadlines.asked, signal!.aborted], [[5_000], false])
    deadlines.come()
    t.same(await answer, unavailable())
    t.equal(signal!.aborted, true)
    t.match(refusals(), [{ reason: 'authenticator_failed', hint: 'Error: no answer in time' }])
  }
})

t.test('closing the app ends what hangs', async (t) => {
  for (const options of [{}, { cache: {} }]) {
    let signal: AbortSignal | undefined
    const { authenticator } = signatures({ ...options, authenticate: (_credential, _request, context) => { signal = context.signal; return new Promise(() => {}) } })
    const { app, get, refusals } = await guardedApi(t, issuer, { authenticators: [authenticator] })
    const answer = get(undefined, '/', { 'x-signature': SECRET })
    await until(() => signal !== undefined)
    await app.close()
    t.same(await answer, unavailable())
    t.equal(signal!.aborted, true)
    t.match(refusals(), [{ hint: 'Error: the app is closing' }])
  }
})

t.test('a hundred that hang at once warn of no leak, and keep others from nothing', async (t) => {
  const warnings: string[] = []
  const note = ({ name }: Error) => { warnings.push(name) }
  process.on('warning', note)
  t.teardown(() => { process.off('warning', note) })
  const { authenticator, asked } = signatures()
  const hanging: Authenticator = { name: 'hanging', match: ({ headers }) => headers['x-hang']?.toString(), authenticate: (credential) => { asked.push(credential); return new Promise(() => {}) } }
  const { app, get } = await guardedApi(t, issuer, { authenticators: [hanging, authenticator] })
  const answers = Promise.all(Array.from({ length: 100 }, () => get(undefined, '/', { 'x-hang': 'x' })))
  await until(() => asked.length === 100)
  t.equal((await get(undefined, '/', { 'x-signature': 'good' })).status, 200)
  await app.close()
  t.same((await answers).map(({ status }) => status), Array.from({ length: 100 }, () => 503))
  t.same(warnings, [])
})

t.test('a refusal an authenticator throws is the answer', async (t) => {
  const inner = oidc({ issuer: issuer.issuer, audience: issuer.audience })
  const outer = await guardedApi(t, issuer, { provider: inner })
  const { authenticator } = signatures({ authenticate: async (token) => ({ subject: (await outer.app.gatehouse.verify(token)).subject }) })
  const { get } = await guardedApi(t, issuer, { authenticators: [authenticator] })
  t.match(await get(undefined, '/', { 'x-signature': issuer.token() }), { status: 200, body: { subject: 'user-1' } })
  t.match(await get(undefined, '/', { 'x-signature': 'garbage' }), { status: 401, body: { code: 'GATEHOUSE_TOKEN_INVALID' }, challenge: /invalid_token/ })
})

t.test('a refusal that speaks to developers is a 503: a caller cannot do anything about it', async (t) => {
  const { app, get } = await guardedApi(t, issuer, { routes: (app) => { app.get('/public', { config: { auth: false } }, async ({ auth }) => ({ subject: auth.subject })) } })
  t.match(await get(undefined, '/public'), { status: 500, body: { code: 'GATEHOUSE_NOT_AUTHENTICATED' } })
  await app.close()
  await isUnavailable(t, { authenticate: (_credential: string, request: FastifyRequest) => ({ subject: request.auth.subject }) }, /^\w+: .*request\.auth/)
})

t.test('nothing was rejected that nobody heard', async (t) => {
  await new Promise((resolve) => { setImmediate(resolve) })
  t.same(unhandled, [])
})
