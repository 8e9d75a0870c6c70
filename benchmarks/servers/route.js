import Fastify from 'fastify'

/** A Fastify app without logger; every Fastify variant starts from it. */
export function fastify () {
  return Fastify({ logger: false })
}

/** Adds the one route that every Fastify variant serves and returns the app's HTTP server, ready to listen. */
export async function withRoute (app, options = {}) {
  app.get('/', options, async () => ({ hello: 'world' }))
  await app.ready()
  return app.server
}

/** The token of a Bearer header, for the variants that read it themselves. */
export function bearerToken (request) {
  return request.headers.authorization.slice('Bearer '.length)
}
