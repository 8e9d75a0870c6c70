import { setTimeout as sleep } from 'node:timers/promises'
import type { RunningProvider } from './provider.js'

export interface CurlLine {
  title: string
  /** A shell command; the status it must answer stands behind it as a comment. */
  curl: string
}

/** Asks the provider for tokens and returns a request for each decision the API makes. Takes about a second: one token has to expire. */
export async function curlLines (api: string, provider: RunningProvider): Promise<CurlLine[]> {
  const expired = await provider.token({ lifetime: 1 })
  const expiry = sleep(1100)
  const plain = await provider.token()
  const reader = await provider.token({ scope: 'read:messages', alg: 'ES256' })
  const foreign = await provider.token({ scope: 'read:messages', audience: 'https://other.example.com' })
  await expiry

  return [
    { title: 'public', curl: curl(`${api}/api/public`, 200) },
    { title: 'private, without a token', curl: curl(`${api}/api/private`, 401) },
    { title: 'private, with a token', curl: curl(`${api}/api/private`, 200, plain) },
    { title: 'scoped, without the scope', curl: curl(`${api}/api/private-scoped`, 403, plain) },
    { title: 'scoped, with the scope (signed with ES256)', curl: curl(`${api}/api/private-scoped`, 200, reader) },
    { title: 'an expired token', curl: curl(`${api}/api/private`, 401, expired) },
    { title: 'a token for another API', curl: curl(`${api}/api/private`, 401, foreign) }
  ]
}

function curl (url: string, status: number, token?: string): string {
  const header = token === undefined ? '' : ` -H 'Authorization: Bearer ${token}'`
  return `curl -i ${url}${header}  # ${status}`
}
