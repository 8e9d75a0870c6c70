import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { gzipSync } from 'node:zlib'
import t from 'tap'
import type { Test } from 'tap'
import { FetchFailure, fetchJson } from '../../lib/token/fetch-json.js'
import { createIssuer } from '../support/issuer.js'
import { listen } from '../support/issuer/server.js'
import { until } from '../support/until.js'

type Answer = (response: ServerResponse, request: IncomingMessage) => void

/** A server that answers `/` like this, and `/right` with an object; it counts what it is asked. */
async function serve (t: Test, answer: Answer): Promise<{ origin: string, asked: string[] }> {
  const asked: string[] = []
  const { origin, close } = await listen((request, response) => {
    asked.push(request.url ?? '')
    if (request.url === '/right') response.end('{"right":true}')
    else answer(response, request)
  })
  t.teardown(close)
  return { origin, asked }
}

const never = new AbortController().signal
const get = (url: string, signal = never) => fetchJson(url, {}, false, signal)

t.test('a JSON object is given as it is', async (t) => {
  const { origin } = await serve(t, (response) => { response.end('{"issuer":"é","list":[1]}') })
  t.same(await get(`${origin}/`), { body: { issuer: 'é', list: [1] }, maxAge: undefined })
})

t.test('a byte order mark before the object is passed over', async (t) => {
  const { origin } = await serve(t, (response) => { response.end('\uFEFF{"issuer":"a"}') })
  t.same(await get(`${origin}/`), { body: { issuer: 'a' }, maxAge: undefined })
})

t.test('max-age is read from Cache-Control', async (t) => {
  for (const { header, maxAge } of [
    { header: 'max-age=600', maxAge: 600 },
    { header: 'public, max-age=0', maxAge: 0 },
    { header: 'public,MAX-AGE=60,must-revalidate', maxAge: 60 },
    { header: 's-maxage=60', maxAge: undefined },
    { header: 's-maxage=60, max-age=90', maxAge: 90 },
    { header: 'max-age=-5', maxAge: undefined },
    { header: 'max-age=soon', maxAge: undefined },
    { header: 'no-store', maxAge: undefined }
  ]) {
    const { origin } = await serve(t, (response) => { response.setHeader('cache-control', header).end('{}') })
    t.equal((await get(`${origin}/`)).maxAge, maxAge, header)
  }
})

const cap = 1_048_576
const padded = (size: number) => `{"padding":"${'x'.repeat(size - 14)}"}`

t.test('a body of 1 MB is read, and one byte more is not', async (t) => {
  let size = cap
  const { origin } = await serve(t, (response) => { response.end(padded(size)) })
  t.equal(JSON.stringify((await get(`${origin}/`)).body).length, cap)
  size++
  await t.rejects(get(`${origin}/`), { message: `${origin}/: more than ${cap} bytes` })
})

t.test('a small body that inflates to more than 1 MB is not read', async (t) => {
  const { origin } = await serve(t, (response) => {
    response.setHeader('content-encoding', 'gzip').end(gzipSync(padded(50 * cap)))
  })
  await t.rejects(get(`${origin}/`), { message: `${origin}/: more than ${cap} bytes` })
})

const location = (status: number, to: string): Answer => (response) => { response.writeHead(status, { location: to }).end() }

