import t from 'tap'
import { parseForm } from '../../lib/login/form.js'
import { NAVIGATION } from '../support/login-app.js'
import { loginStage } from '../support/login-stage.js'

const FORM = { 'content-type': 'application/x-www-form-urlencoded', 'sec-fetch-site': 'cross-site', origin: 'https://id.example.com' }
const posted = { core: { baseUrl: 'https://app.example.com' }, login: { responseMode: 'form_post' } } as const

t.test("the provider's page posts a form: its cookie comes from everywhere, and the answer is a 303", async (t) => {
  const { underWay, log } = await loginStage(t, posted)
  const { ada, asked, parameters } = await underWay('/me?x=1')
  t.equal(asked.response_mode, 'form_post')
  const form = new URLSearchParams(parameters).toString()
  const { status, location, headers } = await ada.post('/callback', form, FORM)
  t.match([status, location, headers['cache-control'], headers['referrer-policy']], [303, '/me?x=1', 'no-store', 'no-referrer'])
  const lines = headers['set-cookie'] as string[]
  t.match(lines[0], /^__Host-gatehouse-login-[\w-]{16}=; Max-Age=0; Path=\/; HttpOnly; Secure; SameSite=None$/)
  t.ok(lines.filter((line) => line.startsWith('__Host-gatehouse.')).every((line) => line.includes('=; Max-Age=0;')), 'chunks of a session the form did not carry are removed')
  t.match(lines.at(-1), /^__Host-gatehouse=[\w.-]+; Max-Age=86400; Path=\/; HttpOnly; Secure; SameSite=Lax$/)
  t.match((await ada.get('/me')).json(), { subject: 'ada' })
  const again = await ada.post('/callback', form, FORM)
  t.match([again.status, again.location], [303, '/'], 'reloaded')
  for (const secret of [parameters.code!, parameters.state!]) t.notOk(log().includes(secret))
})

t.test('what comes by GET all the same is read as well', async (t) => {
  const { underWay } = await loginStage(t, posted)
  const { ada, callback } = await underWay()
  t.equal((await ada.get(callback, NAVIGATION)).status, 302)
})

t.test('a body that is no such form is a callback without its login, never a 500', async (t) => {
  const { app, underWay, refusals } = await loginStage(t, posted)
  const { ada, parameters } = await underWay()
  const form = new URLSearchParams(parameters).toString()
  const headers = { cookie: ada.jar.header() }
  for (const [type, payload] of [
    ['application/json', JSON.stringify(parameters)], ['application/json', '{'], ['text/plain', form], ['multipart/form-data; boundary=x', form], ['application/x-www-form-urlencoded', ''],
    ['application/x-www-form-urlencoded', `${'x=1&'.repeat(70)}${form}`], ['application/x-www-form-urlencoded', '%'], ['application/x-www-form-urlencoded', '__proto__=x&constructor=y'], ['application/x-www-form-urlencoded', `${form}&state=x`], ['application/x-www-form-urlencoded\t; x', form.replace('state', 'stat')], ['x', form]
  ] as const) {
    refusals()
    const response = await app.inject({ method: 'POST', url: `/callback?${form}`, headers: { ...headers, 'content-type': type }, payload })
    t.equal(response.statusCode < 500, true, `${type} ${payload.slice(0, 20)}: ${response.statusCode}`)
    t.equal(response.headers.location, undefined)
    t.equal([response.headers['set-cookie'] ?? []].flat().some((line) => line.startsWith('__Host-gatehouse=')), false)
  }
  t.equal((await app.inject({ method: 'POST', url: '/callback', headers })).statusCode, 400, 'no body')
  t.match(refusals(), [{ reason: 'transaction_missing' }])
  t.equal((await app.inject({ method: 'POST', url: '/callback', headers: { ...headers, 'content-type': FORM['content-type'] }, payload: `${form}&x=${'x'.repeat(70_000)}` })).statusCode, 413)
  t.equal((await app.inject({ method: 'POST', url: '/callback', headers: { ...headers, ...FORM }, payload: form })).statusCode, 303, 'the login itself was not touched')
})

