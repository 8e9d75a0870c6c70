import { expected, plainObject, refuseUnknownKeys } from '../configuration.js'

/** How long a session may last, in seconds. */
export interface Lifetime {
  /** Without a request. */
  readonly idle: number
  /** From login on, whatever happens. */
  readonly absolute: number
}

/** What a session remembers of time: seconds since the epoch. */
export interface SessionTimes {
  readonly startedAt: number
  /** When a request was last written down. */
  readonly touchedAt: number
  /** The provider's own end, its `session_expiry`, if it said one. */
  readonly ceiling?: number | undefined
}

/** What there is to know about a session now. */
export interface Life {
  readonly isAlive: boolean
  /** Seconds since the epoch: then it is over, if nothing happens before. */
  readonly endsAt: number
  /** Whether writing this request down would make it last longer, and the last time was long enough ago. */
  readonly isTouchDue: boolean
}

const DAY = 86_400
/** Browsers keep no cookie longer. */
const LONGEST = 400 * DAY
/** Most seconds between two writes: a process that dies costs a session no more than that. */
const SELDOMEST_TOUCH = 60
/** Clocks of two servers are rarely further apart. */
const TOLERANCE = 60

/**
 * Checks how long sessions last: a day without a request, a week in all, unless told otherwise. An idle lifetime that
 * is not given is never longer than the absolute one.
 *
 * @throws TypeError naming the path and the remedy
 */
export function readLifetime (path: string, value: unknown = {}): Lifetime {
  const { absolute = 7 * DAY, idle, ...rest } = plainObject(path, value, 'write { idle, absolute }, in seconds')
  refuseUnknownKeys(path, rest, ['idle', 'absolute'])
  return lifetimeOf(path, seconds(`${path}.absolute`, absolute), idle)
}

/**
 * Says whether a session is alive, when it ends and whether to write down that it was used: after a tenth of the idle
 * lifetime, or a minute if that is less. A time that is no number, or lies in the future, is that of no living session.
 *
 * @param now seconds since the epoch
 * @see NIST SP 800-63B-3 section 7.2
 */
export function lifeOf (times: SessionTimes, { idle, absolute }: Lifetime, now: number): Life {
  const { startedAt, touchedAt, ceiling = Infinity } = times
  const limit = Math.min(startedAt + absolute, ceiling)
  const endsAt = Math.min(touchedAt + idle, limit)
  // Written so that NaN, from a record gone wrong, is not alive.
  const isAlive = now < endsAt && Math.max(startedAt, touchedAt) <= now + TOLERANCE
  return {
    isAlive,
    endsAt,
    isTouchDue: isAlive && endsAt < limit && now - touchedAt >= Math.min(idle / 10, SELDOMEST_TOUCH)
  }
}

function lifetimeOf (path: string, absolute: number, given: unknown): Lifetime {
  const idle = given === undefined ? Math.min(DAY, absolute) : seconds(`${path}.idle`, given)
  if (idle > absolute) throw new TypeError(`${path}: idle (${idle} s) is longer than absolute (${absolute} s); shorten idle or lengthen absolute`)
  return Object.freeze({ idle, absolute })
}

function seconds (path: string, value: unknown): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 60 && value <= LONGEST) return value
  const remedy = typeof value === 'number' && value > LONGEST ? 'are these milliseconds?' : undefined
  throw expected(path, `60 to ${LONGEST} whole seconds`, value, remedy)
}
