import { channel } from 'node:diagnostics_channel'
import type { FastifyBaseLogger, FastifyReply, FastifyRequest } from 'fastify'
import type { AuthError } from './errors.js'

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
      write(error, request?.log ?? log)
      // The message is built only if somebody listens.
      if (refusals.hasSubscribers) refusals.publish({ code: error.code, statusCode: error.statusCode, ...error.refusal, requestId: request?.id })
      return error
    }
  }
}

/** 4xx are the caller's and come at the caller's rate; what is ours stands out. */
function write (error: AuthError, log: FastifyBaseLogger): void {
  const { code, statusCode, refusal } = error
  const level = statusCode < 500 ? 'info' : 'error'
  log[level]({ gatehouse: { code, ...refusal } }, `refused: ${refusal.reason}`)
}
