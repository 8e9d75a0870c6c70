import type { RequestListener } from 'node:http'
import t from 'tap'
import { fetchJson } from '../../lib/token/fetch-json.js'
import { createIssuer } from '../support/issuer.js'
import { listen } from '../support/issuer/server.js'
import { until } from '../support/until.js'

const never = new AbortController().signal

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
