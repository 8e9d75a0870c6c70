import Fastify from 'fastify'
import type { FastifyInstance, FastifyServerOptions, InjectOptions, LightMyRequestResponse } from 'fastify'
import gatehouse, { oidc } from '../../lib/index.js'
import type { GatehouseOptions, OidcOptions, Provider } from '../../lib/index.js'
import { createIssuer } from './issuer.js'
import type { TestIssuer } from './issuer.js'

/** What of tap's `t` is needed here. */
interface Test { teardown (undo: () => unknown): unknown }

/** An issuer with one ES256 key (an RSA one costs more to make), closed when the test ends. */
export async function issuerFor (t: Test): Promise<TestIssuer> {
  const issuer = await createIssuer({ algorithms: ['ES256'] })
  t.teardown(() => issuer.close())
  return issuer
}

/** The issuer as a provider called `oidc`. */
export function providerOf (issuer: TestIssuer, settings: Partial<OidcOptions> = {}): Provider {
  return oidc({ issuer: issuer.issuer, audience: issuer.audience, ...settings })
}

/** A Fastify instance without a gatehouse, closed when the test ends. */
export function bareHouse (t: Test, server: FastifyServerOptions = {}): FastifyInstance {
  const app = Fastify(server)
  t.teardown(() => app.close())
  return app
}

/** A Fastify instance whose root is guarded for this issuer, with no routes yet. */
export async function house (
  t: Test, issuer: TestIssuer, options: Partial<GatehouseOptions> = {}, server: FastifyServerOptions = {}
): Promise<FastifyInstance> {
  const app = bareHouse(t, server)
  await app.register(gatehouse, { provider: providerOf(issuer), ...options })
  return app
}

/** What a caller learns, to be asserted as a whole. */
export interface Answer {
  readonly status: number
  /** `www-authenticate`, undefined without one. */
  readonly challenge: string | string[] | undefined
  /** Parsed if it is JSON. */
  readonly body: unknown
}

/** What {@link ask} sends: a URL, or more. */
export type Question = string | (InjectOptions & { readonly token?: string | undefined })

/** Sends a request, with the token as its Bearer credential. */
export async function ask (app: FastifyInstance, question: Question): Promise<Answer> {
  const { token, ...request } = typeof question === 'string' ? { url: question } : question
  const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` }
  return answerOf(await app.inject({ ...request, headers: { ...authorization, ...request.headers } }))
}

/** What of a response is compared. */
export function answerOf (response: Pick<LightMyRequestResponse, 'statusCode' | 'body'> & { headers: Readonly<Record<string, unknown>> }): Answer {
  const { statusCode, headers, body } = response
  const isJson = body !== '' && String(headers['content-type']).startsWith('application/json')
  return { status: statusCode, challenge: headers['www-authenticate'] as Answer['challenge'], body: isJson ? JSON.parse(body) : body }
}

/** 200 with this body and no challenge. */
export function ok (body: unknown): Answer {
  return { status: 200, challenge: undefined, body }
}

/** A text that could be a token and is not one. */
export const GARBAGE = 'not.a.token'

/** Fastify's own 404. */
export function notFound (method: string, url: string): Answer {
  return { status: 404, challenge: undefined, body: { message: `Route ${method}:${url} not found`, error: 'Not Found', statusCode: 404 } }
}
