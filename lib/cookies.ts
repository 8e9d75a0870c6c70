/**
 * Every value a cookie of this name has in a Cookie header, as it stands there. Two with one name come from two
 * domains or paths, and which is meant nobody can tell.
 *
 * @see RFC 6265 section 4.2.2, 5.4
 */
export function cookieValues (header: string, name: string): string[] {
  const values: string[] = []
  for (const pair of header.split(';')) {
    const end = pair.indexOf('=')
    if (end === -1 || withoutBlanks(pair.slice(0, end)) !== name) continue
    values.push(withoutBlanks(pair.slice(end + 1)).replace(/^"(.*)"$/, '$1'))
  }
  return values
}

/** Spaces and tabs only: for a browser other white space is part of a name, and `__Host-` behind it demands nothing. */
function withoutBlanks (text: string): string {
  let start = 0
  let end = text.length
  while (isBlank(text.charCodeAt(start))) start++
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--
  return text.slice(start, end)
}

function isBlank (character: number): boolean {
  return character === 0x20 || character === 0x09
}
