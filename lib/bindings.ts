import type { FastifyBaseLogger, FastifyReply, FastifyRequest } from 'fastify'
import type { VerifyOptions } from '../types/binding.js'
import type { Identity } from '../types/identity.js'
import type { Store } from '../types/store.js'
import { ofSender } from './auth-error.js'
import { readConfirmation } from './binding/confirmation.js'
import type { Confirmation } from './binding/confirmation.js'
import { createProofCheck } from './binding/dpop.js'
import { InvalidDpopProofError } from './binding/errors.js'
import { createCertificateThumbprint } from './binding/mtls.js'
import type { NoCertificate } from './binding/mtls.js'
import { createNonces } from './binding/nonce.js'
import { createReplayGuard } from './binding/replay.js'
import { targetUri } from './binding/target-uri.js'
import { readVerifyOptions } from './binding/verify-options.js'
import type { SentProof } from './binding/verify-options.js'
import { AuthError, InvalidRequestError, InvalidTokenError } from './errors.js'
import { exposeHeaders } from './expose-headers.js'
import type { Settings } from './options.js'
import type { Binding, Outcome } from './outcome.js'
import type { Refusal } from './refusal.js'
import { memoryStore, roomIn } from './store/memory.js'

/** Who may send a bound token, by what came with it. */
export interface Bindings {
  /** Nobody: a cookie, a session, a place where no proof can be sent. */
  readonly nobody: Binding
  /** A Bearer token: the connection's certificate is the only proof. */
  readonly bearer: Binding
  /** A Bearer token beside a DPoP proof: unless it is bound, the client does not know what it does. */
  readonly bearerWithProof: Binding
  /** @param reply gets the next nonce @returns why a request under the DPoP scheme will not do, whatever its token */
  dpop (request: FastifyRequest, reply: FastifyReply): Binding | InvalidDpopProofError
  /** A token that came another way. @throws TypeError for options that are none */
  of (options: VerifyOptions): Binding
}

/** What a sender has shown. */
interface Evidence {
  readonly proof?: SentProof
  /** Where proofs go, told that a new nonce is to be used. */
  readonly renew?: (nonce: string) => void
  readonly certificate: () => string | NoCertificate
}

const PROOFS_REMEMBERED = 500_000
const NO_CERTIFICATE = () => ({ why: 'there is no certificate to compare with' })

