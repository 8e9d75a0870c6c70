import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Identity } from '../types/identity.js'
import type { Authenticator } from './authenticate.js'
import { bearerToken, notToken68 } from './credentials.js'
import { AuthError, ForbiddenError, InvalidTokenError, MissingCredentialError } from './errors.js'
import { guard } from './guard.js'
import type { Policy } from './policy.js'
import type { Reporter } from './report.js'
import type { Caller } from './request-auth.js'
import type { Routes } from './routes.js'

/** Where the hooks leave what they know of a request. */
export const kCaller = Symbol('gatehouse.caller')

declare module 'fastify' {
  interface FastifyRequest {
    /** Not there in scopes that loaded before the plugin, until a hook of ours ran. */
    [kCaller]?: Caller | null
  }
}

type Done = (error?: Error) => void
type Hook = (request: FastifyRequest, reply: FastifyReply, done: Done) => void

interface Parts {
  readonly routes: Routes
  readonly authenticator: Authenticator
  readonly reporter: Reporter
  /** Whether policies are decided as soon as the caller is known. */
  readonly enforceEarly: boolean
}

/** The two hooks of a registration: who is calling, and whether they may. */
export interface Hooks {
  /** `onRequest`: before a byte of the body is read. Synchronous for a token seen before. */
  readonly authenticate: Hook
  /** `preHandler`: after the body was parsed and validated. */
  readonly authorize: Hook
}

/** @param hookName what Fastify prints the first hook as */
export function createHooks ({ routes, authenticator, reporter, enforceEarly }: Parts, hookName: string): Hooks {
  function authenticate (request: FastifyRequest, reply: FastifyReply, done: Done): void {
    if (request.is404) return done()
    let token: string | undefined
    try {
      const policy = routes.policyOf(request)
      const presented = policy.mode === 'public' ? undefined : presentedToken(request, policy)
      if (presented instanceof AuthError) return fail(presented, request, reply, done)
      token = presented
      const outcome = token === undefined ? undefined : authenticator.identify(token, request, policy.providers)
      if (outcome instanceof Promise) {
        outcome.then(
          (identity) => { admit({ policy, reply, reporter, identity, token }, request, done) },
          (error: unknown) => { fail(asCredentialError(error, token), request, reply, done) }
        )
      } else if (outcome instanceof AuthError) {
        fail(asCredentialError(outcome, token), request, reply, done)
      } else {
        admit({ policy, reply, reporter, identity: outcome, token }, request, done)
      }
    } catch (error) {
      fail(asCredentialError(error, token), request, reply, done)
    }
  }

  function admit (caller: Caller, request: FastifyRequest, done: Done): void {
    request[kCaller] = caller
    if (enforceEarly) authorize(request, caller.reply, done)
    else done()
  }

  function authorize (request: FastifyRequest, reply: FastifyReply, done: Done): void {
    // A request the handler sends to the not-found handler comes here again, its policy decided already.
    if (request.is404) return done()
    const { policy, identity } = request[kCaller]!
    try {
      const denial = identity === undefined ? undefined : guard(policy.demands, identity)
      if (denial !== undefined) throw denial
    } catch (error) {
      // Or a claim's own function threw.
      return fail(error, request, reply, done)
    }
    if (policy.authorize.length === 0) return done()
    askAll(policy.authorize, request).then(
      (allowed) => { allowed ? done() : fail(refusedByAuthorize(identity), request, reply, done) },
      (error: unknown) => { fail(error, request, reply, done) }
    )
  }

  function fail (error: unknown, request: FastifyRequest, reply: FastifyReply, done: Done): void {
    if (error instanceof AuthError) done(reporter.refuse(error, request, reply))
    // Whatever is thrown refuses: `throw undefined` must not read as "no error".
    else done(error instanceof Error ? error : new Error('something that is no Error was thrown while a request was authorized', { cause: error }))
  }

  Object.defineProperty(authenticate, 'name', { value: hookName })
  return { authenticate, authorize }
}

/** undefined: an optional route, and nothing was sent. Nothing sent where it must be is returned: throwing costs more. */
function presentedToken (request: FastifyRequest, policy: Policy): string | MissingCredentialError | undefined {
  const token = bearerToken(request.raw.rawHeaders)
  if (typeof token === 'string') return token
  if (policy.mode === 'optional') return undefined
  return new MissingCredentialError({ ...token, hint: 'send Authorization: Bearer <token>; some proxies strip the header' }, policy.scope)
}

/** A good token is a token68 value, so only of a bad one is it asked whether it is one. */
function asCredentialError (error: unknown, token: string | undefined): unknown {
  return token !== undefined && error instanceof InvalidTokenError ? notToken68(token) ?? error : error
}

async function askAll (questions: Policy['authorize'], request: FastifyRequest): Promise<boolean> {
  for (const ask of questions) {
    if (await ask(request) !== true) return false
  }
  return true
}

function refusedByAuthorize (identity: Identity | undefined): ForbiddenError {
  return new ForbiddenError({ reason: 'authorize_refused', provider: identity?.provider, clientId: identity?.clientId })
}
