import Fastify from 'fastify'
import type { Test } from 'tap'
import type { Provider } from '../../lib/index.js'
import { createKeySource } from '../../lib/token/key-source.js'
import { KeyRing } from '../../lib/token/keys.js'

/** A provider's key ring, as a registration has it; closed when the test ends. */
export function loginKeys (t: Test, provider: Provider): KeyRing {
  const ring = new KeyRing(provider, createKeySource(provider, {}), 10, Fastify().log)
  t.teardown(() => ring.close())
  return ring
}
