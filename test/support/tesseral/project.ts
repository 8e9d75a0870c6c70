import type { RequestListener } from 'node:http'
import { signJws } from '../issuer.js'
import type { IssuerKey } from '../issuer.js'
import { listen } from '../issuer/server.js'
import type { LoopbackServer } from '../issuer/server.js'
import { backendService } from './backend-service.js'
import type { BackendService } from './backend-service.js'
import { configService } from './config-service.js'
import type { ConfigService } from './config-service.js'
import { identifier } from './identifiers.js'
import { createProjectKey } from './keys.js'

/** A Tesseral project with both services on loopback and real keys. */
export interface TestProject {
  readonly id: string
  readonly publishableKey: string
  /** `https://project-….tesseral.app`, unless told otherwise. */
  readonly issuer: string
  readonly organizationId: string
  readonly userId: string
  /** The first one signs. */
  keys: IssuerKey[]
  readonly config: ConfigService
  readonly backend: BackendService
  readonly configServer: LoopbackServer
  readonly backendServer: LoopbackServer
  /** What `tesseral()` needs to know of it. */
  readonly options: { readonly publishableKey: string, readonly configApiHostname: string, readonly backendApiHostname: string }
  /** The same with API keys. */
  readonly withApiKeys: TestProject['options'] & { readonly apiKeys: true, readonly backendApiKey: string }
  /** Name of its cookie. */
  readonly cookieName: string
  /** An access token as Tesseral issues it, good for 5 minutes. Arguments override single members; `undefined` removes one. */
  token (claims?: Record<string, unknown>, header?: Record<string, unknown>, key?: IssuerKey): string
  /** A new key takes the place of all. */
  rotate (): Promise<IssuerKey>
}

/** What {@link createProject} can be told. */
export interface ProjectOptions {
  /** Both services stand behind one host, as in a self-hosted deployment. */
  readonly selfHosted?: boolean
  /** Default `https://{project}.tesseral.app`. */
  readonly issuer?: string
}

/** Starts the services of a project; they stop when the test ends. */
export async function createProject (t: { teardown (undo: () => unknown): unknown }, { selfHosted = false, issuer = 'https://{project}.tesseral.app' }: ProjectOptions = {}): Promise<TestProject> {
  const id = identifier('project')
  const publishableKey = identifier('publishable_key')
  const key = await createProjectKey()
  const config = configService(publishableKey, {
    projectId: id, keys: [key.jwk], vaultDomain: 'vault.example.com', cookieDomain: 'example.com', devMode: false, crossDomainMode: false, trustedDomains: ['app.example.com', 'vault.example.com']
  })
  const backend = backendService()
  const configServer = await listen(selfHosted ? behindOneHost(config, backend) : config.listener)
  const backendServer = selfHosted ? configServer : await listen(backend.listener)
  t.teardown(() => Promise.all([configServer.close(), backendServer.close()]))
  const hostOf = ({ origin }: LoopbackServer, path: string) => origin.replace('http://', '') + (selfHosted ? path : '')
  const options = { publishableKey, configApiHostname: hostOf(configServer, '/api/config-api'), backendApiHostname: hostOf(backendServer, '/api/backend') }
  const self: TestProject = {
    id,
    publishableKey,
    issuer: issuer.replace('{project}', id.replaceAll('_', '-')),
    organizationId: identifier('org'),
    userId: identifier('user'),
    keys: [key],
    config,
    backend,
    configServer,
    backendServer,
    options,
    withApiKeys: { ...options, apiKeys: true, backendApiKey: backend.backendApiKey },
    cookieName: `tesseral_${id}_access_token`,
    token (claims = {}, header = {}, key = self.keys[0]!) {
      const now = Math.floor(Date.now() / 1000)
      const payload = {
        iss: self.issuer,
        aud: self.issuer,
        sub: self.userId,
        exp: now + 300,
        nbf: now,
        iat: now,
        session: { id: identifier('session') },
        user: { id: self.userId, email: 'jo@example.com' },
        organization: { id: self.organizationId, displayName: 'Example' },
        ...claims
      }
      return signJws(JSON.stringify({ kid: key.kid, alg: 'ES256', ...header }), JSON.stringify(payload), key)
    },
    async rotate () {
      const key = await createProjectKey()
      self.keys = [key]
      config.document.keys = [key.jwk]
      return key
    }
  }
  return self
}

function behindOneHost (config: ConfigService, backend: BackendService): RequestListener {
  return (request, response) => {
    const [, service, url] = /^\/api\/(config-api|backend)(\/.*)$/.exec(request.url ?? '') ?? []
    if (url === undefined) {
      response.writeHead(404).end()
      return
    }
    request.url = url
    const { listener } = service === 'backend' ? backend : config
    listener(request, response)
  }
}
