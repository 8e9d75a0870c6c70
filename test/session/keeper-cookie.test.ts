import t from 'tap'
import { keepInCookie } from '../../lib/session/in-cookie.js'
import { newRecord } from '../../lib/session/record.js'
import { defineCookie } from '../../lib/session/cookie-attributes.js'
import { memoryStore } from '../../lib/store/memory.js'
import { fakeClock } from '../support/clock.js'
import { COOKIE, ISSUER, KEEPERS, LIFETIME, logIn, loginOf, newBrowser, OTHER_SECRET, recordEnding, SECRET, sealerFor, sessionFor, watched, whoIs } from '../support/session-stage.js'

const NONE = { header: undefined }
const large = (length: number) => newRecord(loginOf({ idToken: 'x'.repeat(length) }))
const open = (options = {}) => KEEPERS.cookie(memoryStore(), options)

t.test('whoever logged in is known by the cookie, in every process with the secret', async (t) => {
  const keeper = open()
  const browser = newBrowser()
  const { record } = await logIn(keeper, browser)
  t.strictSame((await sessionFor(keeper, browser.header())).record, record)
  t.strictSame((await sessionFor(open(), browser.header())).record, record, 'another process')
  t.strictSame((await sessionFor(keeper, `a=b; ${browser.header()}; c=d`)).record, record)
  t.equal(keeper.in, 'cookie')
})

t.test('a large session is in several cookies', async (t) => {
  const keeper = open()
  const browser = newBrowser()
  await logIn(keeper, browser, large(6_000))
  t.strictSame(browser.names(), ['__Host-gatehouse.0', '__Host-gatehouse.1', '__Host-gatehouse.2'])
  t.equal(await whoIs(open(), browser.header()), 'ada')
  await logIn(keeper, browser)
  t.strictSame(browser.names(), ['__Host-gatehouse'], 'no chunk stays behind')
  await t.rejects(keeper.start(large(12_000), NONE), { code: 'GATEHOUSE_COOKIE_TOO_LARGE' })
})

t.test('a cookie that was seen is answered at once and not opened again', async (t) => {
  let opened = 0
  const sealer = sealerFor('session')
  const counted = { seal: sealer.seal, open: async (text: string) => { opened++; return sealer.open(text) } }
  const keeper = keepInCookie({ cookie: COOKIE, sealer: counted, store: memoryStore(), lifetime: LIFETIME })
  const browser = newBrowser()
  await logIn(open(), browser)
  const first = await sessionFor(keeper, browser.header())
  const again = keeper.load(browser.header())
  t.notOk(again instanceof Promise)
  t.equal((await again).session?.record, first.record)
  t.equal(opened, 1)
  await logIn(keeper, browser)
  t.notOk(keeper.load(browser.header()) instanceof Promise, 'nor one that was written here')
})

t.test('what is no session is none, and ours is cleared', async (t) => {
  const browser = newBrowser()
  await logIn(open(), browser)
  const header = browser.header()
  const value = header.slice(header.indexOf('=') + 1)
  const foreign = newBrowser()
  await logIn(open({ secrets: [OTHER_SECRET] }), foreign)
  const stored = await sealerFor('stored-session').seal('{}')
  const transaction = await sealerFor('transaction').seal('{}')
  for (const [title, cookie] of [
    ['forged', '__Host-gatehouse=eyJhbGciOiJub25lIn0.e30.'], ['empty', '__Host-gatehouse='], ['garbage', '__Host-gatehouse=xyz'],
    ['cut off', header.slice(0, -1)], ['longer', `${header}A`], ['changed', header.replace(value, value.slice(0, -30) + (value.at(-30) === 'A' ? 'B' : 'A') + value.slice(-29))],
    ['twice', `${header}; ${header}`], ['twice, one of them garbage', `${header}; __Host-gatehouse=x`], ['whole and in chunks', `${header}; __Host-gatehouse.0=x`],
    ['of another secret', foreign.header()], ['of another purpose', `__Host-gatehouse=${transaction}`], ['of a store', `__Host-gatehouse=${stored}`],
    ['sealed, but no record', `__Host-gatehouse=${await sealerFor('session').seal('__Host-gatehouse\n{}')}`],
    ['sealed, but for no place', `__Host-gatehouse=${await sealerFor('session').seal('{}')}`]
  ] as const) {
    const { session, clear } = await open().load(cookie)
    t.equal(session, undefined, title)
    t.match(clear, [/^__Host-gatehouse(\.0)?=; Max-Age=0/], title)
  }
  t.strictSame(await open().load(undefined), { session: undefined, clear: [] }, 'nothing to clear where there is nothing')
  t.strictSame(await open().load('other=1'), { session: undefined, clear: [] })
})

t.test('a cookie of another name is another cookie, though the secret be the same', async (t) => {
  const admin = keepInCookie({ cookie: defineCookie('admin', { path: '/', secure: true, sameSite: 'Lax' }), sealer: sealerFor('session'), store: memoryStore(), lifetime: LIFETIME })
  const browser = newBrowser()
  await logIn(open(), browser)
  const moved = browser.header().replace('gatehouse', 'admin')
  t.equal(await whoIs(admin, moved), undefined)
  t.equal(await whoIs(admin, moved), undefined)
})

