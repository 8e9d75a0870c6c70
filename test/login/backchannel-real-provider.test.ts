import t from 'tap'
import { oidc } from '../../lib/index.js'
import { createBackchannelLogout } from '../../lib/login/backchannel.js'
import { createLoginClient } from '../../lib/login/client.js'
import { parseForm } from '../../lib/login/form.js'
import { secret } from '../../lib/providers/secret.js'
import { memoryStore } from '../../lib/store/memory.js'
import { endOfAll } from '../../lib/token/deadline.js'
import { loginKeys } from '../support/login-keys.js'
import { AFTER_LOGOUT, loginProvider, REDIRECT_URI } from '../support/login-provider.js'
import { outcomeOf } from '../support/logout-tokens.js'

const never = endOfAll().signal

t.test('a logout at the certified provider ends the session that began there', async (t) => {
  const posted: Array<{ url: string, type: string | null, body: string }> = []
  const server = await loginProvider(t, {
    features: { backchannelLogout: { enabled: true } },
    // It refuses to connect to loopback.
    fetch: async (url: string, { headers, body }: { headers: Headers, body: URLSearchParams }) => {
      posted.push({ url, type: headers.get('content-type'), body: String(body) })
      return new Response()
    },
    clients: [{
      client_id: 'web',
      client_secret: 'hunter2',
      redirect_uris: [REDIRECT_URI],
      post_logout_redirect_uris: [AFTER_LOGOUT],
      application_type: 'native',
      backchannel_logout_uri: 'https://app.example.com/backchannel-logout',
      backchannel_logout_session_required: true
    }]
  })
  const provider = oidc({ issuer: server.issuer, audience: 'https://api.example' })
  const keys = loginKeys(t, provider)
  const client = createLoginClient({
    provider,
    keys,
    clientId: 'web',
    clientAuthentication: { method: 'client_secret_basic', secret: secret('hunter2') },
    scope: 'openid',
    responseMode: 'query',
    pushedAuthorizationRequests: 'auto',
    clockTolerance: 10,
    fetchOptions: {}
  })
  const browser = server.browser()
  const { url, transaction } = await client.start({ redirectUri: REDIRECT_URI }, never)
  const { idToken, sid } = await client.finish((await browser.visit(url)).parameters, transaction, never)
  t.type(sid, 'string')
  const logoutUrl = await client.logoutUrl({ idTokenHint: idToken }, never)
  const page = await (await browser.open(logoutUrl!)).text()
  await browser.open(`${server.issuer}/session/end/confirm`, { xsrf: /name="xsrf" value="([^"]+)"/.exec(page)![1]!, logout: 'yes' })
  t.match(posted, [{ url: 'https://app.example.com/backchannel-logout', type: 'application/x-www-form-urlencoded', body: /^logout_token=eyJ/ }])

  const ended: object[] = []
  const sessions = {
    async deleteBySid (session: object) { ended.push(session) },
    async deleteBySubject () { throw new Error('more than was said') }
  }
  const logout = createBackchannelLogout({ parties: [{ provider, keys, clientId: 'web' }], store: memoryStore(), sessions, tolerance: 10 })
  const parameters = parseForm(posted[0]!.body)
  await logout(parameters, never)
  t.strictSame(ended, [{ issuer: server.issuer, sid }])
  t.match(await outcomeOf(logout(parameters, never)), { status: 400, reason: 'logout_token_refused' }, 'once')
})
