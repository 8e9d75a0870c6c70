/**
 * How much is measured. `launches`: fresh processes of every server; `warmUp`: requests to each before its first
 * round, which V8 needs to settle; `rounds`: in each launch; `requests` and `fresh`: requests of one server in one
 * round, with tokens that repeat and with tokens sent once.
 */
export const sizes = {
  full: { launches: 4, warmUp: 16_000, rounds: 7, requests: 3200, fresh: 1600 },
  quick: { launches: 1, warmUp: 10_000, rounds: 6, requests: 1600, fresh: 800 },
  smoke: { launches: 1, warmUp: 80, rounds: 2, requests: 160, fresh: 80 }
}

/** Requests at the start of every turn that do not count, as a share of a round's: they refill the CPU's caches. */
export const leadIn = 0.25

/** Every server: its file in servers/, its options, and the share of a round's requests it gets if it is far from ours. */
const servers = {
  bare: { module: 'bare', label: 'bare Fastify route', open: true },
  control: { module: 'bare', label: 'bare Fastify route, second process', open: true },
  raw: { module: 'raw', label: 'crypto.verify alone' },
  ours: { module: 'ours', label: 'fastify-gatehouse' },
  served: { module: 'ours', label: 'fastify-gatehouse, serving a token seen before', traffic: 'seen' },
  uncached: { module: 'ours', label: 'fastify-gatehouse, cache: false', options: { cache: false }, share: 0.25 },
  jwks: { module: 'fastify-jwt-jwks', label: 'fastify-jwt-jwks', share: 0.25 },
  jwksCached: { module: 'fastify-jwt-jwks', label: 'fastify-jwt-jwks, cache: true', options: { cache: true }, share: 0.25 },
  getJwks: { module: 'fastify-jwt-get-jwks', label: '@fastify/jwt + get-jwks', share: 0.25 },
  getJwksES256: { module: 'fastify-jwt-get-jwks', label: '@fastify/jwt + get-jwks', share: 0.02 },
  getJwksCached: { module: 'fastify-jwt-get-jwks', label: '@fastify/jwt + get-jwks, cache: true', options: { cache: true }, share: 0.25 },
  jose: { module: 'jose', label: 'jose', share: 0.25 },
  express: { module: 'express', label: 'bare Express route', open: true, share: 0.25 },
  bearer: { module: 'express-oauth2-jwt-bearer', label: 'express-oauth2-jwt-bearer', share: 0.25 }
}

/**
 * What callers send, and who answers it. The servers of a block take turns, so that each finds the machine in the
 * same state; the first one is the baseline of the others.
 */
export const scenarios = [
  {
    id: 'seen',
    title: 'seen before',
    blocks: [
      ['bare', 'ours', 'control'], ['bare', 'uncached'], ['bare', 'jwks', 'jwksCached'], ['bare', 'getJwks', 'getJwksCached'],
      ['bare', 'jose'], ['express', 'bearer']
    ]
  },
  {
    id: 'thousand',
    title: '1,000 in turn',
    blocks: [['bare', 'ours'], ['bare', 'jwksCached', 'getJwksCached']]
  },
  {
    id: 'rs256',
    title: 'never seen, RS256',
    options: { algorithm: 'RS256' },
    blocks: [['bare', 'raw', 'ours'], ['bare', 'jwks'], ['bare', 'getJwks'], ['bare', 'jose'], ['express', 'bearer']]
  },
  {
    id: 'es256',
    title: 'never seen, ES256',
    options: { algorithm: 'ES256' },
    // fastify-jwt-jwks refuses ES256.
    blocks: [['bare', 'raw', 'ours'], ['bare', 'getJwksES256'], ['bare', 'jose'], ['express', 'bearer']]
  },
  {
    id: 'garbage',
    title: 'garbage',
    blocks: [['bare', 'ours', 'served'], ['bare', 'jwks'], ['bare', 'getJwks'], ['bare', 'jose']]
  },
  {
    id: 'forged',
    title: 'forged: a wrong signature',
    blocks: [['bare', 'ours'], ['bare', 'jwks'], ['bare', 'getJwks'], ['bare', 'jose']]
  }
].map((scenario) => ({ ...scenario, servers: serversOf(scenario) }))

// The servers of a scenario by their ids, with what it says about each.
function serversOf ({ id: traffic, options, blocks }) {
  return new Map(blocks.flat().map((id) => {
    const server = servers[id]
    return [id, { traffic, share: 1, ...server, options: { ...options, ...server.options } }]
  }))
}
