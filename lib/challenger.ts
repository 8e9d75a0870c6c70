import type { FastifyReply, FastifyRequest } from 'fastify'
import { challengeAnew } from './auth-error.js'
import type { AuthError } from './auth-error.js'
import { chooseBaseUrl } from './base-url.js'
import { challengeHeaders } from './challenge.js'
import { exposeHeaders } from './expose-headers.js'
import type { Settings } from './options.js'
import type { Policy } from './policy.js'

/**
 * Completes the challenge of an error with what the error cannot know: the scheme the request used or should have used,
 * the algorithms of proofs, where the resource's metadata are.
 *
 * @param policy of the route, where it is known
 * @param reply whose challenge scripts of other origins are to see, where they may see the answer
 */
export type Challenger = (error: AuthError, request: FastifyRequest | undefined, policy: Pick<Policy, 'requiresDpop'> | undefined, reply: FastifyReply | undefined) => void

export function createChallenger ({ dpop: { mode, algorithms, nonce }, bases, resource }: Settings): Challenger {
  const exposed = nonce === undefined ? ['WWW-Authenticate'] : ['WWW-Authenticate', 'DPoP-Nonce']

  /** Where the request came to another address of this server, a client would have to refuse it (RFC 9728 section 3.3). */
  function metadataUrlFor (request: FastifyRequest | undefined): string | undefined {
    return resource !== undefined && chooseBaseUrl(bases, request?.host) === resource.base ? resource.metadataUrl : undefined
  }

  return function challenge (error, request, policy, reply) {
    const resourceMetadata = metadataUrlFor(request)
    const isDpop = mode === 'require' || policy?.requiresDpop === true || (mode !== 'off' && usesDpop(request))
    challengeAnew(error, (attributes) => {
      // As it was made: most refusals are of Bearer tokens, and come at the caller's rate.
      if (!isDpop && attributes.scheme === undefined && attributes.offersDpop === undefined && resourceMetadata === undefined) return undefined
      return challengeHeaders(attributes, { scheme: isDpop ? 'DPoP' : 'Bearer', algorithms, resourceMetadata })
    })
    if (resource !== undefined && reply !== undefined && 'www-authenticate' in error.headers) exposeHeaders(reply, exposed)
  }
}

function usesDpop (request: FastifyRequest | undefined): boolean {
  const authorization = request?.headers.authorization
  return authorization !== undefined && /^dpop(?: |$)/i.test(authorization)
}
