import type { Json, JsonMembers } from './session.js'

/**
 * Open for declaration merging: an app names its own scopes, permissions, roles and claims, and what its sessions
 * hold, once and has them checked wherever they are written or read.
 *
 * @example
 * declare module 'fastify-gatehouse' {
 *   interface Register {
 *     scopes: 'read:messages' | 'admin:write'
 *     permissions: 'messages:delete'
 *     roles: 'editor' | 'admin'
 *     claims: { org_id: string }
 *     session: { data: { cart?: string[] }, user: { name: string } }
 *   }
 * }
 *
 * Limits: these are promises of the app to the compiler. Nothing here is checked at run time; a token may
 * carry other names, and `request.auth.scopes` lists what the token says. What is put into a session must be JSON all the
 * same, whatever its type says.
 */
export interface Register {}

type Registered<Member extends string, Otherwise> = Register extends Record<Member, infer Value> ? Value : Otherwise

/** A scope (RFC 6749 section 3.3): one of `Register['scopes']` if the app named its own, else any string. */
export type Scope = Registered<'scopes', string>

/** A permission: one of `Register['permissions']` if the app named its own, else any string. */
export type Permission = Registered<'permissions', string>

/** A role: one of `Register['roles']` if the app named its own, else any string. */
export type Role = Registered<'roles', string>

/** The app's own claims, if it named them in `Register['claims']`. */
export type RegisteredClaims = Registered<'claims', Record<never, never>>

type RegisteredSession<Member extends string, Otherwise> = Registered<'session', unknown> extends Record<Member, infer Value> ? Value : Otherwise

/** What a session says of the person: `Register['session']['user']` if the app named it, else any JSON. */
export type SessionUser = RegisteredSession<'user', JsonMembers>

/** What an app keeps in a session: `Register['session']['data']` if it named it, else any JSON. */
export type SessionData = RegisteredSession<'data', Record<string, Json | undefined>>
