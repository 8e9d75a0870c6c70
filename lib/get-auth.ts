import type { RequestAuth } from '../types/auth.js'

/**
 * `request.auth` as a function, for code whose request type lacks the decorator: another copy of Fastify's types,
 * a framework on top of it.
 *
 * @throws TypeError where the plugin does not guard the request's scope
 */
export function getAuth (request: { readonly id: string, readonly headers: object }): RequestAuth {
  const { auth } = request as { auth?: RequestAuth | null }
  if (auth === undefined || auth === null) throw new TypeError('getAuth(): the gatehouse is not registered in the scope of this route, or a scope around it')
  return auth
}
