import { generateKeyPairSync, randomUUID } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import type { RequestListener } from 'node:http'
import { createMemoryAdapter } from 'oidc-provider/lib/adapters/memory_adapter.js'
import { cookieHeader, formOf, keepCookies } from '../../examples/demo/browser.js'
import { listen } from './issuer/server.js'
import { rsaKeyPair } from './rsa-keys.js'

/** A person's browser: keeps the provider's cookies, runs no script. */
export interface LoginBrowser {
  /**
   * Follows an authorization URL, logs in as `login` and consents, until the provider sends it back to the app's
   * callback, or to one below it.
   *
   * @returns what it brings there
   */
  visit (url: string, login?: string): Promise<Arrival>
  /** Requests a page as it is, cookies sent along. */
  open (url: string, form?: Record<string, string>): Promise<Response>
}

/** What a browser brings to a callback. */
export interface Arrival {
  readonly method: 'GET' | 'POST'
  readonly parameters: Readonly<Record<string, string>>
}

/** The certified provider, with people who can log in. */
export interface LoginProvider {
  readonly issuer: string
  readonly secret: string
  /** Of the client `web-key`. */
  readonly key: KeyObject
  browser (): LoginBrowser
  /** Paths that were asked for so far. */
  readonly paths: string[]
}

const BASE_URL = 'http://127.0.0.1:3000'
/** Where the clients of the provider want browsers back, unless it is told another `baseUrl`. */
export const REDIRECT_URI = `${BASE_URL}/callback`
/** Where they want them after logout, likewise. */
export const AFTER_LOGOUT = `${BASE_URL}/`

interface Configuration { readonly [name: string]: unknown }

/** Configuration of oidc-provider, whose `features` are merged; `baseUrl` is where the clients are. */
interface LoginProviderOptions extends Configuration {
  readonly features?: Configuration
  readonly baseUrl?: string
}

/** Starts oidc-provider on loopback; it stops when the test ends. */
export async function loginProvider (t: { teardown (end: () => unknown): unknown }, { features, baseUrl = BASE_URL, ...more }: LoginProviderOptions = {}): Promise<LoginProvider> {
  // Its index prints a warning under Node 20; the module behind it has no types that fit this use.
  const inner = 'oidc-provider/lib/provider.js'
  const { Provider }: { Provider: new (issuer: string, configuration: object) => { callback (): RequestListener } } = await import(inner)
  let handle: RequestListener = () => {}
  const paths: string[] = []
  const { origin, close } = await listen((request, response) => {
    paths.push(request.url!.split('?')[0]!)
    handle(request, response)
  })
  t.teardown(close)
  const secret = `secret of +&% ${randomUUID()}`
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const signing = (await rsaKeyPair()).privateKey
  const client = {
    redirect_uris: [`${baseUrl}/callback`],
    post_logout_redirect_uris: [`${baseUrl}/`],
    response_types: ['code'],
    grant_types: ['authorization_code', 'refresh_token'],
    application_type: 'native'
  }
  const provider = new Provider(origin, {
    adapter: createMemoryAdapter(),
    cookies: { keys: [randomUUID()] },
    clients: [
      { ...client, client_id: 'web', client_secret: secret },
      { ...client, client_id: 'web-post', client_secret: secret, token_endpoint_auth_method: 'client_secret_post' },
      { ...client, client_id: 'public', token_endpoint_auth_method: 'none' },
      {
        ...client,
        client_id: 'web-key',
        token_endpoint_auth_method: 'private_key_jwt',
        token_endpoint_auth_signing_alg: 'ES256',
        jwks: { keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'web-key-1', use: 'sig', alg: 'ES256' }] }
      }
    ],
    claims: { openid: ['sub'], email: ['email'], profile: ['name'] },
    findAccount: (_ctx: object, id: string) => ({ accountId: id, claims: () => ({ sub: id, email: `${id}@example.com`, name: id }) }),
    features: { devInteractions: { enabled: true }, revocation: { enabled: true, allowedPolicy: () => true }, rpInitiatedLogout: { enabled: true }, ...features },
    jwks: { keys: [{ ...signing.export({ format: 'jwk' }), alg: 'RS256', use: 'sig', kid: 'rs256' }] },
    ttl: { AccessToken: () => 600, AuthorizationCode: () => 60, IdToken: () => 600, RefreshToken: () => 3600, Interaction: () => 600, Session: () => 3600, Grant: () => 3600 },
    ...more
  })
  handle = provider.callback()
  return { issuer: origin, secret, key: privateKey, browser: () => createBrowser(`${baseUrl}/callback`), paths }
}

function createBrowser (redirectUri: string): LoginBrowser {
  const cookies = new Map<string, string>()

  async function open (url: string, form?: Record<string, string>): Promise<Response> {
    const headers = { cookie: cookieHeader(cookies) }
    const response = await fetch(url, { redirect: 'manual', headers, ...(form === undefined ? {} : { method: 'POST', body: new URLSearchParams(form) }) })
    keepCookies(cookies, response.headers.getSetCookie())
    return response
  }

  async function visit (url: string, login = 'ada'): Promise<Arrival> {
    let response = await open(url)
    for (let step = 0; step < 20; step++) {
      const location = response.headers.get('location')
      if (location !== null) {
        const target = new URL(location, url)
        if (target.href.startsWith(redirectUri)) return { method: 'GET', parameters: Object.fromEntries(target.searchParams) }
        response = await open(target.href)
        continue
      }
      const text = await response.text()
      const form = formOf({ url: response.url, text })
      if (form === undefined) throw new Error(`no form: ${response.status} ${text.slice(0, 500)}`)
      if (form.action.startsWith(redirectUri)) return { method: 'POST', parameters: form.fields }
      response = await open(form.action, { ...form.fields, login, password: 'any' })
    }
    throw new Error('redirects without end')
  }

  return { open, visit }
}
