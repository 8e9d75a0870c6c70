import t from 'tap'
import { ask, house, issuerFor } from '../support/house.js'
import { failure } from '../support/refusals.js'

const issuer = await issuerFor(t)

/** Fastify's `done(error)` takes every falsy error for none at all. */
const THROWN: Array<[title: string, thrown: unknown]> = [
  ['an Error', new Error('the database is away')],
  ['undefined', undefined],
  ['null', null],
  ['false', false],
  ['an empty text', ''],
  ['a text', 'oops']
]
const PLACES = ['preHandler', 'onRequest'] as const

t.test('what authorize throws goes to the error handler and lets nobody in:', async (t) => {
  for (const enforce of PLACES) {
    for (const [title, thrown] of THROWN) {
      t.test(`${title}, with enforce: '${enforce}'`, async (t) => {
        const app = await house(t, issuer, { enforce })
        app.get('/throws', { config: { auth: { authorize: () => { throw thrown } } } }, async () => 'in')
        app.get('/rejects', { config: { auth: { authorize: () => Promise.reject(thrown) } } }, async () => 'in')
        for (const url of ['/throws', '/rejects']) {
          const answer = await ask(app, { url, token: issuer.token() })
          t.match(answer, { status: 500, challenge: undefined }, url)
          if (thrown instanceof Error) t.strictSame(answer, failure('the database is away'), 'as it is')
        }
      })
    }
  }
})

t.test('what a function of a claim throws goes to the error handler and lets nobody in:', async (t) => {
  for (const enforce of PLACES) {
    for (const keys of ['held', 'yet to be fetched'] as const) {
      for (const [title, thrown] of THROWN) {
        t.test(`${title}, with enforce: '${enforce}' and keys ${keys}`, { timeout: 5_000 }, async (t) => {
          const app = await house(t, issuer, { enforce, startup: 'lazy' })
          app.get('/', { config: { auth: { claims: { sub: () => { throw thrown } } } } }, async () => 'in')
          await app.ready()
          if (keys === 'held') await app.gatehouse.ready()
          const answer = await ask(app, { url: '/', token: issuer.token() })
          t.match(answer, { status: 500, challenge: undefined })
          if (thrown instanceof Error) t.strictSame(answer, failure('the database is away'), 'as it is')
        })
      }
    }
  }
})

t.test('what the handler of a guarded route throws is not ours', async (t) => {
  for (const startup of ['lazy', 'warm'] as const) {
    const app = await house(t, issuer, { startup, enforce: 'onRequest' })
    app.get('/', () => { throw new Error('mine') })
    t.strictSame(await ask(app, { url: '/', token: issuer.token() }), failure('mine'))
    t.strictSame(app.gatehouse.stats().refused, {})
  }
})
