const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url')
const now = Math.floor(Date.now() / 1000)

/** Header and payload of an ID token with five claims about the person, encoded. */
export function idTokenInput (header, { issuer, audience, nonce }) {
  return `${encode(header)}.${encode({
    iss: issuer,
    aud: audience,
    sub: 'auth0|65f1c2d3e4a5b6000000000',
    iat: now,
    exp: now + 3600,
    nonce,
    sid: '9hYqLb3XcR7wT2mN',
    name: 'Ada Lovelace',
    nickname: 'ada',
    email: 'ada.lovelace@example.com',
    email_verified: true
  })}`
}

/** Header and payload of a DPoP proof made now, encoded. */
export function proofInput (header, claims) {
  return `${encode(header)}.${encode({ ...claims, iat: now })}`
}

/** Header and payload of an access token, encoded; `serial` makes it differ from every other one. */
export function signingInput (header, { issuer, audience, serial, cnf }) {
  const number = String(serial).padStart(9, '0')
  return `${encode(header)}.${encode({
    iss: issuer,
    aud: audience,
    sub: `auth0|65f1c2d3e4a5b6${number}`,
    iat: now,
    exp: now + 3600,
    scope: 'read:orders write:orders',
    azp: 'k3Vq9ZtY7uXwN2mB',
    permissions: ['read:orders'],
    jti: `${number}`,
    cnf
  })}`
}
