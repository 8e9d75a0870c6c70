import t from 'tap'
import { readBaseUrls } from '../../lib/base-url.js'
import { createTransactions } from '../../lib/login/transaction.js'
import { createSealer } from '../../lib/session/seal.js'
import { fakeClock } from '../support/clock.js'
import { cookieJar } from '../support/cookie-jar.js'

const secrets = ['one secret of a good many random letters: kJ3x']
const redirectUri = 'https://app.example.com/callback'
const login = (state: string, provider = 'oidc') => ({ state, provider, redirectUri, nonce: 'n'.repeat(43), codeVerifier: 'v'.repeat(43) })
const states = Array.from({ length: 8 }, (_, index) => `${index}`.repeat(43))
const [one, two] = states as [string, string]

function site (origin = 'https://app.example.com', responseMode: 'query' | 'form_post' = 'query', keys = secrets, session = 'gatehouse') {
  return createTransactions({ session, secrets: keys, base: readBaseUrls('baseUrl', origin)[0]!, responseMode })
}

t.test('a login under way is kept in a cookie of its own, and taken once', async (t) => {
  const clock = fakeClock(t)
  const transactions = site()
  const jar = cookieJar('line')
  const lines = await transactions.keep({ ...login(one), maxAge: 60, acrValues: 'gold' }, '/page?a=b#c', undefined)
  t.equal(lines.length, 1)
  t.match(lines[0], /^__Host-gatehouse-login-[\w-]{16}=[\w.-]+; Max-Age=3600; Path=\/; HttpOnly; Secure; SameSite=Lax$/)
  t.notMatch(lines[0], new RegExp(one))
  jar.take(lines)
  const { transaction, setCookie } = await transactions.take(one, 'oidc', jar.header())
  t.strictSame(transaction, { ...login(one), maxAge: 60, acrValues: 'gold', returnTo: '/page?a=b#c', createdAt: clock.now() })
  jar.take(setCookie)
  t.strictSame(jar.names(), [])
  t.strictSame(await transactions.take(one, 'oidc', jar.header()), { transaction: undefined, setCookie: [] })
})

t.test('several tabs do not meet', async (t) => {
  const transactions = site()
  const jar = cookieJar('line')
  for (const state of states.slice(0, 5)) jar.take(await transactions.keep(login(state), `/${state[0]}`, jar.header()))
  for (const state of states.slice(0, 5).reverse()) {
    const { transaction, setCookie } = await transactions.take(state, 'oidc', jar.header())
    t.match(transaction, { state, returnTo: `/${state[0]}` })
    jar.take(setCookie)
  }
  t.strictSame(jar.names(), [])
})

t.test('five are kept, the oldest make room', async (t) => {
  const clock = fakeClock(t)
  const transactions = site()
  const jar = cookieJar('line')
  for (const state of states) {
    jar.take(await transactions.keep(login(state), '/', jar.header()))
    clock.advance(1000)
  }
  t.equal(jar.names().length, 5)
  const left = await Promise.all(states.map(async (state) => (await transactions.take(state, 'oidc', jar.header())).transaction?.state[0]))
  t.strictSame(left, [undefined, undefined, undefined, '3', '4', '5', '6', '7'])
})

t.test('few that are large make room as well', async (t) => {
  const clock = fakeClock(t)
  const transactions = site()
  const jar = cookieJar('line')
  for (const state of states.slice(0, 4)) {
    jar.take(await transactions.keep(login(state), `/${'p'.repeat(500)}`, jar.header()))
    clock.advance(1000)
  }
  t.ok(jar.header().length <= 3600, `${jar.header().length} bytes`)
  const left = await Promise.all(states.slice(0, 4).map(async (state) => (await transactions.take(state, 'oidc', jar.header())).transaction?.state[0]))
  t.strictSame(left, [undefined, undefined, '2', '3'])
  jar.take(await transactions.keep(login('x'), `/${'p'.repeat(1999)}`, jar.header()))
  t.equal(jar.names().length, 1, 'the longest address there is fits alone')
  t.ok(jar.header().length <= 3600)
  await t.rejects(transactions.keep(login('x'), `/${'p'.repeat(4000)}`, undefined), { code: 'GATEHOUSE_COOKIE_TOO_LARGE' })
})

t.test('what is no login any more goes first, whatever its age', async (t) => {
  const clock = fakeClock(t)
  const transactions = site()
  const jar = cookieJar('line')
  jar.take(await transactions.keep(login(one), '/', undefined))
  clock.advance(3_600_000)
  const junk = '__Host-gatehouse-login-aaaaaaaaaaaaaaaa=junk; __Host-gatehouse-login-bbbbbbbbbbbbbbbb.0=junk; __Host-gatehouse-login-short=left; other=left'
  jar.take((await transactions.keep(login(two), '/', `${jar.header()}; ${junk}`)))
  const lines = await transactions.keep(login(two), '/', `${jar.header()}; ${junk}`)
  t.strictSame(lines.filter((line) => line.includes('Max-Age=0')).map((line) => line.split('=')[0]).sort(), ['__Host-gatehouse-login-aaaaaaaaaaaaaaaa', '__Host-gatehouse-login-bbbbbbbbbbbbbbbb.0'])
  t.equal(jar.names().length, 1)
})

