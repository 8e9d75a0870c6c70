import t, { test } from 'tap'
import type { Test } from 'tap'
import { fakeClock } from '../support/clock.js'
import { invalidToken, welcome } from '../support/expected-answers.js'
import { openGate } from '../support/gate.js'
import type { GateOptions } from '../support/gate.js'
import { createIssuer } from '../support/issuer.js'

const NOW = 1_800_000_000
const issuer = await createIssuer({ algorithms: ['RS256', 'Ed25519'] })
t.teardown(() => issuer.close())

/** A gate at a time that stands still. */
async function gateAt (t: Test, options: GateOptions['gatehouse'] = {}) {
  const clock = fakeClock(t, NOW * 1000)
  const gate = await openGate(t, { issuer, gatehouse: options })
  const token = (claims: Record<string, unknown>, key = issuer.keys[0]) => issuer.token({ iat: undefined, exp: NOW + 60, ...claims }, {}, key)
  return { clock, gate, token }
}

/** A time as it stands in the payload, to the letter. */
function verbatim (name: string, json: string): string {
  const [key] = issuer.keys
  const claims = { iss: issuer.issuer, aud: issuer.audience, sub: 'user-1', exp: NOW + 60, [name]: undefined }
  return issuer.sign(JSON.stringify({ alg: key!.alg, kid: key!.kid }), `${JSON.stringify(claims).slice(0, -1)},"${name}":${json}}`)
}

for (const clockTolerance of [0, 10, 60]) {
  for (const key of issuer.keys) {
    test(`RFC 7519 section 4.1.4: a token works until just before exp + ${clockTolerance} s, and not from then on: ${key.alg}`, async (t) => {
      const { clock, gate, token } = await gateAt(t, { clockTolerance })
      clock.advance((60 + clockTolerance) * 1000 - 1)
      t.same(await gate.bearer(token({}, key)), welcome())
      clock.advance(1)
      t.same(await gate.bearer(token({}, key)), invalidToken('token_expired'))
      clock.advance(3_600_000)
      t.same(await gate.bearer(token({}, key)), invalidToken('token_expired'))
    })

    for (const name of ['nbf', 'iat']) {
      test(`RFC 7519 section 4.1.5, 4.1.6: ${name} at most ${clockTolerance} s ahead: ${key.alg}`, async (t) => {
        const { gate, token } = await gateAt(t, { clockTolerance })
        t.same(await gate.bearer(token({ [name]: NOW + clockTolerance }, key)), welcome())
        t.same(await gate.bearer(token({ [name]: NOW + clockTolerance + 0.5 }, key)), invalidToken('token_not_yet_valid'))
        t.same(await gate.bearer(token({ [name]: NOW + 3600 }, key)), invalidToken('token_not_yet_valid'))
        t.same(await gate.bearer(token({ [name]: 0 }, key)), welcome())
      })
    }
  }
}

test('RFC 7519 section 4.1.4: a cached token ends when a new one would', async (t) => {
  const { clock, gate, token } = await gateAt(t)
  const same = token({})
  t.same(await gate.bearer(same), welcome())
  t.same(await gate.bearer(same), welcome())
  t.equal(gate.app.gatehouse.stats().cached, 1)
  clock.advance(69_999)
  t.same(await gate.bearer(same), welcome())
  clock.advance(1)
  t.same(await gate.bearer(same), invalidToken('token_expired'))
})

test('RFC 7519 section 4.1.4: a token that never expires is refused', async (t) => {
  const { gate, token } = await gateAt(t)
  t.same(await gate.bearer(token({ exp: undefined })), invalidToken('claim_missing'))
})

test('RFC 7519 section 2, NumericDate: a fraction is a time', async (t) => {
  const { clock, gate } = await gateAt(t, { clockTolerance: 0 })
  clock.advance(250)
  t.same(await gate.bearer(verbatim('exp', `${NOW}.5`)), welcome())
  t.same(await gate.bearer(verbatim('nbf', `${NOW}.125`)), welcome())
  t.same(await gate.bearer(verbatim('nbf', `${NOW}.5`)), invalidToken('token_not_yet_valid'))
  clock.advance(250)
  t.same(await gate.bearer(verbatim('exp', `${NOW}.5`)), invalidToken('token_expired'))
  t.same(await gate.bearer(verbatim('exp', '1.80000006e9')), welcome(), 'an exponent is a way to write it')
})

const malformed = [
  `"${NOW + 60}"`, '"2099-01-01T00:00:00Z"', '""', 'null', 'true', 'false', '[]', `[${NOW + 60}]`, '{}', `{"value":${NOW + 60}}`,
  '1e400', '-1e400', '-1e300', '1e300', '8640000000001', '-1', '-0.5', '9007199254740993', '18446744073709551616'
]

for (const name of ['exp', 'nbf', 'iat']) {
  test(`RFC 7519 section 2, NumericDate: ${name} is a finite number of seconds a date can show`, async (t) => {
    const { gate } = await gateAt(t)
    for (const json of malformed) t.same(await gate.bearer(verbatim(name, json)), invalidToken('time_malformed'), `${name}: ${json}`)
  })
}

test('RFC 7519 section 4.1.4: long ago is expired, whatever the number looks like', async (t) => {
  const { gate } = await gateAt(t)
  for (const json of ['0', '-0', '1', '0.1', '1e-300', '17e8']) t.same(await gate.bearer(verbatim('exp', json)), invalidToken('token_expired'), json)
})

test('a token of the far future works', async (t) => {
  const { gate } = await gateAt(t)
  t.same(await gate.bearer(verbatim('exp', '8640000000000')), welcome())
})
