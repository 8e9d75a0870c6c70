import { LRUCache } from 'lru-cache'
import type { DownstreamToken } from '../../types/exchange.js'
import { lasts, termOf } from '../token/term.js'
import type { Term } from '../token/term.js'

/** Tokens held at most, and their characters; the one longest unused goes first. */
const MOST = 10_000
const MOST_CHARACTERS = 32_000_000
/** What a scope costs beside its characters, in a list. */
const PER_SCOPE = 32
/** Seconds a token is kept where nobody says when it, or what it was made of, ends. */
const UNKNOWN = 60
/** Seconds before its end from which on a token is no longer given, but at most a tenth of its life. */
const MARGIN = 30

interface Kept {
  readonly token: DownstreamToken
  readonly term: Term
}

/**
 * Tokens that were exchanged, by key. Who asks for one that is on its way waits for it. A failure is kept by nobody, and is
 * everybody's who waits.
 */
export class KeptTokens {
  readonly #kept = new LRUCache<string, Kept>({ max: MOST, maxSize: MOST_CHARACTERS, sizeCalculation: ({ token }) => sizeOf(token) })
  readonly #underWay = new Map<string, Promise<DownstreamToken>>()

  /**
   * @param key says all that the token depends on
   * @param ends of what is exchanged, seconds since the epoch; undefined: nobody said
   */
  get (key: string, ends: ReadonlyArray<number | undefined>, obtain: () => Promise<DownstreamToken>): Promise<DownstreamToken> {
    const known = this.#kept.get(key)
    if (known !== undefined && lasts(known.term)) return Promise.resolve(known.token)
    let underWay = this.#underWay.get(key)
    if (underWay === undefined) {
      underWay = this.#obtain(key, ends, obtain).finally(() => { this.#underWay.delete(key) })
      this.#underWay.set(key, underWay)
    }
    return underWay
  }

  async #obtain (key: string, ends: ReadonlyArray<number | undefined>, obtain: () => Promise<DownstreamToken>): Promise<DownstreamToken> {
    const token = await obtain()
    const seconds = Math.min(usableFor(token), ...ends.map((end) => end === undefined ? UNKNOWN : end - Date.now() / 1000))
    if (seconds > 0) this.#kept.set(key, { token, term: termOf(seconds * 1000) })
    return token
  }
}

/** A provider decides how long tokens are, and how many scopes they have. */
function sizeOf ({ accessToken, scopes }: DownstreamToken): number {
  return scopes.reduce((sum, scope) => sum + scope.length + PER_SCOPE, accessToken.length)
}

function usableFor ({ expiresAt }: DownstreamToken): number {
  if (expiresAt === undefined) return UNKNOWN
  const life = expiresAt - Date.now() / 1000
  return life - Math.min(MARGIN, life / 10)
}
