import { randomBytes } from 'node:crypto'
import { idTokenInput } from './claims.js'
import { client } from './login.js'
import { signInput, signToken } from './signed-token.js'

/** What the token endpoint answers to a code, which here is the nonce of the login. */
export function tokenAnswer (key, { issuer, audience }, form) {
  const nonce = new URLSearchParams(form).get('code')
  const header = { alg: key.alg, typ: 'JWT', kid: key.kid }
  return {
    access_token: signToken(key, { issuer, audience }, 0),
    token_type: 'Bearer',
    expires_in: 3600,
    refresh_token: randomBytes(32).toString('base64url'),
    scope: 'openid profile email offline_access',
    id_token: signInput(idTokenInput(header, { issuer, audience: client.clientId, nonce }), key)
  }
}
