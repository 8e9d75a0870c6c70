import type { FastifyRequest } from 'fastify'
import { chooseBaseUrl } from '../base-url.js'
import type { BaseUrl } from '../base-url.js'

/** A parser made for browsers reads more than URIs: a backslash as a slash, other alphabets as names, an empty host as none. */
const URI = /^https?:\/\/[^/?#@]+(?:[/?#]|$)/i
const CHARACTERS = /^[\x21-\x5B\x5D-\x7E]+$/
/** What may stand in a Host header: a path or a query behind it would take the place of the one that was asked for. */
const HOST = /^(?:[\w.~-]+|\[[\da-f:.]+\])(?::\d+)?$/i
/** Clients remove them, routers do not: what one of these leads to is not what is served. */
const DOT_SEGMENT = /^[^?#]*\/(?:\.|%2e){1,2}(?:[/?#]|$)/i
const UNRESERVED = /[A-Za-z0-9\-._~]/

/**
 * The URI a proof must name for a request: what its sender asked for, as far as we know it by ourselves. `baseUrl` says
 * where that was, and the path prefix a gateway takes away; the request's host only selects among several. Without one it is
 * what Fastify says (`trustProxy`), and so the client's own word.
 *
 * @returns undefined for a host that is none of ours, and for a target that is no path
 * @see RFC 9449 section 4.3, check 9
 */
export function targetUri (bases: readonly BaseUrl[], request: FastifyRequest): string | undefined {
  const base = bases.length === 0 ? ownWord(request) : chooseBaseUrl(bases, request.host)
  // RFC 9112 section 3.2.2: a target in absolute form. Its host is as much the client's word as the header.
  const path = request.originalUrl.replace(/^https?:\/\/[^/?#]+(?=\/)/, '')
  return base === undefined || !path.startsWith('/') || DOT_SEGMENT.test(path) ? undefined : normalUri(`${base.origin}${base.prefix}${path}`)
}

/**
 * A URI without query and fragment in the one spelling that all equivalent ones share.
 *
 * @returns undefined for what is no http URI, or has a user name
 * @see RFC 3986 section 6.2.2, 6.2.3
 */
export function normalUri (text: string): string | undefined {
  if (!URI.test(text) || !CHARACTERS.test(text) || /%(?![\da-f]{2})/i.test(text) || !URL.canParse(text)) return undefined
  // The parser lowers the host, drops the scheme's own port and removes dot segments.
  const { origin, pathname } = new URL(text)
  return origin + normalPath(pathname)
}

/** Where the request says it came to, as far as that is an origin and no more. */
function ownWord ({ protocol, host }: FastifyRequest): Pick<BaseUrl, 'origin' | 'prefix'> | undefined {
  return /^https?$/.test(protocol) && HOST.test(host) ? { origin: `${protocol}://${host}`, prefix: '' } : undefined
}

function normalPath (path: string): string {
  return path.replaceAll(/%([\da-f]{2})/gi, (encoded, hex: string) => {
    const character = String.fromCharCode(Number.parseInt(hex, 16))
    return UNRESERVED.test(character) ? character : encoded.toUpperCase()
  })
}
