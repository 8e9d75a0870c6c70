import type { Provider } from '../types/provider.js'
import type { CredentialsType } from '../types/identity.js'
import { notToken68, TOKEN68 } from './credentials.js'
import { InvalidTokenError } from './errors.js'
import type { Allowed, Outcome } from './outcome.js'
import { credentialsRefused, providerRefused } from './outcome.js'
import type { Settings } from './options.js'
import type { Refusal } from './refusal.js'
import { Answers } from './token/answers.js'
import type { Judge } from './token/answers.js'
import { createApiKeyJudge } from './token/api-keys.js'
import { createIntrospection } from './token/introspection.js'
import { isPlaceholder, isTooLarge, looksLikeJws, unlikeJws } from './token/parse.js'

/** Somebody who can judge Bearer credentials that are no JWTs. */
interface Judged {
  readonly provider: Provider
  readonly type: CredentialsType
  /** What a credential of this kind looks like; the first it fits decides. */
  readonly shape: RegExp
  readonly prefix: string
  readonly judge: Judge
  readonly answers: Answers
}

/** Bearer credentials that are no JWTs: opaque tokens and the API keys of providers. */
export interface OpaqueCredentials {
  /** At once for a credential seen lately. */
  identify (credential: string, allowed: Allowed | undefined): Outcome
  readonly recalled: number
  readonly verified: number
  readonly size: number
  close (): void
}

const API_KEY = /^[a-z0-9_]+$/

/** undefined where no configured provider takes such credentials. */
export function createOpaqueCredentials ({ providers, fetchOptions, clockTolerance }: Settings): OpaqueCredentials | undefined {
  const kinds = [...providers.values()].flatMap((provider) => judgesOf(provider))
  if (kinds.length === 0) return undefined

  function judgesOf (provider: Provider): Judged[] {
    const { name, apiKeys, introspection } = provider
    const refuse = (refusal: Refusal) => new InvalidTokenError(refusal)
    const found: Judged[] = []
    if (apiKeys !== undefined) {
      const answers = new Answers({ name, policy: apiKeys.answers, failure: 'backend_failed', refuse })
      found.push({ provider, type: 'api_key', shape: API_KEY, prefix: apiKeys.prefix, judge: createApiKeyJudge(provider, apiKeys, fetchOptions), answers })
    }
    if (introspection !== undefined) {
      const answers = new Answers({ name, policy: introspection.answers, failure: 'introspection_failed', refuse })
      found.push({ provider, type: 'access_token', shape: TOKEN68, prefix: introspection.prefix, judge: createIntrospection(provider, introspection, fetchOptions, clockTolerance), answers })
    }
    return found
  }

  const sum = (member: 'recalled' | 'verified' | 'size') => kinds.reduce((total, { answers }) => total + answers[member], 0)
  return {
    identify (credential, allowed) {
      if (isTooLarge(credential) || looksLikeJws(credential) || isPlaceholder(credential)) return unlikeJws(credential)
      const kind = kinds.find(({ shape, prefix }) => credential.startsWith(prefix) && shape.test(credential))
      if (kind === undefined) return notToken68(credential) ?? new InvalidTokenError({ reason: 'credential_unknown', hint: 'no JWT, and no opaque token or API key of a form this API takes' })
      const { provider, type, judge, answers } = kind
      if (allowed !== undefined) {
        if (allowed.providers !== undefined && !allowed.providers.includes(provider.name)) return providerRefused(allowed.providers, provider.name)
        if (allowed.credentials !== undefined && !allowed.credentials.includes(type)) return credentialsRefused(allowed.credentials, type, provider.name)
      }
      return answers.about(credential, (signal) => judge(credential, signal))
    },
    get recalled () { return sum('recalled') },
    get verified () { return sum('verified') },
    get size () { return sum('size') },
    close () { for (const { answers } of kinds) answers.close() }
  }
}
