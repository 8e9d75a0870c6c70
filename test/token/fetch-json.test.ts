import type { IncomingMessage, ServerResponse } from 'node:http'
import { gzipSync } from 'node:zlib'
import t from 'tap'
import type { Test } from 'tap'
import { fetchJson, FetchFailure } from '../../lib/token/fetch-json.js'
import { listen } from '../support/issuer/server.js'

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
