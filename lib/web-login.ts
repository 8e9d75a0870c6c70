import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Policy } from './policy.js'
import type { Person } from './session/marks.js'
import type { Source } from './source.js'

/** What login adds to a registration. */
export interface WebLogin {
  readonly source: Source
  /** Whether a Cookie header may carry a session. */
  carries (header: string): boolean
  /**
   * Sends a browser that opens a page to log in.
   *
   * @param hasSession one that will not do here
   * @param done called where that fails: with the error, or with none where the request is to go on without a session
   * @returns false for a request that is none of a browser's, or a route that takes no sessions
   */
  challenge (request: FastifyRequest, reply: FastifyReply, policy: Policy, hasSession: boolean, done: (error?: Error) => void): boolean
  /**
   * Sends a browser that opens a page in a session whose login does not do there to log in as the route demands.
   *
   * @param done called with the error where that fails
   * @returns false for a request that is none of a browser's, or where it was sent just now
   */
  stepUp (request: FastifyRequest, reply: FastifyReply, policy: Policy, done: (error: Error) => void): boolean
  deleteBySubject (person: Person): Promise<void>
  /** Requests answered with a session since boot whose access token is none for this API: the pipeline counts the others. */
  readonly accepted: number
}

/** Where a registration finds its login: that is registered after it, or never. */
export interface WebLoginPlace {
  login: WebLogin | undefined
}
