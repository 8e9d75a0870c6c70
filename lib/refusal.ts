/** Why a credential, a caller or a login was refused. Closed: docs/errors.md explains each, a test holds both together. */
export type Reason =
  // the credential as it came
  | 'header_missing' | 'scheme_unsupported' | 'header_malformed' | 'header_repeated' | 'credentials_repeated' | 'cookie_repeated'
  | 'credentials_refused' | 'origin_refused'
  // the token's form
  | 'token_too_large' | 'token_quoted' | 'token_opaque' | 'token_encrypted' | 'token_malformed'
  // its header
  | 'alg_symmetric' | 'alg_refused' | 'crit_refused' | 'typ_refused' | 'kid_malformed' | 'kid_unknown'
  // its claims
  | 'issuer_mismatch' | 'audience_mismatch' | 'token_expired' | 'token_not_yet_valid' | 'time_malformed'
  | 'claim_missing' | 'claim_malformed' | 'id_token' | 'not_an_access_token' | 'subject_missing' | 'binding_unverifiable'
  | 'signature_invalid' | 'provider_refused'
  // who sent it
  | 'dpop_required' | 'binding_missing' | 'binding_mismatch' | 'certificate_mismatch'
  | 'proof_unexpected' | 'proof_missing' | 'proof_repeated' | 'proof_malformed' | 'proof_algorithm_refused' | 'proof_key_refused'
  | 'proof_signature_invalid' | 'proof_method_mismatch' | 'proof_uri_mismatch' | 'proof_time_refused' | 'proof_token_mismatch'
  | 'nonce_missing' | 'nonce_stale' | 'proof_replayed' | 'proofs_exhausted'
  // what somebody else said of it
  | 'token_inactive' | 'credential_malformed' | 'credential_unknown'
  // the caller
  | 'acr_insufficient' | 'authentication_too_old'
  | 'scope_missing' | 'permission_missing' | 'role_missing' | 'claim_refused' | 'authorize_refused' | 'organization_missing' | 'accessor_refused'
  // the session
  | 'session_unknown' | 'access_token_ended'
  // a login and its callback
  | 'transaction_missing' | 'callback_malformed' | 'state_mismatch' | 'provider_mismatch' | 'issuer_missing' | 'authorization_refused' | 'after_login_refused'
  // what came for the code or the refresh token
  | 'grant_refused' | 'answer_refused' | 'authorized_party_mismatch' | 'acr_mismatch' | 'access_token_hash_mismatch'
  | 'login_changed' | 'access_token_refused' | 'subject_mismatch'
  // a token exchange
  | 'exchange_refused'
  // the provider ends a session
  | 'logout_token_refused'
  // ours
  | 'keys_unavailable' | 'introspection_failed' | 'backend_failed' | 'authenticator_failed' | 'calls_exhausted' | 'resolver_failed' | 'accessor_misused' | 'route_misconfigured'
  | 'provider_unavailable' | 'client_refused' | 'store_unavailable' | 'cookie_too_large' | 'host_unknown'

/**
 * What the operator is told: one log line and one `diagnostics_channel` message carry it. Texts that came with
 * a token are shortened, and anything that looks like a token is left out.
 */
export interface Refusal {
  readonly reason: Reason
  readonly expected?: unknown
  readonly found?: unknown
  /** The likely slip, and what to do about it. */
  readonly hint?: string | undefined
  /** Name of the provider the token claims to be from, once one was chosen. */
  readonly provider?: string | undefined
  readonly kid?: string | undefined
  readonly clientId?: string | undefined
}

const LONGEST = 200

/** A value from an unverified token, fit for a log line: bounded, and never a token itself. */
export function loggable (value: unknown): unknown {
  return Array.isArray(value) ? value.slice(0, 10).map(loggableItem) : loggableItem(value)
}

function loggableItem (value: unknown): unknown {
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? '[a list]' : '[an object]'
  if (typeof value !== 'string') return value
  const text = value.slice(0, LONGEST)
  if (/eyJ|[\w-]{20,}\.[\w-]{20,}/.test(text)) return '[left out: looks like a token]'
  return value.length > LONGEST ? `${text}…` : value
}
