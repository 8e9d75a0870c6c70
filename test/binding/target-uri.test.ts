import { once } from 'node:events'
import { connect } from 'node:http2'
import type { IncomingHttpHeaders, IncomingHttpStatusHeader } from 'node:http2'
import { text } from 'node:stream/consumers'
import Fastify from 'fastify'
import t from 'tap'
import type { Test } from 'tap'
import { normalUri } from '../../lib/binding/target-uri.js'
import gatehouse from '../../lib/index.js'
import { ACCEPTED, guardedApi, trusting } from '../support/guarded-api.js'
import type { GuardedApi, GuardedApiOptions } from '../support/guarded-api.js'
import { createIssuer } from '../support/issuer.js'
import { BAD_PROOF } from '../support/proof-answers.js'
import { createProver } from '../support/prover.js'
import { send } from '../support/wire.js'

const issuer = await createIssuer({ algorithms: ['ES256'] })
t.teardown(() => issuer.close())
const client = await createProver()
const token = client.token(issuer)

t.test('URIs are compared in the one spelling that all equivalent ones share', async (t) => {
  const same: ReadonlyArray<readonly [uri: string, ...others: string[]]> = [
    ['https://api.example.com/', 'https://api.example.com', 'HTTPS://API.EXAMPLE.COM', 'https://api.example.com:443', 'https://api.example.com:443/', 'https://api.example.com:/', 'https://api.example.com?x', 'https://api.example.com#x', 'https://api.example.com/.', 'https://api.example.com/a/..'],
    ['http://api.example.com/', 'http://api.example.com:80', 'HTTP://api.EXAMPLE.com/?a=b#c'],
    ['https://api.example.com:8443/', 'https://api.example.com:8443', 'https://api.example.com:08443/'],
    ['https://api.example.com/b', 'https://api.example.com/a/../b', 'https://api.example.com/./b', 'https://api.example.com/a/%2E%2e/b', 'https://api.example.com/%62', 'https://api.example.com/../b', 'https://api.example.com/b?c#d', 'https://api.example.com/b#/c'],
    ['https://api.example.com/~a-._Z9', 'https://api.example.com/%7Ea%2D%2e%5F%5a%39'],
    ['https://api.example.com/a%2Fb%C3%A4%25', 'https://api.example.com/a%2fb%c3%a4%25'],
    ['https://api.example.com/%2541', 'https://api.example.com/%2541'],
    ['https://[2001:db8::1]/', 'https://[2001:DB8:0:0::1]', 'https://[2001:db8::1]:443/'],
    ['https://xn--bcher-kva.example/', 'https://XN--BCHER-KVA.example']
  ]
  for (const [uri, ...others] of same) {
    for (const other of [uri, ...others]) t.equal(normalUri(other), uri, other)
  }
  t.equal(new Set(same.map(([uri]) => uri)).size, same.length)
})

t.test('what differs in anything else is another URI', async (t) => {
  const different = ['https://api.example.com/a', 'https://api.example.com/A', 'https://api.example.com/a/', 'https://api.example.com//a', 'https://api.example.com/a%2F', 'http://api.example.com/a', 'https://api.example.com:8443/a', 'https://api.example.com./a', 'https://example.com/a', 'https://api.example.com/%61%2541', 'https://api.example.com/%61A', 'https://api.example.com/a;', 'https://api.example.com/a%3B']
  t.equal(new Set(different.map(normalUri)).size, different.length)
})

