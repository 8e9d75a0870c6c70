import type { FastifyBaseLogger } from 'fastify'
import type { Provider } from '../types/provider.js'
import type { Settings } from './options.js'
import type { Policy } from './policy.js'
import type { Routes } from './routes.js'
import { vouchesForTokens } from './session/session-identity.js'
import type { WebLogin } from './web-login.js'

/**
 * Once, at ready: routes nobody can ever pass.
 *
 * @throws TypeError for routes that take sessions only, where nobody can log in
 */
export function checkReachable (routes: Routes, settings: Settings, login: WebLogin | undefined, log: FastifyBaseLogger): void {
  const rows = routes.policies()
  const able = login === undefined ? [] : [...settings.providers.values()].filter(({ client }) => client !== undefined)
  const stranded = rows.filter(({ policy: { credentials, providers } }) => credentials?.every((kind) => kind === 'session') && !able.some(({ name }) => providers?.includes(name) !== false))
  if (stranded.length > 0) {
    const remedy = login === undefined ? 'register fastify-gatehouse/login' : 'give a provider it accepts a clientId'
    throw new TypeError(`gatehouse: ${namesOf(stranded)}: takes sessions only, and nobody can log in: ${remedy}`)
  }
  if (login === undefined) return
  const unreachable = rows.filter(({ policy }) => policy.needsAccessToken && !canBeMet(policy, settings))
  if (unreachable.length > 0) {
    log.warn({ routes: unreachable.map(({ method, url }) => `${method} ${url}`) },
      'these routes demand scopes, permissions or roles, which sessions have from access tokens for this API alone: give the provider an audience, or the routes can never be used')
  }
}

/** Whether some credential the route takes could carry scopes. */
function canBeMet ({ providers, credentials }: Policy, settings: Settings): boolean {
  const takes = (kind: string) => credentials?.includes(kind) !== false
  const mayVouch = (name: string) => providers?.includes(name) !== false
  if (settings.authenticators.some(({ name }) => takes(name) && mayVouch(name))) return true
  return [...settings.providers.values()].some((provider) => mayVouch(provider.name) && givesScopes(provider, takes))
}

function givesScopes (provider: Provider, takes: (kind: string) => boolean): boolean {
  if (provider.apiKeys !== undefined && takes('api_key')) return true
  return vouchesForTokens(provider) && (takes('access_token') || (provider.client !== undefined && takes('session')))
}

function namesOf (rows: ReturnType<Routes['policies']>): string {
  return rows.map(({ method, url }) => `${method} ${url}`).join(', ')
}
