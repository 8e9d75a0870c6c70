import type { FastifyRequest } from 'fastify'
import type { Provider } from '../types/provider.js'
import { InvalidTokenError, UnavailableError } from './errors.js'
import type { Settings } from './options.js'
import type { MaybePromise } from './outcome.js'
import { isProvider } from './providers/define.js'
import { isIssuer } from './providers/issuer-template.js'
import { loggable } from './refusal.js'
import { wrongIssuer } from './token/claims.js'

/** Names the provider of a token by its issuer, which is not verified yet. */
export type ProviderChoice = (issuer: string, request: FastifyRequest | undefined) => MaybePromise<Provider>

/**
 * By the exact issuer, then by templates, or whom the resolver names.
 *
 * @throws InvalidTokenError for an issuer nobody knows
 * @throws UnavailableError where the resolver failed
 */
export function createProviderChoice ({ providers, resolver }: Settings): ProviderChoice {
  const templated = [...providers.values()].filter(({ issuerTemplate }) => issuerTemplate !== undefined)
  return function chooseProvider (issuer, request) {
    if (resolver === undefined) {
      const provider = providers.get(issuer) ?? templated.find((candidate) => isIssuer(candidate, issuer))
      // A template is no issuer itself.
      if (provider !== undefined && isIssuer(provider, issuer)) return provider
      throw wrongIssuer(issuer, [...providers.keys()])
    }
    let answer: MaybePromise<Provider | undefined>
    try {
      answer = resolver(issuer, request)
    } catch (error) {
      throw resolverFailed(error)
    }
    return isThenable(answer)
      ? Promise.resolve(answer).then((provider) => resolved(provider, issuer), (error) => { throw resolverFailed(error) })
      : resolved(answer, issuer)
  }
}

/** Not every promise is a native one. */
function isThenable<Value> (value: MaybePromise<Value>): value is Promise<Value> {
  return typeof value === 'object' && value !== null && 'then' in value
}

function resolved (provider: Provider | undefined, issuer: string): Provider {
  if (provider === undefined) throw new InvalidTokenError({ reason: 'issuer_mismatch', found: loggable(issuer), hint: 'the resolver knows no provider with this issuer' })
  if (!isProvider(provider)) throw resolverFailed(new TypeError('it must return what oidc(…) or auth0(…) made, or undefined'))
  if (!isIssuer(provider, issuer)) throw wrongIssuer(issuer, [provider.issuer])
  return provider
}

function resolverFailed (error: unknown): UnavailableError {
  const hint = `the provider resolver failed: ${error instanceof Error ? String(loggable(error.message)) : 'it threw no Error'}`
  return new UnavailableError({ reason: 'resolver_failed', hint }, 1)
}
