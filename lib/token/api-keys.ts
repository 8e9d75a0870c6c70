import type { Identity } from '../../types/identity.js'
import type { FetchOptions } from '../../types/options.js'
import type { ApiKeyBackend, Provider } from '../../types/provider.js'
import type { Judge } from './answers.js'
import type { FetchFailure } from './fetch-json.js'
import { JudgeFailure } from './judge-failure.js'
import { wishOf } from './patience.js'
import { postJson } from './post-json.js'
import type { PostedAnswer } from './post-json.js'

/**
 * Asks the provider's backend whose an API key is.
 *
 * Only the backend's own word that the key is unknown, expired or revoked refuses the caller. Whatever else it answers
 * is our mistake or its trouble, and so a 503.
 */
export function createApiKeyJudge ({ name }: Provider, { url, secret }: ApiKeyBackend, fetchOptions: FetchOptions): Judge {
  return async function judgeApiKey (secretToken, signal) {
    const answer = await ask(secretToken, signal)
    if (answer.status === 200) return identityOf(answer.body)
    if (answer.status >= 400 && answer.status < 500 && answer.body.message === 'unauthenticated_api_key') {
      return { reason: 'credential_unknown', provider: name, hint: 'the API key is unknown, expired, revoked or of another project' }
    }
    throw new JudgeFailure(trouble(answer), wishOf(answer))
  }

  async function ask (secretToken: string, signal: AbortSignal): Promise<PostedAnswer> {
    try {
      return await postJson(url, { body: { secretToken }, headers: { authorization: `Bearer ${secret.reveal()}` } }, fetchOptions, signal)
    } catch (error) {
      throw new JudgeFailure((error as FetchFailure).message)
    }
  }

  /** Nothing in it is believed that has not the form it must have: a mistake must not become an identity. */
  function identityOf ({ apiKeyId, organizationId, actions }: PostedAnswer['body']): Identity {
    const isSound = isText(apiKeyId) && apiKeyId !== '' && isTextOrNothing(organizationId) && isListOrNothing(actions)
    if (!isSound) throw new JudgeFailure(`${url}: the answer is malformed`)
    return Object.freeze({
      type: 'api_key',
      provider: name,
      issuer: undefined,
      subject: apiKeyId,
      clientId: undefined,
      organizationId: organizationId || undefined,
      scopes: Object.freeze([]),
      permissions: Object.freeze([...actions ?? []]),
      roles: Object.freeze([]),
      claims: Object.freeze({}),
      expiresAt: undefined
    })
  }

  /** Our own sentence: the server's text may hold anything. */
  function trouble ({ status, body: { message } }: PostedAnswer): string {
    const answered = `${url}: status ${status}`
    if (message === 'permission_denied') return `${answered}: API keys are not enabled for this project`
    if (status === 401 || message === 'invalid_argument' || message === 'not_found') return `${answered}: the backend refuses our own API key: check backendApiKey`
    if (status === 404) return `${answered}: this is no backend: check backendApiHostname`
    return answered
  }
}

function isText (value: unknown): value is string {
  return typeof value === 'string'
}

/** Go writes an empty member as null, as an empty text, or not at all. */
function isTextOrNothing (value: unknown): value is string | null | undefined {
  return value === undefined || value === null || isText(value)
}

function isListOrNothing (value: unknown): value is readonly string[] | null | undefined {
  return value === undefined || value === null || (Array.isArray(value) && value.every((item) => isText(item) && item !== ''))
}
