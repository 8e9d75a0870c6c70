import dns from 'node:dns'

const resolving = new Set<string>()
const lookup = dns.lookup
let isWatching = false

/**
 * Lets a host name stand for 127.0.0.1, or leaves it to the system's resolver again. For a name under `.invalid`
 * that is a real failure (RFC 6761 section 6.4), with or without a network.
 */
export function resolveOn (name: string, isResolving: boolean): void {
  if (isResolving) resolving.add(name)
  else resolving.delete(name)
  if (isWatching) return
  isWatching = true
  // `net.connect` reads this member at every connection.
  Reflect.set(dns, 'lookup', (name: string, ...rest: unknown[]) => (
    Reflect.apply(lookup, dns, [resolving.has(name) ? '127.0.0.1' : name, ...rest])
  ))
}
