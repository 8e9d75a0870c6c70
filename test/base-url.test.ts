import t from 'tap'
import { chooseBaseUrl, readBaseUrls } from '../lib/base-url.js'
import { mistake } from './support/mistake.js'

const read = (value: unknown) => readBaseUrls('gatehouse.baseUrl', value)
const refusal = (value: unknown) => mistake(() => read(value))

t.test('an origin is taken apart', async (t) => {
  for (const [value, expectation] of [
    ['https://app.example.com', { origin: 'https://app.example.com', prefix: '', secure: true, hosts: ['app.example.com', 'app.example.com:443'] }],
    ['https://app.example.com:8443', { origin: 'https://app.example.com:8443', prefix: '', secure: true, hosts: ['app.example.com:8443'] }],
    ['https://app.example.com/app', { origin: 'https://app.example.com', prefix: '/app', secure: true, hosts: ['app.example.com', 'app.example.com:443'] }],
    ['https://app.example.com/a/b-c_d.e~f', { origin: 'https://app.example.com', prefix: '/a/b-c_d.e~f', secure: true, hosts: ['app.example.com', 'app.example.com:443'] }],
    ['http://localhost:3000', { origin: 'http://localhost:3000', prefix: '', secure: false, hosts: ['localhost:3000'] }],
    ['http://127.0.0.1', { origin: 'http://127.0.0.1', prefix: '', secure: false, hosts: ['127.0.0.1', '127.0.0.1:80'] }],
    ['http://[::1]:3000', { origin: 'http://[::1]:3000', prefix: '', secure: false, hosts: ['[::1]:3000'] }],
    ['https://xn--bcher-kva.example', { origin: 'https://xn--bcher-kva.example', prefix: '', secure: true, hosts: ['xn--bcher-kva.example', 'xn--bcher-kva.example:443'] }],
    ['https://intranet', { origin: 'https://intranet', prefix: '', secure: true, hosts: ['intranet', 'intranet:443'] }]
  ] as const) t.strictSame(read(value), [expectation])
})

t.test('several come in order, frozen to the bottom', async (t) => {
  const bases = read(['https://a.example', 'https://b.example/app', 'http://localhost:3000'])
  t.strictSame(bases.map(({ origin }) => origin), ['https://a.example', 'https://b.example', 'http://localhost:3000'])
  t.ok(Object.isFrozen(bases) && bases.every((base) => Object.isFrozen(base) && Object.isFrozen(base.hosts)))
})

t.test('an unset environment variable is named', async (t) => {
  for (const value of [undefined, '', 'undefined']) {
    t.match(refusal(value), /^gatehouse\.baseUrl: expected an origin such as https:\/\/app\.example\.com, got .*; is BASE_URL set\?$/)
    t.match(refusal(['https://a.example', value]), /^gatehouse\.baseUrl\[1\]: .*is BASE_URL set\?$/)
  }
  // eslint-disable-next-line no-sparse-arrays
  t.match(refusal(['https://a.example', , 'https://b.example']), /^gatehouse\.baseUrl\[1\]: .*is BASE_URL set\?$/)
})

t.test('what differs from the one spelling is refused, and that spelling told', async (t) => {
  for (const [value, meant] of [
    ['https://app.example.com/', 'https://app.example.com'],
    ['https://app.example.com//', 'https://app.example.com'],
    ['https://app.example.com/app/', 'https://app.example.com/app'],
    ['https://app.example.com:443', 'https://app.example.com'],
    ['http://localhost:80', 'http://localhost'],
    ['https://App.Example.com', 'https://app.example.com'],
    ['HTTPS://app.example.com', 'https://app.example.com'],
    ['https:/app.example.com', 'https://app.example.com'],
    ['https:app.example.com', 'https://app.example.com'],
    ['https:\\\\app.example.com', 'https://app.example.com'],
    ['https://app.example.com\\app', 'https://app.example.com/app'],
    ['https://app.example.com/a/../app', 'https://app.example.com/app'],
    ['https://app.example.com/./app', 'https://app.example.com/app'],
    [' https://app.example.com', 'https://app.example.com'],
    ['https://app.example.com\n', 'https://app.example.com'],
    ['https://app.exa\tmple.com', 'https://app.example.com'],
    ['https://app.example.com?', 'https://app.example.com'],
    ['https://app.example.com?a=1', 'https://app.example.com'],
    ['https://app.example.com/app?a=1', 'https://app.example.com/app'],
    ['https://app.example.com#', 'https://app.example.com'],
    ['https://app.example.com/app#top', 'https://app.example.com/app'],
    ['https://@app.example.com', 'https://app.example.com'],
    ['https://bücher.example', 'https://xn--bcher-kva.example'],
    ['https://ａｐｐ.example.com', 'https://app.example.com'],
    ['http://127.1:3000', 'http://127.0.0.1:3000'],
    ['http://0x7f000001', 'http://127.0.0.1'],
    ['http://[0:0::1]', 'http://[::1]']
  ] as const) {
    t.match(refusal(value), new RegExp(`^gatehouse\\.baseUrl: expected an origin .*; write ${meant.replaceAll(/[[\]./]/g, '\\$&')}$`), JSON.stringify(value))
    t.equal(refusal(meant), undefined, 'which then passes')
  }
})

