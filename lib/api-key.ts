import { hash as digest, timingSafeEqual } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import type { ApiKeyOptions, AuthenticateContext, Authenticator, Vouched } from '../types/authenticator.js'
import { expected, plainObject, refuseUnknownKeys } from './configuration.js'
import { sentToken, singleHeader } from './credentials.js'
import { VOUCHED_MEMBERS } from './vouched.js'

const OPTIONS = ['name', 'header', 'prefix', 'hash', 'lookup', 'cache', 'budget']
/** Of a key, after its prefix: those of a token, and enough of them that it cannot be guessed. */
const CHARACTERS = '[A-Za-z0-9\\-._~+/]{16,512}=*'

/**
 * API keys of the app's own. The key is hashed and looked up by its hash; what is found is compared in constant time.
 * Answers are kept (`cache`), and lookups bounded (`budget`).
 *
 * What it does not do: make keys. Make them from at least 128 random bits, give them a prefix, and store the hash alone.
 *
 * @example
 * apiKey({
 *   prefix: 'acme_',
 *   lookup: (hash) => db.apiKeys.findOne({ hash }) // { hash, subject, scopes } or undefined
 * })
 * @throws TypeError for a wrong option
 * @see RFC 9110 section 11; NIST SP 800-63B section 5.1.1.2
 */
export function apiKey (options: ApiKeyOptions): Authenticator {
  const path = 'apiKey()'
  const { name = 'api_key', header = 'x-api-key', prefix = '', hash = sha256, lookup, cache = {}, budget, ...rest } = plainObject(path, options, 'pass { lookup }')
  refuseUnknownKeys(path, rest, OPTIONS)
  if (typeof lookup !== 'function') throw expected(`${path}: lookup`, 'a function of the hash', lookup)
  if (typeof hash !== 'function') throw new TypeError(`${path}: hash: expected a function of the key, got a value of type ${typeof hash}`)
  if (typeof prefix !== 'string' || !/^[\w.~+/-]*$/.test(prefix)) throw expected(`${path}: prefix`, 'a text of characters a key may have', prefix)
  if (typeof header !== 'string' || !/^[\w-]+$/.test(header)) throw expected(`${path}: header`, "a header's name", header)
  const headerName = header.toLowerCase()
  if (headerName === 'cookie') throw expected(`${path}: header`, 'a header that browsers do not send by themselves', header)
  if (headerName === 'authorization' && prefix === '') throw new TypeError(`${path}: header: 'authorization' needs a prefix, for access tokens come there too`)

  async function authenticate (key: string, _request: FastifyRequest, context: AuthenticateContext): Promise<Vouched | undefined> {
    const presented: unknown = await (hash as (key: string) => unknown)(key)
    if (typeof presented !== 'string' || presented === '') throw new TypeError('hash must return a text')
    const stored: unknown = await (lookup as ApiKeyOptions['lookup'])(presented, context)
    if (stored === undefined || stored === null) return undefined
    const { hash: kept, ...vouched } = typeof stored === 'object' ? knownMembers(stored) : {}
    if (typeof kept !== 'string') throw new TypeError('lookup must return { hash, subject, … }, undefined or null')
    // Its members are checked as every authenticator's are.
    return isEqual(presented, kept) ? vouched as object as Vouched : undefined
  }

  return Object.freeze({
    name: name as string,
    shape: new RegExp(`^${prefix.replaceAll(/[.+]/g, '\\$&')}${CHARACTERS}$`),
    from: headerName === 'authorization' ? 'authorization' as const : 'header' as const,
    match: ({ raw }: FastifyRequest) => headerName === 'authorization' ? bearerKey(raw.rawHeaders, prefix) : singleHeader(raw.rawHeaders, headerName),
    authenticate,
    cache: cache as Authenticator['cache'],
    budget: budget as Authenticator['budget']
  })
}

/** A row of a database has more columns than these, is no plain object, and says null for nothing. */
function knownMembers (row: object): Record<string, unknown> {
  return Object.fromEntries(['hash', ...VOUCHED_MEMBERS].map((name) => [name, Reflect.get(row, name) ?? undefined]))
}

function sha256 (key: string): string {
  return digest('sha256', key, 'hex')
}

/** Digests have one length, and say nothing about what differs (CVE-2022-31142). */
function isEqual (one: string, other: string): boolean {
  return timingSafeEqual(digest('sha256', one, 'buffer'), digest('sha256', other, 'buffer'))
}

/** Other Bearer credentials are not ours. */
function bearerKey (rawHeaders: readonly string[], prefix: string): string | undefined {
  const found = sentToken(rawHeaders, false)
  return 'token' in found && found.token.startsWith(prefix) ? found.token : undefined
}
