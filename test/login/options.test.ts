import t from 'tap'
import { readLoginOptions } from '../../lib/login/options.js'
import { mistake } from '../support/mistake.js'
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

const session = { secret: SECRET }

t.test('names and paths that only look like those refused are taken', async (t) => {
  for (const name of ['silent', 'gatehouse-login', 'gatehouse-login-x', 'app-login-form', 'silent-app', 'a'.repeat(77)]) {
    t.equal(readLoginOptions({ session: { secret: SECRET, cookie: { name } } }).cookieOptions.name, name)
  }
  for (const login of ['/.well-known/login', '/a..b/c', '/...', '/~ada/in']) t.equal(readLoginOptions({ session: { secret: SECRET }, routes: { login } }).routes.login, login)
  for (const returnTo of ['/', '/bye/']) t.equal(readLoginOptions({ session: { secret: SECRET }, logout: { returnTo } }).logout.returnTo, returnTo)
})

t.test('a wrong option is refused with path and remedy', async (t) => {
  for (const [options, message] of [
    [undefined, 'login: expected an object: pass { session: { secret: process.env.SESSION_SECRET } }'],
    [SECRET, 'login: expected an object'],
    [{}, 'login.session: expected an object: pass { secret: process.env.SESSION_SECRET }'],
    [{ session: SECRET }, 'login.session: expected an object: pass { secret: process.env.SESSION_SECRET }'],
    [{ session: null }, 'login.session: expected an object'],
    [{ session: [SECRET] }, 'login.session: expected an object'],
    [{ session: {} }, 'login.session.secret'],
    [{ session: { secret: undefined } }, 'login.session.secret'],
    [{ session: { secret: '' } }, 'login.session.secret'],
    [{ session: { secret: 'short' } }, 'login.session.secret'],
    [{ session: { ...session, maxAge: 5 } }, 'login.session: unknown key "maxAge"; known are secret, in, idle, absolute, cookie'],
    [{ session: { ...session, in: 'memory' } }, "login.session.in: expected one of cookie, store, got 'memory'"],
    [{ session: { ...session, idle: 5 } }, 'login.session.idle: expected 60 to'],
    [{ session: { ...session, absolute: 604_800_000 } }, 'login.session.absolute: expected 60 to 34560000 whole seconds, got 604800000; are these milliseconds?'],
    [{ session: { ...session, idle: 120, absolute: 60 } }, 'login.session: idle (120 s) is longer than absolute (60 s)'],
    [{ session: { ...session, cookie: 'sid' } }, 'login.session.cookie: expected an object'],
    [{ session: { ...session, cookie: { samesite: 'Lax' } } }, 'login.session.cookie: unknown key "samesite"; did you mean "sameSite"?'],
    [{ session: { ...session, cookie: { sameSite: 'None' } } }, "login.session.cookie.sameSite: expected one of Lax, Strict, got 'None'"],
    [{ session: { ...session, cookie: { name: 5 } } }, 'login.session.cookie.name: expected a text, got 5'],
    ...['gatehouse-silent', 'a-silent', `a-login-${'x'.repeat(16)}`, 'a'.repeat(78)].map((name) =>
      [{ session: { ...session, cookie: { name } } }, 'login.session.cookie.name: expected at most 77 characters, and a name no other cookie of ours can have, got '] as const),
    [{ session: { ...session, cookie: { path: null } } }, 'login.session.cookie.path: expected a text, got null'],
    [{ session: { ...session, cookie: { domain: true } } }, 'login.session.cookie.domain: expected a host name, got true'],
    [{ session, prefix: '/auth' }, "login: prefix has no effect here; write the paths: routes: { login: '/auth/login', … }"],
    [{ session, scopes: 'openid' }, 'login: unknown key "scopes"; did you mean "scope"?'],
    [{ session, returnTo: '/' }, 'login: unknown key "returnTo"'],
    [{ session, scope: 'profile' }, "login.scope: expected scopes separated by spaces, openid among them, got 'profile'"],
    [{ session, scope: ['openid'] }, 'login.scope: expected scopes'],
    [{ session, responseMode: 'fragment' }, "login.responseMode: expected one of query, form_post, got 'fragment'"],
    [{ session, pushedAuthorizationRequests: true }, 'login.pushedAuthorizationRequests: expected one of auto, always, never, got true'],
    [{ session, userinfo: 'yes' }, "login.userinfo: expected true or false, got 'yes'"],
    [{ session, redirect: 0 }, 'login.redirect: expected true or false, got 0'],
    [{ session, silent: null }, 'login.silent: expected true or false, got null'],
    [{ session, afterLogin: {} }, 'login.afterLogin: expected a function of the login and the request, got {}'],
    [{ session, logout: false }, 'login.logout: expected an object, got false'],
    [{ session, logout: { provider: 'yes' } }, 'login.logout.provider: expected true or false'],
    [{ session, logout: { returnTo: 'https://evil.example' } }, 'login.logout.returnTo: expected a path such as /bye'],
    [{ session, logout: { return_to: '/' } }, 'login.logout: unknown key "return_to"; did you mean "returnTo"?'],
    [{ session, routes: false }, 'login.routes: expected an object, got false'],
    [{ session, routes: { signin: '/x' } }, 'login.routes: unknown key "signin"; known are login, callback, logout, backchannelLogout'],
    [{ session, routes: { callback: false } }, 'login.routes.callback: expected a path such as /login'],
    [{ session, routes: { login: true } }, 'login.routes.login: expected a path such as /login'],
    [{ session, routes: { login: '/logout' } }, 'login.routes: two of them have the same path'],
    [{ session, prompt: 'none' }, 'login.prompt: with none nobody could log in; to ask without showing anything write silent: true'],
    [{ session, routes: { callback: '/a/../b' } }, "login.routes.callback: expected a path such as /login: letters, digits, dots and dashes between single slashes, and none at its end, got '/a/../b'"],
    ...['/', '/a/', '/.', '/..', '/./a', '/a/..', '/a//b', 'login', '', '//evil.example', '/a?b', '/a#b', '/:name', '/a*', '/a b', '/ä', 'https://app.example.com/login', '/\\a'].map((login) =>
      [{ session, routes: { login } }, 'login.routes.login: expected a path such as /login'] as const)
  ] as ReadonlyArray<readonly [unknown, string]>) {
    const said = mistake(() => readLoginOptions(options))
    t.ok(said?.startsWith(message), `${message} | ${said}`)
  }
})

t.test('no mistake shows a secret', async (t) => {
  for (const options of [SECRET, [SECRET], { session: SECRET }, { session: [SECRET] }, { session: { ...session, in: 'x' } }, { session: { secret: SECRET.slice(0, 20) } }, { session: { secret: { secret: SECRET } } }]) {
    const said = mistake(() => readLoginOptions(options))
    t.type(said, 'string')
    t.notOk(said!.includes(SECRET.slice(0, 12)), said!)
  }
})
