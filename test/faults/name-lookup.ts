import dns from 'node:dns'

const resolving = new Set<string>()
const lookup = dns.lookup
let isWatching = false

/**
 * Lets a host name stand for 127.0.0.1, or for nothing any more. No name server is asked for a name under `.invalid`:
 * whoever answers on this machine, and how fast, is no matter of the plugin's. RFC 6761 section 6.4 has such names
 * end like this.
 */
export function resolveOn (name: `${string}.invalid`, isResolving: boolean): void {
  if (isResolving) resolving.add(name)
  else resolving.delete(name)
  if (isWatching) return
  isWatching = true
  // `net.connect` reads this member at every connection.
  Reflect.set(dns, 'lookup', (name: string, ...rest: unknown[]) => {
    if (resolving.has(name)) return Reflect.apply(lookup, dns, ['127.0.0.1', ...rest])
    if (!name.endsWith('.invalid')) return Reflect.apply(lookup, dns, [name, ...rest])
    const callback = rest.at(-1) as (error: Error) => void
    const details = { code: 'ENOTFOUND', errno: -3008, syscall: 'getaddrinfo', hostname: name }
    setImmediate(callback, Object.assign(new Error(`getaddrinfo ENOTFOUND ${name}`), details))
  })
}
