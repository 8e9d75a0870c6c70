/** What the set-up needs to know. Each setting has an environment variable, named behind it. */
export interface SetupOptions {
  /** FUSIONAUTH_URL: where FusionAuth's API answers. https, or http on loopback. */
  readonly url: string
  /** FUSIONAUTH_API_KEY: sent as it is, without a scheme. */
  readonly apiKey: string
  /** CLIENT_ID: the id the application has or gets, a UUID. */
  readonly clientId: string
  /** CLIENT_SECRET */
  readonly clientSecret: string
  /** APP_URL: where the application answers. Its callback and logout URLs are below it. */
  readonly appUrl: string
  /** ISSUER: what the tenant's tokens name as their issuer. Default: `url`. */
  readonly issuer?: string | undefined
  /** FUSIONAUTH_TENANT_ID: which tenant. Needed where there are several. */
  readonly tenantId?: string | undefined
  /** USER_EMAIL: who is named and registered. Needed where there are several users. */
  readonly userEmail?: string | undefined
  /** Milliseconds for each call. Default: 10 seconds. */
  readonly deadline?: number
  /** How to wait. Default: the time passes. */
  readonly pause?: (ms: number) => Promise<unknown>
  /** Hears a line for each step when it is done, and one when it has to wait. */
  readonly say?: (line: string) => void
}

const SAMPLE_SECRET = 'change-this-in-production-to-be-a-real-secret'
const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i

/**
 * Reads the settings from the environment. An empty variable counts as missing.
 *
 * @throws Error with a line for each missing variable
 */
export function optionsOf (env: NodeJS.ProcessEnv): SetupOptions {
  const missing: string[] = []
  const need = (name: string, remedy: string, value = env[name]): string => {
    if (!value) missing.push(`${name} is not set: ${remedy}`)
    return value ?? ''
  }
  const options = {
    url: env.FUSIONAUTH_URL || 'http://localhost:9011',
    apiKey: need('FUSIONAUTH_API_KEY', 'create an API key in FusionAuth, Settings > API Keys', env.FUSIONAUTH_API_KEY || env.fusionauth_api_key),
    clientId: need('CLIENT_ID', 'choose a UUID, it becomes the application\'s id; node -p "crypto.randomUUID()" makes one'),
    clientSecret: need('CLIENT_SECRET', 'choose a long random text; node -p "crypto.randomBytes(32).toString(\'base64url\')" makes one'),
    appUrl: need('APP_URL', 'pass the address of your app as browsers see it, http://127.0.0.1:5000 for one'),
    issuer: env.ISSUER || undefined,
    tenantId: env.FUSIONAUTH_TENANT_ID || undefined,
    userEmail: env.USER_EMAIL || undefined
  }
  if (missing.length > 0) throw new Error(missing.join('\n'))
  return options
}

/** The settings, checked: addresses without a trailing slash, the issuer filled in. */
export type Checked = SetupOptions & { readonly issuer: string }

/**
 * Checks the settings. Messages name the environment variable and show no secret.
 *
 * @throws TypeError for a wrong value
 */
export function checked (options: SetupOptions): Checked {
  const url = address('FUSIONAUTH_URL', options.url)
  // fetch quotes a header value it refuses, and this one is a secret
  if (!/^[\x21-\x7e]+$/.test(options.apiKey)) throw new TypeError('FUSIONAUTH_API_KEY must be the key alone, without spaces or line breaks')
  if (!UUID.test(options.clientId)) throw new TypeError('CLIENT_ID must be a UUID: it is the application\'s id as well')
  if (options.tenantId !== undefined && !UUID.test(options.tenantId)) throw new TypeError('FUSIONAUTH_TENANT_ID must be a UUID: copy it from FusionAuth, Tenants')
  if (options.clientSecret === '') throw new TypeError('CLIENT_SECRET must not be empty')
  if (options.clientSecret === SAMPLE_SECRET && !isLoopback(new URL(url))) {
    throw new TypeError('CLIENT_SECRET is the sample of the guide, which everybody knows: it is for a FusionAuth on this machine only, choose another')
  }
  return { ...options, url, appUrl: address('APP_URL', options.appUrl), issuer: options.issuer === undefined ? url : address('ISSUER', options.issuer) }
}

function address (name: string, value: string): string {
  const url = URL.canParse(value) ? new URL(value) : undefined
  if (url === undefined || !/^https?:$/.test(url.protocol)) throw new TypeError(`${name} must be a URL with https:// or http://`)
  if (url.username + url.password + url.search + url.hash !== '') throw new TypeError(`${name} must be a plain address: no user, password, query or fragment`)
  if (url.protocol === 'http:' && !isLoopback(url)) throw new TypeError(`${name} must be an https URL: plain http is for loopback, secrets would be readable on the way`)
  return url.href.replace(/\/+$/, '')
}

function isLoopback ({ hostname }: URL): boolean {
  return /^(localhost|.+\.localhost|127(\.\d+){3}|\[::1\])$/.test(hostname)
}
