import type { ResourceMetadata } from '../types/resource.js'
import { expected, isPlainObject, oneOf } from './configuration.js'
import { ALGORITHMS } from './providers/algorithms.js'
import { issuerUrl, isSecure } from './providers/url.js'
import { isScopeToken } from './scope-token.js'

/** What stands in the document beside `resource`, by the names users write. */
export type PublishedParameters = Omit<ResourceMetadata, 'resource' | 'rootMetadata'>

/** Checks a member, and returns what is published: one value, or several for texts in several languages. */
type Reader = (path: string, value: unknown) => unknown

const LANGUAGE = /^[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*$/

/** In the order of RFC 9728 section 2, which is that of the document. */
const READERS: Readonly<Record<keyof PublishedParameters, Reader>> = {
  authorizationServers: listOf('issuers', (path, value) => issuerUrl(path, value, false, 'write its issuer, to the letter')),
  jwksUri: webUrl,
  scopesSupported: listOf('scopes', scope),
  bearerMethodsSupported: bearerMethods,
  resourceSigningAlgValuesSupported: listOf('algorithms', algorithm),
  resourceName: inLanguages(text),
  resourceDocumentation: inLanguages(webUrl),
  resourcePolicyUri: inLanguages(webUrl),
  resourceTosUri: inLanguages(webUrl),
  tlsClientCertificateBoundAccessTokens: boolean,
  authorizationDetailsTypesSupported: listOf('types', text),
  dpopSigningAlgValuesSupported: listOf('algorithms', algorithm),
  dpopBoundAccessTokensRequired: boolean
}

/** The members of `PublishedParameters`. */
export const PARAMETERS: readonly string[] = Object.keys(READERS)

/**
 * Parameters by their wire names, a text in several languages once for each. What is undefined is left out.
 *
 * @throws TypeError naming the path of the member
 * @see RFC 9728 sections 2, 2.1 and 3.2
 */
export function wireParameters (path: string, given: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const published: Record<string, unknown> = {}
  for (const [member, read] of Object.entries(READERS)) {
    if (given[member] === undefined) continue
    const value = read(`${path}.${member}`, given[member])
    const name = member.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
    if (!isPlainObject(value)) {
      published[name] = value
      continue
    }
    // Who understands no language tags finds one without.
    published[name] = Object.values(value)[0]
    for (const [language, text] of Object.entries(value)) published[`${name}#${language}`] = text
  }
  return published
}

/**
 * A URL people or programs open: https, or http on loopback; written as it is compared.
 *
 * @throws TypeError naming the path
 */
export function webUrl (path: string, value: unknown): string {
  if (typeof value !== 'string' || !URL.canParse(value)) throw expected(path, 'an https URL', value, 'write scheme and host')
  const url = new URL(value)
  if (url.username !== '' || url.password !== '') throw new TypeError(`${path}: expected a URL without user name and password`)
  if (!isSecure(url, false)) throw expected(path, 'an https URL', value, 'plain http is for loopback')
  if (value !== url.href && `${value}/` !== url.href) throw expected(path, 'an https URL', value, `write ${url.href}`)
  return value
}

/** @throws TypeError naming the path */
export function boolean (path: string, value: unknown): boolean {
  if (typeof value !== 'boolean') throw expected(path, 'true or false', value)
  return value
}

/** Parameters without values must be left out. */
function listOf (what: string, read: Reader): Reader {
  return (path, value) => {
    if (!Array.isArray(value) || value.length === 0) throw expected(path, `a list of ${what}`, value, 'leave it out to say nothing')
    return Array.from(value, (item: unknown, index) => read(`${path}[${index}]`, item))
  }
}

/** The one list that says something when it is empty. */
function bearerMethods (path: string, value: unknown): unknown {
  if (!Array.isArray(value)) throw expected(path, "['header'], or [] for none", value)
  for (const method of Array.from(value)) {
    if (method !== 'header') throw expected(path, "['header'], or [] for none", method, 'a token in a body or a query is never read')
  }
  return [...new Set(value)]
}

function inLanguages (read: Reader): Reader {
  return (path, value) => {
    if (!isPlainObject(value)) return read(path, value)
    const texts = Object.entries(value)
    if (texts.length === 0) throw expected(path, "a text, or { en: '…', … }", value)
    return Object.fromEntries(texts.map(([language, text]) => {
      if (!LANGUAGE.test(language)) throw expected(path, 'texts by language, such as en or pt-BR', language)
      return [language, read(`${path}[${JSON.stringify(language)}]`, text)]
    }))
  }
}

function text (path: string, value: unknown): string {
  if (typeof value !== 'string' || value.trim() === '') throw expected(path, 'a text', value)
  return value
}

function scope (path: string, value: unknown): string {
  if (typeof value !== 'string' || !isScopeToken(value)) throw expected(path, 'one scope, without white space, quotes and backslashes', value)
  return value
}

function algorithm (path: string, value: unknown): unknown {
  oneOf(path, value, ALGORITHMS)
  return value
}
