import { createHash } from 'node:crypto'
import gatehouse, { apiKey, oidc } from '../../dist/lib/index.js'
import { fastify, withRoute } from './route.js'

/** fastify-gatehouse with its defaults, with another `cache` or `startup`, with opaque tokens, API keys, or proofs. */
export default async ({ issuer, audience, cache, startup, introspection, apiKeys, proofs }) => {
  const app = fastify()
  await app.register(gatehouse, {
    provider: oidc({ issuer, audience, ...(introspection ? { introspection: { clientId: 'api', clientSecret: 'not a secret' } } : {}) }),
    ...(apiKeys ? { authenticators: [apiKey({ prefix: 'acme_', lookup: findKey })] } : {}),
    ...(cache === undefined ? {} : { cache }),
    ...(startup === undefined ? {} : { startup }),
    // Proofs are made before the run, which takes longer than they last by default.
    ...(proofs ? { dpop: { iatOffset: 3600 } } : {})
  })
  return withRoute(app)
}

async function findKey (hash) {
  const known = createHash('sha256').update('acme_2YotnFZFEjr1zCsicMWpAA2YotnFZFEjr1zCsicMWpAA').digest('hex')
  return hash === known ? { hash, subject: 'user-1', scopes: ['read:messages'] } : undefined
}
