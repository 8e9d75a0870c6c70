import { randomUUID } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import type { RequestListener } from 'node:http'
import { createMemoryAdapter } from 'oidc-provider/lib/adapters/memory_adapter.js'
import { listen } from './issuer/server.js'
import { rsaKeyPair } from './rsa-keys.js'

export { authgearProvider } from './vendor-login-authgear.js'
export { fusionauthProvider } from './vendor-login-fusionauth.js'

/** A vendor's provider on loopback, as far as an app and a browser can tell. Any password will do. */
export interface VendorProvider {
  readonly issuer: string
  readonly clientId: string
  readonly clientSecret: string
  /** What came in so far, `GET /oauth2/authorize`, oldest first. */
  readonly requests: readonly string[]
  /** The form, and the answer's body, of each request to the token endpoint. */
  readonly exchanges: ReadonlyArray<{ readonly form: Record<string, string>, readonly answer: Record<string, unknown> }>
  /** The query of each request to the logout endpoint. */
  readonly logouts: ReadonlyArray<Readonly<Record<string, string>>>
  /** The query it sent a browser back with, of each login. */
  readonly callbacks: ReadonlyArray<Readonly<Record<string, string>>>
}

/** What the tests of all vendors may vary. */
export interface VendorOptions {
  /** Where the app answers; its callback and its start page are registered. */
  readonly baseUrl: string
  /** Seconds an access token lasts. Default: the vendor's. */
  readonly accessTokenLifetime?: number
  /** Its name in addresses. With localhost it is another site than an app on 127.0.0.1. Default: 127.0.0.1. */
  readonly host?: 'localhost' | '127.0.0.1'
}

/** Of Koa's context, what is needed here. */
export interface Context {
  readonly method: string
  readonly path: string
  query: Record<string, string>
  status: number
  type: string
  body: unknown
  get (header: string): string
  set (header: string, value: string | string[]): void
  readonly response: { get (header: string): string | string[] }
  readonly oidc?: {
    readonly route: string
    readonly params?: Record<string, string | undefined>
    readonly body?: Record<string, string>
    readonly session?: { readonly accountId?: string, sidFor (clientId: string): string | undefined }
    readonly entities: Readonly<Record<string, Token | undefined>>
  }
}

/** A token or a code inside oidc-provider. */
export interface Token {
  readonly accountId: string
  readonly authTime?: number
  readonly codeChallenge?: string
  readonly payload?: Readonly<Record<string, unknown>>
  readonly scope?: string
  readonly sid?: string
}

/** How a vendor differs. */
export interface Vendor {
  readonly options: VendorOptions
  readonly clientId: string
  readonly redirectUris: readonly string[]
  readonly afterLogout: readonly string[]
  /** Seconds an access token lasts unless an option says otherwise. */
  readonly accessTokenLifetime: number
  /** Seconds an ID token lasts. */
  readonly idTokenLifetime: number
  /** oidc-provider's names for endpoints, and the vendor's paths. */
  readonly routes: Readonly<Record<string, string>>
  /** Names of claims by scope, in the ID token. */
  readonly claims: Readonly<Record<string, readonly string[]>>
  /** Those of a person who logged in as this. */
  person (login: string): Record<string, unknown>
  readonly features?: Readonly<Record<string, unknown>>
  readonly formats?: object
  metadata (origin: string): Record<string, unknown>
  /** Parameters the browser is sent back with. */
  callback (parameters: URLSearchParams): void
  /** The answer of the token endpoint. */
  answer (body: Record<string, unknown>, ctx: Context): void
  /** Answers in place of oidc-provider where it answers otherwise. @returns whether it did */
  before? (ctx: Context, origin: string, key: KeyObject): Promise<boolean>
  /** Whether a logout needs no question; where the browser goes if no address is registered for it. */
  logout (ctx: Context): { readonly isDirect: boolean, readonly home: string }
}

/** Starts oidc-provider in a vendor's shape; it stops when the test ends. */
export async function startVendor (t: { teardown (end: () => unknown): unknown }, vendor: Vendor): Promise<VendorProvider> {
  const requests: string[] = []
  const exchanges: Array<VendorProvider['exchanges'][number]> = []
  const logouts: Array<Record<string, string>> = []
  const callbacks: Array<Record<string, string>> = []
  let handle: RequestListener = () => {}
  const { origin: address, close } = await listen((request, response) => {
    requests.push(`${request.method} ${request.url!.split('?')[0]}`)
    handle(request, response)
  })
  t.teardown(close)
  const origin = address.replace('127.0.0.1', vendor.options.host ?? '127.0.0.1')
  const clientSecret = randomUUID()
  const { privateKey, publicKey } = await rsaKeyPair()
  // oidc-provider drops offline_access without prompt=consent; the vendors do not.
  const offline = new Set<string | undefined>()
  const provider = await createProvider(origin, vendor, clientSecret, privateKey, offline)
  const paths = vendor.routes

  async function translate (ctx: Context, next: () => Promise<void>): Promise<void> {
    if (ctx.path === paths.authorization) {
      if (ctx.query.scope?.split(' ').includes('offline_access')) offline.add(ctx.query.code_challenge)
      ctx.query = { ...ctx.query, claims: '{"id_token":{"sid":null}}' }
    } else if (ctx.path === paths.end_session) {
      logouts.push({ ...ctx.query })
    }
    if (await vendor.before?.(ctx, origin, publicKey)) return
    await next()
    const { route, body: form = {} } = ctx.oidc ?? {}
    if (route === 'discovery') ctx.body = vendor.metadata(origin)
    if (route === 'token') {
      const answer = ctx.body as Record<string, unknown>
      if (answer.error === undefined) answer.token_type = 'Bearer'
      vendor.answer(answer, ctx)
      exchanges.push({ form: { ...form }, answer: { ...answer } })
    }
    if (route === 'end_session' && ctx.status === 200) {
      if (vendor.logout(ctx).isDirect) await confirm(ctx)
    }
    const location = ctx.response.get('location')
    if (typeof location !== 'string' || location === '') return
    const url = new URL(location, origin)
    if (route?.startsWith('end_session') === true) {
      if (url.origin === origin) ctx.set('location', vendor.logout(ctx).home)
    } else if (vendor.redirectUris.includes(url.origin + url.pathname)) {
      vendor.callback(url.searchParams)
      callbacks.push(Object.fromEntries(url.searchParams))
      ctx.set('location', url.href)
    }
  }

  provider.use(translate)
  handle = provider.callback()
  return { issuer: origin, clientId: vendor.clientId, clientSecret, requests, exchanges, logouts, callbacks }
}

