import type { FastifyReply } from 'fastify'

/**
 * Lets scripts of other origins read these headers of an answer they may read at all, beside those that @fastify/cors or
 * a hook of the app named before.
 *
 * @see Fetch Standard, CORS protocol
 */
export function exposeHeaders (reply: FastifyReply, names: readonly string[]): void {
  const said = reply.getHeader('access-control-expose-headers')
  const exposed = said === undefined ? [] : String(said).split(',').map((name) => name.trim())
  const known = new Set(exposed.map((name) => name.toLowerCase()))
  const added = names.filter((name) => !known.has(name.toLowerCase()))
  if (added.length > 0) reply.header('access-control-expose-headers', [...exposed, ...added].join(', '))
}
