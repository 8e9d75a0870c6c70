import { inspect } from 'node:util'
import t from 'tap'
import type { RequestAuth } from '../../lib/index.js'
import { ask, house, issuerFor, ok } from '../support/house.js'
import { captureLogs } from '../support/logs.js'

const issuer = await issuerFor(t)
const token = issuer.token({ scope: 'read', roles: ['editor'], email: 'ada@example.com' })
/** What must not be anywhere: any third of the token, or a claim nobody asked for. */
const secrets = [...token.split('.'), 'eyJ', 'ada@example.com']

const visible = {
  isAuthenticated: true,
  credentialsType: 'access_token',
  provider: 'oidc',
  subject: 'user-1',
  scopes: ['read'],
  permissions: [],
  roles: ['editor']
}

/** Runs inside a handler: what is thrown is a 500, which fails the test. */
async function within (t: Parameters<typeof house>[0] & { strictSame (found: unknown, wanted: unknown): unknown }, look: (auth: RequestAuth) => void) {
  const app = await house(t, issuer)
  app.get('/', async (request) => { look(request.auth); return 'looked' })
  t.strictSame(await ask(app, { url: '/', token }), ok('looked'))
}

function * printings (auth: RequestAuth): Generator<[title: string, text: string]> {
  yield ['JSON.stringify', JSON.stringify(auth)]
  yield ['JSON.stringify inside an object', JSON.stringify({ request: { auth } })]
  yield ['inspect', inspect(auth)]
  yield ['inspect inside an object', inspect({ auth }, { depth: Infinity })]
  yield ['inspect with everything shown', inspect(auth, { showHidden: true, depth: Infinity, getters: true })]
  yield ['inspect without our own word', inspect(auth, { customInspect: false, showHidden: true, depth: Infinity, getters: true })]
  yield ['a template', `${auth as unknown as string}`]
  yield ['a spread', inspect({ ...auth })]
  yield ['structuredClone', inspect(structuredClone(auth), { customInspect: false, showHidden: true })]
  yield ['own keys', Reflect.ownKeys(auth).map(String).join()]
  yield ['Object.entries', inspect(Object.entries(auth))]
  yield ['an Error that names it', inspect(new Error('refused', { cause: auth }))]
}

t.test('no way of printing request.auth shows the credential:', async (t) => {
  await within(t, (auth) => {
    for (const [title, text] of printings(auth)) {
      for (const secret of secrets) t.notOk(text.includes(secret), `${title}: ${secret.slice(0, 10)}…`)
    }
  })
})

t.test('JSON and inspect show what is fit to be seen', async (t) => {
  await within(t, (auth) => {
    t.strictSame(JSON.parse(JSON.stringify(auth)), visible)
    t.equal(inspect(auth), inspect(visible))
  })
})

t.test('keys, spread and structuredClone reach nothing at all', async (t) => {
  await within(t, (auth) => {
    t.strictSame(Reflect.ownKeys(auth), [])
    t.strictSame({ ...auth }, {})
    t.strictSame(Reflect.ownKeys(structuredClone(auth)), [])
  })
})

t.test('where nobody is authenticated, printing says so and does not throw', async (t) => {
  const app = await house(t, issuer)
  app.get('/', { config: { auth: false } }, async ({ auth }) => ({ auth, inspected: inspect(auth) }))
  t.strictSame(await ask(app, '/'), ok({ auth: { isAuthenticated: false }, inspected: '{ isAuthenticated: false }' }))
})

t.test('pino writes the same, wherever request.auth stands in the line', async (t) => {
  const logs = captureLogs()
  const app = await house(t, issuer, {}, { logger: { level: 'trace', stream: logs.stream } })
  app.get('/', async (request) => {
    request.log.info(request.auth, 'itself')
    request.log.info({ auth: request.auth, deeper: { auth: request.auth } }, 'a member')
    request.log.error(new Error('refused', { cause: request.auth }), 'a cause')
    return 'looked'
  })
  t.strictSame(await ask(app, { url: '/', token }), ok('looked'))
  t.match(logs.lines.find(({ msg }) => msg === 'a member'), { auth: visible, deeper: { auth: visible } })
  for (const secret of secrets) t.notOk(logs.text().includes(secret), `${secret.slice(0, 10)}…`)
})

t.test('nor does a request that is refused leave the token in log or answer', async (t) => {
  const logs = captureLogs()
  const app = await house(t, issuer, {}, { logger: { level: 'trace', stream: logs.stream } })
  app.get('/scoped', { config: { scopes: 'admin' } }, async () => 'in')
  app.get('/asked', { config: { auth: { claims: { email: 'root@example.com' } } } }, async () => 'in')
  app.get('/public', { config: { auth: false } }, async (request) => request.auth.subject)
  const forged = `${token.slice(0, -8)}AAAAAAAA`
  for (const [url, sent, status] of [['/scoped', token, 403], ['/asked', token, 403], ['/public', token, 500], ['/scoped', forged, 401]] as const) {
    const response = await app.inject({ url, headers: { authorization: `Bearer ${sent}` } })
    t.equal(response.statusCode, status, url)
    for (const secret of [...secrets, ...forged.split('.')]) {
      t.notOk(`${response.body}${JSON.stringify(response.headers)}`.includes(secret), `answer of ${url}`)
    }
  }
  for (const secret of [...secrets, ...forged.split('.')]) t.notOk(logs.text().includes(secret), 'log')
})