t.test('what no http URI is has no spelling, though browsers read some of it', async (t) => {
  for (const uri of [
    '', '/', 'a', 'api.example.com/a', '//api.example.com/a', 'https:/api.example.com/a', 'https:api.example.com', 'https:///a', 'https://', 'https://?x', 'https://#x', 'ftp://api.example.com/', 'wss://api.example.com/', 'javascript:alert(1)', 'data:,x', 'blob:https://api.example.com/x',
    'https:\\\\api.example.com\\a', 'https://api.example.com\\a', 'https://api.example.com/a\\b', 'https://api.example.com/?a\\b',
    'https://user@api.example.com/', 'https://user:secret@api.example.com/', 'https://@api.example.com/', 'https://:@api.example.com/', 'https://api.example.com@attacker.example/',
    'https://bücher.example/', 'https://api.example.com/ä', 'https://api。example/', ' https://api.example.com/', 'https://api.example.com/ ', 'https://api.example.com/a b', 'https://api.example.com/a\tb', 'https://api.example.com/a\nb', 'https://api.example.com/\0', 'https://api.example.com/\u007F',
    'https://api.example.com/%', 'https://api.example.com/%4', 'https://api.example.com/%zz', 'https://api.example.com/?%', 'https://api.example.com:99999/', 'https://api.example.com:x/', 'https://[::1/', 'https://a b/'
  ]) t.equal(normalUri(uri), undefined, JSON.stringify(uri))
})

t.test('a path may hold what URIs may not, as long as both sides spell it alike', async (t) => {
  t.equal(normalUri('https://api.example.com/{a}|"<'), normalUri('https://api.example.com/%7Ba%7D|%22%3C'))
  t.equal(normalUri('https://api.example.com/a@b:c'), 'https://api.example.com/a@b:c')
})

const routes: NonNullable<GuardedApiOptions['routes']> = (app) => {
  app.get('/*', async ({ auth }) => ({ subject: auth.subject }))
  app.options('/options', async ({ auth }) => ({ subject: auth.subject }))
}

async function listening (t: Test, options: GuardedApiOptions = {}): Promise<GuardedApi & { readonly port: number }> {
  const api = await guardedApi(t, issuer, { routes, ...options })
  await api.app.listen({ port: 0, host: '127.0.0.1' })
  return { ...api, port: (api.app.server.address() as { port: number }).port }
}

interface Asked {
  readonly htu: string
  readonly path?: string
  readonly host?: string
  readonly method?: string
  readonly headers?: ReadonlyArray<readonly [string, string]>
}

/** Whether a request to this host and path may come with a proof for this URI. */
async function accepts ({ app, refusals }: GuardedApi, { htu, path = '/', host = 'api.example.com', method = 'GET', headers = [] }: Asked): Promise<boolean> {
  const proof = client.proof({ token, url: htu, method })
  const { statusCode, headers: { 'www-authenticate': challenge }, body } = await send(app, { method, path, headers: [['Host', host], ...headers, ['Authorization', `DPoP ${token}`], ['DPoP', proof]] })
  if (statusCode === 200) return true
  t.strictSame({ status: statusCode, challenge, body: method === 'HEAD' ? BAD_PROOF.body : JSON.parse(body), retryAfter: undefined }, BAD_PROOF)
  t.match(refusals().at(-1), { reason: 'proof_uri_mismatch' })
  return false
}

const good = (t: Test, api: GuardedApi) => async (asked: Asked) => { t.ok(await accepts(api, asked), JSON.stringify(asked)) }
const bad = (t: Test, api: GuardedApi) => async (asked: Asked) => { t.notOk(await accepts(api, asked), JSON.stringify(asked)) }

t.test('with one baseUrl the Host header says nothing', async (t) => {
  const api = await listening(t, { baseUrl: 'https://api.example.com' })
  const [yes, no] = [good(t, api), bad(t, api)]
  for (const host of ['api.example.com', '127.0.0.1', 'attacker.example', '']) {
    await yes({ htu: 'https://api.example.com/', host })
    await no({ htu: `https://${host || 'x'}.example/`, host })
  }
  await yes({ htu: 'https://API.example.com:443', headers: [['X-Forwarded-Host', 'attacker.example'], ['X-Forwarded-Proto', 'http'], ['Forwarded', 'host=attacker.example']] })
  await no({ htu: 'https://attacker.example/', host: 'attacker.example', headers: [['X-Forwarded-Host', 'attacker.example']] })
  await no({ htu: 'http://api.example.com/' })
  await no({ htu: `http://127.0.0.1:${api.port}/`, host: `127.0.0.1:${api.port}` })
  await no({ htu: '/' })
})

