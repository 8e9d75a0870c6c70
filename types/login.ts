import type { FastifyReply, FastifyRequest } from 'fastify'
import type { SessionData, SessionUser } from './register.js'
import type { JsonMembers } from './session.js'

/** Parameters of the app's own for the authorization endpoint; a list repeats one. Those of the protocol cannot be set. */
export type AuthorizationParams = Readonly<Record<string, string | readonly string[] | undefined>>

/** What one login may ask of the provider. */
export interface LoginWishes {
  /** What the provider shows: `login`, `consent`, `select_account`, `create`. */
  readonly prompt?: string | undefined
  /** Seconds since the person last authenticated, at most. The ID token must say when, and is refused if it was longer ago. */
  readonly maxAge?: number | undefined
  /** Authentication context classes; the ID token must name one of them. */
  readonly acrValues?: string | readonly string[] | undefined
  readonly authorizationParams?: AuthorizationParams | undefined
}

/** What `reply.login()` takes. */
export interface LoginParameters extends LoginWishes {
  /**
   * As the option of login. `none`, too: the provider shows nothing, and where it would have to, or anything fails, the
   * browser comes back to `returnTo` without a session. That must be a page that does not ask again.
   */
  readonly prompt?: string | undefined
  /**
   * Where the browser goes after login: a path of this site. Anything else goes to the start page. Default: the page
   * asked for, if it was asked for by GET, else the start page.
   */
  readonly returnTo?: string | undefined
  /** Name of the provider. Default: the first with a `clientId`. */
  readonly provider?: string | undefined
  /** Whom the provider should expect: an e-mail address, a user name. */
  readonly loginHint?: string | undefined
}

/** What `reply.logout()` takes. */
export interface LogoutParameters {
  /** Where the browser goes afterwards: a path of this site, registered at the provider with its origin. Default: `logout.returnTo`. */
  readonly returnTo?: string | undefined
  /** Whether the provider's own session ends too. Default: `logout.provider`. */
  readonly provider?: boolean | undefined
}

/** A login that is done, before there is a session. */
export interface CompletedLogin {
  /** Name of the provider. */
  readonly provider: string
  readonly issuer: string
  readonly subject: string
  /** What the session will say of the person: the claims of the ID token, and of userinfo if asked for, without those of the protocol. */
  readonly user: JsonMembers
  /** The claims of the ID token, verified. */
  readonly claims: Readonly<Record<string, unknown>>
  /** The raw access token. Never log it. */
  readonly accessToken: string
  /** What was granted, as the provider wrote it. */
  readonly scope: string | undefined
}

/** What `afterLogin` may answer; what is left out stays as it is. */
export interface LoginDecision {
  /** In place of `user`. */
  readonly user?: SessionUser | undefined
  /** What `request.auth.session.data` begins with. */
  readonly data?: SessionData | undefined
  /** In place of where the login would have returned to: a path of this site. */
  readonly returnTo?: string | undefined
}

/**
 * Asked once for each login, before there is a session. `false` refuses it: a 403 `GATEHOUSE_LOGIN_REFUSED`. What it
 * throws goes to the error handler as it is, and there is no session either.
 */
export type AfterLogin = (login: CompletedLogin, request: FastifyRequest) =>
LoginDecision | false | undefined | void | Promise<LoginDecision | false | undefined | void>

/** Where the login plugin answers, seen from the scope it is registered in. */
export interface LoginRoutes {
  /** Begins a login, `?returnTo=` and `?provider=` if wanted. Default `/login`; `false`: only `reply.login()` does. */
  readonly login?: string | false | undefined
  /** Where the provider sends the browser back to, to be registered there. Default `/callback`; with several providers `/callback/{name}`. */
  readonly callback?: string | undefined
  /** Ends the session. Default `/logout`; `false`: only `reply.logout()` does. */
  readonly logout?: string | false | undefined
  /** Where providers say that a session of theirs ended. Default: nowhere; needs a store all processes share. */
  readonly backchannelLogout?: string | false | undefined
}

/** Where the browser keeps the session cookie, and when it sends it. */
export interface SessionCookieOptions {
  /** Default `gatehouse`; apps that share a host name need different ones. On https it gets a prefix (`__Host-`, or `__Secure-` with `domain` or another path). */
  readonly name?: string | undefined
  /** Shares the session with every subdomain, which may be anybody's. Default: this host alone. */
  readonly domain?: string | undefined
  /** Default `/`. Routes of login that need the session must be under it. */
  readonly path?: string | undefined
  /** Default `Lax`. `Strict`: who comes by a link on another site is logged out, and logged in again through the provider where the page asks for it. */
  readonly sameSite?: 'Lax' | 'Strict' | undefined
}

/** How sessions are kept. */
export interface SessionOptions {
  /**
   * At least 32 random bytes as text (`openssl rand -base64 48`), or a list of such, newest first: the first
   * encrypts, all decrypt.
   */
  readonly secret: string | readonly string[] | undefined
  /** `cookie` (default): the session is in the browser, encrypted. `store`: in the registration's store, the browser has its id. */
  readonly in?: 'cookie' | 'store' | undefined
  /** Seconds a session lasts without a request. Default a day, at most `absolute`. */
  readonly idle?: number | undefined
  /** Seconds a session lasts from login on, whatever happens. Default a week, at most 400 days. */
  readonly absolute?: number | undefined
  readonly cookie?: SessionCookieOptions | undefined
}

/** What `app.register(login, …)` takes; `prompt: 'none'` is no wish for every login, but `silent`. A wrong value fails the boot; unknown keys are refused. */
export interface LoginOptions extends LoginWishes {
  readonly session: SessionOptions
  /** Separated by spaces, `openid` among them. Default `openid profile email`; `offline_access` asks for a refresh token. */
  readonly scope?: string | undefined
  readonly routes?: LoginRoutes | undefined
  /** How the provider brings the browser back: by GET (default), or by a form that is posted, which needs https. */
  readonly responseMode?: 'query' | 'form_post' | undefined
  /** `auto` (default): where the provider requires it (RFC 9126). */
  readonly pushedAuthorizationRequests?: 'auto' | 'always' | 'never' | undefined
  /** Adds what the userinfo endpoint says to `user`. Default false: the ID token alone. */
  readonly userinfo?: boolean | undefined
  readonly afterLogin?: AfterLogin | undefined
  readonly logout?: Pick<LogoutParameters, 'returnTo' | 'provider'> | undefined
  /**
   * Sends a browser that opens a protected page without a session to log in. Default true; `false` answers 401 as to
   * everything else.
   */
  readonly redirect?: boolean | undefined
  /**
   * Asks the provider without showing anything (`prompt=none`), once in each browser session, when a page whose
   * route is `optional` is opened without a session. Default false.
   */
  readonly silent?: boolean | undefined
}

/** Decorators of the login plugin. */
export interface LoginReply {
  /**
   * Sends the browser to log in at the provider, and ends the request: `return reply.login()`. Where nobody waits for
   * it, what it fails of is the answer.
   *
   * @throws TypeError for parameters that are not the app's to set, or a provider that is none
   * @throws ProviderUnavailableError
   */
  login (parameters?: LoginParameters): Promise<FastifyReply>
  /**
   * Ends the session, here and at the provider, and the request: the browser goes to the provider and comes back to
   * `returnTo`: `return reply.logout()`. Works with the provider away: then it goes there at once.
   *
   * @throws UnavailableError where the store cannot be reached: the session may live on
   */
  logout (parameters?: LogoutParameters): Promise<FastifyReply>
}
