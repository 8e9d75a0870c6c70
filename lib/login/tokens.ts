import { readPart, splitToken } from '../token/parse.js'
import type { IdTokenClaims } from './id-token.js'

/** The tokens a provider gave. */
export interface LoginTokens {
  readonly accessToken: string
  /** Seconds since the epoch, if the provider said how long it lasts, or the token itself does. */
  readonly accessTokenExpiresAt?: number | undefined
  readonly refreshToken?: string | undefined
  /** Separated by spaces, if the provider said it. */
  readonly scope?: string | undefined
}

/** A login that is done. */
export interface LoginResult extends LoginTokens {
  /** As it came, for the provider's own logout. */
  readonly idToken: string
  readonly claims: IdTokenClaims
  /** The provider's own session, if it names one. */
  readonly sid?: string | undefined
}

/** A login that goes on: the refresh token is the new one, or the old one if none came. An ID token need not come. */
export interface RefreshResult extends LoginTokens, Partial<Pick<LoginResult, 'idToken' | 'claims' | 'sid'>> {
  readonly refreshToken: string
}

/** Seconds since the epoch: a time in milliseconds is later. */
const LATEST = 1e11
/** Seconds: ten years. Some say `expires_in` as the largest number there is. */
const LONGEST_LIFE = 315_360_000

interface TokenAnswer {
  readonly access_token: string
  /** Seconds. */
  readonly expires_in?: number
  readonly refresh_token?: string
  readonly scope?: string
}

/**
 * The tokens of an answer.
 *
 * @param askedAt seconds since the epoch: from then on an access token ages, as far as we know
 * @see RFC 6749 section 5.1
 */
export function tokensOf ({ access_token: accessToken, expires_in: lifetime, refresh_token: refreshToken, scope }: TokenAnswer, askedAt: number) {
  return {
    accessToken,
    accessTokenExpiresAt: lifetime === undefined ? endIn(accessToken, askedAt) : Math.floor(askedAt + Math.min(lifetime, LONGEST_LIFE)),
    ...(refreshToken === undefined ? {} : { refreshToken }),
    scope
  } satisfies LoginTokens
}

/** What a verified ID token adds. */
export function identityOf (idToken: string, claims: IdTokenClaims) {
  return { idToken, claims, sid: claims.sid } satisfies Partial<LoginResult>
}

/**
 * When an access token ends by what it says itself, if it is a JWT. Nothing of it is verified: it only says when to ask
 * for another. One that would have ended before it came is by another clock than ours.
 */
function endIn (accessToken: string, askedAt: number): number | undefined {
  try {
    const { exp } = readPart(splitToken(accessToken).payload, 'payload')
    return typeof exp === 'number' && exp > askedAt && exp < LATEST ? Math.floor(exp) : undefined
  } catch {
    return undefined
  }
}
