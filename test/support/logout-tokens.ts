import { randomUUID } from 'node:crypto'
import { AuthError } from '../../lib/index.js'
import type { IssuerKey, TestIssuer } from './issuer.js'

/** What says in `events` that a token is a logout token. */
export const EVENT = 'http://schemas.openid.net/event/backchannel-logout'

/** A right logout token for the client `web`; arguments override single members, `undefined` removes one. */
export function logoutToken (issuer: TestIssuer, claims: Record<string, unknown> = {}, header: Record<string, unknown> = {}, key?: IssuerKey): string {
  const ours = { aud: 'web', azp: undefined, scope: undefined, exp: Math.floor(Date.now() / 1000) + 120, jti: randomUUID(), sid: 'session-1', events: { [EVENT]: {} } }
  return issuer.token({ ...ours, ...claims }, { typ: 'logout+jwt', ...header }, key)
}

/** How a logout was answered, as the provider and the operator see it; what it resolved with otherwise. */
export async function outcomeOf (work: Promise<unknown>): Promise<Record<string, unknown>> {
  try {
    return { result: await work }
  } catch (error) {
    if (!(error instanceof AuthError)) throw error
    return { status: error.statusCode, code: error.code, message: error.message, headers: error.headers, ...error.refusal }
  }
}
