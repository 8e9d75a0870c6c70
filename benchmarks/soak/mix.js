import { randomInt } from 'node:crypto'
import { keysInUse, lifeOf, signingKey } from './schedule.js'

/** Per cent of the requests. */
export const shares = {
  known: 40, fresh: 20, brief: 5, expired: 5, forged: 8, unknown: 6, garbage: 8, none: 8
}
/** What comes of them: every kind of credential, with the seconds after which one of it has surely been sent. */
export const kinds = {
  'valid, seen': 0,
  'valid, never seen': 0,
  'valid, key removed': 90,
  'valid for seconds': 0,
  'expired, valid before': 25,
  expired: 0,
  forged: 0,
  'unknown kid': 0,
  garbage: 0,
  'no credential': 0
}
const total = Object.values(shares).reduce((sum, share) => sum + share, 0)
/** Tokens of each key that are sent again and again. */
const pooled = 100
/** Seconds that a brief token lives: the plugin sees it good first, expired later. */
const briefly = 3

const pick = (list) => list[randomInt(list.length)]

/** Chooses what is sent next: a credential and what the oracle must know of it. */
export class Mix {
  #tokens
  #clock
  #pools = new Map()
  #brief = []
  #makers = {
    known: (index, now) => this.#genuine(pick(this.#pool(index, now)), index, now),
    fresh: (index, now) => this.#genuine(this.#tokens.valid(index), index, now),
    brief: (index, now) => this.#briefOne(now),
    expired: (index) => ({ ...this.#tokens.valid(index, -60 - randomInt(3600)), kind: 'expired' }),
    forged: (index) => ({ ...this.#tokens.forged(index), kind: 'forged' }),
    unknown: () => ({ ...this.#tokens.unknown(), kind: 'unknown kid' }),
    garbage: () => ({ ...this.#tokens.garbage(), kind: 'garbage' }),
    none: () => ({ kind: 'no credential' })
  }

  constructor (tokens, clock) {
    this.#tokens = tokens
    this.#clock = clock
  }

  next () {
    const now = this.#clock.now()
    let left = randomInt(total)
    const choice = Object.keys(shares).find((name) => (left -= shares[name]) < 0)
    return this.#makers[choice](chooseKey(now), now)
  }

  // Each is sent several times, before and after its end.
  #briefOne (now) {
    if (this.#brief.length < pooled) this.#brief.push(this.#makeBrief(now))
    const at = randomInt(this.#brief.length)
    if (now > this.#brief[at].token.dies + 10_000) this.#brief[at] = this.#makeBrief(now)
    const { token, index } = this.#brief[at]
    return { ...this.#genuine(token, index, now), kind: now < token.dies ? 'valid for seconds' : 'expired, valid before' }
  }

  #makeBrief (now) {
    const index = signingKey(now)
    return { token: this.#tokens.valid(index, briefly), index }
  }

  #genuine (token, index, now) {
    const { removedAt } = lifeOf(index)
    const kind = now >= removedAt ? 'valid, key removed' : token.sent ? 'valid, seen' : 'valid, never seen'
    token.sent = true
    return { ...token, removedAt, kind }
  }

  #pool (index, now) {
    for (const old of this.#pools.keys()) if (!keysInUse(now).includes(old)) this.#pools.delete(old)
    if (!this.#pools.has(index)) this.#pools.set(index, Array.from({ length: pooled }, () => this.#tokens.valid(index)))
    return this.#pools.get(index)
  }
}

// Half the tokens are of the key that signs now, a third of older ones in the set, the rest of removed ones.
function chooseKey (now) {
  const current = signingKey(now)
  const older = keysInUse(now).filter((index) => index < current)
  const published = older.filter((index) => now < lifeOf(index).removedAt)
  const removed = older.filter((index) => now >= lifeOf(index).removedAt)
  const draw = randomInt(100)
  if (draw < 33 && published.length > 0) return pick(published)
  if (draw >= 83 && removed.length > 0) return pick(removed)
  return current
}
