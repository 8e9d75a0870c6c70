import { expected } from './configuration.js'
import { isSecure } from './providers/url.js'

/** One address people reach this server at. */
export interface BaseUrl {
  /** `https://app.example.com` */
  readonly origin: string
  /** `''`, or a path without a slash at its end: `/app`. */
  readonly prefix: string
  /** Whether it is https. */
  readonly secure: boolean
  /** What a Host header says that means it, in lower case: with the scheme's own port, and without. */
  readonly hosts: readonly string[]
}

const HOST_NAME = /^(?:[a-z0-9_-]+(?:\.[a-z0-9_-]+)*|\[[0-9a-f:.]+\])$/
const PREFIX = /^(?:\/[\w.~-]+)*$/

/**
 * Reads `baseUrl`: one public address of this server or several, each an origin and, where a gateway adds one, a path
 * prefix. Nothing is repaired: what is compared with a browser's word later is what was written.
 *
 * @throws TypeError naming the path and the remedy
 * @see RFC 6454 section 4, RFC 9110 section 4.2.3
 */
export function readBaseUrls (path: string, value: unknown): readonly BaseUrl[] {
  if (!Array.isArray(value)) return Object.freeze([readBaseUrl(path, value)])
  const bases = Array.from(value, (base: unknown, index) => readBaseUrl(`${path}[${index}]`, base))
  if (bases.length === 0) throw expected(path, 'at least one origin', value)
  const seen = new Map<string, string>()
  for (const { origin, prefix, hosts } of bases) {
    for (const host of hosts) {
      const other = seen.get(host)
      if (other !== undefined) throw new TypeError(`${path}: ${other} and ${origin}${prefix} have the same Host header, ${host}; a request could not choose between them`)
      seen.set(host, origin + prefix)
    }
  }
  return Object.freeze(bases)
}

/**
 * The address a request came to. Where there is one, it is that one; among several the Host header selects, by exact
 * match. No `X-Forwarded-*` is looked at: anybody can send one.
 *
 * @param host the Host header
 * @returns undefined for a host that is none of ours
 */
export function chooseBaseUrl (bases: readonly BaseUrl[], host: string | undefined): BaseUrl | undefined {
  if (bases.length === 1) return bases[0]
  const asked = host?.toLowerCase()
  return asked === undefined ? undefined : bases.find(({ hosts }) => hosts.includes(asked))
}

function readBaseUrl (path: string, value: unknown): BaseUrl {
  const expectation = 'an origin such as https://app.example.com'
  if (value === undefined || value === '' || value === 'undefined') throw expected(path, expectation, value, 'is BASE_URL set?')
  if (typeof value !== 'string') throw expected(path, expectation, value)
  if (!URL.canParse(value)) throw expected(path, expectation, value, 'write scheme and host')
  const url = new URL(value)
  if (url.username !== '' || url.password !== '') throw new TypeError(`${path}: expected a URL without user name and password`)
  if (!isSecure(url, false)) throw expected(path, 'an https URL', value, 'plain http is for loopback')
  if (!HOST_NAME.test(url.hostname)) throw expected(path, 'the name of one host', value, 'list the origins one by one')
  const prefix = url.pathname.replace(/\/+$/, '')
  if (!PREFIX.test(prefix)) throw expected(path, 'a path of letters, digits, dots, dashes and single slashes', value)
  if (value !== url.origin + prefix) throw expected(path, expectation, value, `write ${url.origin}${prefix}`)
  const standardPort = url.protocol === 'https:' ? 443 : 80
  return Object.freeze({
    origin: url.origin,
    prefix,
    secure: url.protocol === 'https:',
    hosts: Object.freeze(url.port === '' ? [url.hostname, `${url.hostname}:${standardPort}`] : [url.host])
  })
}
