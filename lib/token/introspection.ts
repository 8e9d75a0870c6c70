import type { FetchOptions } from '../../types/options.js'
import type { Introspection, Provider } from '../../types/provider.js'
import type { Judge } from './answers.js'
import { FetchFailure } from './fetch-json.js'
import { judgeIntrospected } from './introspected.js'
import { createIntrospectionClient } from './introspection-client.js'
import { JudgeFailure } from './judge-failure.js'
import { wishOf } from './patience.js'

/**
 * Asks the provider about opaque tokens.
 *
 * Only its own word refuses the caller: `active: false`, or claims that are not those of an access token for this
 * API. Whatever else it answers is our mistake or its trouble, and so a 503.
 *
 * @see RFC 7662 section 2.3
 */
export function createIntrospection (provider: Provider, introspection: Introspection, fetchOptions: FetchOptions, tolerance: number): Judge {
  const ask = createIntrospectionClient(provider, introspection, fetchOptions)
  const rules = { requiresAudience: introspection.requiresAudience, tolerance }

  return async function introspect (token, signal) {
    const answer = await ask(token, signal).catch((error: unknown) => {
      throw new JudgeFailure(hintFor(error, introspection), error instanceof FetchFailure ? wishOf(error) : undefined)
    })
    return judgeIntrospected(answer, provider, rules, Date.now())
  }
}

/** A sentence of ours: what the server or the library said may repeat the token. */
function hintFor (error: unknown, { clientAuthentication, endpoint }: Introspection): string {
  if (error instanceof FetchFailure) {
    const { status, message } = error
    if (status === 400 || status === 401 || status === 403) return `${message}; the provider refuses our client: check clientId and its ${clientAuthentication.method === 'private_key_jwt' ? 'key' : 'secret'}, and that it may introspect`
    if (status !== undefined && status >= 300 && status < 400) return `${message}; redirects are not followed with a secret: name the endpoint they lead to`
    if (status === 404 || status === 405) return `${message}; ${endpoint === undefined ? 'does the provider introspect?' : 'is this its introspection endpoint?'}`
    return message
  }
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  return code.startsWith('OAUTH_') ? `the answer is not one of RFC 7662: ${code}` : 'the question could not be put'
}
