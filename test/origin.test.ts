import type { IncomingHttpHeaders } from 'node:http'
import t from 'tap'
import { mayActByCookie } from '../lib/origin.js'

const pages = { origins: ['https://app.example', 'http://localhost:5173'], domains: ['app.trusted.example', 'localhost', '127.0.0.1:3000', 'localhost.evil.example'] }
const UNSAFE = ['POST', 'PUT', 'PATCH', 'DELETE', 'CONNECT', 'QUERY', 'PROPFIND', 'get', '']

const TABLE: ReadonlyArray<readonly [title: string, headers: IncomingHttpHeaders, isTrusted: boolean]> = [
  ['neither header', {}, false],
  ['a page of the same origin', { 'sec-fetch-site': 'same-origin' }, true],
  ['a page of the same origin, whatever its Origin says', { 'sec-fetch-site': 'same-origin', origin: 'null' }, true],
  ['a page of the same site', { 'sec-fetch-site': 'same-site' }, false],
  ['a page of another site', { 'sec-fetch-site': 'cross-site' }, false],
  ['nobody, so the user', { 'sec-fetch-site': 'none' }, false],
  ['the header twice', { 'sec-fetch-site': 'same-origin, cross-site' }, false],
  ['the header in another case', { 'sec-fetch-site': 'Same-Origin' }, false],
  ['a trusted origin', { origin: 'https://app.example' }, true],
  ['a trusted origin of another site', { 'sec-fetch-site': 'cross-site', origin: 'https://app.example' }, true],
  ['a trusted origin of this machine', { origin: 'http://localhost:5173' }, true],
  ['another port', { origin: 'https://app.example:8443' }, false],
  ['another scheme', { origin: 'http://app.example' }, false],
  ['a subdomain', { origin: 'https://x.app.example' }, false],
  ['a longer name', { origin: 'https://app.example.evil.example' }, false],
  ['a shorter name', { origin: 'https://app.exampl' }, false],
  ['upper case, which no browser sends', { origin: 'https://App.example' }, false],
  ['a slash at the end', { origin: 'https://app.example/' }, false],
  ['two origins', { origin: 'https://app.example https://evil.example' }, false],
  ['an opaque origin', { origin: 'null' }, false],
  ['an empty origin', { origin: '' }, false],
  ['another site with the trusted one in its Referer', { referer: 'https://app.example/', origin: 'https://evil.example' }, false],
  ['only a Referer', { referer: 'https://app.example/' }, false],
  ['only a Host', { host: 'app.example' }, false],
  ['a trusted domain', { origin: 'https://app.trusted.example' }, true],
  ['a trusted domain by plain http', { origin: 'http://app.trusted.example' }, false],
  ['a trusted domain with a port', { origin: 'https://app.trusted.example:8443' }, false],
  ['a subdomain of a trusted domain', { origin: 'https://x.app.trusted.example' }, false],
  ['a trusted domain of this machine by plain http', { origin: 'http://localhost' }, true],
  ['another port of this machine', { origin: 'http://localhost:3000' }, false],
  ['a trusted port of this machine', { origin: 'http://127.0.0.1:3000' }, true],
  ['a domain that begins like this machine, by plain http', { origin: 'http://localhost.evil.example' }, false]
]

for (const [title, headers, isTrusted] of TABLE) {
  t.test(`what changes something comes from ${title}`, async (t) => {
    for (const method of UNSAFE) t.equal(mayActByCookie(method, headers, pages), isTrusted, method)
    t.equal(mayActByCookie('GET', { upgrade: 'websocket', ...headers }, pages), isTrusted, 'a GET that asks for another protocol')
    t.equal(mayActByCookie('GET', { upgrade: '', ...headers }, pages), isTrusted, 'with an empty header too')
  })
}

t.test('what only reads may come from anywhere', async (t) => {
  for (const method of ['GET', 'HEAD', 'OPTIONS', 'TRACE']) {
    for (const [title, headers] of TABLE) t.equal(mayActByCookie(method, headers, pages), true, `${method} from ${title}`)
  }
})

t.test('where nobody is trusted only the same origin may act', async (t) => {
  const nobody = { origins: [], domains: [] }
  t.equal(mayActByCookie('POST', { 'sec-fetch-site': 'same-origin' }, nobody), true)
  for (const origin of ['https://app.example', 'https://', 'null', 'https://undefined']) t.equal(mayActByCookie('POST', { origin }, nobody), false)
})
