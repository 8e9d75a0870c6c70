import buildGetJwks from 'get-jwks'
import type { GetJwks } from 'get-jwks'
import type { KeyChoice } from './held-keys.js'
import type { KeyRing } from './keys.js'

/**
 * A get-jwks instance that looks keys up on the rings and shelves them in its own cache. Its own fetching, which
 * knows no deadline, cooldown or issuer, is never reached: a key the ring does not have is an error here.
 *
 * @param ringOf the ring of an issuer, if it is one of ours
 */
export function createShelf (ringOf: (issuer: string) => KeyRing | undefined): GetJwks {
  const shelf = buildGetJwks({ ttl: Number.MAX_SAFE_INTEGER })
  const takeFromShelf = shelf.getJwk
  shelf.getJwk = async function getJwk (signature) {
    const { domain, alg, kid } = signature
    const ring = ringOf(domain) ?? ringOf(domain.replace(/\/$/, ''))
    if (ring === undefined) throw shelfError('DOMAIN_NOT_ALLOWED', 'The domain is not allowed.')
    const choice = { alg, kid } as KeyChoice
    const key = (ring.usable() ? ring.find(choice) : undefined) ?? await ring.obtain(choice)
    if (key === undefined) throw shelfError('JWK_NOT_FOUND', 'No matching JWK found in the set.')
    const normalizedDomain = domain.endsWith('/') ? domain : `${domain}/`
    shelf.cache.set(shelf.generateCacheKey(alg, kid, normalizedDomain), { ...key.jwk, domain, alg, kid })
    return takeFromShelf(signature)
  }
  return shelf
}

/** get-jwks does not export its error class; callers tell its errors by code. */
function shelfError (code: string, message: string): Error {
  return Object.assign(new Error(message), { code })
}
