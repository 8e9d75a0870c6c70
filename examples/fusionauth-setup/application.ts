import { object, type Json } from './client.js'
import type { Checked } from './options.js'

/** What the guide gives the application, under a name of its own. Member names are FusionAuth's. */
export function newApplication (options: Checked, keyId: string): Json {
  return {
    name: 'FastifyExampleApp',
    oauthConfiguration: {
      // After logout the browser comes back to the start page, which must be listed as well.
      authorizedRedirectURLs: [`${options.appUrl}/callback`, `${options.appUrl}/`],
      requireRegistration: true,
      enabledGrants: ['authorization_code', 'refresh_token'],
      logoutURL: `${options.appUrl}/logout`,
      clientSecret: options.clientSecret,
      proofKeyForCodeExchangePolicy: 'NotRequiredWhenUsingClientAuthentication'
    },
    jwtConfiguration: { enabled: true, accessTokenKeyId: keyId, idTokenKeyId: keyId }
  }
}

/** What has to be changed. */
export interface Changes {
  /** For people: what differs, without values. */
  readonly names: readonly string[]
  /** For FusionAuth: only what differs. */
  readonly patch: Json
}

const NAMES: Readonly<Record<string, string>> = {
  authorizedRedirectURLs: 'redirect URLs',
  requireRegistration: 'required registration',
  enabledGrants: 'grants',
  logoutURL: 'logout URL',
  clientSecret: 'client secret',
  proofKeyForCodeExchangePolicy: 'PKCE policy',
  enabled: 'JWTs of its own',
  accessTokenKeyId: 'key of access tokens',
  idTokenKeyId: 'key of ID tokens'
}

/** Compares an application with the one that is wanted. Its name is its own, and lists may hold more. */
export function changesOf (current: Json, wanted: Json): Changes {
  const names: string[] = []
  const patch: Record<string, Json> = {}
  for (const part of ['oauthConfiguration', 'jwtConfiguration']) {
    const had = object(current[part])
    const changed = Object.entries(object(wanted[part])).flatMap(([member, value]) => {
      const needed = need(had[member], value)
      return needed === undefined ? [] : [[member, needed] as const]
    })
    names.push(...changed.map(([member]) => NAMES[member] ?? member))
    if (changed.length > 0) patch[part] = Object.fromEntries(changed)
  }
  return { names, patch }
}

function need (had: unknown, wanted: unknown): unknown {
  if (Array.isArray(wanted)) {
    const all = new Set<unknown>([...(Array.isArray(had) ? had : []), ...wanted])
    return Array.isArray(had) && all.size === new Set(had).size ? undefined : [...all]
  }
  // To require PKCE of every client is stricter than the guide, and fine with gatehouse, which always uses it
  if (wanted === 'NotRequiredWhenUsingClientAuthentication' && had === 'Required') return undefined
  return had === wanted ? undefined : wanted
}
