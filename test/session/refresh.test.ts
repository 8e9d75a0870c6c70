import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import type { SessionKeeper } from '../../lib/session/keeper.js'
import type { RefreshParts } from '../../lib/session/refresh-flights.js'
import { memoryStore } from '../../lib/store/memory.js'
import { fakeClock } from '../support/clock.js'
import { catchTimers } from '../support/caught-timers.js'
import { accessTokens, refreshedKey, rotatingProvider } from '../support/session-refresh.js'
import { KEEPERS, logIn, newBrowser, recordEnding, sessionFor, watched } from '../support/session-stage.js'
import { until } from '../support/until.js'

const NONE = { header: undefined }

for (const place of ['cookie', 'store'] as const) {
  const stage = (t: Parameters<typeof accessTokens>[0], provider = rotatingProvider()) => {
    const store = watched(memoryStore())
    const keeper = KEEPERS[place](store)
    return { store, keeper, provider, browser: newBrowser(), tokens: accessTokens(t, keeper, store, provider.refresh) }
  }

  t.test(`in a ${place}`, async (t) => {
    t.test('a token that lasts is used as it is', async (t) => {
      const { keeper, tokens, provider, browser, store } = stage(t)
      const session = await logIn(keeper, browser, recordEnding(3_600))
      store.calls.length = 0
      t.strictSame(await tokens.of(session, NONE), { outcome: 'usable', session, cookies: [] })
      t.strictSame(provider.shown, [])
      t.strictSame(store.calls, [])
    })

    t.test('one that ended is refreshed, and the next request has the new one', async (t) => {
      const { keeper, tokens, provider, browser } = stage(t)
      const session = await logIn(keeper, browser, recordEnding(-1))
      const refreshed = await tokens.of(session, { header: browser.header() })
      t.match(refreshed, { outcome: 'usable', session: { record: { accessToken: 'access 1', refreshToken: 'refresh 1', idToken: 'id token', scope: 'openid', user: { name: 'Ada' } } } })
      if (refreshed.outcome === 'usable') browser.take(refreshed.cookies)
      const next = await sessionFor(keeper, browser.header())
      t.match(next.record, { accessToken: 'access 1', refreshToken: 'refresh 1' })
      t.ok(next.record.accessTokenSince! <= Date.now() / 1_000)
      t.match(await tokens.of(next, NONE), { outcome: 'usable' })
      t.strictSame(provider.shown, ['refresh 0'])
    })

    t.test('requests at once share one refresh, whatever their number', async (t) => {
      const { keeper, tokens, provider, browser } = stage(t)
      await logIn(keeper, browser, recordEnding(-1))
      const outcomes = await Promise.all(Array.from({ length: 100 }, async () => tokens.of(await sessionFor(keeper, browser.header()), NONE)))
      for (const outcome of outcomes) t.match(outcome, { outcome: 'usable', session: { record: { accessToken: 'access 1' } } })
      t.strictSame(provider.shown, ['refresh 0'])
    })

    t.test('two sessions share nothing', async (t) => {
      const { keeper, tokens, provider } = stage(t)
      const [one, two] = [await logIn(keeper, newBrowser(), recordEnding(-1, { subject: 'ada' })), await logIn(keeper, newBrowser(), recordEnding(-1, { subject: 'eve', refreshToken: 'another' }))]
      const [ada, eve] = await Promise.all([tokens.of(one, NONE), tokens.of(two, NONE)])
      t.match(ada, { outcome: 'usable', session: { record: { subject: 'ada', accessToken: 'access 1' } } })
      t.match(eve, { outcome: 'refused', session: { record: { subject: 'eve' } } })
      t.strictSame([...provider.shown].sort(), ['another', 'refresh 0'])
    })

    t.test('a request that still carries the old refresh token takes what came of it', async (t) => {
      const { keeper, tokens, provider, browser, store } = stage(t)
      const old = await logIn(keeper, browser, recordEnding(-1))
      await tokens.of(old, NONE)
      const other = accessTokens(t, KEEPERS[place](store), store, provider.refresh)
      for (const process of [tokens, other]) t.match(await process.of(old, NONE), { outcome: 'usable', session: { record: { accessToken: 'access 1', refreshToken: 'refresh 1' } } })
      t.strictSame(provider.shown, ['refresh 0'])
    })

    t.test('and what came of that, generation after generation', async (t) => {
      const { keeper, tokens, provider, browser } = stage(t, rotatingProvider({ lasts: 40 }))
      const clock = fakeClock(t)
      const old = await logIn(keeper, browser, recordEnding(-1))
      let session = old
      for (let generation = 1; generation <= 5; generation++) {
        const refreshed = await tokens.of(session, NONE)
        t.match(refreshed, { outcome: 'usable', session: { record: { accessToken: `access ${generation}` } } })
        if (refreshed.outcome === 'usable') session = refreshed.session
        clock.advance(31_000)
      }
      clock.advance(-31_000)
      t.match(await tokens.of(old, NONE), { outcome: 'usable', session: { record: { accessToken: 'access 5' } } })
      t.equal(provider.shown.length, 5)
    })

    t.test('a provider that does not replace refresh tokens is asked again when it is time', async (t) => {
      const { keeper, browser, store } = stage(t)
      const clock = fakeClock(t)
      let count = 0
      const tokens = accessTokens(t, keeper, store, async () => ({ accessToken: `access ${++count}`, accessTokenExpiresAt: Date.now() / 1_000 + 100, refreshToken: undefined, scope: 'less' }))
      let session = await logIn(keeper, browser, recordEnding(-1))
      for (let time = 1; time <= 4; time++) {
        const refreshed = await tokens.of(session, NONE)
        t.match(refreshed, { outcome: 'usable', session: { record: { accessToken: `access ${time}`, refreshToken: 'refresh 0', scope: 'less' } } })
        if (refreshed.outcome === 'usable') session = refreshed.session
        clock.advance(80_000)
      }
      t.equal(count, 4)
    })

    t.test('a new access token without an end is used for good', async (t) => {
      const { keeper, tokens, provider, browser } = stage(t, rotatingProvider({ lasts: undefined }))
      const old = await logIn(keeper, browser, recordEnding(-1))
      const first = await tokens.of(old, NONE)
      t.match(first, { outcome: 'usable', session: { record: { accessToken: 'access 1', accessTokenExpiresAt: undefined } } })
      t.match(await tokens.of(old, NONE), { outcome: 'usable', session: { record: { accessToken: 'access 1' } } })
      t.equal(provider.shown.length, 1)
    })

    t.test('a session without an access token gets one', async (t) => {
      const { keeper, browser, store } = stage(t)
      let count = 0
      const tokens = accessTokens(t, keeper, store, async () => ({ accessToken: `access ${++count}` }))
      const session = await logIn(keeper, browser, recordEnding(-1, { accessToken: undefined, accessTokenExpiresAt: undefined }))
      for (let time = 0; time < 3; time++) t.match(await tokens.of(session, NONE), { outcome: 'usable', session: { record: { accessToken: 'access 1', refreshToken: 'refresh 0' } } })
      t.equal(count, 1)
      store.calls.length = 0
      await tokens.of(session, NONE)
      t.ok(store.calls.length < 10, 'an outcome is looked at once')
    })

    t.test('a new ID token takes the place of the old', async (t) => {
      const { keeper, browser, store } = stage(t)
      const tokens = accessTokens(t, keeper, store, async (_token, _signal, record) => ({ accessToken: 'new', idToken: `${record.idToken} 2` }))
      t.match(await tokens.of(await logIn(keeper, browser, recordEnding(-1)), NONE), { session: { record: { idToken: 'id token 2' } } })
    })

    t.test('early, the one who refreshes waits; the others use the token that still lasts', async (t) => {
      const { keeper, tokens, provider, browser } = stage(t, rotatingProvider({ delay: 50 }))
      const session = await logIn(keeper, browser, recordEnding(50))
      const first = tokens.of(session, NONE)
      await until(() => provider.shown.length === 1)
      t.match(await tokens.of(session, NONE), { outcome: 'usable', session: { record: { accessToken: 'access 0' } } })
      t.match(await first, { outcome: 'usable', session: { record: { accessToken: 'access 1' } } })
    })

    t.test('a provider that is away ends nothing: the token is used while it lasts, then it is not now', async (t) => {
      const { keeper, tokens, provider, browser } = stage(t, rotatingProvider({ away: true }))
      const clock = fakeClock(t)
      const session = await logIn(keeper, browser, recordEnding(30))
      t.match(await tokens.of(session, NONE), { outcome: 'usable', session: { record: { accessToken: 'access 0' } }, cookies: [] })
      await tokens.of(session, NONE)
      t.equal(provider.shown.length, 1, 'it is not asked again by every request')
      clock.advance(31_000)
      await sleep(5)
      t.match(await tokens.of(session, NONE), { outcome: 'later', cause: { message: '502' } })
      t.equal(provider.shown.length, 2)
      clock.advance(6_000)
      await sleep(5)
      provider.away = false
      t.match(await tokens.of(session, NONE), { outcome: 'usable', session: { record: { accessToken: 'access 1' } } })
    })

    t.test('a provider that does not answer is not waited for', async (t) => {
      const { keeper, browser, store } = stage(t)
      const timers = catchTimers(t)
      const given: AbortSignal[] = []
      const tokens = accessTokens(t, keeper, store, async (_token, signal) => { given.push(signal); return new Promise(() => {}) })
      const asked = tokens.of(await logIn(keeper, browser, recordEnding(-1)), NONE)
      await until(() => given.length === 1)
      timers(10_000).forEach(({ fire, isHolding }) => { if (isHolding) fire() })
      t.match(await asked, { outcome: 'later', cause: { message: 'the access token could not be refreshed in time' } })
      t.equal(given[0]?.aborted, false, 'an answer that comes after all is not lost')
      timers(30_000).forEach(({ fire }) => { fire() })
      t.equal(given[0]?.aborted, true, 'but there is an end to it')
    })

    t.test('a refresh token the provider refuses is not shown again, and the session lives on', async (t) => {
      const { keeper, tokens, provider, browser } = stage(t, rotatingProvider({ valid: 'another' }))
      const session = await logIn(keeper, browser, recordEnding(-1))
      const refused = await tokens.of(session, { header: browser.header() })
      t.match(refused, { outcome: 'refused', session: { record: { subject: 'ada', refreshToken: undefined } } })
      if (refused.outcome === 'refused') browser.take(refused.cookies)
      t.match(await tokens.of(session, NONE), { outcome: 'refused' }, 'by a request that still carries it')
      const next = await sessionFor(keeper, browser.header())
      t.equal(next.record.refreshToken, undefined)
      t.match(await tokens.of(next, NONE), { outcome: 'refused', cookies: [] })
      t.strictSame(provider.shown, ['refresh 0'])
    })

    t.test('while the access token lasts that is no loss yet', async (t) => {
      const { keeper, tokens, browser } = stage(t, rotatingProvider({ valid: 'another' }))
      t.match(await tokens.of(await logIn(keeper, browser, recordEnding(30)), NONE), { outcome: 'usable', session: { record: { accessToken: 'access 0', refreshToken: undefined } } })
    })

    t.test('a session without a refresh token has its access token until it ends', async (t) => {
      const { keeper, tokens, browser } = stage(t)
      t.match(await tokens.of(await logIn(keeper, browser, recordEnding(30, { refreshToken: undefined })), NONE), { outcome: 'usable' })
      t.match(await tokens.of(await logIn(keeper, browser, recordEnding(-1, { refreshToken: undefined })), NONE), { outcome: 'refused' })
    })

    t.test('a session that was ended is not refreshed', async (t) => {
      const { keeper, tokens, provider, browser } = stage(t)
      const session = await logIn(keeper, browser, recordEnding(-1))
      await keeper.end(session, NONE)
      t.match(await tokens.of(session, { header: browser.header() }), { outcome: 'ended', cookies: [/Max-Age=0/] })
      t.strictSame(provider.shown, [])
    })

    t.test('a logout meanwhile leaves no refresh token alive at the provider', async (t) => {
      const { keeper, browser, store } = stage(t)
      const revoked: unknown[] = []
      const revoke: RefreshParts['revoke'] = (refreshToken, { provider, subject }) => { revoked.push([refreshToken, provider, subject]) }
      const answers = [{ accessToken: 'new', refreshToken: 'refresh 1' }, { accessToken: 'new', refreshToken: 'refresh 0' }, { accessToken: 'new' }]
      for (const [index, answer] of answers.entries()) {
        const session = await logIn(keeper, browser, recordEnding(-1))
        const ending = async () => { await keeper.end(session, NONE); return answer }
        t.match(await accessTokens(t, keeper, store, ending, { revoke }).of(session, NONE), { outcome: 'ended' })
        t.strictSame(revoked, [['refresh 1', 'example', 'ada']], index === 0 ? 'the new one' : 'the one that was shown the logout revokes')
        await store.delete(refreshedKey('refresh 0'))
      }
      const session = await logIn(keeper, browser, recordEnding(-1))
      const untold = accessTokens(t, keeper, store, async () => { await keeper.end(session, NONE); return answers[0]! })
      t.match(await untold.of(session, NONE), { outcome: 'ended' }, 'nor does it need anybody to be told')
    })

    t.test('a session that ends while new tokens are written down is over', async (t) => {
      const { keeper, browser, store } = stage(t)
      const ending: Partial<SessionKeeper> = { in: keeper.in, save: async () => undefined, clear: (cookies) => keeper.clear(cookies), reread: (session) => keeper.reread(session) }
      const tokens = accessTokens(t, ending as SessionKeeper, store, async () => ({ accessToken: 'new' }))
      t.match(await tokens.of(await logIn(keeper, browser, recordEnding(-1)), { header: browser.header() }), { outcome: 'ended', cookies: [/Max-Age=0/] })
    })

    t.test('a session that is over by the time there is an answer stays over', async (t) => {
      const { keeper, browser, store } = stage(t)
      const clock = fakeClock(t)
      const tokens = accessTokens(t, keeper, store, async () => { clock.advance(86_400_000); return { accessToken: 'new' } })
      t.match(await tokens.of(await logIn(keeper, browser, recordEnding(-1)), { header: browser.header() }), { outcome: 'ended', cookies: [/Max-Age=0/] })
    })

    t.test('where the store is away the token is used while it lasts, then it is not now', async (t) => {
      const { keeper, tokens, provider, browser, store } = stage(t)
      const session = await logIn(keeper, browser, recordEnding(30))
      const ended = await logIn(keeper, newBrowser(), recordEnding(-1))
      store.away = 'all'
      t.match(await tokens.of(session, NONE), { outcome: 'usable', session: { record: { accessToken: 'access 0' } } })
      t.match(await tokens.of(ended, NONE), { outcome: 'later', cause: { name: 'StoreUnavailableError' } })
      t.strictSame(provider.shown, [], 'a refresh token is not shown where its outcome could not be kept')
      store.away = 'none'
      t.match(await tokens.of(ended, NONE), { outcome: 'usable', session: { record: { accessToken: 'access 1' } } })
    })

    t.test('a mistake in the tokens is an error, not an outage', async (t) => {
      const { keeper, browser, store } = stage(t)
      const tokens = accessTokens(t, keeper, store, async () => ({ accessToken: 'x'.repeat(200_000) }))
      await t.rejects(tokens.of(await logIn(keeper, browser, recordEnding(-1)), NONE), RangeError)
    })
  })
}

