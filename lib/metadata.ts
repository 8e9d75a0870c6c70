import type { FastifyInstance, FastifyPluginAsync } from 'fastify'
import type { ResourceMetadata } from '../types/resource.js'
import { readMetadata } from './resource.js'
import type { MetadataDocument, ResourceSettings } from './resource.js'

/** Seconds clients may keep the document. */
const LIFETIME = 3600
/** For @fastify/cors too: who may call the API says nothing of who may read this. */
const CONFIG = { auth: false, cors: false } as const
const ANYBODY = { 'access-control-allow-origin': '*' }
const HEADERS = { ...ANYBODY, 'content-type': 'application/json', 'cache-control': `public, max-age=${LIFETIME}` }
const PREFLIGHT = { ...ANYBODY, 'access-control-allow-methods': 'GET, HEAD', 'access-control-allow-headers': '*', 'access-control-max-age': String(LIFETIME) }

/**
 * A plugin for the root of a server whose gatehouses are in prefixed scopes: serves the metadata of one resource. Register
 * it once for each. Nothing is guarded by it, and nothing is compared with what the scopes accept: name the document there
 * as `resource: { resource, metadataUrl }`, so that challenges lead to it.
 *
 * @example app.register(protectedResource({ resource: 'https://api.example.com/orders', authorizationServers: ['https://id.example.com'] }))
 * @throws TypeError for wrong metadata, at once; the plugin fails the boot in a prefixed scope
 * @see RFC 9728 section 3
 */
export function protectedResource (metadata: ResourceMetadata): FastifyPluginAsync {
  const document = readMetadata('protectedResource()', metadata)
  return async function gatehouseProtectedResource (scope) {
    if (scope.prefix !== '') throw new TypeError(`protectedResource(): in a scope with the prefix ${scope.prefix} it would answer at another address than ${document.url}; register it at the root`)
    mount(scope, document)
  }
}

/**
 * Serves the document of a registration's resource, in a scope of its own and to everybody, whatever the registration
 * demands of other routes.
 *
 * @throws TypeError in a prefixed scope, saying what to write where
 */
export async function serveMetadata (app: FastifyInstance, { resource, document }: ResourceSettings): Promise<void> {
  if (document === undefined) return
  if (app.prefix !== '') {
    throw new TypeError(`gatehouse.resource: in a scope with the prefix ${app.prefix} the document would answer at another address than ${document.url}; ` +
      `app.register(protectedResource({ resource: '${resource}', … })) at the root, and here resource: { resource: '${resource}', metadataUrl: '${document.url}' }`)
  }
  await app.register(async function gatehouseMetadata (scope) { mount(scope, document) })
}

function mount (scope: FastifyInstance, { resource, paths, body }: MetadataDocument): void {
  // Of bytes Fastify leaves the media type as it is: JSON has no charset.
  const bytes = Buffer.from(body)
  for (const url of paths) {
    if (scope.hasRoute({ method: 'GET', url })) {
      throw new TypeError(`the metadata of ${resource}: there is a route ${url} already; serve each document once, only one with rootMetadata, and name it with metadataUrl elsewhere`)
    }
    scope.route({ method: 'GET', url, config: CONFIG, exposeHeadRoute: true, handler: (_request, reply) => reply.headers(HEADERS).send(bytes) })
    scope.route({ method: 'OPTIONS', url, config: CONFIG, handler: (_request, reply) => reply.code(204).headers(PREFLIGHT).send() })
  }
}
