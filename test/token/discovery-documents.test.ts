import type { ServerResponse } from 'node:http'
import t from 'tap'
import type { Test } from 'tap'
import { oidc } from '../../lib/index.js'
import { discoverAddress } from '../../lib/token/discovery.js'
import { listen } from '../support/issuer/server.js'

type Answer = number | ((response: ServerResponse, origin: string) => void)

const right = (jwksUri: string): Answer => (response, origin) => { response.end(JSON.stringify({ issuer: origin, jwks_uri: jwksUri })) }
const status = (code: number, headers: Record<string, string> = {}): Answer => (response) => { response.writeHead(code, headers).end('{}') }

/** Discovers by documents that are answered like this, in this order; what was asked for, and what became of it. */
async function discover (t: Test, ...answers: Answer[]) {
  const asked: string[] = []
  const { origin, close } = await listen((request, response) => {
    asked.push(request.url!)
    const answer = answers[Number(request.url!.slice(1))]!
    if (typeof answer === 'number') response.writeHead(answer).end('{}')
    else answer(response, origin)
  })
  t.teardown(close)
  const discovery = answers.map((_, index) => `${origin}/${index}`)
  const provider = oidc({ issuer: origin, audience: 'api', keys: { discovery } })
  const found = await discoverAddress('jwks_uri', discovery, provider, {}, new AbortController().signal).catch((error: Error) => error.message.replaceAll(origin, ''))
  return { asked, found }
}

t.test('the first document that is there counts', async (t) => {
  t.same(await discover(t, right('https://a.example/'), right('https://b.example/')), { asked: ['/0'], found: 'https://a.example/' })
  t.same(await discover(t, 404, right('https://b.example/')), { asked: ['/0', '/1'], found: 'https://b.example/' })
  t.same(await discover(t, 404, 410, right('https://c.example/'), 404), { asked: ['/0', '/1', '/2'], found: 'https://c.example/' })
})

t.test('a document is not there when the server says so, with any 4xx but "not now"', async (t) => {
  for (const code of [400, 401, 403, 404, 405, 410]) t.same(await discover(t, code, right('https://b.example/')), { asked: ['/0', '/1'], found: 'https://b.example/' }, String(code))
  for (const code of [204, 304, 408, 429, 500, 502, 503]) {
    const found = code === 304 ? '/0: status 304 without a place to go' : `/0: status ${code}`
    t.same(await discover(t, code, right('https://b.example/')), { asked: ['/0'], found }, String(code))
  }
})

t.test('a document that is there but wrong is no reason to believe another', async (t) => {
  for (const [name, answer, found] of [
    ['another issuer', (response) => { response.end('{"issuer":"https://evil.example","jwks_uri":"https://evil.example/"}') }, /^\/0: its issuer differs from $/],
    ['no jwks_uri', right(''), /^\/0: has no jwks_uri$/],
    ['plain http', right('http://b.example/'), /^\/0: its jwks_uri is plain http$/],
    ['HTML', (response) => { response.end('<!doctype html>') }, /^\/0: answers HTML instead of JSON$/],
    ['no JSON', (response) => { response.end('{') }, /^\/0: answers no JSON$/],
    ['a redirect to another origin', status(302, { location: 'https://evil.example/' }), /^\/0: redirects to another origin$/],
    ['a broken connection', (response) => { response.destroy() }, /^\/0: UND_ERR_SOCKET$/]
  ] as ReadonlyArray<[string, Answer, RegExp]>) {
    const { asked, found: message } = await discover(t, answer, right('https://b.example/'))
    t.match(message, found, name)
    t.same(asked, ['/0'], name)
  }
})

t.test('a document behind one that is not there is checked all the same', async (t) => {
  t.match(await discover(t, 404, (response) => { response.end('{"issuer":"https://evil.example","jwks_uri":"https://evil.example/"}') }), { found: /^\/1: its issuer differs/ })
  t.match(await discover(t, 404, 503), { found: '/1: status 503' })
})

t.test('where no document is there the message names all', async (t) => {
  t.same(await discover(t, 404), { asked: ['/0'], found: '/0: status 404' })
  t.same(await discover(t, 404, 403, 410), { asked: ['/0', '/1', '/2'], found: '/0: status 404; /1: status 403; /2: status 410' })
})

t.test('where no document is there, the longest Retry-After of them counts', async (t) => {
  const { origin, close } = await listen((request, response) => {
    response.writeHead(404, request.url === '/0' ? { 'retry-after': '30' } : request.url === '/1' ? { 'retry-after': '120' } : {}).end()
  })
  t.teardown(close)
  const discovery = [0, 1, 2].map((index) => `${origin}/${index}`)
  const provider = oidc({ issuer: origin, audience: 'api', keys: { discovery } })
  const failure = await discoverAddress('jwks_uri', discovery, provider, {}, new AbortController().signal).catch((error: unknown) => error)
  t.match(failure, { name: 'FetchFailure', retryAfter: 120 })
})
