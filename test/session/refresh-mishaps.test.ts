import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { memoryStore } from '../../lib/store/memory.js'
import type { Refresh } from '../../lib/session/refresh-flights.js'
import { withTokens } from '../../lib/session/refreshed.js'
import { catchTimers } from '../support/caught-timers.js'
import { fakeClock } from '../support/clock.js'
import { accessTokens, leaseKey, refreshedKey, rotatingProvider } from '../support/session-refresh.js'
import { KEEPERS, logIn, newBrowser, recordEnding, sealerFor, seconds, sessionFor, watched } from '../support/session-stage.js'
import type { WatchedStore } from '../support/session-stage.js'
import { until } from '../support/until.js'

const NONE = { header: undefined }

for (const place of ['cookie', 'store'] as const) {
  const stage = () => {
    const store = watched(memoryStore())
    return { store, keeper: KEEPERS[place](store), browser: newBrowser(), provider: rotatingProvider() }
  }
  /** The store goes away after the refresh token was shown. */
  const losing = (store: WatchedStore, refresh: Refresh): Refresh => async (...args) => {
    const answer = await refresh(...args)
    store.away = ['set']
    return answer
  }

  t.test(`in a ${place}`, async (t) => {
    t.test('what the provider answered is not lost while the store is away, and no refresh token is shown twice', async (t) => {
      const { store, keeper, browser, provider } = stage()
      const tokens = accessTokens(t, keeper, store, losing(store, provider.refresh))
      const session = await logIn(keeper, browser, recordEnding(-1))
      const away = place === 'cookie'
        ? { outcome: 'usable', session: { record: { accessToken: 'access 1' } }, cookies: [/./] }
        : { outcome: 'later', cause: { name: 'StoreUnavailableError' } }
      t.match(await tokens.of(session, NONE), away)
      t.match(await tokens.of(session, NONE), away, 'nor is it by the next request')
      store.away = 'none'
      t.match(await tokens.of(session, NONE), { outcome: 'usable', session: { record: { accessToken: 'access 1' } } })
      const other = accessTokens(t, KEEPERS[place](store), store, provider.refresh)
      t.match(await other.of(session, NONE), { outcome: 'usable', session: { record: { accessToken: 'access 1' } } }, 'in another process')
      t.strictSame(provider.shown, ['refresh 0'])
    })

    t.test('it is written as soon as the store is back, whether anybody asks or not', async (t) => {
      const { store, keeper, browser, provider } = stage()
      const timers = catchTimers(t)
      const tokens = accessTokens(t, keeper, store, losing(store, provider.refresh))
      const session = await logIn(keeper, browser, recordEnding(-1))
      await tokens.of(session, NONE)
      timers(500)[0]!.fire()
      await until(() => timers(500).length === 1)
      t.equal(timers(500)[0]!.isHolding, false)
      store.away = 'none'
      timers(500)[0]!.fire()
      await until(() => timers(500).length === 1)
      const other = accessTokens(t, KEEPERS[place](store), store, provider.refresh)
      t.match(await other.of(session, NONE), { outcome: 'usable', session: { record: { accessToken: 'access 1' } } })
      timers(500)[0]!.fire()
      await sleep(5)
      t.equal(timers(500).length, 0, 'then it rests')
      t.strictSame(provider.shown, ['refresh 0'])
    })

    t.test('once the app is closed it is not tried again', async (t) => {
      const { store, keeper, browser, provider } = stage()
      const timers = catchTimers(t)
      const tokens = accessTokens(t, keeper, store, losing(store, provider.refresh))
      await tokens.of(await logIn(keeper, browser, recordEnding(-1)), NONE)
      await tokens.close()
      timers(500)[0]!.fire()
      t.equal(timers(500).length, 0)
    })

    t.test('a refusal that another process caused is none', async (t) => {
      const { store, keeper, browser, provider } = stage()
      const session = await logIn(keeper, browser, recordEnding(-1))
      const other = accessTokens(t, KEEPERS[place](store), store, provider.refresh)
      const tokens = accessTokens(t, keeper, store, async () => {
        // As one whose lease ended too early.
        await store.delete(leaseKey(session.record.id))
        await other.of(session, NONE)
        return 'invalid_grant'
      })
      t.match(await tokens.of(session, NONE), { outcome: 'usable', session: { record: { accessToken: 'access 1', refreshToken: 'refresh 1' } } })
    })

    t.test('and where its access token is at its end already, the new refresh token is kept for the next request', async (t) => {
      const { store, keeper, browser } = stage()
      const session = await logIn(keeper, browser, recordEnding(-1))
      const other = accessTokens(t, KEEPERS[place](store), store, async () => ({ accessToken: 'short', refreshToken: 'refresh 1', accessTokenExpiresAt: seconds() - 1 }))
      const tokens = accessTokens(t, keeper, store, async (shown) => {
        if (shown === 'refresh 1') return { accessToken: 'access 2', refreshToken: 'refresh 2' }
        await store.delete(leaseKey(session.record.id))
        await other.of(session, NONE)
        return 'invalid_grant'
      })
      t.match(await tokens.of(session, NONE), { outcome: 'later', cause: { message: 'the refresh token was replaced meanwhile' } })
      const patient = accessTokens(t, keeper, store, async (shown) => ({ accessToken: `after ${shown}`, refreshToken: 'refresh 2' }))
      t.match(await patient.of(session, NONE), { outcome: 'usable', session: { record: { accessToken: 'after refresh 1' } } })
    })

    t.test('nor does a refusal matter where somebody logged out', async (t) => {
      const { store, keeper, browser } = stage()
      const session = await logIn(keeper, browser, recordEnding(-1))
      const tokens = accessTokens(t, keeper, store, async () => { await keeper.end(session, NONE); return 'invalid_grant' })
      t.match(await tokens.of(session, NONE), { outcome: 'ended' })
    })

    t.test('whoever waits for another process learns that somebody logged out', async (t) => {
      const { store, keeper, browser } = stage()
      const session = await logIn(keeper, browser, recordEnding(-1))
      const asked: string[] = []
      const other = accessTokens(t, KEEPERS[place](store), store, async (shown) => { asked.push(shown); return new Promise(() => {}) })
      const tokens = accessTokens(t, keeper, store, rotatingProvider().refresh)
      other.of(session, NONE).catch(() => {})
      await until(() => asked.length === 1)
      const waiting = tokens.of(session, NONE)
      await keeper.end(session, NONE)
      t.match(await waiting, { outcome: 'ended' })
      const timers = catchTimers(t)
      const closing = other.close()
      timers(5_000)[0]!.fire()
      await closing
    })

    t.test('whoever waits too long is told not now; whoever need not wait does not', async (t) => {
      const { store, keeper } = stage()
      const [ended, lasting] = [await logIn(keeper, newBrowser(), recordEnding(-1)), await logIn(keeper, newBrowser(), recordEnding(30, { sid: 'b', refreshToken: 'b' }))]
      const asked: string[] = []
      const other = accessTokens(t, KEEPERS[place](store), store, async (shown) => { asked.push(shown); return new Promise(() => {}) })
      for (const session of [ended, lasting]) other.of(session, NONE).catch(() => {})
      await until(() => asked.length === 2)
      const provider = rotatingProvider()
      const tokens = accessTokens(t, keeper, store, provider.refresh, { lease: 40 })
      t.match(await tokens.of(lasting, NONE), { outcome: 'usable', session: { record: { accessToken: 'access 0' } } })
      t.match(await tokens.of(ended, NONE), { outcome: 'later', cause: { message: 'another process refreshes for too long' } })
      t.strictSame(provider.shown, [])
      const timers = catchTimers(t)
      const closing = other.close()
      timers(5_000)[0]!.fire()
      await closing
    })

    t.test('closing waits for an answer that is under way', async (t) => {
      const { store, keeper, browser, provider } = stage()
      provider.delay = 50
      const tokens = accessTokens(t, keeper, store, provider.refresh)
      const session = await logIn(keeper, browser, recordEnding(-1))
      const asked = tokens.of(session, NONE)
      await until(() => provider.shown.length === 1)
      await tokens.close()
      t.match(await asked, { outcome: 'usable', session: { record: { accessToken: 'access 1' } } })
    })

    t.test('an outcome moved under the hash of another refresh token is none, and so is one of somebody else', async (t) => {
      const { store, keeper, provider } = stage()
      const [ada, eve] = [await logIn(keeper, newBrowser(), recordEnding(-1)), await logIn(keeper, newBrowser(), recordEnding(-1, { subject: 'eve', sid: 'e', refreshToken: 'refresh e' }))]
      const tokens = accessTokens(t, keeper, store, provider.refresh)
      await tokens.of(ada, NONE)
      const moved = refreshedKey('refresh e')
      await store.set(moved, (await store.get(refreshedKey('refresh 0')))!, 60_000)
      t.match(await tokens.of(eve, NONE), { outcome: 'refused', session: { record: { subject: 'eve' } } })
      const thief = await logIn(keeper, newBrowser(), recordEnding(-1, { subject: 'eve', sid: 'e', refreshToken: 'refresh 0' }))
      t.match(await tokens.of(thief, NONE), { outcome: 'refused', session: { record: { subject: 'eve' } } })
      await store.set(moved, 'garbage', 60_000)
      const other = accessTokens(t, keeper, store, async () => 'invalid_grant')
      t.match(await other.of(await logIn(keeper, newBrowser(), eve.record), NONE), { outcome: 'refused' })
    })
  })
}

