import t from 'tap'
import { readLoginOptions } from '../../lib/login/options.js'
import { OTHER_SECRET, SECRET } from '../support/session-stage.js'

t.test('a secret is all that must be said', async (t) => {
  const settings = readLoginOptions({ session: { secret: SECRET } })
  t.strictSame(settings, {
    secrets: [SECRET],
    keptIn: 'cookie',
    lifetime: { idle: 86_400, absolute: 604_800 },
    cookieOptions: { name: 'gatehouse', domain: undefined, path: '/', sameSite: 'Lax' },
    scope: 'openid profile email',
    routes: { login: '/login', callback: '/callback', logout: '/logout', backchannelLogout: undefined },
    responseMode: 'query',
    pushedAuthorizationRequests: 'auto',
    userinfo: false,
    afterLogin: undefined,
    logout: { returnTo: undefined, provider: true },
    redirect: true,
    silent: false,
    prompt: undefined,
    maxAge: undefined,
    acrValues: undefined,
    authorizationParams: undefined
  })
  for (const part of [settings, settings.cookieOptions, settings.routes, settings.logout]) t.ok(Object.isFrozen(part))
})

t.test('everything can be said', async (t) => {
  const afterLogin = () => undefined
  const given = {
    scope: 'openid offline_access',
    responseMode: 'form_post',
    pushedAuthorizationRequests: 'always',
    userinfo: true,
    afterLogin,
    redirect: false,
    silent: true,
    prompt: 'login',
    maxAge: 0,
    acrValues: ['urn:mfa'],
    authorizationParams: { organization: 'org_1', ui_locales: ['de', 'en'] }
  }
  t.match(readLoginOptions({
    ...given,
    session: { secret: [SECRET, OTHER_SECRET], in: 'store', idle: 600, absolute: 3600, cookie: { name: 'sid', domain: 'example.com', path: '/app', sameSite: 'Strict' } },
    routes: { login: '/auth/log-in', callback: '/auth/back', logout: '/auth/out', backchannelLogout: '/auth/bye' },
    logout: { returnTo: '/bye', provider: false },
    logLevel: 'warn',
    logSerializers: {}
  }), {
    ...given,
    secrets: [SECRET, OTHER_SECRET],
    keptIn: 'store',
    lifetime: { idle: 600, absolute: 3600 },
    cookieOptions: { name: 'sid', domain: 'example.com', path: '/app', sameSite: 'Strict' },
    routes: { login: '/auth/log-in', callback: '/auth/back', logout: '/auth/out', backchannelLogout: '/auth/bye' },
    logout: { returnTo: '/bye', provider: false }
  })
})

t.test('routes but the callback can be left out, and members that are undefined are not there', async (t) => {
  t.strictSame(readLoginOptions({ session: { secret: SECRET }, routes: { login: false, logout: false, backchannelLogout: false } }).routes, { login: undefined, callback: '/callback', logout: undefined, backchannelLogout: undefined })
  const nothing = { scope: undefined, routes: undefined, responseMode: undefined, pushedAuthorizationRequests: undefined, userinfo: undefined, afterLogin: undefined, logout: undefined, redirect: undefined, silent: undefined }
  const session = { secret: SECRET, in: undefined, idle: undefined, absolute: undefined, cookie: { name: undefined, domain: undefined, path: undefined, sameSite: undefined } }
  t.strictSame(readLoginOptions({ session, ...nothing }), readLoginOptions({ session: { secret: SECRET } }))
})
