import { hash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import type { Test } from 'tap'
import { newRecord, newSessionId } from '../../lib/session/record.js'
import { memoryStore } from '../../lib/store/memory.js'
import type { Store } from '../../types/store.js'
import { fakeClock } from '../support/clock.js'
import { reasonToSkip, startRedis } from '../support/redis-server.js'
import { connectRedis, COOKIE, ISSUER, KEEPERS, LIFETIME, logIn, loginOf, newBrowser, openStore, OTHER_SECRET, SECRET, sealerFor, sessionFor, watched, whoIs } from '../support/session-stage.js'

const NONE = { header: undefined }
const UNAVAILABLE = { name: 'StoreUnavailableError' }
const keyOf = (id: string) => `session:${hash('sha256', id, 'base64url')}`
const skip = reasonToSkip() ?? false

/** What holds for a store of any kind. @param open two views of the same entries */
function keeperTests (t: Test, open: (t: Test) => Promise<readonly [Store, Store]>): void {
  t.test('whoever logged in is known by the cookie in every process', async (t) => {
    const [here, there] = (await open(t)).map((store) => KEEPERS.store(store)) as [ReturnType<typeof KEEPERS.store>, ReturnType<typeof KEEPERS.store>]
    const browser = newBrowser()
    const { record } = await logIn(here, browser, newRecord(loginOf({ idToken: 'x'.repeat(20_000) })))
    t.equal(here.in, 'store')
    t.match(browser.header(), /^__Host-gatehouse=[\w-]{43}$/, 'the id and nothing else, however large the session')
    t.strictSame((await sessionFor(here, browser.header())).record, record)
    t.strictSame((await sessionFor(there, browser.header())).record, record)
  })

  t.test('what one process saves another sees, and the cookie stays', async (t) => {
    const [here, there] = (await open(t)).map((store) => KEEPERS.store(store)) as [ReturnType<typeof KEEPERS.store>, ReturnType<typeof KEEPERS.store>]
    const browser = newBrowser()
    const { record } = await logIn(here, browser)
    const kept = await here.save(await sessionFor(here, browser.header()), (old) => ({ ...old, id: 'x', startedAt: 1, data: { cart: ['tea'] } }), NONE)
    t.strictSame(kept?.cookies, [])
    const next = (await sessionFor(there, browser.header())).record
    t.strictSame(next, { ...record, touchedAt: next.touchedAt, data: { cart: ['tea'] } })
    await t.rejects(here.save(kept!.session, (old) => ({ ...old, subject: '' }), NONE), TypeError)
    t.equal(await whoIs(here, browser.header()), 'ada')
  })

  t.test('writers take turns, in one process and among several: no change undoes another', async (t) => {
    const keepers = (await open(t)).map((store) => KEEPERS.store(store))
    const browser = newBrowser()
    const session = await logIn(keepers[0]!, browser)
    await Promise.all(Array.from({ length: 20 }, async (_, index) => keepers[index % 2]!.save(session, (record) => ({ ...record, data: { ...record.data, [`n${index}`]: index } }), NONE)))
    t.equal(Object.keys((await sessionFor(keepers[0]!, browser.header())).record.data).length, 20)
  })

  t.test('a session that was ended does not come back by a late write', async (t) => {
    const [here, there] = (await open(t)).map((store) => KEEPERS.store(store)) as [ReturnType<typeof KEEPERS.store>, ReturnType<typeof KEEPERS.store>]
    const browser = newBrowser()
    const session = await logIn(here, browser)
    const copy = browser.header()
    t.match(await there.end(session, { header: copy }), [/=; Max-Age=0/])
    t.equal(await here.save(session, (record) => record, NONE), undefined)
    t.equal(await here.reread(session), undefined)
    const { session: loaded, clear } = await here.load(copy)
    t.equal(loaded, undefined)
    t.equal(clear.length, 1)
  })

  t.test('nor does one that is ended while it is written', async (t) => {
    const [store, other] = await open(t)
    const here = KEEPERS.store(store)
    const session = await logIn(here, newBrowser())
    let ending: Promise<unknown> | undefined
    const slow = KEEPERS.store({ ...bound(store), get: async (key) => { const value = await store.get(key); ending ??= KEEPERS.store(other).end(session, NONE); await ending; return value } })
    t.equal(await slow.save(session, (record) => record, NONE), undefined)
    t.equal(await here.reread(session), undefined)
  })

  t.test('a person is logged out everywhere, and so is a session of the provider', async (t) => {
    const [here, there] = (await open(t)).map((store) => KEEPERS.store(store)) as [ReturnType<typeof KEEPERS.store>, ReturnType<typeof KEEPERS.store>]
    const browsers = [newBrowser(), newBrowser(), newBrowser()]
    for (const [index, sid] of ['a', 'a', undefined].entries()) await logIn(here, browsers[index]!, newRecord(loginOf({ sid })))
    await there.save(await sessionFor(there, browsers[0]!.header()), (record) => record, NONE)
    const all = async () => Promise.all(browsers.map((browser) => whoIs(there, browser.header())))
    await here.deleteBySid({ issuer: ISSUER, sid: 'a' })
    t.strictSame(await all(), [undefined, undefined, 'ada'])
    await here.deleteBySubject({ issuer: 'https://other.example', subject: 'ada' })
    t.strictSame(await all(), [undefined, undefined, 'ada'])
    await here.deleteBySubject({ issuer: ISSUER, subject: 'ada' })
    t.strictSame(await all(), [undefined, undefined, undefined])
  })

  t.test('every login has an id of its own and ends the session before', async (t) => {
    const [store] = await open(t)
    const keeper = KEEPERS.store(store)
    const browser = newBrowser()
    const planted = newRecord(loginOf())
    browser.take([`__Host-gatehouse=${planted.id}; Path=/; Secure`])
    const first = await logIn(keeper, browser, planted)
    const before = browser.header()
    const second = await logIn(keeper, browser, first.record)
    t.equal(new Set([planted.id, first.record.id, second.record.id]).size, 3)
    t.equal(await whoIs(keeper, before), undefined)
    t.equal(await whoIs(keeper, browser.header()), 'ada')
    browser.take(['__Host-gatehouse=garbage; Path=/; Secure'])
    t.equal((await logIn(keeper, browser)).record.subject, 'ada')
  })

  t.test('a record moved under another key is none', async (t) => {
    const [store] = await open(t)
    const keeper = KEEPERS.store(store)
    const [admin, eve] = [newBrowser(), newBrowser()]
    const { record } = await logIn(keeper, admin, newRecord(loginOf({ subject: 'admin' })))
    const mine = await logIn(keeper, eve, newRecord(loginOf({ subject: 'eve' })))
    const sealed = await store.get(keyOf(record.id))
    await store.set(keyOf(mine.record.id), sealed!, 60_000)
    for (const each of [keeper, KEEPERS.store(store)]) t.equal(await whoIs(each, eve.header()), undefined)
    t.equal(await keeper.save(mine, (old) => old, NONE), undefined)
    t.equal(await whoIs(keeper, admin.header()), 'admin')
  })

  t.test('what is in the store but not sealed for it is none', async (t) => {
    const [store] = await open(t)
    const keeper = KEEPERS.store(store)
    const id = newSessionId()
    const record = JSON.stringify({ ...newRecord(loginOf()), id })
    for (const value of ['', 'x', record, await sealerFor('session').seal(`${keyOf(id)}\n${record}`), await sealerFor('stored-session').seal(record), await sealerFor('stored-session', OTHER_SECRET).seal(`${keyOf(id)}\n${record}`)]) {
      await store.set(keyOf(id), value, 60_000)
      const { session, clear } = await keeper.load(`__Host-gatehouse=${id}`)
      t.equal(session, undefined)
      t.equal(clear.length, 1)
    }
  })

  t.test('a secret that was replaced opens until it is taken off the list', async (t) => {
    const [store] = await open(t)
    const browser = newBrowser()
    await logIn(KEEPERS.store(store, { secrets: [OTHER_SECRET] }), browser)
    t.equal(await whoIs(KEEPERS.store(store, { secrets: [SECRET, OTHER_SECRET] }), browser.header()), 'ada')
    t.equal(await whoIs(KEEPERS.store(store), browser.header()), undefined)
  })
}

function bound (store: Store): Store {
  return {
    isShared: store.isShared,
    get: (key) => store.get(key),
    set: (...args) => store.set(...args),
    delete: (key) => store.delete(key),
    add: (...args) => store.add(...args),
    extend: (...args) => store.extend(...args),
    release: (...args) => store.release(...args),
    deleteByIndex: (index) => store.deleteByIndex(index)
  }
}

t.test('in memory', async (t) => {
  keeperTests(t, async () => {
    const store = memoryStore()
    return [store, store]
  })
})

t.test('in Redis', { skip }, async (t) => {
  const { port } = await startRedis(t)
  const raw = connectRedis(t, port)
  keeperTests(t, async (t) => [openStore(t, port), openStore(t, port)])

  t.test('who reads Redis reads neither ids, nor names, nor tokens', async (t) => {
    await raw.flushall()
    const browser = newBrowser()
    const { record } = await logIn(KEEPERS.store(openStore(t, port)), browser, newRecord(loginOf({ sid: 'provider-session', accessToken: 'access-secret' })))
    const keys = await raw.keys('*')
    const texts = await Promise.all(keys.map(async (key) => await raw.type(key) === 'string' ? raw.get(key) : (await raw.zrange(key, '0', '-1')).join()))
    const all = [...keys, ...texts].join('\n')
    for (const secret of [record.id, 'ada', 'Ada', 'access-secret', 'provider-session', ISSUER]) t.notMatch(all, secret)
  })
})

t.test('a cookie that cannot be an id costs no look at the store', async (t) => {
  const store = watched(memoryStore())
  const keeper = KEEPERS.store(store)
  for (const value of ['', 'x', `${newSessionId()}A`, '../../etc', 'x'.repeat(5_000)]) {
    const { session, clear } = await keeper.load(`${COOKIE.name}=${value}`)
    t.equal(session, undefined)
    t.equal(clear.length, 1)
  }
  t.strictSame(await keeper.load(undefined), { session: undefined, clear: [] })
  t.strictSame(store.calls, [])
})

t.test('a request reads the store once, writes nothing, and does not open again what it opened', async (t) => {
  const store = watched(memoryStore())
  const keeper = KEEPERS.store(store)
  const browser = newBrowser()
  await logIn(keeper, browser)
  store.calls.length = 0
  const one = await sessionFor(keeper, browser.header())
  const two = await sessionFor(keeper, browser.header())
  await keeper.touch(two, NONE)
  t.strictSame(store.calls, ['get', 'get'])
  t.equal(one.record, two.record)
})

t.test('idle and absolute lifetime hold, and touching is written once in a while', async (t) => {
  const clock = fakeClock(t)
  const store = watched(memoryStore())
  const keeper = KEEPERS.store(store)
  const browser = newBrowser()
  await logIn(keeper, browser)
  t.match((await keeper.start(newRecord(loginOf()), NONE)).cookies, [/; Max-Age=86400;/], 'the cookie lasts as long as the session may')
  t.match((await keeper.start(newRecord(loginOf({ ceiling: Date.now() / 1000 + 10 })), NONE)).cookies, [/; Max-Age=10;/])
  const over = await keeper.start(newRecord(loginOf({ ceiling: 1 })), NONE)
  t.equal(over.session.life.isAlive, false)
  t.equal(await whoIs(keeper, over.cookies[0]!.split(';')[0]!), undefined)
  clock.advance(59_000)
  store.calls.length = 0
  t.strictSame(await keeper.touch(await sessionFor(keeper, browser.header()), NONE), [])
  t.notOk(store.calls.includes('set'))
  for (let passed = 0; passed + 3_000 < LIFETIME.absolute; passed += 3_000) {
    t.strictSame(await keeper.touch(await sessionFor(keeper, browser.header()), NONE), [])
    clock.advance(3_000_000)
  }
  t.equal(await whoIs(keeper, browser.header()), 'ada')
  clock.advance(3_000_000)
  t.equal(await whoIs(keeper, browser.header()), undefined, 'a day is over')
  await logIn(keeper, browser)
  clock.advance(LIFETIME.idle * 1_000)
  t.equal(await whoIs(keeper, browser.header()), undefined, 'an hour without a request')
})

t.test('of many requests at once, in several processes, one writes down that the session was used', async (t) => {
  const clock = fakeClock(t)
  const store = watched(memoryStore())
  const keepers = [KEEPERS.store(store), KEEPERS.store(store)]
  const browser = newBrowser()
  await logIn(keepers[0]!, browser)
  clock.advance(60_000)
  const sessions = await Promise.all(keepers.map((keeper) => sessionFor(keeper, browser.header())))
  store.calls.length = 0
  await Promise.all(Array.from({ length: 50 }, async (_, index) => keepers[index % 2]!.touch(sessions[index % 2]!, NONE)))
  t.equal(store.calls.filter((call) => call === 'set').length, 1)
  clock.advance(60_000)
  store.calls.length = 0
  const session = await sessionFor(keepers[0]!, browser.header())
  await keepers[0]!.touch(session, NONE)
  t.strictSame(store.calls, ['get', 'add', 'get', 'set', 'release'])
  clock.advance(LIFETIME.idle * 1_000)
  t.strictSame(await keepers[0]!.touch(session, NONE), [], 'one that is over stays over')
})

t.test('Redis goes away and comes back', { skip }, async (t) => {
  const server = await startRedis(t)
  const keeper = KEEPERS.store(openStore(t, server.port, 250))
  const browser = newBrowser()
  const session = await logIn(keeper, browser)
  server.pause()
  t.teardown(() => { server.resume() })
  await Promise.all([
    keeper.load(browser.header()), keeper.start(newRecord(loginOf()), NONE), keeper.save(session, (record) => record, NONE), keeper.end(session, NONE), keeper.reread(session),
    keeper.deleteBySid({ issuer: ISSUER, sid: 'nobody' }), keeper.deleteBySubject({ issuer: ISSUER, subject: 'nobody' })
  ].map((call) => t.rejects(Promise.resolve<unknown>(call), UNAVAILABLE)))
  server.resume()
  const other = newBrowser()
  await logIn(keeper, other)
  t.equal(await whoIs(keeper, other.header()), 'ada', 'here again')
  await server.stop()
  await t.rejects(Promise.resolve(keeper.load(other.header())), UNAVAILABLE)
  await server.start()
  for (let tries = 0; tries < 100; tries++) {
    try {
      await keeper.load(other.header())
      break
    } catch {
      await sleep(50)
    }
  }
  t.equal(await whoIs(keeper, other.header()), undefined, 'what Redis lost is lost, and nothing worse')
  await logIn(keeper, other)
  t.equal(await whoIs(keeper, other.header()), 'ada')
})
