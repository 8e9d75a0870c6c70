import type { IncomingHttpHeaders } from 'node:http'
import t from 'tap'
import { ACCEPTED, guardedApi, trusting, unavailable } from '../support/guarded-api.js'
import { createIssuer } from '../support/issuer.js'
import { listen } from '../support/issuer/server.js'

const issuer = await createIssuer()
t.teardown(() => issuer.close())
t.beforeEach(() => { issuer.reset() })

type Dispatch = (options: { path: string }, handler: object) => boolean

/** What undici's own agent does, in Node's copy of undici. */
function globalDispatcher (): { dispatch: Dispatch } {
  return Reflect.get(globalThis, Symbol.for('undici.globalDispatcher.1'))
}

t.test('the headers of fetchOptions arrive at discovery and key set', async (t) => {
  const seen: IncomingHttpHeaders[] = []
  const { origin, close } = await listen((request, response) => {
    seen.push(request.headers)
    response.end(JSON.stringify(request.url === '/jwks' ? { keys: issuer.published } : { issuer: origin, jwks_uri: `${origin}/jwks` }))
  })
  t.teardown(close)
  const headers = { 'x-gateway': 'gateway-secret' }
  const { get, logs } = await guardedApi(t, issuer, { provider: trusting(issuer, { issuer: origin }), fetchOptions: { headers } })
  t.same(await get(issuer.token({ iss: origin })), ACCEPTED)
  t.match(seen, [{ 'x-gateway': 'gateway-secret', accept: 'application/json' }, { 'x-gateway': 'gateway-secret', accept: 'application/json' }])
  t.equal(seen.length, 2)
  t.notOk('authorization' in seen[0]!, 'the token of the caller goes nowhere')
  t.notMatch(logs.text(), 'gateway-secret')
  t.notOk(Object.isFrozen(headers))
})

t.test('the headers of fetchOptions do not follow a jwks_uri to another origin', async (t) => {
  const seen: IncomingHttpHeaders[] = []
  const elsewhere = await listen((request, response) => {
    seen.push(request.headers)
    response.end(JSON.stringify({ keys: issuer.published }))
  })
  t.teardown(elsewhere.close)
  const home = await listen((_, response) => {
    response.end(JSON.stringify({ issuer: home.origin, jwks_uri: `${elsewhere.origin}/jwks` }))
  })
  t.teardown(home.close)
  const { get } = await guardedApi(t, issuer, { provider: trusting(issuer, { issuer: home.origin }), fetchOptions: { headers: { 'x-gateway': 'gateway-secret' } } })
  t.same(await get(issuer.token({ iss: home.origin })), ACCEPTED)
  t.equal(seen.length, 1)
  t.notOk('x-gateway' in seen[0]!)
})

t.test('the headers of fetchOptions go to every configured origin, the other documents included', async (t) => {
  const seen: Array<[origin: string, header: string | undefined]> = []
  const serve = async (answer: (url: string) => object | undefined) => {
    const { origin, close } = await listen((request, response) => {
      seen.push([origin, request.headers['x-gateway']?.toString()])
      const document = answer(request.url!)
      response.writeHead(document === undefined ? 404 : 200).end(JSON.stringify(document))
    })
    t.teardown(close)
    return origin
  }
  const first = await serve(() => undefined)
  const second = await serve((url) => url === '/jwks' ? { keys: issuer.published } : { issuer: issuer.issuer, jwks_uri: `${second}/jwks` })
  const keys = { discovery: [`${first}/d`, `${second}/d`] }
  const { get } = await guardedApi(t, issuer, { provider: trusting(issuer, { keys }), fetchOptions: { headers: { 'x-gateway': 'gateway-secret' } } })
  t.same(await get(issuer.token()), ACCEPTED)
  t.same(seen, [[first, 'gateway-secret'], [second, 'gateway-secret'], [second, 'gateway-secret']])
  t.match(issuer.requests, { discovery: 0, jwks: 0 })
})

t.test('the headers of fetchOptions go to a configured jwksUri', async (t) => {
  const seen: unknown[] = []
  const { origin, close } = await listen((request, response) => {
    seen.push(request.headers['x-gateway'])
    response.end(JSON.stringify({ keys: issuer.published }))
  })
  t.teardown(close)
  const provider = trusting(issuer, { keys: { jwksUri: `${origin}/jwks` } })
  const { get } = await guardedApi(t, issuer, { provider, fetchOptions: { headers: { 'x-gateway': 'gateway-secret' } } })
  t.same(await get(issuer.token()), ACCEPTED)
  t.same(seen, ['gateway-secret'])
})

t.test('the dispatcher of fetchOptions makes every call, and is neither copied nor frozen', async (t) => {
  await fetch(`${issuer.issuer}/jwks`)
  issuer.reset()
  const dispatcher = {
    paths: [] as string[],
    dispatch (...[options, handler]: Parameters<Dispatch>) {
      this.paths.push(options.path)
      return globalDispatcher().dispatch(options, handler)
    }
  }
  const { get } = await guardedApi(t, issuer, { fetchOptions: { dispatcher } })
  t.same(await get(issuer.token()), ACCEPTED)
  t.same(dispatcher.paths, ['/.well-known/openid-configuration', '/jwks'])
  t.match(issuer.requests, { discovery: 1, jwks: 1 })
  t.notOk(Object.isFrozen(dispatcher))
})

t.test('a dispatcher that fails is a provider that is away', async (t) => {
  const dispatcher = { dispatch () { throw new Error('the proxy password is wrong') } }
  const { get, logs, refusals } = await guardedApi(t, issuer, { fetchOptions: { dispatcher } })
  t.same(await get(issuer.token()), unavailable())
  t.match(refusals(), [{ reason: 'keys_unavailable', hint: `${issuer.issuer}/.well-known/openid-configuration: the connection failed` }])
  t.notMatch(logs.text(), 'password')
  t.match(issuer.requests, { discovery: 0, jwks: 0 })
})
