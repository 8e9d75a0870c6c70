import { setTimeout as sleep } from 'node:timers/promises'
import type { Checked } from './options.js'

/** A JSON object of which nothing is known yet. */
export type Json = Readonly<Record<string, unknown>>

/** A step failed. The message names the step, the call and the answer, and holds no secret. */
export class SetupError extends Error {
  override readonly name = 'SetupError'
  readonly step: string

  constructor (step: string, reason: string) {
    super(`could not ${step}: ${reason}`)
    this.step = step
  }
}

/** A call of the API. */
export interface Call {
  /** What it is for, to be named when it fails. */
  readonly step: string
  /** Method and path, `GET /api/tenant`. */
  readonly route: string
  readonly body?: Json
  /** `application/json` unless given. FusionAuth has several kinds of PATCH, told apart by this. */
  readonly type?: string
  /** A refusal that is an answer: 404 where absence is expected, `duplicate` where presence is. */
  readonly expect?: 404 | 'duplicate'
}

/** Sends a call. Resolves with the body of a 2xx, with undefined for the refusal that was expected; rejects with a {@link SetupError}. */
export type Ask = (call: Call) => Promise<Json | undefined>

export interface Client {
  ask: Ask
  /** Sends `X-FusionAuth-TenantId` from now on. */
  useTenant (id: string): void
}

type Fail = (what: string, meaning?: string) => SetupError

const PATIENCE = 60_000

/** A client of FusionAuth's API. Waits for a new API key to become known: a minute in all, as FusionAuth's documentation has it. */
export function createClient ({ url, apiKey, clientSecret, deadline = 10_000, pause = sleep, say = () => {} }: Checked): Client {
  // Without a scheme: FusionAuth wants the bare key
  const headers: Record<string, string> = { authorization: apiKey }
  let waited = 0
  let wasAccepted = false

  async function ask (call: Call): Promise<Json | undefined> {
    const fail: Fail = (what, meaning = '') => new SetupError(call.step, `${call.route} ${conceal(what, [apiKey, clientSecret]).slice(0, 1_000)}${meaning}`)
    for (let next = 500; ; next = Math.min(2 * next, 8_000)) {
      const { response, text } = await send(call, fail)
      if (response.status === 401 && text === '' && waited < PATIENCE) {
        if (waited === 0) say('FusionAuth does not know the API key: if the key is new it will within a minute, waiting')
        const delay = Math.min(next, PATIENCE - waited)
        await pause(delay)
        waited += delay
        continue
      }
      wasAccepted ||= response.ok
      return read(call, response, text, fail)
    }
  }

  async function send ({ route, body, type = 'application/json' }: Call, fail: Fail) {
    const [method, path] = route.split(' ')
    try {
      const response = await fetch(url + path, {
        method: method!,
        headers: body === undefined ? headers : { ...headers, 'content-type': type },
        body: body === undefined ? null : JSON.stringify(body),
        // To follow one would carry the secrets to wherever it leads
        redirect: 'manual',
        signal: AbortSignal.timeout(deadline)
      })
      return { response, text: await response.text() }
    } catch (error) {
      if (error instanceof Error && error.name === 'TimeoutError') throw fail(`had no answer within ${deadline / 1000} s`)
      throw fail(`did not get through: ${reasonOf(error)}`, `. Does FusionAuth answer at ${url}?`)
    }
  }

  function read ({ expect }: Call, response: Response, text: string, fail: Fail): Json | undefined {
    const json = parse(text)
    if (response.ok && json !== undefined) return json
    const errors = json === undefined ? [] : errorsOf(json)
    // With a body it is the 404 of somebody else
    if (expect === 404 && response.status === 404 && text === '') return undefined
    if (expect === 'duplicate' && response.status === 400 && errors.length > 0 && errors.every(({ code }) => code.startsWith('[duplicate]'))) return undefined
    const told = errors.map(({ field, code, message }) => `${field === '' ? '' : `${field}: `}${message} (${code})`).join('; ')
    throw fail(`was answered ${response.status} ${told || content(response, text, json)}`, meaning(response.status, wasAccepted))
  }

  return { ask, useTenant: (id) => { headers['x-fusionauth-tenantid'] = id } }
}

function content (response: Response, text: string, json: Json | undefined): string {
  if (text === '') return 'without a body'
  if (json !== undefined) return JSON.stringify(json)
  return `with ${response.headers.get('content-type') ?? 'something'} that is not a JSON object`
}

function meaning (status: number, wasAccepted: boolean): string {
  if (status === 401 && wasAccepted) return '. FusionAuth knows the API key: give it the permission for this call in Settings > API Keys'
  if (status === 401) return '. The API key is wrong, lacks the permission for this call, or was created less than a minute ago'
  if (status === 404) return '. It is not there, or in another tenant'
  if (status === 500) return '. The reason is in the log of FusionAuth'
  if (status === 503) return '. The search engine may be down: see the log of FusionAuth'
  if (status === 504) return '. A webhook or its transaction failed: see Settings > Webhooks'
  if (status < 400) return '. Is FUSIONAUTH_URL the address of FusionAuth itself?'
  return ''
}

function errorsOf ({ fieldErrors, generalErrors }: Json): { field: string, code: string, message: string }[] {
  const entries = [...Object.entries(isJson(fieldErrors) ? fieldErrors : {}), ['', generalErrors] as const]
  return entries.flatMap(([field, errors]) => list(errors).map(({ code, message }) => ({ field, code: String(code), message: String(message) })))
}

/** The objects of a list. Empty if it is none: FusionAuth leaves empty members out. */
export function list (value: unknown): Json[] {
  return Array.isArray(value) ? value.filter(isJson) : []
}

/** The object, or an empty one. */
export function object (value: unknown): Json {
  return isJson(value) ? value : {}
}

function isJson (value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function parse (text: string): Json | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isJson(value) ? value : undefined
  } catch {
    return undefined
  }
}

function reasonOf (error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined
  return cause instanceof Error && 'code' in cause ? String(cause.code) : String(error)
}

/** A server may quote what it was sent, and with it steer the terminal. */
function conceal (text: string, secrets: readonly string[]): string {
  const quoted = secrets.flatMap((secret) => [secret, JSON.stringify(secret).slice(1, -1)])
  return quoted.reduce((hidden, secret) => hidden.replaceAll(secret, '[secret]'), text).replaceAll(/\p{Cc}+/gu, ' ')
}
