import { inspect } from 'node:util'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Actor } from '../types/actor.js'
import type { RequestAuth } from '../types/auth.js'
import type { DownstreamToken, ExchangeOptions } from '../types/exchange.js'
import type { Identity } from '../types/identity.js'
import type { Demands } from '../types/route.js'
import type { WebSession } from '../types/web-session.js'
import { delegationChain } from './actor.js'
import { plainObject, refuseUnknownKeys } from './configuration.js'
import { compileDemands } from './demand.js'
import { NoOrganizationError, NotAnAccessTokenError, NotAuthenticatedError } from './errors.js'
import type { AuthError, ForbiddenError } from './errors.js'
import type { Exchanger } from './exchange/exchanger.js'
import { guard } from './guard.js'
import type { Policy } from './policy.js'
import type { Reporter } from './report.js'
import { NoSessionError } from './session/errors.js'
import { kSession } from './session/request-session.js'

/** What the hooks know of a request. */
export interface Caller {
  readonly policy: Policy
  readonly reply: FastifyReply
  readonly reporter: Reporter
  /** Seconds. */
  readonly clockTolerance: number
  readonly identity: Identity | undefined
  /** The raw credential. */
  readonly credential: string | undefined
}

/**
 * `request.auth`.
 *
 * @param caller undefined where no gatehouse hook ran: the not-found handler, or a hook registered before ours
 */
export function createRequestAuth (request: FastifyRequest, caller: Caller | undefined, exchanger: Exchanger): RequestAuth {
  return new CallerAuth(request, caller, exchanger)
}

class CallerAuth implements RequestAuth {
  // Private fields: no serializer and no spread can reach the token.
  readonly #request: FastifyRequest
  readonly #caller: Caller | undefined
  readonly #exchanger: Exchanger

  constructor (request: FastifyRequest, caller: Caller | undefined, exchanger: Exchanger) {
    this.#request = request
    this.#caller = caller
    this.#exchanger = exchanger
  }

  get isAuthenticated () { return this.#caller?.identity !== undefined }
  get credentialsType () { return this.#identity('credentialsType').type }
  get provider () { return this.#identity('provider').provider }
  get subject () { return this.#identity('subject').subject }
  get scopes () { return this.#identity('scopes').scopes }
  get permissions () { return this.#identity('permissions').permissions }
  get roles () { return this.#identity('roles').roles }

  organizationId (): string {
    const { organizationId, provider, clientId } = this.#identity('organizationId()')
    if (organizationId !== undefined) return organizationId
    throw this.#refuse(new NoOrganizationError({ reason: 'organization_missing', provider, clientId }))
  }

  get actor (): Actor | undefined { return this.#chain('actor')[0] }
  get delegationChain (): readonly Actor[] { return this.#chain('delegationChain') }

  get session (): WebSession {
    const { type, provider } = this.#identity('session')
    if (type === 'session') return this.#request[kSession]! as WebSession
    throw this.#refuse(new NoSessionError({ reason: 'accessor_refused', provider, found: type, hint: "the route's handler asks for the session: accept sessions only, config: { auth: { credentials: ['session'] } }, or look at request.auth.credentialsType first" }))
  }

  credentials (): string {
    const { type, provider } = this.#identity('credentials()')
    // A session's cookie is for this site alone.
    if (type !== 'session') return this.#caller!.credential!
    throw this.#refuse(new NotAnAccessTokenError({ reason: 'accessor_refused', provider, found: type, hint: "a session's cookie is for nobody else: ask await request.auth.session.accessToken()" }))
  }

  accessTokenClaims<Claims extends object> (): Readonly<Claims> {
    const { type, claims, provider, clientId } = this.#identity('accessTokenClaims()')
    // The shape is the caller's word: see the type's docstring.
    if (type === 'access_token') return claims as object as Claims
    const hint = "the route's handler asks for claims: accept access tokens only, config: { auth: { credentials: ['access_token'] } }, or look at request.auth.credentialsType first"
    throw this.#refuse(new NotAnAccessTokenError({ reason: 'accessor_refused', provider, clientId, found: type, hint }))
  }

  async exchange (options: ExchangeOptions): Promise<DownstreamToken> {
    const identity = this.#identity('exchange()')
    return this.#exchanger.exchange({ request: this.#request, identity, credential: this.#caller!.credential!, refuse: (error) => this.#refuse(error) }, options)
  }

  hasScope (...scopes: readonly string[]): boolean {
    return holdsAll('hasScope()', scopes, this.#identity('hasScope()').scopes)
  }

  hasPermission (...permissions: readonly string[]): boolean {
    return holdsAll('hasPermission()', permissions, this.#identity('hasPermission()').permissions)
  }

  hasRole (...roles: readonly string[]): boolean {
    return holdsAll('hasRole()', roles, this.#identity('hasRole()').roles)
  }

  require (demands: Demands): void {
    const path = 'request.auth.require()'
    refuseUnknownKeys(path, plainObject(path, demands), ['scopes', 'permissions', 'roles', 'claims', 'acr', 'maxAge'])
    const denial = guard(compileDemands(path, demands), this.#identity('require()'), this.#caller!.clockTolerance, this.#request[kSession])
    if (denial !== undefined) throw this.#refuse(denial)
  }

  toJSON (): object {
    const identity = this.#caller?.identity
    if (identity === undefined) return { isAuthenticated: false }
    const { type, provider, subject, scopes, permissions, roles } = identity
    return { isAuthenticated: true, credentialsType: type, provider, subject, scopes, permissions, roles }
  }

  [inspect.custom] (): object {
    return this.toJSON()
  }

  #identity (accessor: string): Identity {
    const identity = this.#caller?.identity
    if (identity !== undefined) return identity
    throw this.#refuse(notAuthenticated(accessor, this.#request, this.#caller?.policy))
  }

  #chain (accessor: string): readonly Actor[] {
    const identity = this.#identity(accessor)
    try {
      return delegationChain(identity)
    } catch (error) {
      throw this.#refuse(error as ForbiddenError)
    }
  }

  #refuse<Refused extends AuthError> (error: Refused): Refused {
    return this.#caller === undefined ? error : this.#caller.reporter.refuse(error, this.#request, this.#caller.reply, this.#caller.policy)
  }
}

function notAuthenticated (accessor: string, request: FastifyRequest, policy: Policy | undefined): NotAuthenticatedError {
  if (policy?.mode === 'optional') return new NotAuthenticatedError({ reason: 'header_missing', hint: `request.auth.${accessor} was asked on an optional route: look at request.auth.isAuthenticated first` })
  const route = request.is404 ? 'the not-found handler' : `${request.method} ${request.routeOptions.url}`
  const remedy = policy?.mode === 'public'
    ? `${route} is public: remove auth: false from its config (or from defaultAuth), or look at request.auth.isAuthenticated first`
    : `${route} is not guarded at this point: use it after the gatehouse's onRequest hook, on a route in its scope`
  return new NotAuthenticatedError({ reason: 'accessor_misused', hint: remedy }, `request.auth.${accessor}: nobody is authenticated; ${remedy}`)
}

function holdsAll (accessor: string, names: readonly string[], held: readonly string[]): boolean {
  // No name at all would be "all of nothing": true. A mistake must not let anybody in.
  if (names.length === 0) throw new TypeError(`request.auth.${accessor}: expected at least one name`)
  return names.every((name) => held.includes(name))
}
