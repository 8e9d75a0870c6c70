import type { FastifyInstance } from 'fastify'
import type { Store } from '../types/store.js'
import type { Pipeline } from './authenticate.js'
import type { Bindings } from './bindings.js'
import type { Settings } from './options.js'
import type { Reporter } from './report.js'
import type { KeyRings } from './token/rings.js'
import type { WebLoginPlace } from './web-login.js'

/** What a registration has that its own plugins, and nobody else, build on. */
export interface Internals {
  readonly settings: Settings
  readonly rings: KeyRings
  readonly pipeline: Pipeline
  readonly bindings: Bindings
  readonly reporter: Reporter
  readonly store: Store
  readonly place: WebLoginPlace
}

const internals = new WeakMap<object, Internals>()

/** To be called once the scope has its `gatehouse`. */
export function shareInternals (scope: FastifyInstance, shared: Internals): void {
  internals.set(scope.gatehouse, shared)
}

/**
 * The internals of the gatehouse registered in this very scope.
 *
 * @param who asks, as messages call it
 * @throws TypeError saying what to register, and where
 */
export function internalsOf (scope: FastifyInstance, who: string): Internals {
  if (!scope.hasDecorator('gatehouse')) throw new TypeError(`${who}: register the gatehouse first, in the same scope: await app.register(gatehouse, …)`)
  if (!Object.hasOwn(scope, 'gatehouse')) throw new TypeError(`${who}: the gatehouse is registered in a scope around this one; register ${who} in the same`)
  const found = internals.get(scope.gatehouse)
  if (found === undefined) throw new TypeError(`${who}: the gatehouse comes from another copy of fastify-gatehouse; install one`)
  return found
}
