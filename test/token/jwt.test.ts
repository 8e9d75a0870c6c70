import { test } from 'tap'
import type { Test } from 'tap'
import { createEngine } from '../../lib/token/jwt.js'
import type { PublicKey } from '../../lib/token/jwks.js'
import type { Engine } from '../../lib/token/jwt.js'
import { base64url, compact } from '../support/compact.js'
import { createKey, signJws } from '../support/issuer.js'
import type { IssuerKey, SigningAlgorithm } from '../support/issuer.js'

const RSA: SigningAlgorithm[] = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512']
const rsa = await createKey('RS256')
const families: ReadonlyArray<readonly [algorithms: SigningAlgorithm[], key: IssuerKey]> = [
  [RSA, rsa],
  [['ES256'], await createKey('ES256')],
  [['ES384'], await createKey('ES384')],
  [['ES512'], await createKey('ES512')],
  [['EdDSA', 'Ed25519'], await createKey('EdDSA')]
]
const keys: PublicKey[] = families.map(([algorithms, { publicKey }]) => ({ key: publicKey, algorithms }))

async function engineOf (t: Test, publicKeys: readonly PublicKey[], tolerance = 10): Promise<Engine> {
  const engine = await createEngine(publicKeys, tolerance)
  t.teardown(() => engine.close())
  return engine
}

const now = Math.floor(Date.now() / 1000)

function tokenOf (key: IssuerKey, alg: SigningAlgorithm, claims: object = {}): string {
  return signJws(JSON.stringify({ alg }), JSON.stringify({ sub: 'user-1', exp: now + 60, ...claims }), { ...key, alg })
}

test('each verifier, in the order of the keys, gives the payload of a token its key signed', async (t) => {
  const { verifiers } = await engineOf(t, keys)
  for (const [index, [algorithms, key]] of families.entries()) {
    for (const alg of algorithms) t.same(verifiers[index]!(tokenOf(key, alg), alg), { sub: 'user-1', exp: now + 60 }, alg)
  }
})

test('no verifier takes a token of another key, of the same type or another', async (t) => {
  const { verifiers } = await engineOf(t, keys)
  for (const [index, [algorithms]] of families.entries()) {
    for (const alg of algorithms) {
      const stranger = alg === 'Ed25519' ? await createKey('EdDSA') : RSA.includes(alg) ? { ...await createKey('RS256'), alg } : await createKey(alg)
      t.throws(() => verifiers[index]!(tokenOf(stranger, alg), alg), `${alg} of a stranger`)
    }
    for (const [other, [[otherAlg], key]] of families.entries()) {
      if (other !== index) t.throws(() => verifiers[index]!(tokenOf(key, otherAlg!), otherAlg!), `${otherAlg} at ${algorithms.join()}`)
    }
  }
})

test('a verifier takes only the algorithms of its key', async (t) => {
  const { verifiers: [rs256] } = await engineOf(t, [{ key: rsa.publicKey, algorithms: ['RS256'] }])
  t.same(rs256!(tokenOf(rsa, 'RS256'), 'RS256'), { sub: 'user-1', exp: now + 60 })
  for (const alg of RSA.slice(1)) t.throws(() => rs256!(tokenOf(rsa, alg), alg), alg)
})

test('RFC 9864: a key for Ed25519 alone verifies under that name', async (t) => {
  const key = await createKey('Ed25519')
  const { verifiers: [ed25519] } = await engineOf(t, [{ key: key.publicKey, algorithms: ['Ed25519'] }])
  t.same(ed25519!(tokenOf(key, 'Ed25519', { list: ['ü'] }), 'Ed25519'), { sub: 'user-1', exp: now + 60, list: ['ü'] })
})

for (const [index, [[alg], key]] of families.entries()) {
  test(`a bent ${alg} token is refused: signature empty, zero, cut, longer, of other parts`, async (t) => {
    const verify = (await engineOf(t, keys)).verifiers[index]!
    const algorithms = alg === 'EdDSA' ? ['EdDSA', 'Ed25519'] as const : [alg!]
    for (const algorithm of algorithms) {
      const [header, payload, signature] = tokenOf(key, algorithm).split('.') as [string, string, string]
      const bytes = Buffer.from(signature, 'base64url')
      const zero = base64url(Buffer.alloc(bytes.length))
      const otherPayload = base64url({ sub: 'admin', exp: now + 60 })
      const bent = {
        empty: `${header}.${payload}.`,
        zero: `${header}.${payload}.${zero}`,
        cut: `${header}.${payload}.${base64url(bytes.subarray(1))}`,
        longer: `${header}.${payload}.${base64url(Buffer.concat([bytes, bytes]))}`,
        'of another payload': `${header}.${otherPayload}.${signature}`,
        'of another header': `${base64url({ alg: algorithm, kid: 'k' })}.${payload}.${signature}`
      }
      for (const [title, token] of Object.entries(bent)) t.throws(() => verify(token, algorithm), `${algorithm}: ${title}`)
    }
  })
}

test('an unsigned token is refused by every verifier', async (t) => {
  const { verifiers } = await engineOf(t, keys)
  for (const [index, [[alg]]] of families.entries()) {
    t.throws(() => verifiers[index]!(compact({ alg: 'none' }, { sub: 'user-1' }, ''), alg!), String(alg))
  }
})

test('times are judged with the tolerance', async (t) => {
  const { verifiers: [strict] } = await engineOf(t, [keys[0]!], 0)
  const { verifiers: [tolerant] } = await engineOf(t, [keys[0]!], 60)
  for (const claims of [{ exp: now - 30 }, { nbf: now + 30 }]) {
    const token = tokenOf(rsa, 'RS256', claims)
    t.throws(() => strict!(token, 'RS256'))
    t.match(tolerant!(token, 'RS256'), claims)
  }
})

test('a set without keys has no verifiers', async (t) => {
  t.same((await engineOf(t, [])).verifiers, [])
})
