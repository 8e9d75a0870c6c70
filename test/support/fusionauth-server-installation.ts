import { randomUUID } from 'node:crypto'
import { setUp } from '../../examples/fusionauth-setup.js'
import type { Report, SetupOptions } from '../../examples/fusionauth-setup.js'
import { fusionAuthServer } from './fusionauth-server.js'
import type { FusionAuthServer } from './fusionauth-server.js'

/** The guide's id of the signing key. */
export const KEY = '356a6624-b33c-471a-b707-48bbfcfbc593'
/** The guide's id of the application. */
export const CLIENT = 'e9fdb985-9173-4e01-9d73-ac2d60d1dc8e'
export const APP = 'http://127.0.0.1:5000'

export interface Installation {
  readonly server: FusionAuthServer
  readonly clientSecret: string
  /** Sets up the server. Pauses take no time. */
  run (options?: Partial<SetupOptions>): Promise<Report>
  /** What the runs said. */
  readonly lines: string[]
  /** The milliseconds the runs paused for. */
  readonly pauses: number[]
}

/** A fresh server, and a set-up that is meant for it. */
export async function installation (t: { teardown (end: () => unknown): unknown }): Promise<Installation> {
  const server = await fusionAuthServer(t)
  const lines: string[] = []
  const pauses: number[] = []
  const clientSecret = `secret-${randomUUID()}`
  const run = (options: Partial<SetupOptions> = {}) => setUp({
    url: server.url,
    apiKey: server.apiKey,
    clientId: CLIENT,
    clientSecret,
    appUrl: APP,
    pause: async (ms) => { pauses.push(ms) },
    say: (line) => { lines.push(line) },
    ...options
  })
  return { server, clientSecret, run, lines, pauses }
}