t.test("neither the app's own form parser is used, nor is ours by the app", async (t) => {
  const seen: unknown[] = []
  const { underWay, app } = await loginStage(t, {
    ...posted,
    before (app) {
      app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, body, done) => {
        seen.push(body)
        done(null, { parsed: 'by the app' })
      })
    },
    routes (app) { app.post('/echo', { config: { auth: false } }, async ({ body }) => body) }
  })
  const { ada, parameters } = await underWay()
  t.equal((await ada.post('/callback', new URLSearchParams(parameters).toString(), FORM)).status, 303)
  t.strictSame(seen, [])
  t.strictSame((await app.inject({ method: 'POST', url: '/echo', payload: 'a=b', headers: FORM })).json(), { parsed: 'by the app' })
  const bare = await loginStage(t, { ...posted, routes (app) { app.post('/echo', { config: { auth: false } }, async () => 'x') } })
  t.equal((await bare.app.inject({ method: 'POST', url: '/echo', payload: 'a=b', headers: FORM })).statusCode, 415)
})

t.test('with responseMode query a form from another site brings no cookie, and is nobody', async (t) => {
  const { app, underWay, refusals } = await loginStage(t)
  const { ada, parameters } = await underWay()
  const payload = new URLSearchParams(parameters).toString()
  t.equal((await app.inject({ method: 'POST', url: '/callback', payload, headers: FORM })).statusCode, 400)
  t.match(refusals().at(-1), { reason: 'transaction_missing' })
  t.equal((await ada.post('/callback', payload, FORM)).status, 303)
})

t.test('form_post on plain http fails the boot', async (t) => {
  await t.rejects(loginStage(t, { login: { responseMode: 'form_post' } }), { name: 'TypeError', message: /responseMode form_post needs https/ })
})

t.test('a form is read as the URL standard says', async (t) => {
  for (const [body, expected] of [
    ['', {}],
    ['logout_token=a.b.c', { logout_token: 'a.b.c' }],
    ['code=a%2Bb+c&state=%C3%A9', { code: 'a+b c', state: 'é' }],
    ['&&code=c&', { code: 'c' }],
    ['code', { code: '' }],
    ['code=', { code: '' }],
    ['=c', { '': 'c' }],
    ['code=a=b', { code: 'a=b' }],
    ['c%6Fde=c', { code: 'c' }],
    ['code=%zz%', { code: '%zz%' }],
    ['code=%ff', { code: '\uFFFD' }],
    ['code=a;state=b', { code: 'a;state=b' }],
    ['code[]=a', { 'code[]': 'a' }],
    ['?code=c', { '?code': 'c' }],
    ['code=%00', { code: '\0' }]
  ] as const) t.strictSame({ ...parseForm(body) }, expected, body)
})

t.test('a repeated member is a list', async (t) => {
  const form = parseForm('state=a&code=1&co%64e=2&code=2')
  t.strictSame({ ...form }, { state: 'a', code: ['1', '2', '2'] })
  t.ok(Object.isFrozen(form.code))
})

t.test('a form is frozen, and has the members that came and no others', async (t) => {
  const form = parseForm('__proto__=a&constructor=b&__proto__=c')
  t.equal(Object.getPrototypeOf(form), null)
  t.ok(Object.isFrozen(form))
  t.strictSame(Object.entries(form), [['__proto__', ['a', 'c']], ['constructor', 'b']])
  t.equal(parseForm('').toString, undefined)
  t.equal(({} as Record<string, unknown>).a, undefined)
})

t.test('a form of more members than anybody sends is read as an empty one', async (t) => {
  const members = (count: number) => Array.from({ length: count }, (_, index) => `m${index}=`).join('&')
  t.equal(Object.keys(parseForm(members(64))).length, 64)
  t.strictSame({ ...parseForm(members(65)) }, {})
  t.strictSame({ ...parseForm(`code=c&${'&'.repeat(1_000_000)}code=d`) }, {}, 'what is hidden behind it is not missed')
})
