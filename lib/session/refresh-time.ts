import type { SessionTokens } from '../../types/session.js'

/** Seconds before its end that an access token is refreshed, and the part of its life that is at most. */
const EARLY = 60
const MOST_OF_LIFE = 4

/** Whether the access token can be used. @param now seconds since the epoch */
export function isUsable ({ accessToken, accessTokenExpiresAt = Infinity }: SessionTokens, now: number): boolean {
  return accessToken !== undefined && now < accessTokenExpiresAt
}

/**
 * Whether the access token can be used, and ends within a minute (within a quarter of its life, if that is less: a
 * token of a minute would be refreshed by every request).
 *
 * @param now seconds since the epoch
 */
export function isNearExpiry (tokens: SessionTokens, now: number): boolean {
  return isUsable(tokens, now) && isRefreshDue(tokens, now)
}

/** Tokens as they are where that access token has ended, whatever they say of its end. @param now seconds since the epoch */
export function thatEnded<Tokens extends SessionTokens> (tokens: Tokens, accessToken: string | undefined, now: number): Tokens {
  return accessToken !== undefined && tokens.accessToken === accessToken && isUsable(tokens, now) ? { ...tokens, accessTokenExpiresAt: now } : tokens
}

/** Whether it is time to refresh the access token. @param now seconds since the epoch */
export function isRefreshDue (tokens: SessionTokens, now: number): boolean {
  const { accessToken, accessTokenExpiresAt = Infinity, accessTokenSince = 0 } = tokens
  return accessToken === undefined || now >= accessTokenExpiresAt - Math.min(EARLY, (accessTokenExpiresAt - accessTokenSince) / MOST_OF_LIFE)
}
