import type { Test } from 'tap'
import { oidc } from '../../lib/index.js'
import type { Provider } from '../../lib/index.js'
import { createKey, signJws } from './issuer.js'
import { listen } from './issuer/server.js'

/** One of many issuers on one loopback server. They share a key. */
export interface Tenant {
  readonly provider: Provider
  /** An access token that is good for an hour; its subject is the tenant's number. */
  readonly token: string
}

/** Any number of issuers; they stop when the test ends. */
export interface Tenants {
  tenant (number: number): Tenant
  /** Requests for the key set of each, by its number. */
  readonly fetches: Map<number, number>
}

/** Starts them. */
export async function createTenants (t: Test): Promise<Tenants> {
  const key = await createKey('ES256')
  const fetches = new Map<number, number>()
  const { origin, close } = await listen((request, response) => {
    const number = Number(request.url?.split('/')[1])
    fetches.set(number, (fetches.get(number) ?? 0) + 1)
    response.end(JSON.stringify({ keys: [key.jwk] }))
  })
  t.teardown(close)
  return {
    fetches,
    tenant (number) {
      const issuer = `${origin}/${number}`
      const payload = { iss: issuer, aud: 'https://api.example', sub: String(number), exp: Math.floor(Date.now() / 1000) + 3600 }
      return {
        provider: oidc({ issuer, audience: payload.aud, keys: { jwksUri: `${issuer}/jwks` } }),
        token: signJws(JSON.stringify({ alg: key.alg, kid: key.kid }), JSON.stringify(payload), key)
      }
    }
  }
}
