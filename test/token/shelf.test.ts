import { createPublicKey } from 'node:crypto'
import fastifyJwt from '@fastify/jwt'
import type { TokenOrHeader } from '@fastify/jwt'
import Fastify from 'fastify'
import type { FastifyRequest } from 'fastify'
import t from 'tap'
import type { Test } from 'tap'
import { createShelf } from '../../lib/token/shelf.js'
import { fakeClock } from '../support/clock.js'
import { guardedApi, trusting } from '../support/guarded-api.js'
import { createIssuer, createKey } from '../support/issuer.js'
import { memoryRing } from '../support/memory-ring.js'

const issuer = await createIssuer()
t.teardown(() => issuer.close())
t.beforeEach(() => { issuer.reset() })

const key = await createKey('ES256')
const domain = 'https://issuer.example'
const signature = { domain, alg: 'ES256', kid: key.kid }

/** A shelf over a ring of `https://issuer.example` that holds `key`. */
async function loadedShelf (t: Test) {
  const { ring, server } = memoryRing(t, key.jwk)
  await ring.refresh()
  return { shelf: createShelf((issuer) => issuer === domain ? ring : undefined), ring, server }
}

t.test('a key that is held is given without a fetch', async (t) => {
  const { shelf, server } = await loadedShelf(t)
  const { x, y, crv, kty } = key.jwk
  t.same(await shelf.getJwk(signature), { kty, crv, x, y, alg: 'ES256', kid: key.kid, domain })
  t.match(createPublicKey(await shelf.getPublicKey(signature)).export({ format: 'jwk' }), { x, y })
  t.equal(server.fetches, 1, 'the one that filled the ring')
})

t.test('the issuer may be written with a trailing slash, as get-jwks writes it', async (t) => {
  const { shelf } = await loadedShelf(t)
  t.match(await shelf.getJwk({ ...signature, domain: `${domain}/` }), { kid: key.kid })
  await t.rejects(shelf.getJwk({ ...signature, domain: `${domain}//` }), { code: 'DOMAIN_NOT_ALLOWED' })
})

t.test('an issuer that is written with a slash is found without it only if it is one of ours', async (t) => {
  const { ring } = memoryRing(t, key.jwk)
  const shelf = createShelf((issuer) => issuer === `${domain}/` ? ring : undefined)
  t.match(await shelf.getJwk({ ...signature, domain: `${domain}/` }), { kid: key.kid })
  await t.rejects(shelf.getJwk(signature), { code: 'DOMAIN_NOT_ALLOWED' })
})

t.test('an empty ring is filled first', async (t) => {
  const { ring, server } = memoryRing(t, key.jwk)
  const shelf = createShelf(() => ring)
  const found = await Promise.all(Array.from({ length: 50 }, () => shelf.getJwk(signature)))
  t.ok(found.every(({ kid }) => kid === key.kid))
  t.equal(server.fetches, 1)
})

t.test('an unknown key id is not found, under the cooldown of the ring', async (t) => {
  const { shelf, server } = await loadedShelf(t)
  for (let count = 0; count < 50; count++) {
    await t.rejects(shelf.getJwk({ ...signature, kid: `unknown-${count}` }), { code: 'JWK_NOT_FOUND' })
  }
  await t.rejects(shelf.getPublicKey({ ...signature, alg: 'RS256' }), { code: 'JWK_NOT_FOUND' }, 'nor is a key of another algorithm')
  t.equal(server.fetches, 2)
})

t.test('a key is found by its id alone where no algorithm is named', async (t) => {
  const { shelf, server } = await loadedShelf(t)
  t.match(createPublicKey(await shelf.getPublicKey({ domain, kid: key.kid })).export({ format: 'jwk' }), { x: key.jwk.x })
  t.equal(server.fetches, 1)
})

t.test('a key that left the set is not found any more, however often it was asked for', async (t) => {
  const clock = fakeClock(t)
  const { shelf, ring, server } = await loadedShelf(t)
  const other = await createKey('ES256')
  server.published = [other.jwk]
  for (let second = 0; second < 569; second++) {
    clock.advance(1_000)
    await shelf.getJwk(signature)
  }
  clock.advance(1_001)
  await shelf.getJwk(signature)
  await ring.refresh()
  await t.rejects(shelf.getJwk(signature), { code: 'JWK_NOT_FOUND' })
  t.match(await shelf.getJwk({ ...signature, kid: other.kid }), { kid: other.kid })
})

t.test('a provider that is away is unavailable', async (t) => {
  const { ring, server } = memoryRing(t)
  server.failure = new Error('away')
  await t.rejects(createShelf(() => ring).getJwk(signature), { code: 'GATEHOUSE_UNAVAILABLE' })
})

t.test('app.gatehouse.jwks knows the configured issuers, and asks nobody else for keys', async (t) => {
  const foreign = await createIssuer({ algorithms: ['ES256'] })
  t.teardown(() => foreign.close())
  const { app } = await guardedApi(t, issuer)
  const { kid, alg } = issuer.keys[0]!
  t.match(await app.gatehouse.jwks.getJwk({ domain: issuer.issuer, alg, kid }), { kid, alg })
  await t.rejects(app.gatehouse.jwks.getJwk({ domain: foreign.issuer, alg, kid }), { code: 'DOMAIN_NOT_ALLOWED' })
  await t.rejects(app.gatehouse.jwks.getPublicKey({ domain: foreign.issuer, alg, kid }), { code: 'DOMAIN_NOT_ALLOWED' })
  t.same(foreign.requests, { discovery: 0, jwks: 0, other: 0, elsewhere: 0 })
  t.match(issuer.requests, { discovery: 1, jwks: 1, other: 0 })
})

t.test('with a resolver app.gatehouse.jwks knows no issuer', async (t) => {
  const { app } = await guardedApi(t, issuer, { provider: () => trusting(issuer) })
  const { kid, alg } = issuer.keys[0]!
  await t.rejects(app.gatehouse.jwks.getJwk({ domain: issuer.issuer, alg, kid }), { code: 'DOMAIN_NOT_ALLOWED' })
  t.match(issuer.requests, { discovery: 0, jwks: 0 })
})

t.test("an app's own @fastify/jwt, wired as get-jwks' README says, verifies with the keys of the gatehouse", async (t) => {
  const { app: { gatehouse } } = await guardedApi(t, issuer)
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(fastifyJwt, {
    decode: { complete: true },
    secret: async (_request: FastifyRequest, token: TokenOrHeader) => {
      if (!('header' in token)) throw new Error('decode: { complete: true } gives header and payload')
      const { header: { kid, alg }, payload: { iss } } = token
      return gatehouse.jwks.getPublicKey({ kid, alg, domain: iss })
    }
  })
  app.addHook('onRequest', async (request) => { await request.jwtVerify() })
  app.get('/', async ({ user }) => user)
  const get = async (token: string) => {
    const response = await app.inject({ url: '/', headers: { authorization: `Bearer ${token}` } })
    return { status: response.statusCode, body: response.json() }
  }

  t.match(await get(issuer.token()), { status: 200, body: { sub: 'user-1', iss: issuer.issuer } })
  t.match(await get(issuer.token({ iss: 'https://evil.example' })), { body: { code: 'DOMAIN_NOT_ALLOWED' } })
  const stranger = await createKey('RS256', { kid: issuer.keys[0]!.kid })
  t.match(await get(issuer.token({}, {}, stranger)), { status: 401 })
  t.match(issuer.requests, { discovery: 1, jwks: 1 })
})
