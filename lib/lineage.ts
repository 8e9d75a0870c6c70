import type { FastifyInstance } from 'fastify'

const registrations = new WeakMap<object, Set<FastifyInstance>>()

/**
 * Notes that a scope is guarded. Two gatehouses on one way from the root to a route would both judge every
 * request there, so that is refused, whichever of them loads first; sibling scopes may each have their own.
 *
 * @throws TypeError saying what to do
 */
export function claimScope (scope: FastifyInstance): void {
  const scopes = registrations.get(scope.server) ?? new Set()
  registrations.set(scope.server, scopes)
  for (const other of scopes) {
    if (isInside(scope, other) || isInside(other, scope)) {
      throw new TypeError('gatehouse: registered twice for the same routes, here and in a scope around or inside this one; ' +
        'register it once with a list of providers, or in sibling scopes that share no routes')
    }
  }
  scopes.add(scope)
}

/** Whether a scope is the other one or a child of it. Fastify links them by prototype. */
export function isInside (scope: object, outer: object): boolean {
  return scope === outer || Object.prototype.isPrototypeOf.call(outer, scope)
}
