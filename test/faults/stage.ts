import { setTimeout as sleep } from 'node:timers/promises'
import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import gatehouse, { oidc } from '../../lib/index.js'
import type { OidcOptions, ProviderHealth } from '../../lib/index.js'
import { createIssuer } from '../support/issuer.js'
import type { TestIssuer } from '../support/issuer.js'
import { connectTo } from './requests.js'
import type { Ask } from './requests.js'

/** A key server, an API that trusts it and a client of that API: three parties, all on loopback. */
export interface Stage {
  readonly issuer: TestIssuer
  readonly app: FastifyInstance
  /** Asks the API for `/`. */
  readonly ask: Ask
  health (): ProviderHealth
  close (): Promise<void>
}

/** What {@link openStage} can be told. */
export interface StageOptions {
  /** Whether the API fetches keys before the play begins. Default: it knows nothing yet. */
  readonly held?: boolean
  readonly provider?: ((issuer: TestIssuer) => Partial<OidcOptions>) | undefined
  /** Of the client at most. Default: one for each request that waits, so that none waits for another. */
  readonly connections?: number
  /** Of the key server's right answers: `{ 'cache-control': 'max-age=60' }`. */
  readonly headers?: Record<string, string>
  /** Another API of an issuer that is there already; it is not closed with this one. */
  readonly issuer?: TestIssuer
}

/** Opens all three. The counters of the key server stand at zero. */
export async function openStage (options: StageOptions = {}): Promise<Stage> {
  const issuer = options.issuer ?? await createIssuer({ algorithms: ['ES256'] })
  Object.assign(issuer.headers, options.headers)
  const app = Fastify()
  await app.register(gatehouse, {
    provider: oidc({ issuer: issuer.issuer, audience: issuer.audience, ...options.provider?.(issuer) }),
    startup: 'lazy'
  })
  app.get('/', async ({ auth }) => ({ subject: auth.subject }))
  const client = connectTo(await app.listen({ host: '127.0.0.1', port: 0 }), options.connections ?? Infinity)
  if (options.held === true) await app.gatehouse.ready()
  issuer.reset()
  return {
    issuer,
    app,
    ask: client.ask,
    health: () => app.gatehouse.health()[0]!,
    async close () {
      client.close()
      await app.close()
      if (options.issuer === undefined) await issuer.close()
    }
  }
}

/** Waits until no fetch is under way that fell due, for a fifth of a second at most: some hang. */
export async function settled ({ health }: Stage): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    const { fetches, failures, nextRefresh } = health()
    // While a fetch that was due is under way, the next one lies in no future. The only success was before the fault.
    if (nextRefresh !== 0 || fetches === failures + 1) return
    await sleep(2)
  }
}

/** What the last fetch failed of, without addresses: their ports change. */
export function causeOf ({ lastError }: ProviderHealth): string {
  return lastError?.replace(/^https?:\S+ | from https?:\S+$/g, '') ?? 'no error'
}
