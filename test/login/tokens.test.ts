import t from 'tap'
import { tokensOf } from '../../lib/login/tokens.js'

const NOW = 1_700_000_000
const jwt = (claims: unknown) => `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.c2ln`
const endOf = (accessToken: string, lifetime?: number) => tokensOf({ access_token: accessToken, ...(lifetime === undefined ? {} : { expires_in: lifetime }) }, NOW + 0.5).accessTokenExpiresAt

t.test('an access token ends when the provider says, counted from when it was asked', async (t) => {
  t.equal(endOf('opaque', 60), NOW + 60)
  t.equal(endOf(jwt({ exp: NOW + 600 }), 60), NOW + 60)
})

t.test('where the provider does not say, a JWT says it itself', async (t) => {
  t.equal(endOf(jwt({ exp: NOW + 600 })), NOW + 600)
  t.equal(endOf(jwt({ exp: NOW + 600.7 })), NOW + 600)
})

t.test('of any other token nobody knows', async (t) => {
  for (const token of ['opaque', 'a.b', 'a.b.c', `e30.${'A'.repeat(20_000)}.c2ln`, jwt({}), jwt([]), jwt({ exp: String(NOW + 600) }), jwt({ exp: (NOW + 600) * 1000 }), jwt({ exp: null })]) {
    t.equal(endOf(token), undefined, token.slice(0, 60))
  }
  t.equal(endOf(jwt({ exp: NOW - 600 })), undefined, 'one that ended before it came is by another clock')
})
