import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { text } from 'node:stream/consumers'
import { setTimeout as wait } from 'node:timers/promises'
import { tokenAnswer } from './token-answer.js'

/** What every token of the run is meant for. */
export const audience = 'https://api.example.com'

const kinds = {
  RS256: () => generateKeyPairSync('rsa', { modulusLength: 2048 }),
  ES256: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  EdDSA: () => generateKeyPairSync('ed25519')
}

/** One key of each kind; several issuers may share them. */
export function makeKeys () {
  return Object.entries(kinds).map(([alg, generate]) => {
    const { publicKey, privateKey } = generate()
    const kid = `${alg.toLowerCase()}-1`
    return { alg, kid, privateKey, jwk: { ...publicKey.export({ format: 'jwk' }), kid, alg, use: 'sig' } }
  })
}

/**
 * Starts an issuer on loopback: discovery document, key set, introspection, and the token endpoint for logins.
 * Its name ends in a slash, as Auth0's does, because fastify-jwt-jwks and get-jwks expect that.
 */
export async function startIssuer (keys = makeKeys()) {
  const documents = {}
  const keySet = { path: '/.well-known/jwks.json', fetches: 0, behaviour: {} }
  const server = createServer((request, response) => answer(request, response, documents, keySet))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')

  const issuer = `http://127.0.0.1:${server.address().port}/`
  const jwksUri = `${issuer}${keySet.path.slice(1)}`
  const jwks = { keys: keys.map(({ jwk }) => jwk) }
  documents[keySet.path] = jwks
  documents['/.well-known/openid-configuration'] = {
    issuer,
    jwks_uri: jwksUri,
    authorization_endpoint: `${issuer}authorize`,
    token_endpoint: `${issuer}token`,
    introspection_endpoint: `${issuer}introspect`,
    response_types_supported: ['code'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: keys.map(({ alg }) => alg)
  }

  documents['/introspect'] = { active: true, token_type: 'Bearer', iss: issuer, aud: audience, sub: 'user-1', client_id: 'client-1', scope: 'read:messages' }
  documents['/token'] = (form) => tokenAnswer(keys[0], { issuer, audience }, form)

  const config = { issuer, audience, jwksUri, jwks }
  return {
    ...config,
    /** What a server is told about the issuer. */
    config,
    keys,
    /** Requests for the key set so far, answered or not. */
    fetches: () => keySet.fetches,
    /** How the key set is answered from now on: after `delay` ms, with another `status`, or never (`hangs`). */
    behave: (behaviour = {}) => { keySet.behaviour = behaviour },
    stop () {
      server.close()
      server.closeAllConnections()
    }
  }
}

async function answer (request, response, documents, keySet) {
  const { url } = request
  if (url === keySet.path) keySet.fetches++
  const { delay = 0, status = 200, hangs = false } = url === keySet.path ? keySet.behaviour : {}
  if (hangs) return
  if (delay > 0) await wait(delay)
  const found = status === 200 ? documents[url] : { error: 'server_error' }
  const document = typeof found === 'function' ? found(await text(request)) : found
  response.writeHead(document ? status : 404, { 'content-type': 'application/json' })
  response.end(JSON.stringify(document ?? { error: 'not_found' }))
}
