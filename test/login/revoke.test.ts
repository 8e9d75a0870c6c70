import t from 'tap'
import { NAVIGATION } from '../support/login-app.js'
import { loginStage } from '../support/login-stage.js'
import { json } from '../support/login-server.js'
import { until } from '../support/until.js'

const refreshing = { tokens: { refresh_token: 'hunter2-refresh' } }

t.test('a refresh token that could not be revoked is one line for the operator, without the token', async (t) => {
  const told: { decision?: false } = {}
  const { server, visitor, underWay, refusals, log } = await loginStage(t, { login: { logout: { provider: false }, afterLogin: () => told.decision } }, refreshing)
  const warned = async (reason: RegExp) => {
    let lines: Record<string, unknown>[] = []
    await until(() => {
      lines = [...lines, ...refusals().filter(({ reason }) => reason !== 'after_login_refused')]
      return lines.length > 0
    })
    t.match(lines, [{ level: 40, provider: 'oidc', reason }])
  }
  server.answers['/revoke'] = json(400, { error: 'invalid_client' })
  const ada = visitor()
  await ada.logIn()
  t.equal((await ada.get('/logout')).location, '/', 'nobody waits for it')
  await warned(/^provider_unavailable: .*status 400/)
  server.answers['/revoke'] = json(503, {})
  await ada.logIn()
  await ada.get('/logout')
  await warned(/^provider_unavailable: .*status 503/)
  told.decision = false
  const { ada: grace, callback } = await underWay()
  t.equal((await grace.get(callback, NAVIGATION)).status, 403)
  await warned(/^provider_unavailable: /)
  t.notMatch(log(), /hunter2-refresh/)
})

t.test('one that was revoked, or whose provider revokes none, is no warning', async (t) => {
  const { server, visitor, refusals, app } = await loginStage(t, { login: { logout: { provider: false } } }, refreshing)
  server.answers['/revoke'] = {}
  const ada = visitor()
  await ada.logIn()
  await ada.get('/logout')
  await until(() => server.requests.some(({ path, form }) => path === '/revoke' && form.token === 'hunter2-refresh'))
  const none = await loginStage(t, { login: { logout: { provider: false } } }, refreshing)
  delete none.server.issuer.metadata.revocation_endpoint
  const grace = none.visitor()
  await grace.logIn()
  await grace.get('/logout')
  await Promise.all([app.close(), none.app.close()])
  t.strictSame(refusals(), [])
  t.match(none.refusals(), [{ level: 20, reason: 'the provider has no revocation_endpoint' }])
})
