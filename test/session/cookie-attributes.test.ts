import t from 'tap'
import { defineCookie, setCookieLine } from '../../lib/session/cookie-attributes.js'
import type { CookieAttributes } from '../../lib/session/cookie-attributes.js'
import { mistake } from '../support/mistake.js'

const HTTPS: CookieAttributes = { path: '/', secure: true, sameSite: 'Lax' }
const HTTP: CookieAttributes = { path: '/', secure: false, sameSite: 'Lax' }

t.test('a name has the prefix that fits the attributes', async (t) => {
  for (const [attributes, name] of [
    [HTTPS, '__Host-gatehouse'],
    [{ ...HTTPS, sameSite: 'None' }, '__Host-gatehouse'],
    [{ ...HTTPS, domain: undefined }, '__Host-gatehouse'],
    [{ ...HTTPS, path: '/app' }, '__Secure-gatehouse'],
    [{ ...HTTPS, domain: 'example.com' }, '__Secure-gatehouse'],
    [HTTP, 'gatehouse'],
    [{ ...HTTP, path: '/app' }, 'gatehouse']
  ] as const) t.equal(defineCookie('gatehouse', attributes).name, name)
})

t.test('a line says everything, HttpOnly always', async (t) => {
  const line = (attributes: CookieAttributes, maxAge?: number) => setCookieLine(defineCookie('a', attributes), 'a.0', 'b', maxAge)
  t.equal(line(HTTPS), 'a.0=b; Path=/; HttpOnly; Secure; SameSite=Lax')
  t.equal(line(HTTPS, 60), 'a.0=b; Max-Age=60; Path=/; HttpOnly; Secure; SameSite=Lax')
  t.equal(line(HTTP, 0), 'a.0=b; Max-Age=0; Path=/; HttpOnly; SameSite=Lax')
  t.equal(line({ path: '/app', domain: 'example.com', secure: true, sameSite: 'None' }), 'a.0=b; Domain=example.com; Path=/app; HttpOnly; Secure; SameSite=None')
  t.equal(line({ ...HTTP, sameSite: 'Strict' }), 'a.0=b; Path=/; HttpOnly; SameSite=Strict')
})

t.test('a definition is frozen, and has 12,000 bytes unless told otherwise', async (t) => {
  t.strictSame(defineCookie('a', HTTP), { name: 'a', suffix: '; Path=/; HttpOnly; SameSite=Lax', budget: 12_000 })
  t.ok(Object.isFrozen(defineCookie('a', HTTP)))
  for (const budget of [1000, 64_000]) t.equal(defineCookie('a', HTTP, budget).budget, budget)
  for (const budget of [999, 64_001, 1000.5, NaN, Infinity, -1]) {
    t.match(mistake(() => defineCookie('a', HTTP, budget)), /^cookie "a": budget: expected 1000 to 64000 bytes, got /)
  }
})

t.test('a name that could be another cookie, or no name, is refused', async (t) => {
  for (const name of ['', 'a b', 'a=b', 'a;b', 'a,b', 'a"b', 'a\n', 'ä', 'a/b', 'x'.repeat(101)]) {
    t.match(mistake(() => defineCookie(name, HTTP)), /expected a name of letters, digits, dashes and dots/, name)
  }
  for (const name of ['__Host-a', '__Secure-a', '__host-a', '__SECURE-a']) t.match(mistake(() => defineCookie(name, HTTP)), /__Host- is added on https$/)
  for (const name of ['a.0', 'a.12', 'a.b.007']) t.match(mistake(() => defineCookie(name, HTTP)), /expected a name that does not end like a chunk/)
  for (const name of ['a', 'a.b', 'a.0b', 'tx_-0', '__proto__', 'x'.repeat(100)]) t.equal(defineCookie(name, HTTP).name, name)
})

t.test('attributes that a browser would ignore, or read as several, are refused', async (t) => {
  for (const path of ['', 'app', '/a;Secure', '/a b', '/\n', '/ä', `/${'x'.repeat(1001)}`]) {
    t.match(mistake(() => defineCookie('a', { ...HTTPS, path })), /^cookie "a": path: expected a path that begins with a slash, got /)
  }
  for (const domain of ['', '.example.com', 'Example.com', 'com', 'a.b; Path=/', 'a..b', 'a.b.', 'ä.de', `${'a'.repeat(252)}.de`]) {
    t.match(mistake(() => defineCookie('a', { ...HTTPS, domain })), /^cookie "a": domain: expected a host name in lower case, got /)
  }
  t.equal(mistake(() => defineCookie('a', { ...HTTP, sameSite: 'None' })), 'cookie "a": browsers drop SameSite=None without Secure; it needs https')
})
