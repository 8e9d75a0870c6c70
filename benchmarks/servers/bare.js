import { fastify, withRoute } from './route.js'

/** The baseline: a Fastify route that never looks at the header. */
export default () => withRoute(fastify())
