import type { Identity } from '../../types/identity.js'

/** An identity that holds nothing, but for what is given. */
export function identity (held: Partial<Identity> = {}): Identity {
  return {
    type: 'access_token',
    provider: 'oidc',
    issuer: 'https://id.example',
    subject: 'user-1',
    clientId: 'client-1',
    organizationId: undefined,
    scopes: [],
    permissions: [],
    roles: [],
    claims: { iss: 'https://id.example', exp: 4_102_444_800 },
    expiresAt: 4_102_444_800,
    ...held
  }
}