t.test('chunks of two generations are no session', async (t) => {
  const keeper = open()
  const [one, two] = [newBrowser(), newBrowser()]
  await logIn(keeper, one, large(4_000))
  await logIn(keeper, two, large(4_000))
  const [a, b] = [one.header().split('; '), two.header().split('; ')]
  t.equal(await whoIs(keeper, a.join('; ')), 'ada')
  t.equal(await whoIs(keeper, [a[0], b[1]].join('; ')), undefined)
  t.equal(await whoIs(keeper, [a[1], a[0]].join('; ')), 'ada', 'in whatever order they come')
  t.equal(await whoIs(keeper, a[0]!), undefined)
  t.equal(await whoIs(keeper, a[1]!), undefined)
})

t.test('a secret that was replaced opens until it is taken off the list', async (t) => {
  const browser = newBrowser()
  await logIn(open({ secrets: [OTHER_SECRET] }), browser)
  t.equal(await whoIs(open({ secrets: [SECRET, OTHER_SECRET] }), browser.header()), 'ada')
  t.equal(await whoIs(open(), browser.header()), undefined)
})

t.test('time is looked at on every request, of cookies seen before too', async (t) => {
  const clock = fakeClock(t)
  const keeper = open()
  const browser = newBrowser()
  await logIn(keeper, browser)
  clock.advance((LIFETIME.idle - 1) * 1_000)
  t.equal(await whoIs(keeper, browser.header()), 'ada')
  clock.advance(1_000)
  t.equal(await whoIs(keeper, browser.header()), undefined, 'idle')
  t.equal((await keeper.load(browser.header())).clear.length, 1)
})

t.test('touching makes it last, up to the absolute lifetime', async (t) => {
  const clock = fakeClock(t)
  const keeper = open()
  const browser = newBrowser()
  await logIn(keeper, browser)
  for (let passed = 0; passed + 3_000 < LIFETIME.absolute; passed += 3_000) {
    clock.advance(3_000_000)
    browser.take(await keeper.touch(await sessionFor(keeper, browser.header()), { header: browser.header() }))
  }
  t.equal(await whoIs(keeper, browser.header()), 'ada')
  clock.advance(3_000_000)
  t.equal(await whoIs(keeper, browser.header()), undefined)
})

t.test('a cookie lasts as long as the session: its Max-Age says so', async (t) => {
  fakeClock(t)
  const keeper = open()
  const { cookies } = await keeper.start(newRecord(loginOf()), NONE)
  t.match(cookies, [/; Max-Age=3600; Path=\/; HttpOnly; Secure; SameSite=Lax$/])
  const soon = await keeper.start(newRecord(loginOf({ ceiling: Date.now() / 1000 + 10.5 })), NONE)
  t.match(soon.cookies, [/; Max-Age=11;/], 'the provider says when it ends')
  const over = await keeper.start(newRecord(loginOf({ ceiling: 1 })), NONE)
  t.match(over.cookies, [/; Max-Age=1;/])
  t.equal(over.session.life.isAlive, false)
})

t.test('a touch is written once in a while', async (t) => {
  const clock = fakeClock(t)
  const keeper = open()
  const browser = newBrowser()
  await logIn(keeper, browser)
  const touch = async () => {
    const lines = await keeper.touch(await sessionFor(keeper, browser.header()), { header: browser.header() })
    browser.take(lines)
    return lines.length
  }
  t.equal(await touch(), 0)
  clock.advance(59_000)
  t.equal(await touch(), 0)
  clock.advance(1_000)
  t.equal(await touch(), 1)
  t.equal(await touch(), 0)
})

t.test('a touch does not bring tokens back that another answer replaces', async (t) => {
  const clock = fakeClock(t)
  const keeper = open()
  const browser = newBrowser()
  await logIn(keeper, browser, recordEnding(100))
  clock.advance(61_000)
  const session = await sessionFor(keeper, browser.header())
  t.equal(session.life.isTouchDue, true)
  t.strictSame(await keeper.touch(session, NONE), [], 'the access token is about to be refreshed')
  clock.advance(60_000)
  t.equal((await keeper.touch(await sessionFor(keeper, browser.header()), NONE)).length, 1, 'it ended, and nobody refreshed it: the session must not end of that')
  const short = KEEPERS.cookie(memoryStore(), { lifetime: { idle: 100, absolute: 1_000 } })
  await logIn(short, browser, recordEnding(130))
  clock.advance(80_000)
  t.equal((await short.touch(await sessionFor(short, browser.header()), NONE)).length, 1, 'nor of waiting for that')
})

t.test('what is saved is in the next request, under the same id and start', async (t) => {
  const keeper = open()
  const browser = newBrowser()
  const { record } = await logIn(keeper, browser)
  const kept = await keeper.save(await sessionFor(keeper, browser.header()), (old) => ({ ...old, id: 'x', startedAt: 1, data: { cart: ['tea'] } }), { header: browser.header() })
  browser.take(kept!.cookies)
  const next = (await sessionFor(open(), browser.header())).record
  t.strictSame(next, { ...record, touchedAt: next.touchedAt, data: { cart: ['tea'] } })
  await t.rejects(keeper.save(kept!.session, (old) => ({ ...old, subject: '' }), NONE), TypeError)
})

