import type { FastifyRequest } from 'fastify'
import type { DownstreamToken } from '../../types/exchange.js'
import type { Identity } from '../../types/identity.js'
import type { Provider } from '../../types/provider.js'
import { createProviderChoice } from '../choose-provider.js'
import { NotAnAccessTokenError } from '../errors.js'
import type { AuthError } from '../errors.js'
import type { Settings } from '../options.js'
import { kSession } from '../session/request-session.js'
import { tokenHash } from '../token/cache.js'
import { endOfAll } from '../token/deadline.js'
import { looksLikeJws, readPart, splitToken } from '../token/parse.js'
import { createExchangeClients } from './clients.js'
import { explain } from './explain.js'
import type { Asked } from './explain.js'
import { KeptTokens } from './kept-tokens.js'
import { PATH, readExchange } from './request.js'
import type { ExchangeRequest } from './request.js'

/** Who asks for a token, and in whose name. */
export interface Asker {
  readonly request: FastifyRequest
  readonly identity: Identity
  /** The raw credential. */
  readonly credential: string
  /** Tells the operator of an error, which is then thrown. */
  refuse<Refused extends AuthError> (error: Refused): Refused
}

/** Exchanges what callers carry for tokens of other services, at the provider that vouched for them. */
export interface Exchanger {
  /**
   * @throws TypeError for wrong options, and for a provider without a client
   * @throws NotAnAccessTokenError for a caller with neither access token nor session
   * @throws ExchangeError, ProviderUnavailableError
   * @throws LoginRequiredError, UnavailableError where the session, or the resolver of providers, has none now
   */
  exchange (asker: Asker, options: unknown): Promise<DownstreamToken>
  /** Ends what is under way. */
  close (): void
}

/** A token to be exchanged, and the ends of all that is: seconds since the epoch; undefined: nobody said. */
interface Subject {
  readonly token: string
  readonly ends: ReadonlyArray<number | undefined>
}

type AskedProvider = Provider & Asked

/** The exchanges of a registration. Nothing is loaded or made before the first. */
export function createExchanger (settings: Settings): Exchanger {
  const chooseProvider = createProviderChoice(settings)
  const clientOf = createExchangeClients(settings.fetchOptions)
  const tokens = new KeptTokens()
  const closing = endOfAll()

  async function providerOf ({ identity: { issuer }, request, refuse }: Asker): Promise<AskedProvider> {
    let provider: Provider
    try {
      // Those who vouch for tokens and sessions have an issuer.
      provider = await chooseProvider(issuer!, request)
    } catch (error) {
      throw refuse(error as AuthError)
    }
    if (provider.client === undefined) throw new TypeError(`${PATH}: ${provider.name} has no client to ask with: give it { clientId, clientSecret }, beside its audience`)
    return provider as AskedProvider
  }

  return {
    async exchange (asker, options) {
      const request = readExchange(options)
      const { type, provider: name } = asker.identity
      if (type !== 'access_token' && type !== 'session') throw asker.refuse(new NotAnAccessTokenError({ reason: 'accessor_refused', provider: name, found: type, hint: "the route's handler exchanges tokens: accept access tokens or sessions only, config: { auth: { credentials: ['access_token'] } }, or look at request.auth.credentialsType first" }))
      const provider = await providerOf(asker)
      const { token, ends } = await subjectOf(asker, request)
      try {
        return await tokens.get(keyOf(token, request, provider), ends, () => clientOf(provider, provider.client)(token, request, closing.signal))
      } catch (error) {
        throw asker.refuse(explain(error, provider))
      }
    },
    close () { closing.abort() }
  }
}

async function subjectOf ({ identity, request, credential }: Asker, { subjectToken, actorToken }: ExchangeRequest): Promise<Subject> {
  const given = [subjectToken, actorToken].filter((token) => token !== undefined).flatMap((token) => [undefined, endIn(token)])
  if (subjectToken !== undefined) return { token: subjectToken, ends: given }
  const session = identity.type === 'session' ? request[kSession]! : undefined
  // It says itself what is wrong with the session.
  const token = session === undefined ? credential : await session.accessToken()
  const until = session === undefined ? identity.expiresAt : session.current.record.accessTokenExpiresAt
  return { token, ends: [until, ...given] }
}

/** What a token says of its end that we did not judge: good enough to keep what was made of it no longer. */
function endIn (token: string): number | undefined {
  if (!looksLikeJws(token)) return undefined
  try {
    const { exp } = readPart(splitToken(token).payload, 'payload')
    return typeof exp === 'number' ? exp : undefined
  } catch {
    return undefined
  }
}

/** An encoding in which no two requests look the same; of secrets only their hash is kept. */
function keyOf (token: string, { grantType, parameters }: ExchangeRequest, { issuer, name, client }: AskedProvider): string {
  return tokenHash(JSON.stringify([issuer, name, client.clientId, grantType, token, parameters]))
}
