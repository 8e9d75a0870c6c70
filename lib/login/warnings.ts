import type { FastifyBaseLogger } from 'fastify'
import type { Internals } from '../internals.js'
import type { LoginClients } from './clients.js'
import type { LoginSettings } from './options.js'

/** Says at boot what works, but not as people may think. */
export function warnAboutSettings (log: FastifyBaseLogger, settings: LoginSettings, { settings: { bases }, store }: Internals, { providers }: LoginClients): void {
  for (const { origin } of bases.filter(({ secure }) => !secure)) {
    log.warn({ baseUrl: origin }, 'login: plain http: the session cookie has neither Secure nor the prefix __Host-; use it for development on this machine only')
  }
  if (!store.isShared && settings.keptIn === 'store') {
    log.warn('login: sessions are in the memory of this process: they end with it, and other processes do not know them; give the gatehouse a store: redisStore(client), or memoryStore({ singleProcess: true })')
  } else if (!store.isShared) {
    log.warn('login: who logged out, and what became of refresh tokens, is known to this process alone, and forgotten when it ends: a copied cookie then works again; give the gatehouse a store: redisStore(client), or memoryStore({ singleProcess: true }) where that will do')
  }
  if (settings.cookieOptions.domain !== undefined) {
    log.warn({ domain: settings.cookieOptions.domain }, 'login: the session cookie goes to every subdomain, and any of them can set it')
  }
  log.debug({ providers: providers.map(({ name }) => name) }, 'login: one can log in with')
}
