import type { IncomingMessage, ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import { listen } from './issuer/server.js'

/** A question as it arrived. */
export interface AskedQuestion {
  readonly headers: Readonly<Record<string, unknown>>
  readonly form: Readonly<Record<string, string>>
}

/** How a question is answered: with this object as JSON, or as the function does. */
export type IntrospectionAnswer = object | ((response: ServerResponse, question: AskedQuestion) => void)

/** An introspection endpoint that says what it is told to say. */
export interface IntrospectionServer {
  readonly origin: string
  readonly endpoint: string
  /** Default: an active access token of `user-1` for `https://api.example`, good for an hour. */
  answer: IntrospectionAnswer
  /** Questions that arrived, answered or not, oldest first. */
  readonly questions: AskedQuestion[]
  /** Connections are refused from now on, open ones destroyed. */
  shut (): Promise<void>
  /** Listens again, on the same port. */
  reopen (): Promise<void>
}

/** What an endpoint says of a good token. */
export function active (claims: Record<string, unknown> = {}): object {
  return { active: true, token_type: 'Bearer', sub: 'user-1', aud: 'https://api.example', exp: Math.floor(Date.now() / 1000) + 3600, ...claims }
}

/** Answers with this status, these headers and this body. */
export function status (code: number, headers: Record<string, string> = {}, body = '{}'): IntrospectionAnswer {
  return (response) => { response.writeHead(code, { 'content-type': 'application/json', ...headers }).end(body) }
}

/** Starts an endpoint on loopback that stops when the test ends. */
export async function introspectionServer (t: { teardown (end: () => unknown): unknown }): Promise<IntrospectionServer> {
  const { origin, close, reopen } = await listen((request, response) => { respond(request, response).catch(() => { response.destroy() }) })
  t.teardown(close)
  const server: IntrospectionServer = { origin, endpoint: `${origin}/introspect`, answer: active(), questions: [], shut: close, reopen }

  async function respond (request: IncomingMessage, response: ServerResponse): Promise<void> {
    const question = { headers: { ...request.headers }, form: Object.fromEntries(new URLSearchParams(await text(request))) }
    server.questions.push(question)
    const { answer } = server
    if (typeof answer === 'function') answer(response, question)
    else response.writeHead(200, { 'content-type': 'application/json;charset=UTF-8' }).end(JSON.stringify(answer))
  }

  return server
}
