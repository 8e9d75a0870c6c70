import type { FastifyRequest } from 'fastify'

/**
 * For how long an answer about a credential is kept. Answers are kept by the credential's SHA-256, never the
 * credential itself; those that accept apart from those that refuse, so that neither pushes the other out.
 */
export interface AnswerCacheOptions {
  /** Seconds an accepted credential is trusted: the longest a revoked one keeps working. Never past its expiry. Default 30, at most 3600; 0 asks every time. */
  readonly ttl?: number | undefined
  /** Seconds a refused credential stays refused without asking again. Default 10, at most 3600. */
  readonly negativeTtl?: number | undefined
  /** Answers of each sort held at most. Default 10,000. */
  readonly max?: number | undefined
}

/**
 * How often whoever judges credentials is asked about ones it did not accept before. Those that turn out good do not
 * count; past the budget a caller gets 429. Credentials accepted before have a budget of their own, which invented
 * ones cannot spend: it lets each of `cache.max` be asked about once in `cache.ttl`.
 */
export interface CallBudget {
  /** Calls a second in the long run. Default 100. */
  readonly perSecond?: number | undefined
  /** Calls at once, after a quiet time. Default 1,000. */
  readonly burst?: number | undefined
}

/** Who a credential of the app's own kind speaks for, and what they may do. Lists left out are empty. */
export interface Vouched {
  /** For whom the credential speaks: a user's, a service's or a key's id. Not empty. */
  readonly subject: string
  readonly clientId?: string | undefined
  readonly organizationId?: string | undefined
  readonly scopes?: readonly string[] | undefined
  readonly permissions?: readonly string[] | undefined
  readonly roles?: readonly string[] | undefined
  /** What a route's `auth.claims` can demand. Plain data: it is copied and frozen. */
  readonly claims?: Readonly<Record<string, unknown>> | undefined
  /** Seconds since the epoch, if the credential ends. One that has ended is refused. */
  readonly expiresAt?: number | undefined
}

/** What an authenticator is told beside the credential. */
export interface AuthenticateContext {
  /** Aborted after 5 seconds, when the caller has been answered 503, and when the app closes. */
  readonly signal: AbortSignal
}

/**
 * A kind of credential of the app's own. The first authenticator that matches decides: when it refuses, nothing
 * else is tried.
 *
 * @example
 * {
 *   name: 'signed_url',
 *   match: (request) => request.headers['x-signature']?.toString(),
 *   authenticate: async (signature, request) => isValid(signature, request) ? { subject: 'cdn' } : undefined
 * }
 */
export interface Authenticator {
  /** `request.auth.credentialsType`, `request.auth.provider`, and the name routes know it by. Unique in a registration. */
  readonly name: string
  /**
   * Where it looks.
   *
   * - `header` (default): in another header than Authorization. A Bearer token beside what it finds is a 400.
   * - `authorization`: in the Authorization header: a scheme of its own, or Bearer credentials of a form of their own.
   *   What another authenticator finds in another header beside it is a 400.
   * - `cookie`: it is asked only if no header carries a credential, and on an unsafe method, or with an `Upgrade` header,
   *   the request must come from a page of the same origin or of `trustedOrigins`.
   */
  readonly from?: 'header' | 'authorization' | 'cookie' | undefined
  /**
   * The credential of this request, if it carries one of this kind. Asked on every guarded request: quick, without
   * side effects. What it throws is a 503.
   */
  readonly match: (request: FastifyRequest) => string | undefined
  /** What a credential looks like: others are refused without asking `authenticate`. Anchor it; its flags may be `i`, `s`, `u` and `v`. */
  readonly shape?: RegExp | undefined
  /**
   * Whom the credential speaks for; undefined or null refuses it: 401. What it throws, an answer that is malformed,
   * and none within 5 seconds, is a 503: "not now" is not "not you".
   */
  readonly authenticate: (credential: string, request: FastifyRequest, context: AuthenticateContext) => Vouched | undefined | null | Promise<Vouched | undefined | null>
  /**
   * Keeps answers. One answer then serves every request with this credential: judge by the credential alone. Calls
   * are bounded by `budget`, and requests with the same credential share one. Default: every request is asked about.
   */
  readonly cache?: AnswerCacheOptions | undefined
  /** Only with `cache`. */
  readonly budget?: CallBudget | undefined
}

/**
 * Who an API key speaks for, and the hash it is stored under. It may be a row as a database gives it: members of other
 * names are not looked at, null counts as left out.
 */
export interface StoredApiKey extends Vouched {
  /** The stored hash: compared with the presented key's in constant time, so a lookup may be as lenient as it likes. */
  readonly hash: string
}

/** What `apiKey()` takes. */
export interface ApiKeyOptions {
  /** Default `api_key`. */
  readonly name?: string | undefined
  /** The header the key comes in. `authorization` reads `Authorization: Bearer …` and needs a `prefix`. Default `x-api-key`. */
  readonly header?: string | undefined
  /** What every key begins with; others are refused without a lookup. A prefix lets secret scanners find leaked keys. */
  readonly prefix?: string | undefined
  /** The key's hash as the app stores it. Default: SHA-256, in hexadecimal. Use an HMAC to keep hashes of no use to who reads the database. */
  readonly hash?: ((key: string) => string | Promise<string>) | undefined
  /**
   * Finds a key by its hash; undefined or null: there is none. It never sees the key itself. What it throws is a 503.
   */
  readonly lookup: (hash: string, context: AuthenticateContext) => StoredApiKey | undefined | null | Promise<StoredApiKey | undefined | null>
  readonly cache?: AnswerCacheOptions | undefined
  readonly budget?: CallBudget | undefined
}
