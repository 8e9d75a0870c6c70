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
  /**
   * Waits until the fetch is over that began since the last call, if one did. Only for a clock that stands still, and
   * not for what hangs.
   *
   * @throws Error where it is not over in five seconds of real time
   */
  settled (): Promise<void>
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
  const health = () => app.gatehouse.health()[0]!
  let over = health().fetches
  return {
    issuer,
    app,
    ask: client.ask,
    health,
    async settled () {
      const { fetches } = health()
      if (fetches === over) return
      // Its end puts the next one off by half a second at least, which is shown as one; until then it counts as due.
      for (let tries = 0; health().nextRefresh === 0; tries++) {
        if (tries === 2500) throw new Error(`fetch ${fetches} of the plugin does not end: ${JSON.stringify(health())}`)
        await sleep(2)
      }
      over = fetches
    },
    async close () {
      client.close()
      await app.close()
      if (options.issuer === undefined) await issuer.close()
    }
  }
}

/** What the last fetch failed of, without addresses: their ports change. */
export function causeOf ({ lastError }: ProviderHealth): string {
  return lastError?.replace(/^https?:\S+ | from https?:\S+$/g, '') ?? 'no error'
}
