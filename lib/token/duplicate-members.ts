const TOKENS = /"(?:[^"\\]|\\.)*"|[{}[\]:,]/gs

/**
 * Whether an object anywhere in a JSON text has the same member twice, however its name is escaped. Readers
 * differ in which of the two they take; what one of them checked, another would not use.
 *
 * @param text valid JSON
 * @see RFC 7515 section 4, RFC 7519 section 4
 */
export function hasDuplicateMembers (text: string): boolean {
  const open: Array<Set<string> | undefined> = []
  let candidate: string | undefined
  for (const [token] of text.matchAll(TOKENS)) {
    if (token === ':') {
      // Valid JSON has a colon only behind a member's name, inside an object.
      const members = open.at(-1)!
      const name: string = JSON.parse(candidate!)
      if (members.has(name)) return true
      members.add(name)
    } else if (token === '{') {
      open.push(new Set())
    } else if (token === '[') {
      open.push(undefined)
    } else if (token === '}' || token === ']') {
      open.pop()
    } else {
      candidate = token
    }
  }
  return false
}
