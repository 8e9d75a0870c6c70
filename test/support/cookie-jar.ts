/** How browsers count: older ones the whole line, newer ones name and value, Firefox always did. */
export type Rule = 'line' | 'name and value'

/** A browser that keeps cookies for one host and sends all of them, its own limits applied. */
export interface CookieJar {
  /** Takes Set-Cookie lines. */
  take (lines: readonly string[]): void
  /** The Cookie header of the next request. */
  header (): string
  names (): string[]
}

/** @see draft-ietf-httpbis-rfc6265bis section 5.6 */
export function cookieJar (rule: Rule): CookieJar {
  const kept = new Map<string, string>()
  return {
    take (lines) {
      for (const line of lines) {
        const [pair, ...attributes] = line.split('; ')
        const end = pair!.indexOf('=')
        const name = pair!.slice(0, end)
        const value = pair!.slice(end + 1)
        if (rule === 'line' ? line.length > 4096 : name.length + value.length > 4096) continue
        if (name.startsWith('__Host-') && (!attributes.includes('Secure') || !attributes.includes('Path=/') || /Domain=/.test(line))) continue
        if (attributes.includes('Max-Age=0')) kept.delete(name)
        else kept.set(name, value)
      }
    },
    header: () => Array.from(kept, ([name, value]) => `${name}=${value}`).join('; '),
    names: () => [...kept.keys()]
  }
}