t.test('query and fragment do not count, on either side; the path does', async (t) => {
  const api = await listening(t, { baseUrl: 'https://api.example.com' })
  const [yes, no] = [good(t, api), bad(t, api)]
  await yes({ htu: 'https://api.example.com/a', path: '/a?b=c' })
  await yes({ htu: 'https://api.example.com/a?d=e#f', path: '/a?b=c' })
  await yes({ htu: 'https://api.example.com/a', path: '/a?' })
  await yes({ htu: 'https://api.example.com/a', path: '/a?https://x/' })
  await no({ htu: 'https://api.example.com/a', path: '/a/' })
  await no({ htu: 'https://api.example.com/a', path: '/A' })
  await no({ htu: 'https://api.example.com/', path: '/a' })
  await no({ htu: 'https://api.example.com/a/b', path: '/a' })
  await no({ htu: 'https://api.example.com/a', path: '/a/b' })
})

t.test('in wildcard routes an encoded slash is no slash, and no path is another by its encoding', async (t) => {
  const api = await listening(t, { baseUrl: 'https://api.example.com' })
  const [yes, no] = [good(t, api), bad(t, api)]
  await yes({ htu: 'https://api.example.com/a%2fb', path: '/a%2Fb' })
  await yes({ htu: 'https://api.example.com/%7Eada', path: '/~ada' })
  await yes({ htu: 'https://api.example.com/~ada', path: '/%7eada' })
  await yes({ htu: 'https://api.example.com//x', path: '//x' })
  await yes({ htu: 'https://api.example.com//attacker.example/x', path: '//attacker.example/x' })
  await no({ htu: 'https://api.example.com/a/b', path: '/a%2Fb' })
  await no({ htu: 'https://api.example.com/x', path: '//x' })
  await no({ htu: 'https://attacker.example/x', path: '//attacker.example/x' })
  await no({ htu: 'https://api.example.com/a%252Fb', path: '/a%2Fb' })
  await no({ htu: 'https://api.example.com/a', path: '/a\\' })
})

t.test('among several the host selects, and one that is none of them is refused', async (t) => {
  const api = await listening(t, { baseUrl: ['https://api.example.com', 'https://api.example.org/eu', 'http://127.0.0.1:3000'] })
  const [yes, no] = [good(t, api), bad(t, api)]
  await yes({ htu: 'https://api.example.com/' })
  await yes({ htu: 'https://api.example.com/', host: 'API.example.com:443' })
  await yes({ htu: 'https://api.example.org/eu/a', host: 'api.example.org', path: '/a' })
  await yes({ htu: 'http://127.0.0.1:3000/', host: '127.0.0.1:3000' })
  await no({ htu: 'https://api.example.org/eu/' })
  await no({ htu: 'https://api.example.com/', host: 'api.example.org' })
  for (const host of ['attacker.example', 'api.example.com.attacker.example', 'api.example.com@attacker.example', '']) {
    await no({ htu: `https://${host}/`, host })
    await no({ htu: 'https://api.example.com/', host })
    t.match(api.refusals().at(-1), { expected: 'a path without dot segments, at a host that is one of baseUrl', hint: /^the Host header is none of baseUrl/ })
  }
  await no({ htu: 'https://api.example.org/eu/', headers: [['X-Forwarded-Host', 'api.example.org']] })
})

t.test('behind a trusted proxy its word of the host selects, and still among ours only', async (t) => {
  const api = await listening(t, { baseUrl: ['https://api.example.com', 'https://api.example.org'], server: { trustProxy: '127.0.0.1' } })
  const [yes, no] = [good(t, api), bad(t, api)]
  await yes({ htu: 'https://api.example.org/', headers: [['X-Forwarded-Host', 'api.example.org']] })
  await no({ htu: 'https://attacker.example/', headers: [['X-Forwarded-Host', 'attacker.example']] })
  await no({ htu: 'http://api.example.org/', headers: [['X-Forwarded-Host', 'api.example.org'], ['X-Forwarded-Proto', 'http']] })
})

