/** What JSON can say. */
export type Json = string | number | boolean | null | readonly Json[] | JsonMembers

/** A JSON object. */
export interface JsonMembers {
  readonly [name: string]: Json
}

/** What the provider gave at login, or when the access token was refreshed last. Never log it. */
export interface SessionTokens {
  /** The raw ID token, for the provider's logout. */
  readonly idToken: string
  readonly accessToken?: string | undefined
  /** Seconds since the epoch: when the access token was received. */
  readonly accessTokenSince?: number | undefined
  /** Seconds since the epoch; left out where the provider did not say. */
  readonly accessTokenExpiresAt?: number | undefined
  readonly refreshToken?: string | undefined
  /** What was granted, as the provider wrote it. */
  readonly scope?: string | undefined
}

/** A login of one person in one browser, as it is written down. Deeply frozen: requests share it. */
export interface SessionRecord extends SessionTokens {
  /** 256 random bits. With a session in the store it is the credential itself: never log it. */
  readonly id: string
  /** Name of the provider that vouched. */
  readonly provider: string
  readonly issuer: string
  /** The client its tokens were issued to: another one of the same issuer takes no session of it. */
  readonly clientId: string
  readonly subject: string
  /** The provider's name of its own session, if it has one. */
  readonly sid?: string | undefined
  /** Seconds since the epoch. */
  readonly startedAt: number
  /** Seconds since the epoch: when a request was last written down. */
  readonly touchedAt: number
  /** Seconds since the epoch: the provider's own end of the session, if it said one. */
  readonly ceiling?: number | undefined
  /** Logouts that were over when it started, by their marks. */
  readonly outlived?: readonly string[] | undefined
  /** Claims about the person. */
  readonly user: JsonMembers
  /** The app's own. */
  readonly data: JsonMembers
}
