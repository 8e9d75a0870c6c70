/**
 * How much is measured.
 *
 * - `launches`: fresh processes of every server; `warmUp`: requests to each before its first round, which V8 needs to
 *   settle; `rounds`: in each launch; `requests` and `fresh`: requests of one server in one round, with tokens that
 *   repeat and with tokens sent once.
 * - `throughput`: `seconds` of a round with a token that repeats; `fresh`: requests of each connection in a round with
 *   tokens sent once.
 * - `attack`: `forged` requests with unknown key ids at `rate` a second, then `passes` times as many without a pause.
 * - `startup`, in seconds: `stagger` from one start to the next, so that processes do not load at the same time;
 *   `slow`: when the slow key server answers; `patience`: how long a caller waits.
 * - `fetches`: `patience` the same.
 * - `redis`: `requests` of one session, so many of them `inMinute`.
 */
export const sizes = {
  full: {
    launches: 3,
    warmUp: 12_000,
    rounds: 4,
    requests: 2400,
    fresh: 1600,
    throughput: { connections: 256, warmUp: 2000, rounds: 3, seconds: 1, fresh: 50 },
    attack: { launches: 3, warmUp: 4000, forged: 10_000, rate: 4000, passes: 4 },
    startup: { launches: 3, stagger: 0.6, slow: 2, patience: 8 },
    fetches: { patience: 8 },
    redis: { requests: 1000, inMinute: 100 }
  },
  quick: {
    launches: 1,
    warmUp: 3000,
    rounds: 3,
    requests: 1200,
    fresh: 500,
    throughput: { connections: 256, warmUp: 1500, rounds: 1, seconds: 1, fresh: 20 },
    attack: { launches: 1, warmUp: 2000, forged: 10_000, rate: 4000, passes: 2 },
    startup: { launches: 1, stagger: 0.7, slow: 2, patience: 8 },
    fetches: { patience: 8 },
    redis: { requests: 1000, inMinute: 100 }
  },
  smoke: {
    launches: 1,
    warmUp: 80,
    rounds: 2,
    requests: 160,
    fresh: 80,
    throughput: { connections: 16, warmUp: 80, rounds: 1, seconds: 0.1, fresh: 5 },
    attack: { launches: 1, warmUp: 80, forged: 200, rate: 1000, passes: 1 },
    startup: { launches: 1, stagger: 0.25, slow: 0.5, patience: 1 },
    fetches: { patience: 1 },
    redis: { requests: 20, inMinute: 10 }
  }
}

/** Requests at the start of every turn that do not count, as a share of a round's: they refill the CPU's caches. */
export const leadIn = 0.25

/**
 * Every server: its file in servers/, its options, and its `share` of the requests and the warm-up where all would take
 * minutes.
 */
export const servers = {
  bare: { module: 'bare', label: 'bare Fastify route', open: true },
  control: { module: 'bare', label: 'bare Fastify route, second process', open: true },
  raw: { module: 'raw', label: 'crypto.verify alone' },
  ours: { module: 'ours', label: 'fastify-gatehouse' },
  served: { module: 'ours', label: 'fastify-gatehouse, serving a token seen before', traffic: 'seen' },
  uncached: { module: 'ours', label: 'fastify-gatehouse, cache: false', options: { cache: false } },
  lazy: { module: 'ours', label: "fastify-gatehouse, startup: 'lazy'", options: { startup: 'lazy' } },
  required: { module: 'ours', label: "fastify-gatehouse, startup: 'require'", options: { startup: 'require' } },
  opaque: { module: 'ours', label: 'fastify-gatehouse, introspection', options: { introspection: true } },
  apiKey: { module: 'ours', label: 'fastify-gatehouse, apiKey()', options: { apiKeys: true } },
  session: { module: 'login', label: 'fastify-gatehouse, login', options: { sessionIn: 'cookie' } },
  sessionScopes: { module: 'login', label: 'fastify-gatehouse, login, provider with audience', options: { sessionIn: 'cookie', scopes: true } },
  sessionStored: { module: 'login', label: "fastify-gatehouse, login, in: 'store'", options: { sessionIn: 'store' } },
  jwks: { module: 'fastify-jwt-jwks', label: 'fastify-jwt-jwks' },
  jwksCached: { module: 'fastify-jwt-jwks', label: 'fastify-jwt-jwks, cache: true', options: { cache: true } },
  getJwks: { module: 'fastify-jwt-get-jwks', label: '@fastify/jwt + get-jwks' },
  getJwksES256: { module: 'fastify-jwt-get-jwks', label: '@fastify/jwt + get-jwks', share: 0.05 },
  getJwksCached: { module: 'fastify-jwt-get-jwks', label: '@fastify/jwt + get-jwks, cache: true', options: { cache: true } },
  jose: { module: 'jose', label: 'jose' },
  express: { module: 'express', label: 'bare Express route', open: true },
  bearer: { module: 'express-oauth2-jwt-bearer', label: 'express-oauth2-jwt-bearer' }
}

