const TOKENS = /"(?:[^"\\]|\\.)*"|[{}[\]:,]/gs
const QUOTE = '"'.charCodeAt(0)
/** The last of JSON's blanks: space, tab and line ends are not above it, and inside a text only the space is. */
const BLANK = ' '.charCodeAt(0)

/**
 * Whether an object anywhere in a JSON text has the same member twice, however its name is escaped. Readers
 * differ in which of the two they take; what one of them checked, another would not use.
 *
 * @param text valid JSON
 * @param value what a reader made of it
 * @throws RangeError where it is nested so deep that walking it exhausts the stack
 * @see RFC 7515 section 4, RFC 7519 section 4
 */
export function hasDuplicateMembers (text: string, value: object): boolean {
  // A reader drops the first of two: without duplicates it made as many members as were written. Almost always so.
  return membersWritten(text) !== membersOf(value) && findDuplicate(text)
}

/** Colons behind quotes: never fewer than members, and more only where a text holds `\":`. NaN where blanks hide some. */
function membersWritten (text: string): number {
  let count = 0
  for (let at = text.indexOf(':'); at !== -1; at = text.indexOf(':', at + 1)) {
    const before = text.charCodeAt(at - 1)
    if (before === QUOTE) count++
    else if (before <= BLANK) return NaN
  }
  return count
}

function membersOf (value: object): number {
  const members: unknown[] = Array.isArray(value) ? value : Object.values(value)
  let count = members === value ? 0 : members.length
  for (const member of members) {
    if (typeof member === 'object' && member !== null) count += membersOf(member)
  }
  return count
}

function findDuplicate (text: string): boolean {
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
