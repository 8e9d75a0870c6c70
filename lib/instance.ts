import type { VerifyOptions } from '../types/binding.js'
import type { Gatehouse } from '../types/gatehouse.js'
import type { Pipeline } from './authenticate.js'
import type { WorkingAuthenticator } from './authenticators.js'
import type { Bindings } from './bindings.js'
import { plainObject } from './configuration.js'
import { AuthError, InvalidTokenError } from './errors.js'
import type { Settings } from './options.js'
import type { Reporter } from './report.js'
import type { Routes } from './routes.js'
import type { KeyRings } from './token/rings.js'
import { createShelf } from './token/shelf.js'
import type { WebLoginPlace } from './web-login.js'

interface Parts {
  readonly settings: Settings
  readonly rings: KeyRings
  readonly routes: Routes
  readonly pipeline: Pipeline
  readonly bindings: Bindings
  readonly authenticators: readonly WorkingAuthenticator[]
  readonly reporter: Reporter
  readonly place: WebLoginPlace
}

/** `app.gatehouse`. */
export function createGatehouse ({ settings, rings, routes, pipeline, bindings, authenticators, reporter, place }: Parts): Gatehouse {
  const sum = (member: 'recalled' | 'verified' | 'size') => authenticators.reduce((total, authenticator) => total + authenticator[member], 0)
  return Object.freeze({
    async verify (token: string, options: VerifyOptions = {}) {
      const binding = bindings.of(options)
      try {
        if (typeof token !== 'string') throw new InvalidTokenError({ reason: 'token_malformed', expected: 'a text', found: typeof token })
        const outcome = await pipeline.identify(token, undefined, undefined, binding)
        if (outcome instanceof AuthError) throw outcome
        return outcome
      } catch (error) {
        throw error instanceof AuthError ? reporter.refuse(error, undefined, undefined) : error
      }
    },
    async ready () {
      await Promise.all(rings.configured.map((ring) => ring.ready()))
    },
    health: () => rings.all().map((ring) => ring.health()),
    stats: () => ({
      accepted: pipeline.accepted + sum('recalled') + sum('verified') + (place.login?.accepted ?? 0),
      cached: pipeline.recalled + sum('recalled'),
      refused: { ...reporter.refused },
      cacheSize: pipeline.cacheSize + sum('size')
    }),
    sessions: Object.freeze({
      async deleteBySubject (person) {
        if (place.login === undefined) throw new TypeError('gatehouse.sessions: there are none: register fastify-gatehouse/login')
        const { issuer, subject } = plainObject('gatehouse.sessions.deleteBySubject()', person, 'pass { issuer, subject }')
        if (typeof issuer !== 'string' || typeof subject !== 'string') throw new TypeError('gatehouse.sessions.deleteBySubject(): expected { issuer, subject }, both texts')
        await place.login.deleteBySubject({ issuer, subject })
      }
    } satisfies Gatehouse['sessions']),
    routes: () => routes.table(),
    group: (scope, policy) => { routes.group(scope, policy) },
    jwks: createShelf((issuer) => {
      const provider = settings.providers.get(issuer)
      // Of a template's issuers one key set serves some, and who asks here checks no more than the signature.
      return provider === undefined || provider.issuerTemplate !== undefined ? undefined : rings.of(provider)
    })
  } satisfies Gatehouse)
}
