import type { LoginReply } from './login.js'

declare module 'fastify' {
  interface FastifyReply extends LoginReply {}
}

export {}