t.test('the path prefix a gateway takes away is part of the URI', async (t) => {
  const api = await listening(t, { baseUrl: 'https://example.com/api/v1' })
  const [yes, no] = [good(t, api), bad(t, api)]
  await yes({ htu: 'https://example.com/api/v1/orders', path: '/orders' })
  await yes({ htu: 'https://example.com/api/v1/', path: '/' })
  await no({ htu: 'https://example.com/orders', path: '/orders' })
  await no({ htu: 'https://example.com/api/v1', path: '/' })
})

t.test('a rewritten URL is not the one the client asked for', async (t) => {
  const api = await listening(t, { baseUrl: 'https://api.example.com', server: { rewriteUrl: ({ url = '/' }) => url.replace('/old', '/new') } })
  await good(t, api)({ htu: 'https://api.example.com/old', path: '/old' })
  await bad(t, api)({ htu: 'https://api.example.com/new', path: '/old' })
})

t.test('HEAD and OPTIONS need a proof for themselves', async (t) => {
  const api = await listening(t, { baseUrl: 'https://api.example.com' })
  await good(t, api)({ htu: 'https://api.example.com/a', path: '/a', method: 'HEAD' })
  await good(t, api)({ htu: 'https://api.example.com/options', path: '/options', method: 'OPTIONS' })
  for (const [method, htm] of [['HEAD', 'GET'], ['OPTIONS', 'GET'], ['GET', 'HEAD']] as const) {
    const path = method === 'OPTIONS' ? '/options' : '/a'
    const proof = client.proof({ token, url: `https://api.example.com${path}`, method: htm })
    const { statusCode, headers } = await send(api.app, { method, path, headers: [['Authorization', `DPoP ${token}`], ['DPoP', proof]] })
    t.strictSame([statusCode, headers['www-authenticate']], [401, BAD_PROOF.challenge])
    t.match(api.refusals().at(-1), { reason: 'proof_method_mismatch', expected: method, found: htm })
  }
})

t.test('a target in absolute form is its path: whose host it names is the word of the client', async (t) => {
  const api = await listening(t, { baseUrl: 'https://api.example.com' })
  const [yes, no] = [good(t, api), bad(t, api)]
  for (const path of ['https://api.example.com/a', 'http://attacker.example/a?b', 'http://user@attacker.example:1/a']) {
    await yes({ htu: 'https://api.example.com/a', path })
    await no({ htu: 'http://attacker.example/a', path })
  }
})

t.test('a target the router finds another path in than we do has no proof', async (t) => {
  const api = await listening(t, { baseUrl: 'https://api.example.com' })
  for (const path of ['http://x?y=/victim', 'http://x?/victim']) {
    for (const htu of ['https://api.example.com/', 'https://api.example.com/victim', 'http://x/', 'http://x/victim']) await bad(t, api)({ htu, path })
  }
})

t.test('a target with dot segments has no proof: routers leave them, and a proof for elsewhere would do', async (t) => {
  const api = await listening(t, { baseUrl: 'https://example.com/api/v1' })
  const [yes, no] = [good(t, api), bad(t, api)]
  for (const dots of ['..', '.', '%2e%2E', '.%2e', '%2E']) {
    for (const path of [`/${dots}/${dots}/orders`, `/a/${dots}`, `/a/${dots}?b`]) {
      for (const htu of ['https://example.com/orders', 'https://example.com/api/v1/orders', 'https://example.com/api/v1/', 'https://example.com/api/v1/a/', `https://example.com/api/v1${path}`]) await no({ htu, path })
    }
  }
  await yes({ htu: 'https://example.com/api/v1/a/..b/.c/d..', path: '/a/..b/.c/d..?/../' })
  await yes({ htu: 'https://example.com/api/v1/b/../a', path: '/a' })
})