const failures: Array<{ name: string, answer: Answer, message: RegExp }> = [
  { name: 'a list', answer: (response) => { response.end('[]') }, message: /answers no JSON object$/ },
  { name: 'null', answer: (response) => { response.end('null') }, message: /answers no JSON object$/ },
  { name: 'a text', answer: (response) => { response.end('"keys"') }, message: /answers no JSON object$/ },
  { name: 'nothing', answer: (response) => { response.end() }, message: /answers no JSON$/ },
  { name: 'half of it', answer: (response) => { response.end('{"keys":[') }, message: /answers no JSON$/ },
  { name: 'HTML', answer: (response) => { response.end('\n <!doctype html>secret') }, message: /answers HTML instead of JSON$/ },
  { name: 'status 204', answer: (response) => { response.writeHead(204).end() }, message: /status 204$/ },
  { name: 'status 404', answer: (response) => { response.writeHead(404).end('{"secret":true}') }, message: /status 404$/ },
  { name: 'status 429', answer: (response) => { response.writeHead(429).end() }, message: /status 429$/ },
  { name: 'status 500', answer: (response) => { response.writeHead(500).end('{}') }, message: /status 500$/ },
  { name: 'a redirect without a location', answer: (response) => { response.writeHead(302).end() }, message: /status 302 without a place to go$/ },
  { name: 'a redirect to no URL', answer: location(302, 'http://['), message: /status 302 without a place to go$/ },
  { name: 'a redirect to itself', answer: location(302, '/'), message: /redirects without end$/ },
  { name: 'a redirect to another port', answer: location(302, 'http://127.0.0.1:9/right'), message: /redirects to another origin$/ },
  { name: 'a redirect to another host', answer: location(307, '//issuer.example/right'), message: /redirects to another origin$/ },
  { name: 'a redirect to another scheme', answer: location(301, 'data:application/json,{}'), message: /redirects to another origin$/ },
  { name: 'a broken connection', answer: (response) => { response.destroy() }, message: /UND_ERR_SOCKET$/ },
  { name: 'a broken body', answer: (response) => { response.write('{'); setImmediate(() => response.destroy()) }, message: /UND_ERR_SOCKET$/ },
  { name: 'a broken coding', answer: (response) => { response.setHeader('content-encoding', 'gzip').end('{"keys":[]}') }, message: /Z_DATA_ERROR$/ }
]

for (const { name, answer, message } of failures) {
  t.test(`${name} is a failure that names the address and the cause`, async (t) => {
    const { origin, asked } = await serve(t, answer)
    const error: unknown = await get(`${origin}/`).catch((error: unknown) => error)
    t.type(error, FetchFailure)
    t.match(error, { message })
    t.match(error, { message: new RegExp(`^${origin}/: `) })
    t.notMatch(error, { message: /secret/ })
    t.notOk(asked.includes('/right'))
  })
}

t.test('redirects inside the origin are followed, three at most', async (t) => {
  for (const status of [301, 302, 303, 307, 308]) {
    const { origin, asked } = await serve(t, location(status, './right'))
    t.same((await get(`${origin}/`)).body, { right: true }, `status ${status}`)
    t.same(asked, ['/', '/right'])
  }
  const { origin, asked } = await serve(t, (response, request) => {
    const hop = Number(request.url?.slice(1))
    response.writeHead(302, { location: hop < 3 ? `/${hop + 1}` : '/right' }).end()
  })
  t.same((await get(`${origin}/1`)).body, { right: true })
  t.same(asked, ['/1', '/2', '/3', '/right'])
  asked.length = 0
  await t.rejects(get(`${origin}/0`), { message: `${origin}/0: redirects without end` })
  t.same(asked, ['/0', '/1', '/2', '/3'])
})

t.test('a server that is not there is a failure with the code of the network', async (t) => {
  const { origin, close } = await listen(() => {})
  await close()
  await t.rejects(get(`${origin}/`), { message: `${origin}/: ECONNREFUSED` })
})

for (const mode of ['hang', 'hang-body', 'drip'] as const) {
  t.test(`a server that answers like ${mode} is given up when the signal says so`, async (t) => {
    const issuer = await createIssuer({ algorithms: ['ES256'] })
    t.teardown(() => issuer.close())
    issuer.behave(mode)
    for (const reason of [undefined, new DOMException('the deadline came', 'TimeoutError'), 'closed', null]) {
      const deadline = new AbortController()
      issuer.reset()
      const asked = fetchJson(`${issuer.issuer}/jwks`, {}, false, deadline.signal)
      await until(() => issuer.requests.jwks === 1)
      deadline.abort(reason)
      await t.rejects(asked, { message: `${issuer.issuer}/jwks: no full answer in time` }, String(reason))
    }
  })
}