/** @param store the registration's */
export function createBindings ({ bases, dpop, clientCertificate, ignoresBinding, resource }: Settings, store: Store, log: FastifyBaseLogger): Bindings {
  const nonces = dpop.nonce === undefined ? undefined : createNonces(dpop.nonce.secrets, dpop.nonce.lifetime * 1000)
  const checkProof = createProofCheck(dpop, nonces)
  const certificateOf = createCertificateThumbprint(clientCertificate)
  const useOnce = createReplayGuard({
    // Sessions must not be refused because proofs took the room: in memory these have a store of their own.
    store: dpop.store ?? (roomIn(store) === undefined ? store : memoryStore({ max: dpop.maxProofs ?? PROOFS_REMEMBERED })),
    // A proof may be ahead by the leeway, and is good for as long again.
    window: dpop.iatOffset + 2 * dpop.iatLeeway,
    maxProofs: dpop.maxProofs,
    acceptsWithoutStore: dpop.acceptsWithoutStore,
    log
  })
  let saidWhoseWord = bases.length > 0

  function check (identity: Identity, token: string, evidence: Evidence): Outcome {
    if (ignoresBinding) return identity
    const { jkt, certificate } = readConfirmation(identity.claims.cnf)!
    if (evidence.proof !== undefined && jkt === undefined) return notBoundToKey(identity)
    if (jkt !== undefined && evidence.proof === undefined) return refused(identity, { reason: 'binding_unverifiable', hint: withoutProof(dpop.mode) }, dpop.mode !== 'off')
    const wrong = certificate === undefined ? undefined : checkCertificate(identity, certificate, evidence.certificate())
    if (wrong !== undefined) return wrong
    return jkt === undefined ? identity : checkKey(identity, token, jkt, evidence)
  }

  async function checkKey (identity: Identity, token: string, jkt: NonNullable<Confirmation['jkt']>, { proof, renew }: Evidence): Promise<Identity> {
    const { jwt, method, uri } = proof!
    try {
      const checked = await checkProof(jwt, { method, uri, token, jkt })
      if (checked.nextNonce !== undefined) renew?.(checked.nextNonce)
      await useOnce(checked)
      return identity
    } catch (error) {
      // The token is good: the operator may know whose it is.
      throw error instanceof AuthError ? ofSender(error, identity) : error
    }
  }

  function ofConnection (unbound: Binding['unbound']): Binding {
    return { unbound, bound: (identity, token, request) => check(identity, token, { certificate: () => certificateOf(request!) }) }
  }

  return {
    nobody: { unbound: (identity) => identity, bound: (identity, token) => check(identity, token, { certificate: NO_CERTIFICATE }) },
    bearer: ofConnection((identity) => identity),
    bearerWithProof: ofConnection(() => new InvalidRequestError({ reason: 'proof_unexpected', hint: 'the token is bound to no key: send it as Bearer without a proof, or ask the provider for a bound one' })),

    dpop (request, reply) {
      const jwt = proofOf(request)
      if (jwt instanceof InvalidDpopProofError) return jwt
      if (!saidWhoseWord) {
        saidWhoseWord = true
        log.warn('proofs are compared with the address the Host header names, the client\'s own word: name baseUrl')
      }
      const evidence: Evidence = {
        proof: { jwt, method: request.method, uri: targetUri(bases, request) },
        renew: (nonce) => {
          // RFC 9449 section 8.2: a cache would hand out an old one.
          reply.headers({ 'dpop-nonce': nonce, 'cache-control': 'no-store' })
          if (resource !== undefined) exposeHeaders(reply, ['DPoP-Nonce'])
        },
        certificate: () => certificateOf(request)
      }
      return { unbound: notBoundToKey, bound: (identity, token) => check(identity, token, evidence) }
    },

    of (options) {
      const { proof, certificate, ignoresBinding } = readVerifyOptions(options)
      const evidence: Evidence = {
        ...(proof === undefined ? {} : { proof }),
        certificate: certificate === undefined ? NO_CERTIFICATE : () => certificate
      }
      return {
        unbound: (identity) => proof === undefined ? identity : notBoundToKey(identity),
        bound: (identity, token) => ignoresBinding ? identity : check(identity, token, evidence)
      }
    }
  }
}

/** RFC 9449 section 4.3, check 1. Proxies may have made one header of two. */
function proofOf ({ raw: { rawHeaders } }: FastifyRequest): string | InvalidDpopProofError {
  const proofs = rawHeaders.filter((_, index) => index % 2 === 1 && rawHeaders[index - 1]!.toLowerCase() === 'dpop')
  if (proofs.length > 1 || proofs[0]?.includes(',') === true) return new InvalidDpopProofError({ reason: 'proof_repeated', found: `${Math.max(2, proofs.length)} proofs` })
  if (proofs[0] === undefined || proofs[0] === '') return new InvalidDpopProofError({ reason: 'proof_missing', hint: 'a token sent as DPoP needs a proof in the header DPoP' })
  return proofs[0]
}

/** RFC 9449 section 7.1: the scheme is for bound tokens only. */
function notBoundToKey (identity: Identity): AuthError {
  return refused(identity, { reason: 'binding_missing', hint: 'the token is bound to no key: the client must send a proof when it asks the provider for a token' })
}

/** RFC 8705 section 3. */
function checkCertificate (identity: Identity, expected: string, found: string | NoCertificate): AuthError | undefined {
  if (found === expected) return undefined
  if (typeof found === 'object') return refused(identity, { reason: 'binding_unverifiable', hint: `the token is bound to a certificate: ${found.why}` })
  return refused(identity, { reason: 'certificate_mismatch', expected: `x5t#S256 ${expected}`, found: `x5t#S256 ${found}` })
}

function withoutProof (mode: Settings['dpop']['mode']): string {
  return mode === 'off'
    ? "the token is bound to a key (DPoP), and dpop is 'off'"
    : 'the token is bound to a key: it must come as Authorization: DPoP, with a proof'
}

/** @param isBoundToKey whether a proof would do */
function refused ({ provider, clientId }: Identity, refusal: Refusal, isBoundToKey = false): AuthError {
  return new InvalidTokenError({ ...refusal, provider, clientId }, isBoundToKey)
}
