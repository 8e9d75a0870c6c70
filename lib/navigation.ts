import type { IncomingHttpHeaders } from 'node:http'

/**
 * Whether a browser opens a page for a person: such a request may be sent somewhere else, and nothing else can follow
 * a login. A page fetched ahead of time is nobody's wish yet.
 *
 * @see Fetch Metadata Request Headers sections 2.1 and 2.2
 */
export function isNavigation (method: string, headers: IncomingHttpHeaders): boolean {
  if (method !== 'GET' || headers.upgrade !== undefined) return false
  if (isPrefetch(headers)) return false
  const mode = headers['sec-fetch-mode']
  if (mode !== undefined) return mode === 'navigate' && headers['sec-fetch-dest'] === 'document'
  // Browsers without Fetch Metadata name HTML first of all when they open a page.
  return /^\s*text\/html\b/i.test(headers.accept ?? '') && headers['x-requested-with'] === undefined
}

/** Whether a request only fetches ahead what a person may open. */
export function isPrefetch (headers: IncomingHttpHeaders): boolean {
  return /\bprefetch\b/.test(String(headers['sec-purpose'] ?? headers.purpose ?? headers['x-moz'] ?? ''))
}
