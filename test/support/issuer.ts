import type { IncomingMessage, ServerResponse } from 'node:http'
import { answers } from './issuer/answers.js'
import type { Behaviour } from './issuer/answers.js'
import { keyRack, signJws } from './issuer/keys.js'
import type { IssuerKey, SigningAlgorithm } from './issuer/keys.js'
import { listen } from './issuer/server.js'

export type { Behaviour } from './issuer/answers.js'
export { createKey, signJws } from './issuer/keys.js'
export type { IssuerKey, KeyOptions, SigningAlgorithm } from './issuer/keys.js'

/** What {@link createIssuer} can be told. */
export interface IssuerOptions {
  /** One key is made for each, in this order. Default `['RS256']`. */
  algorithms?: SigningAlgorithm[]
  /** Milliseconds since the epoch. Default `Date.now`, read at each call, so that a faked clock moves the issuer too. */
  now?: () => number
}

/** An authorization server on loopback with real keys. */
export interface TestIssuer {
  /** `http://127.0.0.1:port`, without a trailing slash. */
  readonly issuer: string
  /** What `aud` says unless told otherwise: `https://api.example`. */
  readonly audience: string
  /** Every key whose private half we hold. The first one signs unless another is named. */
  keys: IssuerKey[]
  /** The `keys` of the key set as served now. Push, remove or replace anything. */
  published: Record<string, unknown>[]
  /** The discovery document as served now. Change, remove or replace anything. */
  metadata: Record<string, unknown>
  /** Sent along with every right answer: `{ 'cache-control': 'max-age=60' }`. */
  headers: Record<string, string>
  /** Seconds of `Retry-After`, sent along by `status-429` and `status-503`. Default: none. */
  retryAfter: number | undefined
  /**
   * An access token: `iss`, `aud`, `sub: 'user-1'`, `iat`, `exp` an hour ahead, `azp: 'client-1'`, `scope: ''`,
   * under `alg`, `kid` and `typ: 'at+jwt'`. Arguments override single members; `undefined` removes one.
   * The signature is made by the key's own `alg`, whatever the header claims.
   */
  token (claims?: Record<string, unknown>, header?: Record<string, unknown>, key?: IssuerKey): string
  /** Signs exactly these texts, or bytes: duplicate members, `1e400`, invalid UTF-8. Adds nothing, not even `alg`. */
  sign (headerText: string | Buffer, payloadText: string | Buffer, key?: IssuerKey): string
  /** A new key takes the place of the whole published set and becomes `keys[0]`; the old ones stay behind it. Default: the algorithm of `keys[0]`. */
  rotate (alg?: SigningAlgorithm): Promise<IssuerKey>
  /** How discovery and key set are answered from now on, or only one of them. */
  behave (mode: Behaviour, endpoint?: 'discovery' | 'jwks'): void
  /** Requests that arrived, answered or not. */
  readonly requests: RequestCounts
  /** Sets every counter to zero. */
  reset (): void
  /** Connections are refused from now on, open ones destroyed. */
  shut (): Promise<void>
  /** Listens again, on the same port. */
  reopen (): Promise<void>
  /** Stops listening and destroys open sockets. */
  close (): Promise<void>
}

/** See {@link TestIssuer.requests}. */
export interface RequestCounts {
  /** `…/.well-known/openid-configuration` and `/.well-known/oauth-authorization-server…` */
  discovery: number
  /** `/jwks`, `/.well-known/jwks.json` and every other path that ends in one of these. */
  jwks: number
  /** Anything else, the target of `redirect-same` included. */
  other: number
  /** What arrived at the other origin, the target of `redirect`. */
  elsewhere: number
}