const garbageBlocks = [['bare', 'ours', 'served'], ['bare', 'jwks'], ['bare', 'getJwks'], ['bare', 'jose'], ['express', 'bearer']]

/**
 * What callers send, and who answers it. The servers of a block take turns, so that each finds the machine in the
 * same state; the first one is the baseline of the others. `login`: the server a browser logs in at before; what
 * callers send is then its session.
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
    id: 'opaque',
    title: 'opaque token seen before',
    blocks: [['bare', 'opaque', 'control']]
  },
  {
    id: 'apikey',
    title: 'API key seen before',
    blocks: [['bare', 'apiKey', 'control']]
  },
  {
    id: 'session',
    title: 'session cookie seen before',
    login: 'session',
    blocks: [['bare', 'session', 'sessionScopes', 'control']]
  },
  {
    id: 'sessionstore',
    title: 'session in memory store seen before',
    login: 'sessionStored',
    blocks: [['bare', 'sessionStored', 'control']]
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
    // fastify-jwt-jwks cannot: it allows RS256 and EdDSA only.
    blocks: [['bare', 'raw', 'ours'], ['bare', 'getJwksES256'], ['bare', 'jose'], ['express', 'bearer']]
  },
  {
    id: 'eddsa',
    title: 'never seen, EdDSA',
    options: { algorithm: 'EdDSA' },
    // @fastify/jwt + get-jwks cannot: jwk-to-pem, which get-jwks makes keys with, knows RSA and EC only.
    blocks: [['bare', 'raw', 'ours'], ['bare', 'jwks'], ['bare', 'jose'], ['express', 'bearer']]
  },
  {
    id: 'dpop',
    title: 'seen before, with a DPoP proof (ES256)',
    options: { algorithm: 'ES256', proofs: true },
    // No other Fastify plugin here checks proofs.
    blocks: [['bare', 'raw', 'ours'], ['express', 'bearer']]
  },
  {
    id: 'garbage',
    title: 'garbage, random characters',
    blocks: garbageBlocks
  },
  {
    id: 'lookalike',
    title: 'garbage that begins as a token does',
    blocks: garbageBlocks
  },
  {
    id: 'forged',
    title: 'forged: a wrong signature',
    blocks: [['bare', 'ours'], ['bare', 'jwks'], ['bare', 'getJwks'], ['bare', 'jose'], ['express', 'bearer']]
  }
].map((scenario) => ({ ...scenario, servers: serversOf(scenario) }))

// The servers of a scenario by their ids, with what it says about each.
function serversOf ({ id: traffic, options, blocks }) {
  return new Map(blocks.flat().map((id) => {
    const server = servers[id]
    return [id, { traffic, share: 1, ...server, options: { ...options, ...server.options } }]
  }))
}
