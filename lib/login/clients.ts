import type { Provider } from '../../types/provider.js'
import type { Settings } from '../options.js'
import type { KeyRings } from '../token/rings.js'
import { createLoginClient } from './client.js'
import type { LoginClient } from './client.js'
import type { LoginSettings } from './options.js'

/** The login clients of a registration, by the names of their providers. */
export interface LoginClients {
  /** Those one can log in with, in the order they were configured; at least one. */
  readonly providers: readonly Provider[]
  has (name: string): boolean
  /** What we are called there. */
  clientIdOf (name: string): string
  /** @throws TypeError for a name that is none of theirs */
  of (name: string): LoginClient
}

/** @throws TypeError where nobody can log in: no provider has a client */
export function createLoginClients ({ providers, clockTolerance, fetchOptions }: Settings, rings: KeyRings, settings: LoginSettings): LoginClients {
  const able = [...providers.values()].filter(({ client }) => client !== undefined)
  if (able.length === 0) throw new TypeError('login: nobody to log in with: give a provider clientId and clientSecret; a function that chooses providers is none')
  const clients = new Map(able.map((provider) => {
    const { clientId, authentication: clientAuthentication } = provider.client!
    const { scope, responseMode, pushedAuthorizationRequests, authorizationParams } = settings
    return [provider.name, createLoginClient({ provider, keys: rings.of(provider), clientId, clientAuthentication, clockTolerance, fetchOptions, scope, responseMode, pushedAuthorizationRequests, authorizationParams })]
  }))
  return Object.freeze({
    providers: Object.freeze(able),
    has: (name: string) => clients.has(name),
    clientIdOf: (name: string) => able.find((provider) => provider.name === name)!.client!.clientId,
    of (name: string) {
      const client = clients.get(name)
      if (client === undefined) throw new TypeError(`reply.login(): provider: expected one of ${[...clients.keys()].join(', ')}, got ${JSON.stringify(name)}`)
      return client
    }
  })
}
