import t from 'tap'
import { isSecure, issuerUrl, keyUrl } from '../../lib/providers/url.js'
import { mistake } from '../support/mistake.js'

const issuer = (value: unknown, allowHttp = false) => issuerUrl('oidc(): issuer', value, allowHttp, 'is its environment variable set?')
const keys = (value: unknown, allowHttp = false) => keyUrl('oidc(): keys.jwksUri', value, allowHttp)

t.test('an issuer comes back to the letter', async (t) => {
  for (const value of [
    'https://id.example', 'https://id.example/', 'https://id.example/realms/main', 'https://id.example:8443/',
    'http://localhost:8080', 'http://127.0.0.1', 'http://127.8.8.8:1', 'http://[::1]:8080/'
  ]) t.equal(issuer(value), value)
})

t.test('what is no https URL is no issuer', async (t) => {
  const sentence = (found: string) => `oidc(): issuer: expected an https URL, got ${found}; is its environment variable set?`
  for (const [value, found] of [
    [undefined, 'undefined'], [null, 'null'], ['', "''"], ['undefined', "'undefined'"], ['id.example', "'id.example'"],
    [42, '42'], [[], '[]']
  ] as const) t.equal(mistake(() => issuer(value)), sentence(found))
  t.match(mistake(() => issuer(new URL('https://id.example'))), /^oidc\(\): issuer: expected an https URL, got an instance of URL/)
})

t.test('plain http and other schemes are refused beyond loopback', async (t) => {
  for (const value of [
    'http://id.example', 'http://localhost.example', 'http://notlocalhost', 'http://127.0.0.1.example', 'http://10.0.0.1', 'http://128.0.0.1',
    'http://[::2]', 'http://[::ffff:10.0.0.1]', 'http://0.0.0.0', 'ftp://localhost', 'ws://localhost', 'file:///keys.json', 'data:,x'
  ]) {
    const remedy = 'plain http is for loopback; dangerouslyAllowHttp: true allows it elsewhere'
    t.equal(mistake(() => issuer(value)), `oidc(): issuer: expected an https URL, got '${value}'; ${remedy}`)
    t.equal(mistake(() => keys(value)), `oidc(): keys.jwksUri: expected an https URL, got '${value}'; ${remedy}`)
  }
})

t.test('plain http is allowed where that is written out, other schemes never', async (t) => {
  t.equal(issuer('http://id.example', true), 'http://id.example')
  t.equal(keys('http://10.0.0.1/jwks', true), 'http://10.0.0.1/jwks')
  t.match(mistake(() => issuer('ftp://id.example', true)), /expected an https URL, got 'ftp:/)
})

t.test('an issuer has no query and no fragment', async (t) => {
  for (const value of ['https://id.example/?a=b', 'https://id.example/#top']) {
    t.equal(mistake(() => issuer(value)), `oidc(): issuer: expected a URL without query and fragment, got '${value}'`)
  }
})

t.test('an empty query or fragment is one too: the discovery URL would end up behind it', async (t) => {
  for (const value of ['https://id.example?', 'https://id.example/#']) {
    t.match(mistake(() => issuer(value)), /without query and fragment/)
  }
})

t.test('an issuer with white space around it, which no iss equals, is refused', async (t) => {
  for (const value of [' https://id.example', 'https://id.example\n', 'https://id.example\t', 'https://id.exa\nmple']) {
    t.match(mistake(() => issuer(value)), /^oidc\(\): issuer: expected .+, got '/, JSON.stringify(value))
  }
})

t.test('the address of keys may have a query', async (t) => {
  t.equal(keys('https://id.example/keys?appid=1'), 'https://id.example/keys?appid=1')
})

t.test('a URL that is no text is no address of keys', async (t) => {
  t.equal(mistake(() => keys('/jwks')), "oidc(): keys.jwksUri: expected an https URL, got '/jwks'")
  t.equal(mistake(() => keys(undefined)), 'oidc(): keys.jwksUri: expected an https URL, got undefined')
})

t.test('a URL with user name or password is refused, and neither is shown', async (t) => {
  for (const value of ['https://user:hunter2@id.example', 'https://hunter2@id.example', 'http://:hunter2@id.example']) {
    t.equal(mistake(() => issuer(value)), 'oidc(): issuer: expected a URL without user name and password')
    t.equal(mistake(() => keys(value)), 'oidc(): keys.jwksUri: expected a URL without user name and password')
  }
})

t.test('keys are fetched by https, on loopback also by http, elsewhere only where that is allowed by name', async (t) => {
  for (const [url, allowHttp, secure] of [
    ['https://id.example/jwks', false, true],
    ['http://id.example/jwks', false, false],
    ['http://id.example/jwks', true, true],
    ['http://localhost:8080/jwks', false, true],
    ['http://127.1/jwks', false, true],
    ['http://[::1]/jwks', false, true],
    ['http://localhost.example/jwks', false, false],
    ['http://127.0.0.1.nip.io/jwks', false, false],
    ['ftp://localhost/jwks', true, false]
  ] as const) t.equal(isSecure(new URL(url), allowHttp), secure, `${url}, ${allowHttp}`)
})
