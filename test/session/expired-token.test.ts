import type { FastifyInstance } from 'fastify'
import t from 'tap'
import type { Login } from '../../lib/session/record.js'
import { json } from '../support/login-server.js'
import { rotate, sessionApp } from '../support/session-app.js'
import type { SessionAppOptions } from '../support/session-app.js'
import { seconds } from '../support/session-stage.js'

function routes (app: FastifyInstance): void {
  app.get('/sets', async ({ auth }) => auth.scopes)
  app.get('/scoped', { config: { scopes: 'read' } }, async ({ auth }) => auth.subject)
}

async function open (t: Parameters<typeof sessionApp>[0], options: SessionAppOptions = {}) {
  const stage = await sessionApp(t, { routes, audience: true, ...options })
  await stage.app.gatehouse.ready()
  const { issuer } = stage.server
  const good = () => issuer.token({ sub: 'ada', scope: 'read' })
  /** An access token that expired, of which nothing written says so. */
  const expired = (changes: Partial<Login> = {}) => stage.seat({ accessToken: issuer.token({ sub: 'ada', scope: 'read', exp: Math.floor(seconds()) - 60 }), accessTokenSince: seconds() - 600, accessTokenExpiresAt: undefined, refreshToken: 'refresh 0', ...changes })
  return { ...stage, good, expired }
}

for (const place of ['cookie', 'store'] as const) {
  t.test(`an access token that expired without a word is refreshed once: session in a ${place}`, async (t) => {
    const { server, expired, good, record } = await open(t, { in: place })
    const { shown } = rotate(server, good)
    for (const [index, url] of ['/scoped', '/sets'].entries()) {
      // What was written may also say that it lasts: by another clock, or of another token.
      const browser = await expired({ refreshToken: `refresh ${index}`, accessTokenExpiresAt: index === 0 ? undefined : seconds() + 3_600 })
      t.match(await browser.get(url), { status: 200 })
      t.match(await record(browser), { refreshToken: `refresh ${index}+` })
      t.match(await browser.get('/scoped'), { status: 200, body: 'ada' })
    }
    t.strictSame(shown, ['refresh 0', 'refresh 1'])
  })

  t.test(`so it is where the refresh token stays the same, and every request at once has the new one: session in a ${place}`, async (t) => {
    const { server, expired, good } = await open(t, { in: place })
    let asked = 0
    server.answers['/token'] = (response) => { asked++; json(200, server.tokens({ access_token: good() }))(response) }
    const browser = await expired({ refreshToken: 'the same' })
    t.strictSame((await Promise.all(Array.from({ length: 5 }, () => browser.get('/scoped')))).map(({ status }) => status), [200, 200, 200, 200, 200])
    t.equal(asked, 1)
  })

  t.test(`where there is no new one a route that demands scopes says to log in again: session in a ${place}`, async (t) => {
    const { server, expired, reason } = await open(t, { in: place })
    const loginRequired = async (browser: Awaited<ReturnType<typeof expired>>) => {
      t.strictSame((await browser.get('/sets')).json(), [], 'nothing else does')
      t.match((await browser.get('/scoped')).json(), { statusCode: 401, code: 'GATEHOUSE_LOGIN_REQUIRED' })
      t.equal(reason(), 'access_token_ended')
    }
    await loginRequired(await expired({ refreshToken: undefined }))
    await loginRequired(await expired({ refreshToken: undefined, accessTokenSince: undefined }))
    server.answers['/token'] = json(400, { error: 'invalid_grant' })
    await loginRequired(await expired())
    server.answers['/token'] = json(503, {})
    const away = await expired({ refreshToken: 'refresh 2' })
    t.strictSame((await away.get('/sets')).json(), [])
    t.match((await away.get('/scoped')).json(), { statusCode: 503, code: 'GATEHOUSE_PROVIDER_UNAVAILABLE' })
  })
}

t.test('a token that expired before it came is another clock: nobody is asked again and again, and no login follows another', async (t) => {
  const { server, expired, reason } = await open(t)
  const { shown } = rotate(server, () => server.issuer.token({ sub: 'ada', scope: 'read', exp: Math.floor(seconds()) - 60 }))
  const browser = await expired()
  for (let time = 0; time < 3; time++) t.match((await browser.get('/scoped')).json(), { statusCode: 403, code: 'GATEHOUSE_SCOPE_INSUFFICIENT' })
  t.equal(reason(), 'scope_missing')
  t.strictSame(shown, ['refresh 0'])
})
