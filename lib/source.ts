import type { FastifyReply, FastifyRequest } from 'fastify'
import type { TokenScheme } from './credentials.js'
import type { Allowed, Outcome } from './outcome.js'
import type { Refusal } from './refusal.js'

/** Where a credential was found, and who judges it. */
export interface Source {
  /** Whether the browser sends it by itself. */
  readonly isCookie: boolean
  /** What it came as in the Authorization header; undefined: it came elsewhere, or is a credential of the app's own. */
  readonly scheme: TokenScheme | undefined
  /** @param reply cookies that ended are cleared by it */
  identify (credential: string, request: FastifyRequest, allowed: Allowed, reply: FastifyReply): Outcome
  /**
   * What caches may do with the answer to a caller who was let in, unless the route says otherwise; undefined: nothing
   * needs to be said, for shared ones keep no answer to a request with an Authorization header.
   *
   * @see RFC 9111 section 3.5
   */
  cacheControl (request: FastifyRequest): 'private' | 'no-store' | undefined
}

/** The one credential of a request. */
export interface Presented {
  readonly source: Source
  readonly credential: string
}

/** What a request presents, or why it presents nothing. */
export type Finding = Presented | Pick<Refusal, 'reason' | 'found' | 'hint'>
