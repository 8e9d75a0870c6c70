/**
 * Whether a text is one name in a list that is separated by spaces: a scope, an authentication context class. It has no white
 * space, and neither the quotes nor the backslashes that would end it in a challenge.
 *
 * @see RFC 6749 section 3.3, RFC 9470 section 3
 */
export function isScopeToken (text: string): boolean {
  return /^[\x21\x23-\x5B\x5D-\x7E]+$/.test(text)
}
