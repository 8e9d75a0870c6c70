import type { FastifyReply, FastifyRequest } from 'fastify'
import { AuthError } from '../errors.js'
import type { Reporter } from '../report.js'
import { unavailable } from '../store/refused.js'
import { StoreUnavailableError } from '../store/unavailable.js'
import type { LoginClients } from './clients.js'
import { LoginError } from './errors.js'
import type { LoginSettings } from './options.js'
import type { Revoke } from './revoke.js'
import type { Site } from './site.js'

/** What every step of a login needs. */
export interface LoginParts {
  readonly settings: LoginSettings
  readonly clients: LoginClients
  readonly reporter: Reporter
  /** The site a request came to; undefined: none of ours. */
  readonly siteOf: (request: FastifyRequest) => Site | undefined
  /** Where this server answers a provider's callbacks. */
  readonly callbackPath: (provider: string) => string
  /** Where this server begins a login; undefined: no route of ours does. */
  readonly loginPath: string | undefined
  /** Ends what is under way when the app closes. */
  readonly signal: AbortSignal
  readonly revoke: Revoke
}

/** @throws LoginError for a host that is none of `baseUrl` */
export function siteFor ({ siteOf }: LoginParts, request: FastifyRequest, provider: string): Site {
  const site = siteOf(request)
  if (site === undefined) throw new LoginError({ reason: 'host_unknown', provider, found: 'a host that is none of baseUrl' })
  return site
}

/**
 * Does a step of a login, and reports what it fails of as any refusal: one log line, headers on the reply. Errors of
 * login know where another try begins.
 */
export async function reporting<Result> (parts: LoginParts, request: FastifyRequest, reply: FastifyReply, step: () => Promise<Result>): Promise<Result> {
  try {
    return await step()
  } catch (error) {
    const refusal = refusalOf(error)
    if (refusal instanceof LoginError && refusal.loginUrl === undefined) offerAnother(parts, request, refusal)
    if (refusal !== undefined) throw parts.reporter.refuse(refusal, request, reply)
    // Of what an app may throw, Fastify answers with an error where it is one.
    throw error instanceof Error ? error : new Error('something that is no Error was thrown while a login was under way', { cause: error })
  }
}

/** The answer that a failed step is; undefined for what is no refusal, but a defect. */
export function refusalOf (error: unknown): AuthError | undefined {
  return error instanceof AuthError || error instanceof StoreUnavailableError ? unavailable(error) : undefined
}

/** Says where another try begins: with the same provider, and to end where this one would have. @param returnTo undefined: at the start page */
export function offerAnother ({ loginPath, clients, siteOf }: LoginParts, request: FastifyRequest, error: LoginError, returnTo?: string): void {
  if (loginPath === undefined) return
  const site = siteOf(request)
  const { provider } = error.refusal
  const query = new URLSearchParams()
  if (clients.providers.length > 1 && provider !== undefined && clients.has(provider)) query.set('provider', provider)
  if (returnTo !== undefined && returnTo !== site?.returnTo(undefined)) query.set('returnTo', returnTo)
  error.withLoginUrl((site?.path ?? String)(loginPath) + (query.size === 0 ? '' : `?${query}`))
}
