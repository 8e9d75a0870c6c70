import { channel } from 'node:diagnostics_channel'
import type { FastifyBaseLogger, FastifyReply, FastifyRequest } from 'fastify'
import type { AuthError } from './errors.js'
import { loggable } from './refusal.js'

/** Name of the `diagnostics_channel` every refusal is published on. */
export const REFUSAL_CHANNEL = 'fastify-gatehouse:refusal'

const refusals = channel(REFUSAL_CHANNEL)

/** What became of requests since boot, and the way to tell the operator. */
export interface Reporter {
  readonly refused: Readonly<Record<string, number>>
  /**
   * Counts the refusal, writes one log line, publishes it, and sets its headers on the reply: custom error
   * handlers forget `error.headers`.
   *
   * @returns the error, to be thrown
   */
  refuse<Refused extends AuthError> (error: Refused, request: FastifyRequest | undefined, reply: FastifyReply | undefined): Refused
}

export function createReporter (log: FastifyBaseLogger): Reporter {
  const refused: Record<string, number> = {}
  return {
    refused,
    refuse (error, request, reply) {
      refused[error.code] = (refused[error.code] ?? 0) + 1
      reply?.headers(error.headers)
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