t.test('plain http is for loopback', async (t) => {
  for (const value of ['http://app.example.com', 'http://10.0.0.1', 'http://localhost.evil.example', 'http://127.0.0.1.nip.io', 'ftp://app.example.com', 'ws://localhost', 'javascript:alert(1)', 'data:text/html,x', 'app.example.com:443', 'localhost:3000']) {
    t.match(refusal(value), /^gatehouse\.baseUrl: expected an https URL, got .*; plain http is for loopback$/, value)
  }
})

t.test('what is no address is refused', async (t) => {
  for (const value of ['app.example.com', '/app', '//app.example.com', 'https://', 'https:///', 'https://a b', 'https://app.example.com:99999', 'null', '*']) {
    t.match(refusal(value), /; write scheme and host$/, value)
  }
  for (const value of [null, 42, true, {}, () => 'https://a.example', new URL('https://a.example')]) t.match(refusal(value), /^gatehouse\.baseUrl: expected an origin such as /)
  t.equal(refusal([]), 'gatehouse.baseUrl: expected at least one origin, got []')
  for (const value of ['https://*.example.com', 'https://app.example.com.', 'https://.example.com', "https://a'b.example", 'https://a;b.example']) {
    t.match(refusal(value), /expected the name of one host, got .*; list the origins one by one$/, value)
  }
  for (const value of ['https://a.example/a//b', 'https://a.example/a;b', 'https://a.example/a%2fb', 'https://a.example/ä', 'https://a.example/a b', 'https://a.example/:id', 'https://a.example/*']) {
    t.match(refusal(value), /expected a path of letters, digits, dots, dashes and single slashes, got /, value)
  }
})

t.test('a user name or password is refused without being shown', async (t) => {
  for (const value of ['https://user:hunter2@app.example.com', 'https://hunter2@app.example.com', 'https://:hunter2@app.example.com']) {
    t.equal(refusal(value), 'gatehouse.baseUrl: expected a URL without user name and password')
  }
})

t.test('two that a Host header cannot tell apart are refused', async (t) => {
  for (const list of [
    ['https://a.example', 'https://a.example'],
    ['https://a.example', 'https://b.example', 'https://a.example/app'],
    ['https://a.example/one', 'https://a.example/two'],
    ['http://localhost', 'https://localhost'],
    ['https://localhost', 'http://localhost:443']
  ]) t.match(refusal(list), /^gatehouse\.baseUrl: https?:\/\/\S+ and https?:\/\/\S+ have the same Host header, \S+; a request could not choose between them$/)
  t.match(refusal(['https://a.example/one', 'https://a.example/two']), 'https://a.example/one and https://a.example/two have', 'as they were written')
  for (const list of [['https://a.example', 'https://a.example:8443'], ['http://localhost:3000', 'https://localhost']]) t.equal(refusal(list), undefined)
})

const BASES = read(['https://a.example', 'https://b.example/app', 'http://localhost:3000', 'https://c.example:8443'])

t.test('among several the Host header selects, in any case, with or without the port of the scheme', async (t) => {
  for (const [host, origin] of [
    ['a.example', 'https://a.example'], ['A.Example', 'https://a.example'], ['a.example:443', 'https://a.example'],
    ['b.example', 'https://b.example'], ['localhost:3000', 'http://localhost:3000'], ['c.example:8443', 'https://c.example:8443']
  ]) t.equal(chooseBaseUrl(BASES, host)?.origin, origin, String(host))
})

t.test('a Host header that is none of ours selects nothing', async (t) => {
  for (const host of [
    undefined, '', 'evil.example', 'a.example.evil.example', 'evil-a.example', 'a.example.', '.a.example', 'a.example:80', 'a.example:8443', 'a.example:', 'a.example:0443',
    'a.example:443:443', 'c.example', 'localhost', 'localhost:80', 'a.example/app', 'b.example/app', 'https://a.example', 'user@a.example', 'a.example@evil.example',
    'a.example#evil', 'a.example, b.example', 'a.example b.example', ' a.example', 'a.example\t', 'a.example\u0000', 'a%2eexample', '__proto__', 'constructor', 'undefined', 'x'.repeat(100_000)
  ]) t.equal(chooseBaseUrl(BASES, host), undefined, String(host).slice(0, 40))
})

t.test('where there is one, it is that one, whatever the Host header says', async (t) => {
  const [only] = read('https://a.example')
  for (const host of ['a.example', 'evil.example', 'internal:8080', '', undefined]) t.equal(chooseBaseUrl([only!], host), only, String(host))
})

t.test('where there is none, nothing is chosen', async (t) => {
  t.equal(chooseBaseUrl([], 'a.example'), undefined)
})
