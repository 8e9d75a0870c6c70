import type { FastifyBaseLogger } from 'fastify'
import { NO_REVOCATION } from './client.js'
import type { LoginClients } from './clients.js'

/** Asks a provider, by its name, to forget a refresh token. Nobody waits for it. */
export type Revoke = (provider: string, refreshToken: string, log: FastifyBaseLogger) => void

/** Where it fails the operator is told. @param inBackground work that no answer waits for, and closing does */
export function createRevoke (clients: LoginClients, signal: AbortSignal, inBackground: (work: Promise<unknown>) => void): Revoke {
  return function revoke (provider, refreshToken, log) {
    inBackground(clients.of(provider).revoke(refreshToken, signal).then((why) => {
      // That a provider can revoke none is no news with every logout.
      if (why !== undefined) log[why === NO_REVOCATION ? 'debug' : 'warn']({ gatehouse: { provider, reason: why } }, 'a refresh token could not be revoked: whoever has it may use it')
    }))
  }
}
