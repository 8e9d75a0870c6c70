import type { FastifyBaseLogger, RegisterOptions } from 'fastify'

type LogSerializers = NonNullable<RegisterOptions['logSerializers']>

/** Where pino keeps what it makes of members of a log line. */
const kSerializers = Symbol.for('pino.serializers')

/**
 * What the logger makes of a request, but for the query of its URL: on our routes that is codes and states, and a code
 * can be used until the provider gave tokens for it. Nothing where the logger makes nothing of requests.
 */
export function withoutQueries (log: FastifyBaseLogger & { readonly [kSerializers]?: Readonly<Record<string, (value: unknown) => unknown>> }): LogSerializers {
  const serialize = log[kSerializers]?.req
  if (serialize === undefined) return {}
  const req = (request: unknown): unknown => {
    const shown = serialize(request)
    if (typeof shown !== 'object' || shown === null || !('url' in shown) || typeof shown.url !== 'string') return shown
    return { ...shown, url: shown.url.split('?', 1)[0] }
  }
  // Fastify's type says that a text comes out; its own serializer gives an object.
  return { req: req as (request: unknown) => string }
}