t.test('a call whose time is over before it begins is not made', async (t) => {
  const issuer = await createIssuer({ algorithms: ['ES256'] })
  t.teardown(() => issuer.close())
  await t.rejects(fetchJson(`${issuer.issuer}/jwks`, {}, false, AbortSignal.abort()), { message: `${issuer.issuer}/jwks: no full answer in time` })
  t.equal(issuer.requests.jwks, 0)
})

t.test('whatever a fetch is made to fail with, the failure is one of ours', async (t) => {
  for (const [reason, cause] of [
    [undefined, 'the connection failed'],
    [null, 'the connection failed'],
    ['secret', 'the connection failed'],
    [new Error('secret'), 'the connection failed'],
    [new TypeError('fetch failed', { cause: null }), 'the connection failed'],
    [new TypeError('fetch failed', { cause: 'secret' }), 'the connection failed'],
    [new TypeError('fetch failed', { cause: { code: 42 } }), 'the connection failed'],
    [new TypeError('fetch failed', { cause: { code: 'ENOTFOUND', message: 'secret' } }), 'ENOTFOUND'],
    [{ code: 'ERR_TLS_CERT_ALTNAME_INVALID' }, 'ERR_TLS_CERT_ALTNAME_INVALID']
  ] as const) {
    t.intercept(globalThis, 'fetch', { value: () => Promise.reject(reason) })
    await t.rejects(fetchJson('https://issuer.example/jwks', {}, false, never), { name: 'FetchFailure', message: `https://issuer.example/jwks: ${cause}` })
  }
})

t.test('plain http beyond loopback is not asked, unless it was allowed by name', async (t) => {
  const asked = t.captureFn(async () => Response.json({ keys: [] }))
  t.intercept(globalThis, 'fetch', { value: asked })
  for (const host of ['issuer.example', '10.0.0.1', '127.0.0.1.example', 'localhost.example', '[::2]']) {
    await t.rejects(fetchJson(`http://${host}/jwks`, {}, false, never), { message: `http://${host}/jwks: plain http is for loopback only` })
  }
  await t.rejects(fetchJson('data:application/json,{}', {}, true, never), { message: /plain http is for loopback only$/ })
  t.equal(asked.calls.length, 0)
  for (const [url, allowed] of [['http://issuer.example/jwks', true], ['https://issuer.example/jwks', false], ['http://[::1]/jwks', false]] as const) {
    t.same((await fetchJson(url, {}, allowed, never)).body, { keys: [] })
  }
  t.equal(asked.calls.length, 3)
})

t.test('an answer without any body is no JSON', async (t) => {
  t.intercept(globalThis, 'fetch', { value: async () => new Response(null) })
  await t.rejects(fetchJson('https://issuer.example/jwks', {}, false, never), { message: 'https://issuer.example/jwks: answers no JSON' })
})

t.test('the headers of fetchOptions are sent on every hop, beside ours', async (t) => {
  const seen: Array<Record<string, unknown>> = []
  const listener: RequestListener = (request, response) => {
    const { accept, 'x-gateway': gateway } = request.headers
    seen.push({ url: request.url, method: request.method, accept, gateway })
    if (request.url === '/') response.writeHead(302, { location: '/right' }).end()
    else response.end('{}')
  }
  const { origin, close } = await listen(listener)
  t.teardown(close)
  await fetchJson(`${origin}/`, { headers: { 'x-gateway': 'secret' } }, false, never)
  await fetchJson(`${origin}/right`, { headers: { accept: 'application/jwk-set+json' } }, false, never)
  t.same(seen, [
    { url: '/', method: 'GET', accept: 'application/json', gateway: 'secret' },
    { url: '/right', method: 'GET', accept: 'application/json', gateway: 'secret' },
    { url: '/right', method: 'GET', accept: 'application/jwk-set+json', gateway: undefined }
  ])
})

t.test('the dispatcher of fetchOptions makes the call, and is left as it was', async (t) => {
  const dispatcher = { calls: 0, dispatch () { dispatcher.calls++; throw new Error('no way out') } }
  await t.rejects(fetchJson('https://issuer.example/jwks', { dispatcher }, false, never), { message: 'https://issuer.example/jwks: the connection failed' })
  t.equal(dispatcher.calls, 1)
  t.notOk(Object.isFrozen(dispatcher))
})
