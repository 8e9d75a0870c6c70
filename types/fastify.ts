import type { RequestAuth } from './auth.js'
import type { Gatehouse } from './gatehouse.js'
import type { RoutePolicy } from './route.js'

declare module 'fastify' {
  interface FastifyRequest {
    /** Who is calling and what they may do. */
    readonly auth: RequestAuth
  }

  interface FastifyInstance {
    readonly gatehouse: Gatehouse
  }

  interface FastifyContextConfig extends RoutePolicy {}
}

export {}