interface Embedded {
  use (middleware: (ctx: Context, next: () => Promise<void>) => Promise<void>): void
  callback (): RequestListener
}

async function createProvider (origin: string, vendor: Vendor, clientSecret: string, key: KeyObject, offline: ReadonlySet<string | undefined>): Promise<Embedded> {
  // Its index prints a warning under Node 20; the modules behind it have no types that fit this use.
  const inner = ['oidc-provider/lib/provider.js', 'oidc-provider/lib/helpers/interaction_policy/index.js']
  const { Provider }: { Provider: new (issuer: string, configuration: object) => Embedded } = await import(inner[0]!)
  const { base }: { base: () => { get (name: string): { checks: { remove (name: string): void } } } } = await import(inner[1]!)
  const policy = base()
  // Plain http is for native clients, which would be asked for consent each time.
  policy.get('consent').checks.remove('native_client_prompt')
  return new Provider(origin, {
    adapter: createMemoryAdapter(),
    cookies: { keys: [randomUUID()] },
    clients: [{
      client_id: vendor.clientId,
      client_secret: clientSecret,
      redirect_uris: vendor.redirectUris,
      post_logout_redirect_uris: vendor.afterLogout,
      response_types: ['code'],
      grant_types: ['authorization_code', 'refresh_token'],
      application_type: vendor.options.baseUrl.startsWith('https:') ? 'web' : 'native',
      require_auth_time: true
    }],
    claims: vendor.claims,
    conformIdTokenClaims: false,
    expiresWithSession: () => false,
    features: {
      claimsParameter: { enabled: true },
      devInteractions: { enabled: true },
      revocation: { enabled: 'revocation' in vendor.routes, allowedPolicy: () => true },
      rpInitiatedLogout: { enabled: true },
      ...vendor.features
    },
    findAccount: (_ctx: object, login: string) => ({ accountId: login, claims: () => ({ sub: login, ...vendor.person(login) }) }),
    formats: vendor.formats ?? {},
    interactions: { policy },
    issueRefreshToken: (_ctx: object, _client: object, code: Token) => offline.has(code.codeChallenge),
    jwks: { keys: [{ ...key.export({ format: 'jwk' }), alg: 'RS256', use: 'sig', kid: randomUUID() }] },
    pkce: { required: () => false },
    rotateRefreshToken: false,
    routes: vendor.routes,
    ttl: {
      AccessToken: () => vendor.options.accessTokenLifetime ?? vendor.accessTokenLifetime,
      AuthorizationCode: () => 300,
      IdToken: () => vendor.idTokenLifetime,
      RefreshToken: () => 86_400,
      Interaction: () => 600,
      Session: () => 86_400,
      Grant: () => 86_400
    }
  })
}

/** Says yes to oidc-provider's question in the browser's place. */
async function confirm (ctx: Context): Promise<void> {
  const [, action] = /action="([^"]+)"/.exec(String(ctx.body))!
  const [, xsrf] = /name="xsrf" value="([^"]+)"/.exec(String(ctx.body))!
  const cookies = new Map([ctx.get('cookie').split('; '), setCookies(ctx).map((line) => line.split(';')[0]!)].flat().map((pair) => pair.split('=', 2) as [string, string]))
  const response = await fetch(action!, {
    method: 'POST',
    redirect: 'manual',
    headers: { cookie: Array.from(cookies, (pair) => pair.join('=')).join('; ') },
    body: new URLSearchParams({ xsrf: xsrf!, logout: 'yes' })
  })
  const target = response.headers.get('location')!
  ctx.status = 302
  ctx.body = ''
  ctx.set('set-cookie', [...setCookies(ctx), ...response.headers.getSetCookie()])
  ctx.set('location', target)
}

function setCookies (ctx: Context): string[] {
  const lines = ctx.response.get('set-cookie')
  return Array.isArray(lines) ? lines : lines === '' ? [] : [lines]
}
