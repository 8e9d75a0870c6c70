import { inspect } from 'node:util'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { JsonMembers } from '../../types/session.js'
import type { WebSession } from '../../types/web-session.js'
import { AuthError } from '../errors.js'
import type { SessionEvidence } from '../guard.js'
import type { Reporter } from '../report.js'
import { unavailable } from '../store/refused.js'
import { readPart, splitToken } from '../token/parse.js'
import type { JsonObject } from '../token/parse.js'
import { LoginRequiredError } from './errors.js'
import type { Session } from './keeper.js'
import type { SessionPlace } from './place.js'
import { replaceCookie } from './set-cookies.js'
import { changesIn, dataOf, mutableCopy, withChanges } from './stored-data.js'
import type { MutableData } from './stored-data.js'

/** Where a request has its session. */
export const kSession = Symbol('gatehouse.session')

declare module 'fastify' {
  interface FastifyRequest {
    /** Not there in scopes without login. */
    [kSession]?: RequestSession | null
  }
}

interface Parts {
  readonly site: SessionPlace
  readonly session: Session
  readonly request: FastifyRequest
  readonly reply: FastifyReply
  readonly reporter: Reporter
}

/** Whether the access token could be had: `later`, nobody can be asked now. */
export type Renewed = 'usable' | 'refused' | 'ended' | { readonly later: AuthError }

const DONE: Promise<unknown> = Promise.resolve()

/**
 * The session of a request: what handlers see of it, and what must be written down before the answer leaves. Of which
 * types its user and data are the app may have promised to the compiler.
 */
export class RequestSession implements Omit<WebSession, 'user' | 'data'>, SessionEvidence {
  // Private fields: no serializer and no spread can reach tokens.
  readonly #parts: Parts
  #session: Session
  #data: MutableData | undefined
  /** What the data were when the handler got them. */
  #dataBefore: JsonMembers
  #isOver = false
  /** Why the session's access token grants nothing here, for the operator; undefined: it may grant something. */
  grantsNothing: string | undefined
  #renewal: Promise<Renewed> | undefined
  /** The latest write: each begins with what the one before made of the session. */
  #turn = DONE

  constructor (parts: Parts) {
    this.#parts = parts
    this.#session = parts.session
    this.#dataBefore = parts.session.record.data
  }

  get user () { return this.#session.record.user }
  get idToken () { return this.#session.record.idToken }
  get expiresAt () { return this.#session.life.endsAt }

  get data (): MutableData {
    this.#data ??= mutableCopy(this.#dataBefore)
    return this.#data
  }

  /** @throws TypeError naming what is not JSON, where the mistake is */
  set data (data: MutableData) {
    dataOf(data)
    this.#data = data
  }

  /** The claims of the ID token: ours, and verified when it was sealed. */
  get login (): JsonObject {
    return readPart(splitToken(this.#session.record.idToken).payload, 'payload')
  }

  /** As it is now: refreshed perhaps since the request began. */
  get current (): Session {
    return this.#session
  }

  /** Whether something is left to write: false for nearly every request. */
  get isUnsaved (): boolean {
    return !this.#isOver && (this.#data !== undefined || this.#session.life.isTouchDue)
  }

  async accessToken (): Promise<string> {
    const renewed = await this.renew().catch((error: unknown) => { throw this.#refuse(unavailable(error)) })
    const { accessToken, provider } = this.#session.record
    if (renewed === 'usable') return accessToken!
    if (typeof renewed === 'object') throw this.#refuse(renewed.later)
    if (renewed === 'ended') throw this.#refuse(new LoginRequiredError({ reason: 'session_unknown', provider, hint: 'somebody logged out meanwhile' }))
    throw this.#refuse(new LoginRequiredError({ reason: 'access_token_ended', provider, hint: 'the provider gives no new one: ask for a refresh token with the scope offline_access, or send the person to log in: reply.login()' }))
  }

  /**
   * Sees to an access token that can be used: refreshed if it ended or is about to.
   *
   * @param ended one that was found to have ended, whatever is written of its end
   */
  async renew (ended?: string): Promise<Renewed> {
    this.#renewal ??= this.#inTurn(() => this.#renewOnce(ended)).finally(() => { this.#renewal = undefined })
    return this.#renewal
  }

  async save (): Promise<void> {
    const isKept = await this.#inTurn(() => this.#write()).catch((error: unknown) => { throw this.#refuse(unavailable(error)) })
    if (!isKept) throw this.#refuse(new LoginRequiredError({ reason: 'session_unknown', provider: this.#session.record.provider, hint: 'somebody logged out meanwhile: what was changed is not kept' }))
  }

  /** The session was ended, or replaced, by this request: nothing of it is written any more. */
  forget (): void {
    this.#isOver = true
  }

  /** What is left is written, once. */
  async flush (): Promise<void> {
    if (this.#data !== undefined) await this.save()
    // Whoever refreshes, or changes something, writes down that the session was used as well.
    if (this.#session.life.isTouchDue) await this.#inTurn(() => this.#touch())
  }

  toJSON (): object {
    const { user, expiresAt } = this
    return { user, expiresAt, data: this.#data ?? this.#dataBefore }
  }

  [inspect.custom] (): object {
    return this.toJSON()
  }

  async #inTurn<Result> (work: () => Promise<Result>): Promise<Result> {
    const turn = this.#turn.then(work)
    this.#turn = turn.catch(() => {})
    return turn
  }

  async #renewOnce (ended: string | undefined): Promise<Renewed> {
    if (this.#isOver) return 'ended'
    const { site, request } = this.#parts
    const refreshed = await site.tokens.of(this.#session, { header: request.headers.cookie }, ended)
    if (refreshed.outcome === 'later') return { later: site.laterError(refreshed.cause, this.#session.record.provider) }
    if (!this.#set(refreshed.cookies)) return 'ended'
    if (refreshed.outcome === 'ended') this.#isOver = true
    else this.#session = refreshed.session
    return refreshed.outcome
  }

  /** @returns false where the session is over, and something would have had to be written */
  async #write (): Promise<boolean> {
    const { site, request } = this.#parts
    // As it is now: the handler may go on changing it.
    const data = this.#data === undefined ? this.#dataBefore : dataOf(this.#data)
    const changes = changesIn(this.#dataBefore, data)
    if (changes === undefined) return true
    if (this.#isOver) return false
    const kept = await site.keeper.save(this.#session, (record) => ({ ...record, data: withChanges(record.data, changes) }), { header: request.headers.cookie })
    if (kept === undefined) this.#isOver = true
    if (kept === undefined || !this.#set(kept.cookies)) return false
    this.#session = kept.session
    this.#dataBefore = data
    return true
  }

  /** That it was used is worth no error: the next request says it again. */
  async #touch (): Promise<void> {
    const { site, request } = this.#parts
    try {
      this.#set(await site.keeper.touch(this.#session, { header: request.headers.cookie }))
    } catch (error) {
      request.log.warn({ gatehouse: { reason: unavailable(error).reason } }, 'that a session was used could not be written down')
    }
  }

  /** @returns false where the session was ended meanwhile, by this very request: what that says of the cookie holds */
  #set (lines: readonly string[]): boolean {
    if (!this.#isOver) replaceCookie(this.#parts.reply, this.#parts.site.cookie, lines)
    return !this.#isOver
  }

  #refuse<Refused extends AuthError> (error: Refused): Refused {
    const { reporter, request, reply } = this.#parts
    return reporter.refuse(error, request, reply)
  }
}
