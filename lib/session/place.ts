import type { AuthError } from '../errors.js'
import type { Cookie } from './cookie-attributes.js'
import type { SessionKeeper } from './keeper.js'
import type { AccessTokens } from './refresh.js'

/** Where sessions live: one base URL of the app. */
export interface SessionPlace {
  readonly cookie: Cookie
  readonly keeper: SessionKeeper
  readonly tokens: AccessTokens
  /** The answer where an access token cannot be had now. */
  laterError (cause: unknown, provider: string): AuthError
}
