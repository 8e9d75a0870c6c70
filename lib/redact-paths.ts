/**
 * Where credentials stand in what Fastify and its users log, for pino's `redact`.
 *
 * @example Fastify({ logger: { redact: [...redactPaths] } })
 */
export const redactPaths: readonly string[] = Object.freeze([
  ...['', 'req.', 'request.', 'req.raw.', 'request.raw.'].flatMap((owner) => [
    `${owner}headers.authorization`, `${owner}headers.cookie`, `${owner}headers.dpop`, `${owner}headers["x-api-key"]`, `${owner}rawHeaders`
  ]),
  ...['', 'res.', 'reply.', 'response.'].map((owner) => `${owner}headers["set-cookie"]`)
])
