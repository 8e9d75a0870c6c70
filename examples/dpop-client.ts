import { fileURLToPath } from 'node:url'
import { generateKeyPair, generateProof, type JWSAlgorithm } from 'dpop'

export interface ClientOptions {
  /** The provider's token endpoint, and what this client is called there. */
  readonly tokenEndpoint: string
  readonly clientId: string
  readonly clientSecret: string
  /** The API the tokens are for. */
  readonly resource: string
  /** Default ES256. */
  readonly algorithm?: JWSAlgorithm
}

/** `fetch`, with a proof that this client made for this request alone. */
export type BoundFetch = (url: string, init?: RequestInit, accessToken?: string) => Promise<Response>

/** A client of `dpop-api.ts`: its key never leaves the process, and its tokens are worth nothing without it. */
export async function createClient ({ tokenEndpoint, clientId, clientSecret, resource, algorithm = 'ES256' }: ClientOptions) {
  const keys = await generateKeyPair(algorithm)
  // every server hands out nonces of its own, and the latest is the one to use
  const nonces = new Map<string, string>()

  const boundFetch: BoundFetch = async (url, init = {}, accessToken) => {
    const { origin } = new URL(url)
    const send = async () => {
      const headers = new Headers(init.headers)
      headers.set('dpop', await generateProof(keys, url, init.method ?? 'GET', nonces.get(origin), accessToken))
      if (accessToken !== undefined) headers.set('authorization', `DPoP ${accessToken}`)
      const response = await fetch(url, { ...init, headers })
      const nonce = response.headers.get('dpop-nonce')
      if (nonce !== null) nonces.set(origin, nonce)
      return response
    }
    const response = await send()
    // a proof is good once: what is sent again needs another one
    return await asksForNonce(response) ? send() : response
  }

  async function getToken (scope: string): Promise<string> {
    const response = await boundFetch(tokenEndpoint, {
      method: 'POST',
      headers: { authorization: `Basic ${btoa(`${clientId}:${clientSecret}`)}` },
      body: new URLSearchParams({ grant_type: 'client_credentials', resource, scope })
    })
    const { access_token: token, token_type: type } = await response.json() as { access_token?: string, token_type?: string }
    if (token === undefined || type?.toLowerCase() !== 'dpop') throw new Error(`the provider answered ${response.status}, and no bound token`)
    return token
  }

  return { fetch: boundFetch, getToken }
}

/** An API says it in its challenge, a token endpoint in the body. */
async function asksForNonce (response: Response): Promise<boolean> {
  if (response.headers.get('www-authenticate')?.includes('error="use_dpop_nonce"') === true) return true
  if (response.status !== 400 || !response.headers.has('dpop-nonce')) return false
  const { error } = await response.clone().json() as { error?: string }
  return error === 'use_dpop_nonce'
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { TOKEN_ENDPOINT, CLIENT_ID, CLIENT_SECRET, OIDC_AUDIENCE, API_URL = 'http://127.0.0.1:3000' } = process.env
  if (!TOKEN_ENDPOINT || !CLIENT_ID || !CLIENT_SECRET || !OIDC_AUDIENCE) throw new TypeError('set TOKEN_ENDPOINT, CLIENT_ID, CLIENT_SECRET and OIDC_AUDIENCE')
  const client = await createClient({ tokenEndpoint: TOKEN_ENDPOINT, clientId: CLIENT_ID, clientSecret: CLIENT_SECRET, resource: OIDC_AUDIENCE })
  const token = await client.getToken('orders:read')
  const response = await client.fetch(`${API_URL}/orders`, {}, token)
  console.log(response.status, await response.json())
}
