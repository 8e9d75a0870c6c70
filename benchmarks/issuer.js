import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'

/** What every token of the run is meant for. */
export const audience = 'https://api.example.com'

const kinds = {
  RS256: () => generateKeyPairSync('rsa', { modulusLength: 2048 }),
  ES256: () => generateKeyPairSync('ec', { namedCurve: 'P-256' })
}

/**
 * Starts an issuer on loopback: discovery document and key set, one RS256 and one ES256 key.
 * Its name ends in a slash, as Auth0's does, because fastify-jwt-jwks and get-jwks expect that.
 */
export async function startIssuer () {
  const keys = Object.entries(kinds).map(([alg, generate]) => {
    const { publicKey, privateKey } = generate()
    const kid = `${alg.toLowerCase()}-1`
    return { alg, kid, privateKey, jwk: { ...publicKey.export({ format: 'jwk' }), kid, alg, use: 'sig' } }
  })
  const jwks = { keys: keys.map(({ jwk }) => jwk) }

  const documents = {}
  const server = createServer((request, response) => {
    const document = documents[request.url]
    response.writeHead(document ? 200 : 404, { 'content-type': 'application/json' })
    response.end(JSON.stringify(document ?? { error: 'not found' }))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')

  const issuer = `http://127.0.0.1:${server.address().port}/`
  const jwksUri = `${issuer}.well-known/jwks.json`
  documents['/.well-known/jwks.json'] = jwks
  documents['/.well-known/openid-configuration'] = {
    issuer,
    jwks_uri: jwksUri,
    authorization_endpoint: `${issuer}authorize`,
    token_endpoint: `${issuer}token`,
    response_types_supported: ['code'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: keys.map(({ alg }) => alg)
  }

  return { issuer, audience, jwksUri, jwks, keys, stop: () => server.close() }
}
