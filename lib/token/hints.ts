/** The likely slip behind a token for another issuer. */
export function issuerHint (found: string, expected: readonly string[]): string {
  for (const issuer of expected) {
    if (withoutSlash(found) === withoutSlash(issuer)) return 'issuer differs only by a trailing slash'
    if (found.toLowerCase() === issuer.toLowerCase()) return 'issuer differs only in letter case'
    if (withoutScheme(found) === withoutScheme(issuer)) return 'issuer differs only by http and https'
  }
  return 'the token is from another tenant or server, or from a custom domain of the same one'
}

/** The likely slip behind a token for another audience. */
export function audienceHint (claims: Readonly<Record<string, unknown>>, expected: readonly string[]): string {
  const found: readonly unknown[] = Array.isArray(claims.aud) ? claims.aud : [claims.aud]
  const texts = found.filter((item) => typeof item === 'string')
  if (texts.length === 0) return 'the client must ask the provider for a token of this audience'
  for (const text of texts) {
    for (const audience of expected) {
      if (withoutSlash(text) === withoutSlash(audience)) return 'audience differs only by a trailing slash'
      if (text.toLowerCase() === audience.toLowerCase()) return 'audience differs only in letter case'
      if (withoutScheme(text) === withoutScheme(audience)) return 'audience differs only by its scheme'
    }
  }
  if (texts.some((text) => text === claims.azp || text === claims.client_id)) return 'this is an ID token: the client must send its access token'
  if (texts.every((text) => text.endsWith('/userinfo'))) return 'the client did not ask for the audience of this API'
  return "the token's audience is another API of yours"
}

function withoutSlash (text: string): string {
  return text.replace(/\/$/, '')
}

function withoutScheme (text: string): string {
  return text.replace(/^[a-z]+:\/\//i, '')
}