t.test('logins of another app on this host stay', async (t) => {
  const jar = cookieJar('line')
  const other = site(undefined, undefined, ['another secret of a good many letters: kJ3'], 'admin')
  jar.take(await other.keep(login(one), '/there', undefined))
  for (const state of states.slice(2)) jar.take(await site().keep(login(state), '/', jar.header()))
  t.match(await other.take(one, 'oidc', jar.header()), { transaction: { state: one, returnTo: '/there' }, setCookie: [/^__Host-admin-login-/] })
})

t.test('a transaction lasts an hour', async (t) => {
  const clock = fakeClock(t)
  const transactions = site()
  const jar = cookieJar('line')
  jar.take(await transactions.keep(login(one), '/', undefined))
  clock.advance(3_599_999)
  const { transaction: found } = await transactions.take(one, 'oidc', jar.header())
  t.match(found, { state: one })
  t.equal((await transactions.take(one, 'oidc', jar.header())).transaction, undefined, 'and can be taken once')
  transactions.release(found!)
  clock.advance(1)
  const { transaction, setCookie } = await transactions.take(one, 'oidc', jar.header())
  t.equal(transaction, undefined)
  t.equal(setCookie.length, 1, 'and is cleared')
  clock.advance(-3_600_000 - 60_000)
  t.match(await transactions.take(one, 'oidc', jar.header()), { transaction: { state: one } }, 'another server has a clock of its own')
  clock.advance(-1)
  t.equal((await transactions.take(one, 'oidc', jar.header())).transaction, undefined, 'but not one from the future')
})

t.test('what is not ours, or not this one, is none, and is cleared', async (t) => {
  const transactions = site()
  const jar = cookieJar('line')
  jar.take(await transactions.keep(login(one), '/', undefined))
  const [name, value] = jar.header().split('=') as [string, string]
  const sealed = (purpose: 'session' | 'transaction', record: object) => createSealer(secrets, purpose, 'https://app.example.com').seal(JSON.stringify(record))
  const record = { ...login(one), returnTo: '/', createdAt: Date.now() }
  for (const [title, header, provider] of [
    ['of another provider', `${name}=${value}`, 'other'],
    ['tampered with', `${name}=${value.slice(0, -1)}${value.endsWith('A') ? 'Q' : 'A'}`, 'oidc'],
    ['there twice', `${name}=${value}; ${name}=${value}`, 'oidc'],
    ['sealed for a session', `${name}=${await sealed('session', record)}`, 'oidc'],
    ['of another login, in its place', `${name}=${await sealed('transaction', { ...record, state: two })}`, 'oidc'],
    ['empty', `${name}=`, 'oidc']
  ] as const) {
    const { transaction, setCookie } = await transactions.take(one, provider, header)
    t.equal(transaction, undefined, title)
    t.match(setCookie, [`${name}=; Max-Age=0; Path=/`], title)
  }
  t.match(await transactions.keep(login(two), '/', `${name}=${value}; ${name}=${value}`), [`${name}=; Max-Age=0; Path=/`, String], 'and makes room')
  for (const state of [undefined, [one, one], '', 42, two]) t.strictSame(await transactions.take(state, 'oidc', jar.header()), { transaction: undefined, setCookie: [] })
  t.equal((await site('https://other.example.com').take(one, 'oidc', jar.header())).transaction, undefined, 'another site')
  t.equal((await site(undefined, undefined, ['another secret of a good many letters: kJ3']).take(one, 'oidc', jar.header())).transaction, undefined, 'another secret')
  t.match(await site(undefined, undefined, ['a newer secret of a good many letters: kJ3x', ...secrets]).take(one, 'oidc', jar.header()), { transaction: { state: one } }, 'a secret that was the newest')
})

t.test('form_post needs a cookie that other sites send, and so https', async (t) => {
  t.match(await site('https://app.example.com', 'form_post').keep(login(one), '/', undefined), [/; HttpOnly; Secure; SameSite=None$/])
  t.match(await site('http://127.0.0.1:3000').keep(login(one), '/', undefined), [/^gatehouse-login-[\w-]{16}=[^;]+; Max-Age=3600; Path=\/; HttpOnly; SameSite=Lax$/])
  t.throws(() => site('http://127.0.0.1:3000', 'form_post'), { name: 'TypeError', message: 'login: responseMode form_post needs https, and baseUrl is http://127.0.0.1:3000: browsers drop its cookie otherwise; use query here' })
})

t.test('who sends hundreds of cookies is not answered with hundreds', async (t) => {
  const header = Array.from({ length: 300 }, (_, index) => `__Host-gatehouse-login-${String(index).padStart(16, 'a')}=junk`).join('; ')
  t.equal((await site().keep(login(one), '/', header)).length, 9)
})
