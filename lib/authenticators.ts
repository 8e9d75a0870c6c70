import type { FastifyRequest } from 'fastify'
import type { Identity } from '../types/identity.js'
import type { CheckedAuthenticator } from './authenticator-options.js'
import { InvalidCredentialError } from './errors.js'
import type { AuthError } from './errors.js'
import type { Allowed, Outcome } from './outcome.js'
import { credentialsRefused, providerRefused } from './outcome.js'
import { Answers } from './token/answers.js'
import { endOfAll, raceDeadline } from './token/deadline.js'
import { failed } from './token/judge-failure.js'
import { isTooLarge } from './token/parse.js'
import { DEADLINE } from './token/timing.js'
import { toVouchedIdentity } from './vouched.js'

/** An authenticator at work. */
export interface WorkingAuthenticator {
  readonly name: string
  readonly from: CheckedAuthenticator['from']
  /** @throws UnavailableError where the app's own code threw */
  match (request: FastifyRequest): string | undefined
  identify (credential: string, request: FastifyRequest, allowed: Allowed): Outcome
  readonly recalled: number
  readonly verified: number
  readonly size: number
  close (): void
}

/** Puts one to work: deadline, cache and budget are the same whatever it does. */
export function putToWork ({ name, from, match, shape, authenticate, answers: policy }: CheckedAuthenticator): WorkingAuthenticator {
  const parts = { name, failure: 'authenticator_failed' } as const
  const answers = policy === undefined ? undefined : new Answers({ ...parts, policy, refuse: (refusal) => new InvalidCredentialError(refusal) })
  const closing = endOfAll()
  let verified = 0

  async function ask (credential: string, request: FastifyRequest, signal: AbortSignal) {
    const vouched = await authenticate(credential, request, { signal })
    return toVouchedIdentity(vouched, name)
  }

  async function askAnew (credential: string, request: FastifyRequest): Promise<Identity> {
    let answer: Awaited<ReturnType<typeof ask>>
    try {
      answer = await raceDeadline(DEADLINE, closing.signal, (signal) => ask(credential, request, signal))
    } catch (error) {
      throw failed(error, credential, parts)
    }
    if ('reason' in answer) throw new InvalidCredentialError(answer)
    verified++
    return answer
  }

  return {
    name,
    from,
    match (request) {
      try {
        const credential: unknown = match(request)
        if (credential === undefined || typeof credential === 'string') return credential
        // Nobody waits for it: unheard, its rejection would end the process.
        if (credential instanceof Promise) credential.catch(() => {})
        throw new TypeError('match must return a text or undefined')
      } catch (error) {
        throw failed(error, [request.url, ...request.raw.rawHeaders].join('\n'), parts)
      }
    },
    identify (credential, request, { providers, credentials }) {
      if (providers?.includes(name) === false) return asCredential(providerRefused(providers, name))
      if (credentials?.includes(name) === false) return asCredential(credentialsRefused(credentials, name, name))
      if (credential === '' || isTooLarge(credential) || shape?.test(credential) === false) return new InvalidCredentialError({ reason: 'credential_malformed', provider: name, found: `${credential.length} characters` })
      return answers === undefined ? askAnew(credential, request) : answers.about(credential, (signal) => ask(credential, request, signal))
    },
    get recalled () { return answers?.recalled ?? 0 },
    get verified () { return verified + (answers?.verified ?? 0) },
    get size () { return answers?.size ?? 0 },
    close () {
      closing.abort()
      answers?.close()
    }
  }
}

/** Its challenge must not speak of a Bearer token. */
function asCredential ({ refusal }: AuthError): InvalidCredentialError {
  return new InvalidCredentialError(refusal)
}
