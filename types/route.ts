import type { FastifyRequest } from 'fastify'
import type { CredentialsType } from './identity.js'
import type { Permission, Role, Scope } from './register.js'

/**
 * What must be held: one name, a list (every one), `{ all }` or `{ any }`, nested as needed.
 * An empty list is refused at boot.
 *
 * @example 'read:messages'
 * @example ['read:messages', 'write:messages']
 * @example { any: ['admin', { all: ['editor', 'reviewer'] }] }
 */
export type Requirement<Name extends string = string> =
  | Name
  | ReadonlyArray<Requirement<Name>>
  | { readonly all: ReadonlyArray<Requirement<Name>>, readonly any?: undefined }
  | { readonly any: ReadonlyArray<Requirement<Name>>, readonly all?: undefined }

/** A claim value that can be compared. */
export type Primitive = string | number | boolean

/**
 * What a claim must be: `true`, there and not null; a value, equal to it; a list, equal to one of them; a
 * function of the claim's value that returns true. `true` never means "equals true": write `[true]` for that.
 */
export type ClaimRequirement = true | Primitive | readonly Primitive[] | ((value: unknown) => boolean)

/** `required`: a caller without a valid credential is refused. `optional`: no credential is fine, a bad one is a 401. */
export type AuthMode = 'required' | 'optional'

/** The long form of a route's `config.auth`. Unknown keys are refused at boot. */
export interface RouteAuth {
  /** Default `required`. */
  readonly mode?: AuthMode | undefined
  /** Names of the providers, or authenticators, that may vouch here; a credential of another one is a 401. Default: all. */
  readonly providers?: readonly string[] | undefined
  /**
   * Kinds of credentials accepted here: `access_token`, `api_key`, `session`, or the name of an authenticator; one of
   * another kind is a 401. Default: all.
   */
  readonly credentials?: readonly CredentialsType[] | undefined
  /**
   * Access tokens must be bound to a key of the client's, and come with a proof of it; a Bearer token is a 401. Sessions,
   * API keys and other credentials of the app's own are not meant: name what the route takes with `credentials`.
   */
  readonly dpop?: 'require' | undefined
  /** Claims the token must carry, else 403. */
  readonly claims?: Readonly<Record<string, ClaimRequirement>> | undefined
  /**
   * Step-up: the login must be of one of these authentication context classes, as the claim `acr` says, else 401 with
   * them in `acr_values`. A session is judged by its ID token; a browser that opens a page is sent to log in anew.
   * @see RFC 9470
   */
  readonly acr?: string | readonly string[] | undefined
  /**
   * Step-up: seconds since the person logged in, at most, as the claim `auth_time` says, else 401 with `max_age`.
   * `clockTolerance` is added: `0` means just now.
   */
  readonly maxAge?: number | undefined
  /**
   * Asked last, after every other demand holds. Anything but `true`, or a promise of it, is a 403. What it
   * throws goes to the error handler as it is.
   */
  readonly authorize?: ((request: FastifyRequest) => boolean | Promise<boolean>) | undefined
}

/** What a route's `config` may say to the gatehouse. Other members of `config` are left alone. */
export interface RoutePolicy {
  /** `false` makes the route public: no credential is read, `request.auth.isAuthenticated` is false. */
  readonly auth?: false | AuthMode | RouteAuth | undefined
  /** Scopes the token must have, else 403 `insufficient_scope`. */
  readonly scopes?: Requirement<Scope> | undefined
  /** Permissions the identity must have, else 403. */
  readonly permissions?: Requirement<Permission> | undefined
  /** Roles the identity must have, else 403. */
  readonly roles?: Requirement<Role> | undefined
}

/** What `app.gatehouse.group()` may demand: a route policy that cannot open a route. */
export interface GroupPolicy extends Omit<RoutePolicy, 'auth'> {
  readonly auth?: 'required' | Omit<RouteAuth, 'mode'> | undefined
}

/** The route a `defaultAuth` function is asked about. */
export interface RouteDescription {
  readonly method: string | readonly string[]
  /** The full pattern, prefix included: `/users/:id`. */
  readonly url: string
  /** The prefix of the scope it was declared in, `''` at the root. */
  readonly prefix: string
}

/** Demands of one request, for `request.auth.require()`. */
export type Demands = Pick<RoutePolicy, 'scopes' | 'permissions' | 'roles'> & Pick<RouteAuth, 'claims' | 'acr' | 'maxAge'>
