import type { SigningAlgorithm } from '../../types/provider.js'

/** Every algorithm a provider may use: asymmetric ones only (RFC 8725 section 3.1). */
export const ALGORITHMS: readonly SigningAlgorithm[] = Object.freeze([
  'RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'
])
