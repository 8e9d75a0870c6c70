import { hash } from 'node:crypto'
import type { SessionRecord, SessionTokens } from '../../types/session.js'
import type { Store } from '../../types/store.js'
import type { Sealer } from './seal.js'
import { SealedRecords } from './sealed-records.js'

/** Milliseconds the outcome of a refresh is kept for requests that still carry the refresh token it used up. */
export const KEPT = 300_000
/** Outcomes followed one after the other. More would not fit into the time each is kept. */
const MOST_STEPS = 16

/** A record with other tokens. */
export function withTokens (record: SessionRecord, { idToken, accessToken, accessTokenSince, accessTokenExpiresAt, refreshToken, scope }: SessionTokens): SessionRecord {
  return { ...record, idToken, accessToken, accessTokenSince, accessTokenExpiresAt, refreshToken, scope }
}

/**
 * What became of refresh tokens: in the store, sealed, each under the hash of the token. A request that still carries
 * one must not show it to the provider again, which would take that for theft and end the login.
 */
export class RefreshedTokens {
  readonly #store: Store
  readonly #records: SealedRecords

  /** @param sealer of the purpose `refresh` */
  constructor (store: Store, sealer: Sealer) {
    this.#store = store
    this.#records = new SealedRecords(sealer)
  }

  /** @throws StoreUnavailableError */
  async keep (refreshToken: string, outcome: SessionRecord): Promise<void> {
    const key = keyOf(refreshToken)
    await this.#store.set(key, await this.#records.seal(key, outcome), KEPT)
  }

  /** A record with the latest tokens there are in place of its own. @throws StoreUnavailableError */
  async latestOf (record: SessionRecord): Promise<SessionRecord> {
    let latest = record
    for (let step = 0; step < MOST_STEPS && latest.refreshToken !== undefined; step++) {
      const outcome = await this.#outcomeOf(latest.refreshToken, record)
      if (outcome === undefined || !follows(outcome, latest)) break
      latest = withTokens(latest, outcome)
    }
    return latest
  }

  async #outcomeOf (refreshToken: string, { issuer, subject }: SessionRecord): Promise<SessionRecord | undefined> {
    const key = keyOf(refreshToken)
    const sealed = await this.#store.get(key)
    const outcome = sealed === undefined ? undefined : await this.#records.open(key, sealed)
    return outcome?.issuer === issuer && outcome.subject === subject ? outcome : undefined
  }
}

/** A refresh token that was not replaced has had outcomes before, perhaps the very one the record has. */
function follows (outcome: SessionTokens, tokens: SessionTokens): boolean {
  return outcome.refreshToken !== tokens.refreshToken || endOf(outcome) > endOf(tokens)
}

function endOf ({ accessToken, accessTokenExpiresAt = Infinity }: SessionTokens): number {
  return accessToken === undefined ? -Infinity : accessTokenExpiresAt
}

function keyOf (refreshToken: string): string {
  return `refreshed:${hash('sha256', refreshToken, 'base64url')}`
}
