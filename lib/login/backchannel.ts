import { hash } from 'node:crypto'
import type { Provider } from '../../types/provider.js'
import type { Store } from '../../types/store.js'
import type { Refusal } from '../refusal.js'
import type { SessionKeeper } from '../session/keeper.js'
import { wrongIssuer } from '../token/claims.js'
import type { CallbackParameters } from './callback.js'
import { LoginError } from './errors.js'
import { asRefusal, claimedIssuer, verifyLogoutToken } from './logout-token.js'
import type { LogoutNotice } from './logout-token.js'
import type { IdTokenKeys } from './signed-token.js'

/** Whose logout tokens are heard. */
export interface BackchannelParty {
  readonly provider: Provider
  readonly keys: IdTokenKeys
  readonly clientId: string
}

/** What `createBackchannelLogout` is told. */
export interface BackchannelParts {
  /** One for each issuer. */
  readonly parties: readonly BackchannelParty[]
  /** Remembers which tokens were used: every process must see it. */
  readonly store: Store
  readonly sessions: Pick<SessionKeeper, 'deleteBySid' | 'deleteBySubject'>
  /** Seconds by which clocks may differ. */
  readonly tolerance: number
}

/** Ends what a logout token says; parameters are those of the form the provider posted. */
export type BackchannelLogout = (parameters: CallbackParameters, signal: AbortSignal) => Promise<void>

/**
 * Logout by the provider, from server to server. It resolves where the sessions are over, or there were none: 200. It
 * rejects with a `LoginError`, 400, for what is no logout token of a party, or one that was used; with
 * `UnavailableError` or `StoreUnavailableError`, 503, where there is no telling, and then the same token may come again.
 *
 * A token is remembered once the sessions it names are over, not before: whatever fails on the way, the provider's next
 * try is heard. So of many at once several may end the same sessions, but only one is told that it did.
 *
 * @see OpenID Connect Back-Channel Logout sections 2.5 to 2.8
 */
export function createBackchannelLogout ({ parties, store, sessions, tolerance }: BackchannelParts): BackchannelLogout {
  const names = parties.map(({ provider }) => provider.name).join(', ')

  /** The signature will tell whether the token is from whom it says; until then nobody is asked on its account. */
  function choose (token: string): BackchannelParty {
    try {
      const issuer = claimedIssuer(token)
      const party = parties.find(({ provider }) => provider.issuer === issuer)
      if (party === undefined) throw wrongIssuer(issuer, parties.map(({ provider }) => provider.issuer))
      return party
    } catch (error) {
      throw asRefusal(error, names)
    }
  }

  return async function logout (parameters, signal) {
    const token = Object.hasOwn(parameters, 'logout_token') ? parameters.logout_token : undefined
    if (typeof token !== 'string') {
      throw refused(names, { expected: 'one logout_token', hint: Array.isArray(token) ? 'logout_token came more than once' : 'the form has no logout_token' })
    }
    const party = choose(token)
    const notice = await verifyLogoutToken(token, { ...party, tolerance }, signal)
    const { name } = party.provider
    const key = keyOf(notice)
    if (await store.get(key) !== undefined) throw usedBefore(name)
    await end(notice, sessions)
    // The clock of another process may be behind by the tolerance: there the token lives that much longer.
    const lifetime = notice.expiresAt + 2 * tolerance - Date.now() / 1000
    if (!await store.add(key, 'used', Math.max(lifetime * 1000, 1))) throw usedBefore(name)
  }
}

/**
 * With a `sid` it is this session that is over, whether the person is named or not: they may be logged in elsewhere. All
 * of a person's are meant only where no `sid` says otherwise.
 *
 * @see OpenID Connect Back-Channel Logout sections 2.4 (`sid`) and 2.7
 */
async function end ({ issuer, sid, subject }: LogoutNotice, sessions: BackchannelParts['sessions']): Promise<void> {
  if (sid === undefined) await sessions.deleteBySubject({ issuer, subject: subject! })
  else await sessions.deleteBySid({ issuer, sid })
}

/** Of one length, and who reads the store learns nothing from it. */
function keyOf ({ issuer, jti }: LogoutNotice): string {
  return `logout-token:${hash('sha256', JSON.stringify([issuer, jti]), 'base64url')}`
}

function usedBefore (provider: string): LoginError {
  return refused(provider, { found: 'a jti that was used', hint: 'the same logout token came again' })
}

function refused (provider: string, about: Pick<Refusal, 'expected' | 'found' | 'hint'>): LoginError {
  return new LoginError({ provider, reason: 'logout_token_refused', ...about })
}
