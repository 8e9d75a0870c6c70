import t from 'tap'
import { newRecord } from '../../lib/session/record.js'
import { memoryStore } from '../../lib/store/memory.js'
import { endOfAll } from '../../lib/token/deadline.js'
import { away, backchannel, DONE, REPLAYED, watched } from '../support/backchannel.js'
import { logoutToken } from '../support/logout-tokens.js'
import { KEEPERS, logIn, loginOf, newBrowser, whoIs } from '../support/session-stage.js'

const never = endOfAll().signal

for (const kind of ['cookie', 'store'] as const) {
  t.test(`the provider ends sessions in a ${kind}`, async (t) => {
    const { store, mishaps } = watched(memoryStore({ singleProcess: true }))
    const keeper = KEEPERS[kind](store)
    const { one, logout, send } = await backchannel(t, { store, sessions: keeper })
    const at = async (sid: string | undefined, subject = 'user-1') => {
      const browser = newBrowser()
      await logIn(keeper, browser, newRecord(loginOf({ issuer: one.issuer, sid, subject })))
      return () => whoIs(keeper, browser.header())
    }

    t.test('with a sid this session is over, and no other of the person', async (t) => {
      const [here, there] = [await at('session-1'), await at('session-2')]
      await logout({ logout_token: logoutToken(one) }, never)
      t.strictSame([await here(), await there()], [undefined, 'user-1'])
    })

    t.test('without a sid all sessions of the person are over, and of nobody else', async (t) => {
      const [here, there, nowhere, other] = [await at('session-3'), await at('session-4'), await at(undefined), await at('session-5', 'user-2')]
      await logout({ logout_token: logoutToken(one, { sid: undefined }) }, never)
      t.strictSame([await here(), await there(), await nowhere(), await other()], [undefined, undefined, undefined, 'user-2'])
    })

    t.test('no session is no failure', async (t) => {
      t.strictSame(await send(logoutToken(one, { sid: 'unknown' })), DONE)
    })

    t.test('who logs in again stays in: the token that ended the session before is used up', async (t) => {
      const token = logoutToken(one, { sid: undefined })
      const before = await at('session-6')
      t.strictSame(await send(token), DONE)
      const again = await at('session-7')
      t.match(await send(token), REPLAYED)
      t.strictSame([await before(), await again()], [undefined, 'user-1'])
    })

    const ends = kind === 'cookie' ? 'set' : 'deleteByIndex'
    for (const method of ['get', ends, 'add']) {
      t.test(`a store away in the middle (${method}) is told, and the next try with the same token is heard`, async (t) => {
        const who = await at('session-8')
        const token = logoutToken(one, { sid: 'session-8' })
        mishaps.before = away(method)
        await t.rejects(logout({ logout_token: token }, never), { name: 'StoreUnavailableError' })
        await t.rejects(logout({ logout_token: token }, never), { name: 'StoreUnavailableError' }, 'twice')
        mishaps.before = undefined
        t.equal(await who(), method === 'add' ? undefined : 'user-1')
        t.strictSame(await send(token), DONE)
        t.equal(await who(), undefined)
        t.match(await send(token), REPLAYED)
      })
    }

    t.test('a store that did its work and did not say so: the session is over, whatever the next try is told', async (t) => {
      const who = await at('session-9')
      const token = logoutToken(one, { sid: 'session-9' })
      mishaps.after = away('add')
      await t.rejects(logout({ logout_token: token }, never), { name: 'StoreUnavailableError' })
      mishaps.after = undefined
      t.match(await send(token), REPLAYED)
      t.equal(await who(), undefined)
    })
  })
}
