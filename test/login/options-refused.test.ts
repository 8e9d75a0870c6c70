import t from 'tap'
import { readLoginOptions } from '../../lib/login/options.js'
import { mistake } from '../support/mistake.js'
import { SECRET } from '../support/session-stage.js'

const session = { secret: SECRET }

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
    [{ session: { ...session, cookie: { name: 'gatehouse-silent' } } }, 'login.session.cookie.name: expected a name no other cookie of ours has'],
    [{ session: { ...session, cookie: { name: 'gatehouse-login-x' } } }, 'login.session.cookie.name: expected a name no other cookie of ours has'],
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
    [{ session, logout: { returnTo: 'https://evil.example' } }, 'login.logout.returnTo: expected a path such as /login'],
    [{ session, logout: { return_to: '/' } }, 'login.logout: unknown key "return_to"; did you mean "returnTo"?'],
    [{ session, routes: false }, 'login.routes: expected an object, got false'],
    [{ session, routes: { signin: '/x' } }, 'login.routes: unknown key "signin"; known are login, callback, logout, backchannelLogout'],
    [{ session, routes: { callback: false } }, 'login.routes.callback: expected a path such as /login'],
    [{ session, routes: { login: true } }, 'login.routes.login: expected a path such as /login'],
    [{ session, routes: { login: '/logout' } }, 'login.routes: two of them have the same path'],
    ...['login', '', '//evil.example', '/a?b', '/a#b', '/:name', '/a*', '/a b', '/ä', 'https://app.example.com/login', '/\\a'].map((login) =>
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