t.test('a session whose time is over is not saved or touched', async (t) => {
  const clock = fakeClock(t)
  const keeper = open()
  const browser = newBrowser()
  await logIn(keeper, browser)
  clock.advance(60_000)
  const session = await sessionFor(keeper, browser.header())
  clock.advance(LIFETIME.idle * 1_000)
  t.equal(await keeper.save(session, (record) => record, NONE), undefined)
  t.strictSame(await keeper.touch(session, NONE), [])
  t.equal(await keeper.reread(session), undefined)
})

t.test('every login has an id of its own, whatever record it is given', async (t) => {
  const keeper = open()
  const browser = newBrowser()
  const planted = newRecord(loginOf({ sid: undefined }))
  const first = await logIn(keeper, browser, planted)
  const before = browser.header()
  const second = await logIn(keeper, browser, first.record)
  t.equal(new Set([planted.id, first.record.id, second.record.id]).size, 3)
  t.equal(await whoIs(keeper, browser.header()), 'ada')
  t.equal(await whoIs(keeper, before), undefined, 'and the session before is over')
})

for (const [title, singleProcess] of [['in memory', false], ['in a shared store', true]] as const) {
  const openBoth = () => {
    const store = memoryStore({ singleProcess })
    return [KEEPERS.cookie(store), KEEPERS.cookie(store)] as const
  }

  t.test(`with marks ${title} a cookie copied before the logout is refused by every keeper`, async (t) => {
    const [here, there] = openBoth()
    const [browser, other] = [newBrowser(), newBrowser()]
    await logIn(here, browser)
    await logIn(here, other, newRecord(loginOf({ sid: 'another' })))
    const copy = browser.header()
    const session = await sessionFor(here, copy)
    t.equal(await whoIs(there, copy), 'ada')
    t.match(await here.end(session, { header: copy }), [/=; Max-Age=0/])
    for (const keeper of [here, there]) {
      const { session, clear } = await keeper.load(copy)
      t.equal(session, undefined)
      t.equal(clear.length, 1)
      t.equal(await keeper.reread({ record: (await sessionFor(here, other.header())).record, life: (await sessionFor(here, other.header())).life }) === undefined, false)
    }
    t.equal(await here.reread(session), undefined)
    t.equal(await whoIs(here, other.header()), 'ada')
    for (const keeper of [here, there]) t.equal(await keeper.save(session, (record) => record, { header: copy }), undefined, 'a late request is told so, and brings nothing back')
    await logIn(here, browser)
    t.equal(await whoIs(there, browser.header()), 'ada', 'a new login in the same session of the provider is not')
    t.equal(await whoIs(there, copy), undefined)
  })

  t.test(`with marks ${title} a person is logged out everywhere, and so is a session of the provider`, async (t) => {
    const [here, there] = openBoth()
    const browsers = [newBrowser(), newBrowser(), newBrowser()]
    for (const [index, sid] of ['a', 'a', 'b'].entries()) await logIn(here, browsers[index]!, newRecord(loginOf({ sid })))
    const all = async () => Promise.all(browsers.map((browser) => whoIs(there, browser.header())))
    t.strictSame(await all(), ['ada', 'ada', 'ada'])
    await here.deleteBySid({ issuer: ISSUER, sid: 'a' })
    t.strictSame(await all(), [undefined, undefined, 'ada'])
    await here.deleteBySubject({ issuer: ISSUER, subject: 'eve' })
    t.strictSame(await all(), [undefined, undefined, 'ada'])
    await here.deleteBySubject({ issuer: ISSUER, subject: 'ada' })
    t.strictSame(await all(), [undefined, undefined, undefined])
  })
}

t.test('where the store is away a session is neither there nor not, and nothing is cleared', async (t) => {
  const store = watched(memoryStore({ singleProcess: true }))
  const keeper = KEEPERS.cookie(store)
  const browser = newBrowser()
  const session = await logIn(keeper, browser)
  store.away = 'all'
  const unavailable = { name: 'StoreUnavailableError' }
  await t.rejects(Promise.resolve(keeper.load(browser.header())), unavailable)
  await t.rejects(keeper.start(newRecord(loginOf()), { header: browser.header() }), unavailable)
  await t.rejects(keeper.end(session, { header: browser.header() }), unavailable)
  t.match(await keeper.save(session, (record) => record, NONE), { cookies: [/^__Host-gatehouse=/] }, 'new tokens are not lost: the next request asks whether it was ended')
  t.equal(keeper.clear({ header: browser.header() }).length, 1, 'the browser can be told to forget it all the same')
  store.away = 'none'
  t.equal(await whoIs(keeper, browser.header()), 'ada')
  store.calls.length = 0
  await keeper.load(browser.header())
  t.strictSame(store.calls, ['get', 'get'], 'two marks, asked for at once')
})
