import type { FastifyRequest } from 'fastify'
import type { CredentialsType, Identity } from '../types/identity.js'
import type { AuthError } from './errors.js'
import { InvalidTokenError } from './errors.js'

/** A value, or a promise of it: what is known already must not wait for the event loop. */
export type MaybePromise<Value> = Value | Promise<Value>

/** An identity, perhaps later; or the error that answers the credential: throwing it would cost more than all the rest. */
export type Outcome = MaybePromise<Identity> | AuthError

/** What a route accepts; undefined: everything. */
export interface Allowed {
  /** Names of those who may vouch. */
  readonly providers: readonly string[] | undefined
  readonly credentials: readonly CredentialsType[] | undefined
  /** Whether it demands what a session has from its access token alone: scopes, permissions, roles. */
  readonly needsAccessToken?: boolean
  /** Whether access tokens must come with a DPoP proof. */
  readonly requiresDpop?: boolean
  /** The scopes a caller should ask for, for challenges. */
  readonly scope?: string | undefined
}

/** Decides whether whoever sent a verified token may use it. */
export interface Binding {
  /** A token that says nothing of its sender. @returns the same identity, or why it will not do */
  unbound (identity: Identity): Identity | AuthError
  /** A token with a `cnf` claim. @returns the same identity, perhaps later, or why not */
  bound (identity: Identity, token: string, request: FastifyRequest | undefined): Outcome
}

/** The error for a good credential of somebody who may not vouch here. */
export function providerRefused (allowed: readonly string[], provider: string): InvalidTokenError {
  return new InvalidTokenError({ reason: 'provider_refused', expected: allowed, found: provider, provider })
}

/** The error for a credential of a kind the route does not take. */
export function credentialsRefused (allowed: readonly CredentialsType[], found: CredentialsType, provider?: string): InvalidTokenError {
  return new InvalidTokenError({ reason: 'credentials_refused', expected: allowed, found, provider })
}