t.test('a request whose token lasted when it looked starts over once it does not', async (t) => {
  const clock = fakeClock(t)
  const store = watched(memoryStore())
  const keeper = KEEPERS.cookie(store)
  const provider = rotatingProvider()
  const lasting = await logIn(keeper, newBrowser(), recordEnding(30))
  const ended = await keeper.save(lasting, (record) => ({ ...record, accessTokenExpiresAt: seconds() - 1 }), NONE)
  const lease = leaseKey(lasting.record.id)
  await store.add(lease, 'another process', 60_000)
  const tokens = accessTokens(t, keeper, store, provider.refresh)
  const first = tokens.of(lasting, NONE)
  const second = tokens.of(ended!.session, NONE)
  await store.delete(lease)
  t.match(await first, { outcome: 'usable' })
  t.match(await second, { outcome: 'usable', session: { record: { accessToken: 'access 1' } } })
  clock.advance(1)
})

t.test('a session another process refreshed since keeps the tokens it has', async (t) => {
  const store = memoryStore()
  const keeper = KEEPERS.store(store)
  const session = await logIn(keeper, newBrowser(), recordEnding(-1))
  const tokens = accessTokens(t, keeper, store, async () => {
    await keeper.save(session, (record) => withTokens(record, { ...record, accessToken: 'theirs', refreshToken: 'theirs', accessTokenExpiresAt: seconds() + 100 }), NONE)
    return { accessToken: 'ours', refreshToken: 'ours' }
  })
  t.match(await tokens.of(session, NONE), { session: { record: { accessToken: 'theirs', refreshToken: 'theirs' } } })
  t.equal((await keeper.reread(session))?.record.accessToken, 'theirs')
})

t.test('outcomes that lead in a circle end', async (t) => {
  const store = memoryStore()
  const keeper = KEEPERS.cookie(store)
  const session = await logIn(keeper, newBrowser(), recordEnding(-1, { refreshToken: 'a' }))
  const sealer = sealerFor('refresh')
  for (const [from, to] of [['a', 'b'], ['b', 'a']] as const) {
    const key = refreshedKey(from)
    await store.set(key, await sealer.seal(`${key}\n${JSON.stringify({ ...session.record, refreshToken: to })}`), 60_000)
  }
  const tokens = accessTokens(t, keeper, store, async () => ({ accessToken: 'new', refreshToken: 'c' }))
  t.match(await tokens.of(session, NONE), { outcome: 'usable', session: { record: { accessToken: 'new' } } })
  t.ok(await sessionFor(keeper, (await keeper.start(session.record, NONE)).cookies[0]!.split(';')[0]!))
})
