import { FetchFailure, refusal } from '../token/fetch-json.js'
import type { Received } from '../token/fetch-json.js'
import { asResponse, isScope, isText, OAuthRefusal, readJson } from '../token/oauth-answers.js'

/** Reads what an endpoint answered. @throws FetchFailure for what is no right answer */
export type ReadAnswer = (answer: Received) => Response | OAuthRefusal

/** Seconds. Some write them as a text. */
const isLifetime = (value: unknown) => Number.isFinite(Number(value)) && Number(value) >= 0 && (isText(value) || typeof value === 'number')
const OPTIONAL = { id_token: isText, refresh_token: isText, scope: isScope, expires_in: isLifetime }

/**
 * What came from the token endpoint: a Bearer token, for we hold no key a token could be bound to. What is malformed
 * is the provider's trouble; what the library refuses after this is the ID token.
 *
 * @see RFC 6749 section 5.1 and 5.2
 */
export function readTokens (answer: Received): Response | OAuthRefusal {
  const body = readJson(answer)
  if (body instanceof OAuthRefusal) return body
  if (!isText(body.access_token)) throw new FetchFailure('answers no access token')
  if (String(body.token_type).toLowerCase() !== 'bearer') throw new FetchFailure('answers another token_type than Bearer')
  for (const [name, isRight] of Object.entries(OPTIONAL)) {
    if (body[name] !== undefined && !isRight(body[name])) throw new FetchFailure(`answers a malformed ${name}`)
  }
  return asResponse(answer)
}

/** What came from the endpoint of pushed authorization requests. @see RFC 9126 section 2.2 */
export function readPushed (answer: Received): Response | OAuthRefusal {
  const body = readJson(answer, 201)
  if (body instanceof OAuthRefusal) return body
  if (!isText(body.request_uri) || !isLifetime(body.expires_in)) throw new FetchFailure('answers no request_uri and how long it lasts')
  return asResponse(answer)
}

/** What came from the userinfo endpoint, unsigned: it came by TLS from the provider. @see OpenID Connect Core section 5.3.2 */
export function readUserinfo (answer: Received): Response | OAuthRefusal {
  if (answer.status === 401 || answer.status === 403) return new OAuthRefusal(answer.status, 'invalid_token')
  const body = readJson(answer)
  if (body instanceof OAuthRefusal) return body
  if (!isText(body.sub)) throw new FetchFailure('answers no sub')
  return asResponse(answer)
}

/** What came from the revocation endpoint: whatever a success carries is not looked at. @see RFC 7009 section 2.2 */
export function readRevoked (answer: Received): Response {
  if (answer.status < 200 || answer.status > 299) throw refusal(answer)
  return new Response(null, { status: 200 })
}
