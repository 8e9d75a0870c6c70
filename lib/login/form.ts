import type { CallbackParameters } from './callback.js'

/** More than any provider sends. */
const MOST_MEMBERS = 64

/**
 * The members of an `application/x-www-form-urlencoded` body; a repeated one is a list, so that whoever needs one value
 * sees that there are more. It never throws: a form of more than 64 members is read as an empty one, for part of a form
 * could hide that a member is there twice.
 *
 * @param body decoded from UTF-8, and bounded by whoever read it
 * @see URL Standard section 5.1, OAuth 2.0 Form Post Response Mode section 2
 */
export function parseForm (body: string): CallbackParameters {
  const form: Record<string, string | string[]> = Object.create(null)
  if (body.split('&', MOST_MEMBERS + 1).length <= MOST_MEMBERS) {
    // Without the ampersand a question mark at the start would be taken for that of a URL, and dropped.
    for (const [name, value] of new URLSearchParams(`&${body}`)) {
      const before = form[name]
      if (before === undefined) form[name] = value
      else if (typeof before === 'string') form[name] = [before, value]
      else before.push(value)
    }
  }
  for (const value of Object.values(form)) Object.freeze(value)
  return Object.freeze(form)
}
