import { LRUCache } from 'lru-cache'
import type { Identity } from '../../types/identity.js'
import type { AnswerPolicy } from '../../types/provider.js'
import { TooManyRequestsError, UnavailableError } from '../errors.js'
import type { AuthError } from '../errors.js'
import type { Refusal } from '../refusal.js'
import { CallBudgetMeter } from './budget.js'
import { tokenHash } from './cache.js'
import { endOfAll, raceDeadline } from './deadline.js'
import { failed, JudgeFailure } from './judge-failure.js'
import type { FailureSource } from './judge-failure.js'
import { Patience } from './patience.js'
import { lasts, termOf } from './term.js'
import type { Term } from './term.js'
import { DEADLINE } from './timing.js'

/** Whom a credential speaks for, or why it is refused. */
export type Answer = Identity | Refusal

/** Judges a credential. What it throws is a 503: a `JudgeFailure` says why. */
export type Judge = (credential: string, signal: AbortSignal) => Promise<Answer>

/** Asks whoever can judge one credential; same rules, but an `AuthError` of the app's own is the answer as it is. */
export type Question = (signal: AbortSignal) => Answer | Promise<Answer>

interface Parts extends FailureSource {
  readonly policy: AnswerPolicy
  /** The error for a credential that was refused. */
  readonly refuse: (refusal: Refusal) => AuthError
}

interface Accepted {
  readonly identity: Identity
  /** Past it the credential is asked about again, on the budget of those accepted before. */
  readonly term: Term
}

/** Credentials accepted before, or all others: what one is told does not stop the other. */
interface Lane {
  readonly budget: CallBudgetMeter
  readonly patience: Patience
}

/**
 * What others said about credentials that only they can judge: an introspection endpoint, a backend of API keys, an
 * authenticator of the app.
 *
 * - Requests with the same credential share one question.
 * - Answers are kept by the credential's hash, those that accept apart from those that refuse; both are bounded.
 * - Questions have two budgets: one for credentials accepted before, large enough to ask about each as often as its
 *   answer gets old, and one for all others, of which those that turn out good do not count.
 * - Whoever judges is left alone for as long as it wishes, a minute at most; a wish that a credential nobody knows caused
 *   does not hold for those accepted before.
 * - A question without an answer within 5 seconds is a 503, whatever becomes of it.
 */
export class Answers {
  readonly #parts: Parts
  readonly #accepted: LRUCache<string, Accepted>
  readonly #refused: LRUCache<string, { readonly refusal: Refusal, readonly term: Term }>
  readonly #underWay = new Map<string, Promise<Answer>>()
  readonly #known: Lane
  readonly #unknown: Lane
  readonly #closing = endOfAll()
  #recalled = 0
  #verified = 0

  constructor (parts: Parts) {
    this.#parts = parts
    this.#accepted = new LRUCache({ max: parts.policy.max })
    this.#refused = new LRUCache({ max: parts.policy.max })
    this.#known = { budget: new CallBudgetMeter(budgetOfKnown(parts.policy)), patience: new Patience() }
    this.#unknown = { budget: new CallBudgetMeter(parts.policy), patience: new Patience() }
  }

  /** Credentials answered with an identity that was kept. */
  get recalled (): number { return this.#recalled }

  /** Credentials answered with an identity after asking. */
  get verified (): number { return this.#verified }

  get size (): number { return this.#accepted.size + this.#refused.size }

  /**
   * At once for a credential seen lately. Its form must have been checked: each unknown one may cause a call.
   *
   * @returns the error, or rejects with it, for a credential that is refused, cannot be judged now, or comes past the budget
   */
  about (credential: string, question: Question): Identity | Promise<Identity> | AuthError {
    const hash = tokenHash(credential)
    const accepted = this.#accepted.get(hash)
    if (accepted !== undefined && lasts(accepted.term)) {
      this.#recalled++
      return accepted.identity
    }
    const refused = this.#refused.get(hash)
    if (refused !== undefined && lasts(refused.term)) return this.#parts.refuse(refused.refusal)
    let asking = this.#underWay.get(hash)
    if (asking === undefined) {
      const lane = accepted === undefined ? this.#unknown : this.#known
      const refusal = this.#mayNotAsk(lane)
      if (refusal !== undefined) return refusal
      asking = this.#ask(hash, lane, question).finally(() => { this.#underWay.delete(hash) })
      this.#underWay.set(hash, asking)
    }
    return this.#conclude(asking, credential)
  }

  async #ask (hash: string, lane: Lane, question: Question): Promise<Answer> {
    const { ttl, negativeTtl } = this.#parts.policy
    // From now on, for the answer may be as old as the question.
    const [accepted, refused] = [termOf(ttl), termOf(negativeTtl)]
    let answer: Answer
    try {
      answer = await raceDeadline(DEADLINE, this.#closing.signal, async (signal) => question(signal))
    } catch (error) {
      if (error instanceof JudgeFailure && error.retryAfter !== undefined) lane.patience.heed(error.retryAfter)
      throw error
    }
    if ('reason' in answer) {
      this.#accepted.delete(hash)
      this.#refused.set(hash, { refusal: answer, term: refused })
    } else {
      // The budget bounds invented credentials: good ones that nobody has seen yet, as after a restart, do not use it up.
      if (lane === this.#unknown) lane.budget.giveBack()
      this.#refused.delete(hash)
      this.#accepted.set(hash, { identity: answer, term: { ...accepted, wall: Math.min(accepted.wall, (answer.expiresAt ?? Infinity) * 1000) } })
    }
    return answer
  }

  /** For each who shares the question, for error handlers write on errors. */
  async #conclude (asking: Promise<Answer>, credential: string): Promise<Identity> {
    let answer: Answer
    try {
      answer = await asking
    } catch (error) {
      throw failed(error, credential, this.#parts)
    }
    if ('reason' in answer) throw this.#parts.refuse(answer)
    this.#verified++
    return answer
  }

  #mayNotAsk (lane: Lane): AuthError | undefined {
    const { name, failure } = this.#parts
    const pause = lane.patience.left
    if (pause > 0) return new UnavailableError({ reason: failure, provider: name, hint: 'whoever judges wants to be asked later' }, pause)
    const wait = lane.budget.take()
    if (wait === 0) return undefined
    const about = { reason: 'calls_exhausted', provider: name } as const
    if (lane === this.#known) return new UnavailableError({ ...about, hint: 'more calls for credentials accepted before than its budget allows: raise budget or cache.ttl' }, wait)
    return new TooManyRequestsError({ ...about, hint: 'more unknown credentials than its budget allows: an attack, or a budget that is too small' }, wait)
  }

  close (): void {
    this.#closing.abort()
  }
}

/** Those accepted before are finite: `max` of them, each asked about once in `ttl`. */
function budgetOfKnown ({ max, ttl, perSecond, burst }: AnswerPolicy): { readonly perSecond: number, readonly burst: number } {
  return { perSecond: Math.max(perSecond, max / Math.max(1, ttl / 1000)), burst: Math.max(burst, max) }
}
