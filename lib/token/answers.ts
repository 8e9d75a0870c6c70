import { LRUCache } from 'lru-cache'
import type { Identity } from '../../types/identity.js'
import type { AnswerPolicy } from '../../types/provider.js'
import { AuthError, TooManyRequestsError, UnavailableError } from '../errors.js'
import { loggable } from '../refusal.js'
import type { Reason, Refusal } from '../refusal.js'
import { CallBudgetMeter } from './budget.js'
import { tokenHash } from './cache.js'
import { endOfAll, raceDeadline } from './deadline.js'
import { DEADLINE } from './timing.js'

/** Whom a credential speaks for, or why it is refused. */
export type Answer = Identity | Refusal

/** Judges a credential. What it throws is a 503, unless it is an `AuthError`. */
export type Judge = (credential: string, signal: AbortSignal) => Promise<Answer>

/** Asks whoever can judge one credential; same rules. */
export type Question = (signal: AbortSignal) => Answer | Promise<Answer>

interface Parts {
  /** Of the provider or authenticator, for refusals. */
  readonly name: string
  readonly policy: AnswerPolicy
  /** Why it cannot be judged now, where whoever judges fails. */
  readonly failure: Reason
  /** The error for a credential that was refused. */
  readonly refuse: (refusal: Refusal) => AuthError
}

interface Accepted {
  readonly identity: Identity
  /** Past it the credential is asked about again, on the budget of those accepted before. */
  readonly term: Term
}

/** An end by both clocks: one can be set back, the other stands still while the machine sleeps. Milliseconds. */
interface Term {
  readonly wall: number
  readonly steady: number
}

/**
 * What others said about credentials that only they can judge: an introspection endpoint, a backend of API keys, an
 * authenticator of the app.
 *
 * - Requests with the same credential share one question.
 * - Answers are kept by the credential's hash, those that accept apart from those that refuse; both are bounded.
 * - Questions have two budgets: one for credentials accepted before, one for all others.
 * - A question without an answer within 5 seconds is a 503, whatever becomes of it.
 */
export class Answers {
  readonly #parts: Parts
  readonly #accepted: LRUCache<string, Accepted>
  readonly #refused: LRUCache<string, { readonly refusal: Refusal, readonly term: Term }>
  readonly #underWay = new Map<string, Promise<Answer>>()
  readonly #known: CallBudgetMeter
  readonly #unknown: CallBudgetMeter
  readonly #closing = endOfAll()
  #recalled = 0
  #verified = 0

  constructor (parts: Parts) {
    this.#parts = parts
    this.#accepted = new LRUCache({ max: parts.policy.max })
    this.#refused = new LRUCache({ max: parts.policy.max })
    this.#known = new CallBudgetMeter(parts.policy)
    this.#unknown = new CallBudgetMeter(parts.policy)
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
      const wait = (accepted === undefined ? this.#unknown : this.#known).take()
      if (wait > 0) return this.#overBudget(accepted !== undefined, wait)
      asking = this.#ask(hash, question).finally(() => { this.#underWay.delete(hash) })
      this.#underWay.set(hash, asking)
    }
    return this.#conclude(asking, credential)
  }

  async #ask (hash: string, question: Question): Promise<Answer> {
    const answer = await raceDeadline(DEADLINE, this.#closing.signal, async (signal) => question(signal))
    const { ttl, negativeTtl } = this.#parts.policy
    if ('reason' in answer) {
      this.#accepted.delete(hash)
      this.#refused.set(hash, { refusal: answer, term: termOf(negativeTtl) })
    } else {
      this.#refused.delete(hash)
      this.#accepted.set(hash, { identity: answer, term: termOf(ttl, (answer.expiresAt ?? Infinity) * 1000) })
    }
    return answer
  }

  /** For each who shares the question: an error of its own, for error handlers write on them. */
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

  #overBudget (isKnown: boolean, wait: number): AuthError {
    const { name } = this.#parts
    if (isKnown) return new UnavailableError({ reason: 'calls_exhausted', provider: name, hint: 'more calls for credentials accepted before than its budget allows: raise budget or cache.ttl' }, wait)
    return new TooManyRequestsError({ reason: 'calls_exhausted', provider: name, hint: 'more unknown credentials than its budget allows: an attack, or a budget that is too small' }, wait)
  }

  close (): void {
    this.#closing.abort()
  }
}

function termOf (lifetime: number, end: number = Infinity): Term {
  return { wall: Math.min(Date.now() + lifetime, end), steady: performance.now() + lifetime }
}

function lasts ({ wall, steady }: Term): boolean {
  return Date.now() < wall && performance.now() < steady
}

/**
 * The error for what somebody else's code or server failed of.
 *
 * @param secrets what the caller sent: a message that repeats some of it is left out, for parsers quote what they cannot read
 */
export function failed (error: unknown, secrets: string, { name, failure }: Pick<Parts, 'name' | 'failure'>): AuthError {
  if (error instanceof AuthError) return error
  return new UnavailableError({ reason: failure, provider: name, hint: error instanceof Error ? described(error, secrets) : 'what it threw is no Error' }, 1)
}

/** Characters in a row that are no coincidence. */
const RUN = 8

function described ({ name, message }: Error, secrets: string): string {
  const text = String(loggable(String(message)))
  const run = Math.min(RUN, secrets.length)
  const repeats = secrets !== '' && Array.from({ length: Math.max(0, text.length - run + 1) }, (_, start) => text.slice(start, start + run)).some((part) => secrets.includes(part))
  return `${String(name)}: ${repeats ? '[left out: repeats what the caller sent]' : text}`
}
