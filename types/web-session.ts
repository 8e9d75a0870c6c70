import type { SessionData, SessionUser } from './register.js'

/** `request.auth.session`: the login a browser is in. */
export interface WebSession {
  /** Claims about the person, as login found them. Deeply frozen. */
  readonly user: Readonly<SessionUser>
  /** The raw ID token, for the provider's logout. It has been verified at login and may have expired since. Never log it. */
  readonly idToken: string
  /** When it is over, if there is no further request: seconds since the epoch. */
  readonly expiresAt: number
  /**
   * The app's own, plain JSON; its type is any such, or what the app named in `Register`. What a handler changes is saved before the answer's headers leave; of requests at once
   * that change different members both are kept (with a session in the store; in cookies the later answer wins).
   * Assigning replaces all of it.
   */
  data: SessionData
  /**
   * A usable access token of the person, for services it is meant for: refreshed where it ended or is about to.
   * Requests of one session share one refresh.
   *
   * @throws LoginRequiredError where it ended and cannot be refreshed
   * @throws UnavailableError, ProviderUnavailableError where it ended and nobody can be asked now
   */
  accessToken (): Promise<string>
  /**
   * Saves `data` now. For answers Fastify does not send: after `reply.hijack()`, and for upgrades; the Set-Cookie lines
   * are then among `reply.getHeaders()`.
   *
   * @throws UnavailableError where the store cannot be reached
   * @throws CookieTooLargeError
   */
  save (): Promise<void>
}