t.test('without baseUrl it is what the Host header says, and the log says once whose word that is', async (t) => {
  const api = await listening(t)
  const [yes, no] = [good(t, api), bad(t, api)]
  t.notMatch(api.logs.text(), /own word/)
  await yes({ htu: `http://127.0.0.1:${api.port}/`, host: `127.0.0.1:${api.port}` })
  await yes({ htu: 'http://api.example.com/a', path: '/a?b' })
  await yes({ htu: 'http://[::1]:3000/', host: '[::1]:3000' })
  await no({ htu: 'https://api.example.com/' })
  await no({ htu: 'http://api.example.com/', host: 'api.example.org' })
  await no({ htu: 'http://attacker.example/', headers: [['X-Forwarded-Host', 'attacker.example'], ['X-Forwarded-Proto', 'https']] })
  await no({ htu: 'https://api.example.com/', headers: [['X-Forwarded-Proto', 'https']] })
  t.equal(api.logs.lines.filter(({ msg }) => String(msg).includes('own word')).length, 1)
})

t.test('without baseUrl a Host header that is more than a host is none: its path would take the place of the real one', async (t) => {
  const api = await listening(t)
  for (const host of ['api.example.com/other?', 'api.example.com/other#', 'api.example.com/', 'api.example.com?', 'user@api.example.com', 'api.example.com\\', 'a b', '']) {
    await bad(t, api)({ htu: `http://${host.replace(/[?#]$/, '')}`, host, path: '/victim' })
    await bad(t, api)({ htu: 'http://api.example.com/other', host, path: '/victim' })
  }
})

t.test('without baseUrl a trusted proxy says where the client went; one that is not says nothing', async (t) => {
  const headers = [['X-Forwarded-Host', 'public.example'], ['X-Forwarded-Proto', 'https']] as const
  const trusted = await listening(t, { server: { trustProxy: '127.0.0.1' } })
  await good(t, trusted)({ htu: 'https://public.example/', headers })
  await bad(t, trusted)({ htu: 'http://api.example.com/', headers })
  await bad(t, trusted)({ htu: 'https://public.example/other', headers: [['X-Forwarded-Host', 'public.example'], ['X-Forwarded-Proto', 'https://public.example/other?x=']] })
  await bad(t, trusted)({ htu: 'https://public.example/other', headers: [['X-Forwarded-Host', 'public.example/other?'], ['X-Forwarded-Proto', 'https']] })
  const untrusted = await listening(t, { server: { trustProxy: '10.0.0.1' } })
  await bad(t, untrusted)({ htu: 'https://public.example/', headers })
  await good(t, untrusted)({ htu: 'http://api.example.com/', headers })
})

t.test('over HTTP/2 the authority is the host', async (t) => {
  for (const several of [undefined, 'one', 'several'] as const) {
    const app = Fastify({ http2: true })
    t.teardown(() => app.close())
    const api = new URL('http://127.0.0.1:39999')
    const baseUrl = { one: api.origin, several: ['https://api.example.com', 'http://127.0.0.1:39998/eu', api.origin] }
    await app.register(gatehouse, { provider: trusting(issuer), ...several === undefined ? {} : { baseUrl: baseUrl[several] } })
    app.get('/a', async ({ auth }) => ({ subject: auth.subject }))
    const session = connect(await app.listen({ port: 0, host: '127.0.0.1' }))
    t.teardown(() => { session.close() })
    async function ask (htu: string, proofs = 1): Promise<number> {
      const proof = () => client.proof({ token, url: htu })
      const stream = session.request({ ':path': '/a?b', ':authority': api.host, authorization: `DPoP ${token}`, dpop: proofs === 1 ? proof() : [proof(), proof()] })
      const [headers] = await once(stream, 'response') as [IncomingHttpHeaders & IncomingHttpStatusHeader]
      const body = JSON.parse(await text(stream))
      if (headers[':status'] === 200) t.strictSame(body, ACCEPTED.body)
      else t.strictSame([body, headers['www-authenticate']], [BAD_PROOF.body, BAD_PROOF.challenge])
      return headers[':status']!
    }
    t.equal(await ask(`${api.origin}/a`), 200)
    t.equal(await ask('http://127.0.0.1:39998/eu/a'), 401)
    t.equal(await ask(`${api.origin}/b`), 401)
    t.equal(await ask(`${api.origin}/a`, 2), 401)
  }
})
