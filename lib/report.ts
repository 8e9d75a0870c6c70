import { channel } from 'node:diagnostics_channel'
import type { FastifyBaseLogger, FastifyReply, FastifyRequest } from 'fastify'
import { wasReported } from './auth-error.js'
import type { Challenger } from './challenger.js'
import type { AuthError } from './errors.js'
import type { Policy } from './policy.js'
import { loggable } from './refusal.js'

/** Name of the `diagnostics_channel` every refusal is published on. */
export const REFUSAL_CHANNEL = 'fastify-gatehouse:refusal'

const refusals = channel(REFUSAL_CHANNEL)

/** What became of requests since boot, and the way to tell the operator. */
export interface Reporter {
  readonly refused: Readonly<Record<string, number>>
  /**
   * Counts the refusal, writes one log line, publishes it, and sets its headers on the reply: custom error
   * handlers forget `error.headers`. Counted and told once for each request.
   *
   * @param policy of the route, where it is known
   * @returns the error, to be thrown
   */
  refuse<Refused extends AuthError> (error: Refused, request: FastifyRequest | undefined, reply: FastifyReply | undefined, policy?: Pick<Policy, 'requiresDpop'>): Refused
}

export function createReporter (log: FastifyBaseLogger, challenge: Challenger): Reporter {
  const refused: Record<string, number> = {}
  return {
    refused,
    refuse (error, request, reply, policy) {
      challenge(error, request, policy, reply)
      reply?.headers(error.headers)
      if (request !== undefined && wasReported(error, request)) return error
      refused[error.code] = (refused[error.code] ?? 0) + 1
      const { code, statusCode, refusal } = error
      const record = refusal.clientId === undefined ? { code, ...refusal } : { code, ...refusal, clientId: loggable(refusal.clientId) }
      // 4xx are the caller's and come at the caller's rate; what is ours stands out.
      const level = statusCode < 500 ? 'info' : 'error'
      ;(request?.log ?? log)[level]({ gatehouse: record }, `refused: ${refusal.reason}`)
      // The message is built only if somebody listens.
      if (refusals.hasSubscribers) refusals.publish({ ...record, statusCode, requestId: request?.id })
      return error
    }
  }
}
