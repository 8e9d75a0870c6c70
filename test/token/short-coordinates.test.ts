import t from 'tap'
import { vetKeys } from '../../lib/token/jwks.js'
import { ACCEPTED, guardedApi, INVALID_TOKEN, trusting } from '../support/guarded-api.js'
import { createIssuer, createKey } from '../support/issuer.js'
import type { IssuerKey } from '../support/issuer.js'
import { memoryRing } from '../support/memory-ring.js'

type Coordinate = 'x' | 'y'
type ShortKey = IssuerKey & { readonly short: Record<string, unknown> }

/** A key with a coordinate that begins with a zero byte, and its JWK without that byte, as some issuers write it. */
async function shortKey (alg: 'ES256' | 'ES384', coordinate: Coordinate): Promise<ShortKey> {
  for (;;) {
    const key = await createKey(alg)
    const bytes = Buffer.from(String(key.jwk[coordinate]), 'base64url')
    if (bytes[0] === 0) return { ...key, short: { ...key.jwk, [coordinate]: bytes.subarray(1).toString('base64url') } }
  }
}

const issuer = await createIssuer({ algorithms: ['ES256'] })
t.teardown(() => issuer.close())

for (const [alg, coordinate, length] of [['ES256', 'x', 32], ['ES256', 'y', 32], ['ES384', 'x', 48]] as const) {
  t.test(`RFC 7518 section 6.2.1.2: an ${alg} key without the zeros before its ${coordinate} verifies, and is given in full length`, async (t) => {
    const key = await shortKey(alg, coordinate)
    t.equal(Buffer.from(String(key.short[coordinate]), 'base64url').length, length - 1)
    const { keys: [vetted], dropped } = vetKeys([key.short], [alg])
    t.same(dropped, [])
    const { use, ...full } = key.jwk
    t.same(vetted?.jwk, full)

    issuer.published = [key.short]
    const { app, get } = await guardedApi(t, issuer)
    t.same(await get(issuer.token({}, {}, key)), ACCEPTED)
    t.same(await get(issuer.token({}, { kid: key.kid }, await createKey(alg))), INVALID_TOKEN)
    const domain = issuer.issuer
    t.same(await app.gatehouse.jwks.getJwk({ domain, alg, kid: key.kid }), { ...full, domain })
    t.equal(await app.gatehouse.jwks.getPublicKey({ domain, alg, kid: key.kid }), key.publicKey.export({ type: 'spki', format: 'pem' }).toString())

    const { get: getByHand } = await guardedApi(t, issuer, { provider: trusting(issuer, { keys: { jwks: { keys: [key.short] } } }) })
    t.same(await getByHand(issuer.token({}, {}, key)), ACCEPTED, 'from a configured set too')
  })
}

t.test('a key that is published with its zeros after it was published without is the same key', async (t) => {
  const key = await shortKey('ES256', 'x')
  const { ring, server } = memoryRing(t, key.short)
  await ring.refresh()
  const [held] = ring.keys
  server.published = [key.jwk]
  await ring.refresh()
  t.equal(ring.keys[0], held)
  t.equal(held?.held, true)
})

t.test('zeros too many before a number are left out', async (t) => {
  const rsa = await createKey('RS256')
  const padded = Buffer.concat([Buffer.alloc(2), Buffer.from(String(rsa.jwk.n), 'base64url')]).toString('base64url')
  const { keys } = vetKeys([{ ...rsa.jwk, n: padded }], ['RS256'])
  t.equal(keys[0]?.jwk.n, rsa.jwk.n)
})
