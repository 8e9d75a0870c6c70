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

/** Whether it is time to refresh the access token. @param now seconds since the epoch */
export function isRefreshDue (tokens: SessionTokens, now: number): boolean {
  const { accessToken, accessTokenExpiresAt = Infinity, accessTokenSince = 0 } = tokens
  return accessToken === undefined || now >= accessTokenExpiresAt - Math.min(EARLY, (accessTokenExpiresAt - accessTokenSince) / MOST_OF_LIFE)
}
