import type { FetchOptions } from '../../types/options.js'
import type { Provider } from '../../types/provider.js'
import { discovered } from '../token/address.js'
import { raceDeadline } from '../token/deadline.js'
import { discover } from '../token/discovery.js'
import type { DiscoveryDocument } from '../token/discovery.js'
import { COOLDOWN, DEADLINE } from '../token/timing.js'

/** What login uses of a provider's metadata. Every address is one we may send to. */
export interface LoginMetadata {
  readonly issuer: string
  readonly authorization_endpoint: string
  readonly token_endpoint: string
  readonly userinfo_endpoint?: string
  readonly revocation_endpoint?: string
  readonly end_session_endpoint?: string
  readonly pushed_authorization_request_endpoint?: string
  readonly require_pushed_authorization_requests: boolean
  /** Whether every answer to an authorization request names its issuer (RFC 9207). */
  readonly authorization_response_iss_parameter_supported: boolean
}

/** A provider's metadata, fetched when they are needed. */
export interface MetadataSource {
  /** @throws FetchFailure where they cannot be had; Error where the signal ends the wait */
  get (signal: AbortSignal): Promise<LoginMetadata>
  /** Something was not where they say: look again, but not with every failure. */
  doubt (): void
}

const OPTIONAL = ['userinfo_endpoint', 'revocation_endpoint', 'end_session_endpoint', 'pushed_authorization_request_endpoint'] as const

/**
 * The metadata of a provider's discovery document, kept for an hour, and for a day while it cannot be had again.
 *
 * @see OpenID Connect Discovery section 3, RFC 8414 section 2
 */
export function createMetadata (documents: readonly string[], provider: Provider, fetchOptions: FetchOptions): MetadataSource {
  const { recall, doubt } = discovered((signal) => discover(documents, provider, fetchOptions, signal, (document) => readMetadata(document, provider)))
  let doubtAgainAt = 0
  return {
    get: joined(async (signal) => (await recall(signal)).value),
    doubt () {
      const now = performance.now()
      if (now < doubtAgainAt) return
      doubtAgainAt = now + COOLDOWN
      doubt()
    }
  }
}

function readMetadata ({ body, address }: DiscoveryDocument, { issuer }: Provider): LoginMetadata {
  return Object.freeze({
    issuer,
    authorization_endpoint: address('authorization_endpoint'),
    token_endpoint: address('token_endpoint'),
    ...Object.fromEntries(OPTIONAL.flatMap((name) => body[name] === undefined ? [] : [[name, address(name)]])),
    require_pushed_authorization_requests: body.require_pushed_authorization_requests === true,
    authorization_response_iss_parameter_supported: body.authorization_response_iss_parameter_supported === true
  })
}

interface Joint<Value> {
  readonly result: Promise<Value>
  readonly controller: AbortController
  waiting: number
}

/** Work that several wait for at once: done once, and given up when the last of them is gone. */
function joined<Value> (work: (signal: AbortSignal) => Promise<Value>): (signal: AbortSignal) => Promise<Value> {
  let underWay: Joint<Value> | undefined

  function begin (): Joint<Value> {
    const controller = new AbortController()
    const result = work(controller.signal)
    // Whoever waits hears of it; nobody may be left.
    result.catch(() => {})
    return { result, controller, waiting: 0 }
  }

  return async function join (signal) {
    const joint = underWay ??= begin()
    joint.waiting++
    try {
      return await raceDeadline(DEADLINE, signal, () => joint.result)
    } finally {
      if (--joint.waiting === 0) {
        joint.controller.abort()
        underWay = undefined
      }
    }
  }
}
