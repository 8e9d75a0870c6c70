import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Identity } from '../types/identity.js'
import { InvalidDpopProofError } from './binding/errors.js'
import { notToken68 } from './credentials.js'
import { AuthError, ForbiddenError, InsufficientUserAuthenticationError, InvalidCredentialError, InvalidTokenError } from './errors.js'
import { guard } from './guard.js'
import type { Policy } from './policy.js'
import { missing } from './presented.js'
import type { Finder } from './presented.js'
import type { Reporter } from './report.js'
import type { Caller } from './request-auth.js'
import type { Routes } from './routes.js'
import { kSession } from './session/request-session.js'
import type { Finding, Presented, Source } from './source.js'
import type { WebLoginPlace } from './web-login.js'

/** Where the hooks leave what they know of a request. */
export const kCaller = Symbol('gatehouse.caller')

declare module 'fastify' {
  interface FastifyRequest {
    /** Not there in scopes that loaded before the plugin, until a hook of ours ran. */
    [kCaller]?: Caller | null
  }
}

/** On a public route no credential is read. */
const NOTHING_ASKED: Finding = Object.freeze({ reason: 'header_missing' })

type Done = (error?: Error) => void
type Hook = (request: FastifyRequest, reply: FastifyReply, done: Done) => void

interface Parts {
  readonly routes: Routes
  readonly find: Finder
  readonly reporter: Reporter
  readonly place: WebLoginPlace
  /** Whether policies are decided as soon as the caller is known. */
  readonly enforceEarly: boolean
  /** Seconds. */
  readonly clockTolerance: number
}

/** A credential on its way. */
interface Attempt {
  readonly presented: Presented
  readonly policy: Policy
  readonly request: FastifyRequest
  readonly reply: FastifyReply
  readonly done: Done
}

/** The two hooks of a registration: who is calling, and whether they may. */
export interface Hooks {
  /** `onRequest`: before a byte of the body is read. Synchronous for a token seen before. */
  readonly authenticate: Hook
  /** `preHandler`: after the body was parsed and validated. */
  readonly authorize: Hook
}

/** @param hookName what Fastify prints the first hook as */
export function createHooks ({ routes, find, reporter, place, enforceEarly, clockTolerance }: Parts, hookName: string): Hooks {
  function authenticate (request: FastifyRequest, reply: FastifyReply, done: Done): void {
    if (request.is404) return done()
    let known: Policy | undefined
    try {
      const policy = known = routes.policyOf(request)
      const finding = policy.mode === 'public' ? NOTHING_ASKED : find(request)
      if (finding instanceof Promise) {
        finding.then((later) => { judge(later, policy, request, reply, done) }, (error: unknown) => { fail(error, request, reply, done, policy) })
      } else {
        judge(finding, policy, request, reply, done)
      }
    } catch (error) {
      fail(error, request, reply, done, known)
    }
  }

  function judge (finding: Finding, policy: Policy, request: FastifyRequest, reply: FastifyReply, done: Done): void {
    if (!('source' in finding)) return admitNobody(policy, request, reply, done, () => missing(finding, policy))
    const attempt: Attempt = { presented: finding, policy, request, reply, done }
    try {
      const outcome = finding.source.identify(finding.credential, request, policy, reply)
      if (outcome instanceof Promise) outcome.then((identity) => { accept(identity, attempt) }, (error: unknown) => { refuse(error, attempt) })
      else if (outcome instanceof AuthError) refuse(outcome, attempt)
      else accept(outcome, attempt)
    } catch (error) {
      refuse(error, attempt)
    }
  }

  function accept (identity: Identity, { presented: { source, credential }, policy, request, reply, done }: Attempt): void {
    const cacheControl = source.cacheControl(request)
    // What no cache may keep stays so: an answer that refreshed a session, or of which a hook before ours said it.
    if (cacheControl !== undefined && reply.getHeader('cache-control') !== 'no-store') reply.header('cache-control', cacheControl)
    admit({ policy, reply, reporter, clockTolerance, identity, credential }, request, done)
  }

  function refuse (error: unknown, { presented: { source, credential }, policy, request, reply, done }: Attempt): void {
    if (countsAsNone(error, source, policy)) admitNobody(policy, request, reply, done, () => error, error.reason !== 'session_unknown')
    else fail(source.scheme !== undefined ? asTokenError(error, credential) : error, request, reply, done, policy)
  }

  function countsAsNone (error: unknown, source: Source, policy: Policy): error is AuthError {
    if (!source.isCookie || !(error instanceof AuthError)) return false
    // A browser keeps sending what has ended: where nothing is demanded it counts as none, as it does where it is a session.
    if (isBadCredential(error) && (policy.mode === 'optional' || error.reason === 'session_unknown')) return true
    // Another login may give a session this page takes.
    return source === place.login?.source && (error.reason === 'provider_refused' || error.reason === 'access_token_ended')
  }

  /** @param refusal where somebody is demanded @param hasSession that will not do here */
  function admitNobody (policy: Policy, request: FastifyRequest, reply: FastifyReply, done: Done, refusal: () => AuthError, hasSession = false): void {
    const goOn = (error?: Error) => {
      if (error !== undefined) fail(error, request, reply, done, policy)
      else if (policy.mode === 'required') fail(refusal(), request, reply, done, policy)
      else admit({ policy, reply, reporter, clockTolerance, identity: undefined, credential: undefined }, request, done)
    }
    if (policy.mode === 'public' || place.login?.challenge(request, reply, policy, hasSession, goOn) !== true) goOn()
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
      const denial = identity === undefined ? undefined : guard(policy.demands, identity, clockTolerance, request[kSession])
      if (denial !== undefined) throw denial
    } catch (error) {
      // Another login may do, and a person can be sent to it.
      if (error instanceof InsufficientUserAuthenticationError && place.login?.stepUp(request, reply, policy, done) === true) return
      // Or a claim's own function threw.
      return fail(error, request, reply, done, policy)
    }
    if (policy.authorize.length === 0) return done()
    askAll(policy.authorize, request).then(
      (allowed) => { allowed ? done() : fail(refusedByAuthorize(identity), request, reply, done, policy) },
      (error: unknown) => { fail(error, request, reply, done, policy) }
    )
  }

  /** @param policy undefined: the route's is not known */
  function fail (error: unknown, request: FastifyRequest, reply: FastifyReply, done: Done, policy?: Policy): void {
    if (error instanceof AuthError) done(reporter.refuse(error, request, reply, policy))
    // Whatever is thrown refuses: `throw undefined` must not read as "no error".
    else done(error instanceof Error ? error : new Error('something that is no Error was thrown while a request was authorized', { cause: error }))
  }

  Object.defineProperty(authenticate, 'name', { value: hookName })
  return { authenticate, authorize }
}

/** A good token is a token68 value, so only of a bad one is it asked whether it is one, and of one nobody looked at for want of a proof. */
function asTokenError (error: unknown, token: string): unknown {
  return error instanceof InvalidTokenError || error instanceof InvalidDpopProofError ? notToken68(token) ?? error : error
}

function isBadCredential (error: unknown): error is AuthError {
  return error instanceof InvalidTokenError || error instanceof InvalidCredentialError
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
