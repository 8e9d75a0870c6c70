/** The people of the demo's provider: whoever gives a name is one. The name is all there is, so the account's id is the name, in letters a token may carry. */

/** @param name of any letters, 40 at most, so that the id stays below the 255 a subject may have */
export function accountOf (name: string): string {
  return Buffer.from(name.trim().slice(0, 40)).toString('base64url')
}

export function nameOf (account: string): string {
  return Buffer.from(account, 'base64url').toString()
}

/** What tokens say of them. The e-mail address is verified, for nobody can doubt what does not exist. */
export function claimsOf (account: string): { sub: string, name: string, email: string, email_verified: boolean } {
  const name = nameOf(account)
  const local = name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '.').replaceAll(/^\.+|\.+$/g, '')
  return { sub: account, name, email: `${local || 'somebody'}@example.com`, email_verified: true }
}