t.test('in a store, what others wrote into the session meanwhile stays', async (t) => {
  const store = memoryStore()
  const keeper = KEEPERS.store(store)
  const session = await logIn(keeper, newBrowser(), recordEnding(-1))
  const tokens = accessTokens(t, keeper, store, async () => {
    await keeper.save(session, (record) => ({ ...record, data: { cart: 1 } }), NONE)
    return { accessToken: 'new', refreshToken: 'refresh 1' }
  })
  t.match(await tokens.of(session, NONE), { session: { record: { accessToken: 'new', data: { cart: 1 } } } })
})

t.test('in a cookie, each request keeps what is its own', async (t) => {
  const store = memoryStore()
  const keeper = KEEPERS.cookie(store)
  const provider = rotatingProvider()
  const tokens = accessTokens(t, keeper, store, provider.refresh)
  const session = await logIn(keeper, newBrowser(), recordEnding(-1))
  const other = await keeper.save(session, (record) => ({ ...record, data: { cart: 1 } }), NONE)
  const [first, second] = await Promise.all([tokens.of(session, NONE), tokens.of(other!.session, NONE)])
  t.match(first, { outcome: 'usable', session: { record: { accessToken: 'access 1', data: {} } }, cookies: [/^__Host-gatehouse=/] })
  t.match(second, { outcome: 'usable', session: { record: { accessToken: 'access 1', data: { cart: 1 } } } })
  t.equal(provider.shown.length, 1)
})