/** Starts an issuer on a free port of 127.0.0.1. No two open issuers share a key. */
export async function createIssuer (options: IssuerOptions = {}): Promise<TestIssuer> {
  const { algorithms = ['RS256'], now = () => Date.now() } = options
  const rack = keyRack()
  const modes: Record<Endpoint, Behaviour> = { discovery: 'answer', jwks: 'answer' }
  const keys = await Promise.all(algorithms.map(rack.take))
  const home = await listen((request, response) => { answerAtHome(request, response) })
  const elsewhere = await listen((request, response) => {
    self.requests.elsewhere++
    answer(response, endpointOf(pathOf(request)), 'answer')
  })

  const self: TestIssuer = {
    issuer: home.origin,
    audience: 'https://api.example',
    keys,
    published: keys.map((key) => key.jwk),
    metadata: metadataOf(home.origin),
    headers: {},
    retryAfter: undefined,
    token (claims = {}, header = {}, key = firstOf(self.keys)) {
      const iat = Math.floor(now() / 1000)
      const head = { alg: key.alg, kid: key.kid, typ: 'at+jwt', ...header }
      const standard = {
        iss: self.issuer, aud: self.audience, sub: 'user-1', iat, exp: iat + 3600, azp: 'client-1', scope: ''
      }
      return signJws(JSON.stringify(head), JSON.stringify({ ...standard, ...claims }), key)
    },
    sign: (header, payload, key = firstOf(self.keys)) => signJws(header, payload, key),
    async rotate (alg = firstOf(self.keys).alg) {
      const key = await rack.take(alg)
      self.keys.unshift(key)
      self.published = [key.jwk]
      return key
    },
    behave (mode, endpoint) {
      if (endpoint !== 'jwks') modes.discovery = mode
      if (endpoint !== 'discovery') modes.jwks = mode
    },
    requests: { discovery: 0, jwks: 0, other: 0, elsewhere: 0 },
    reset: () => { Object.assign(self.requests, { discovery: 0, jwks: 0, other: 0, elsewhere: 0 }) },
    shut: () => home.close(),
    reopen: () => home.reopen(),
    async close () {
      await Promise.all([home.close(), elsewhere.close()])
      rack.release()
    }
  }
  return self

  function answerAtHome (request: IncomingMessage, response: ServerResponse): void {
    const path = pathOf(request)
    const isMoved = path.startsWith('/moved/')
    const endpoint = endpointOf(path)
    self.requests[isMoved ? 'other' : endpoint ?? 'other']++
    answer(response, endpoint, endpoint === undefined || isMoved ? 'answer' : modes[endpoint], path)
  }

  function answer (response: ServerResponse, endpoint: Endpoint | undefined, mode: Behaviour, path = ''): void {
    if (endpoint === undefined) {
      response.writeHead(404).end()
      return
    }
    answers[mode](response, {
      endpoint,
      document: endpoint === 'jwks' ? { keys: self.published } : self.metadata,
      headers: self.headers,
      retryAfter: self.retryAfter,
      elsewhere: elsewhere.origin + path,
      moved: `/moved${path}`
    })
  }
}

type Endpoint = 'discovery' | 'jwks'

function endpointOf (path: string): Endpoint | undefined {
  if (path.endsWith('/.well-known/openid-configuration')) return 'discovery'
  if (path.includes('/.well-known/oauth-authorization-server')) return 'discovery'
  return /\/jwks(\.json)?$/.test(path) ? 'jwks' : undefined
}

function pathOf (request: IncomingMessage): string {
  return new URL(request.url ?? '/', 'http://127.0.0.1').pathname
}

function metadataOf (origin: string): Record<string, unknown> {
  return {
    issuer: origin,
    authorization_endpoint: `${origin}/authorize`,
    token_endpoint: `${origin}/token`,
    jwks_uri: `${origin}/jwks`,
    response_types_supported: ['code'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256']
  }
}

function firstOf (keys: IssuerKey[]): IssuerKey {
  const [key] = keys
  if (key === undefined) throw new Error('the issuer holds no key: createIssuer({ algorithms })')
  return key
}
