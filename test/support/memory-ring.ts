import Fastify from 'fastify'
import type { Test } from 'tap'
import { oidc } from '../../lib/index.js'
import { KeyRing } from '../../lib/token/keys.js'
import { vetKeys } from '../../lib/token/jwks.js'
import { captureLogs } from './logs.js'

/** A key server without a network. */
export interface MemoryKeyServer {
  /** The `keys` of the set as served now. */
  published: Record<string, unknown>[]
  /** Seconds of its `max-age`; Infinity: as keys that were configured. */
  maxAge: number | undefined
  /** Why the address of the set could not be looked up again, if so. */
  trouble: string | undefined
  /** What every fetch fails with while it is there. */
  failure: Error | undefined
  /** Fetches that began. */
  fetches: number
  /** The signal the last fetch was given. */
  signal: AbortSignal | undefined
  /** Lets no fetch end before the returned function is called. */
  hold (): () => void
}

/** A ring with its key server, and what it logs. */
export interface MemoryRing {
  readonly ring: KeyRing
  readonly server: MemoryKeyServer
  readonly logs: ReturnType<typeof captureLogs>
}

/** A key ring of the provider `oidc` that fetches from memory; closed when the test ends. */
export function memoryRing (t: Test, ...published: Record<string, unknown>[]): MemoryRing {
  const provider = oidc({ issuer: 'https://issuer.example', audience: 'https://api.example' })
  const logs = captureLogs()
  let held: Promise<void> | undefined
  const server: MemoryKeyServer = {
    published,
    maxAge: undefined,
    trouble: undefined,
    failure: undefined,
    fetches: 0,
    signal: undefined,
    hold () {
      let release = () => {}
      held = new Promise((resolve) => { release = () => { held = undefined; resolve() } })
      return release
    }
  }
  const load = async (signal: AbortSignal) => {
    server.fetches++
    server.signal = signal
    await held
    if (server.failure !== undefined) throw server.failure
    return { ...vetKeys(server.published, provider.algorithms), maxAge: server.maxAge, trouble: server.trouble }
  }
  const ring = new KeyRing(provider, load, 10, Fastify({ logger: { level: 'trace', stream: logs.stream } }).log)
  t.teardown(() => ring.close())
  return { ring, server, logs }
}
