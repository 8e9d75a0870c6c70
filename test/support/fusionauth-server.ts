import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import { listen } from './issuer/server.js'

type Json = Record<string, unknown>

/** What a route answers: a status, and a body if it has one. */
export interface FusionAuthAnswer { readonly status: number, readonly body?: unknown, readonly type?: string, readonly headers?: Record<string, string> }

/** A call as it arrived. */
export interface FusionAuthCall { readonly route: string, readonly headers: IncomingMessage['headers'], readonly body: unknown }

/** FusionAuth's API as far as its guide's set-up needs it. */
export interface FusionAuthServer {
  readonly url: string
  readonly apiKey: string
  readonly tenants: Json[]
  readonly keys: Map<string, Json>
  readonly applications: Map<string, Json>
  readonly users: Json[]
  /** `userId/applicationId` */
  readonly registrations: Set<string>
  /** Calls that arrived, whatever they were answered, oldest first. */
  readonly calls: FusionAuthCall[]
  /** The routes of the calls that changed something. */
  readonly changes: string[]
  /** Answers the next calls whose route starts so, one each, with these: `hang` never comes, `serve` is the true answer. */
  misbehave (route: string, ...answers: ReadonlyArray<FusionAuthAnswer | 'hang' | 'serve'>): void
}

/** A 400 in FusionAuth's form: `fieldErrors` is an object keyed by field. */
export function refused (fieldErrors: Record<string, string>, generalErrors: Record<string, string> = {}): FusionAuthAnswer {
  const fields = Object.entries(fieldErrors).map(([field, code]) => [field, [{ code, message: `Wrong [${field}].` }]])
  const general = Object.entries(generalErrors).map(([code, message]) => ({ code, message }))
  return { status: 400, body: { fieldErrors: Object.fromEntries(fields), generalErrors: general } }
}

const NOT_FOUND: FusionAuthAnswer = { status: 404 }

/** Starts a fresh installation on loopback: one tenant with the factory's issuer, one user. Stops when the test ends. */
export async function fusionAuthServer (t: { teardown (end: () => unknown): unknown }): Promise<FusionAuthServer> {
  const { origin, close } = await listen((request, response) => { respond(request, response).catch(() => { response.destroy() }) })
  t.teardown(close)
  const planned: Array<{ route: string, answer: FusionAuthAnswer | 'hang' | 'serve' }> = []
  const server: FusionAuthServer = {
    url: origin,
    apiKey: `key-${randomUUID()}`,
    tenants: [{ id: randomUUID(), name: 'Default', issuer: 'acme.com' }],
    keys: new Map(),
    applications: new Map(),
    users: [{ id: randomUUID(), email: 'jo@example.com', firstName: 'Jo', lastName: 'Doe' }],
    registrations: new Set(),
    calls: [],
    changes: [],
    misbehave: (route, ...answers) => { planned.push(...answers.map((answer) => ({ route, answer }))) }
  }

  async function respond (request: IncomingMessage, response: ServerResponse): Promise<void> {
    const route = `${request.method} ${request.url}`
    const sent = await text(request)
    const call = { route, headers: request.headers, body: sent === '' ? undefined : JSON.parse(sent) }
    server.calls.push(call)
    const index = planned.findIndex((plan) => route.startsWith(plan.route))
    const [plan] = index === -1 ? [] : planned.splice(index, 1)
    if (plan?.answer === 'hang') return
    const answer = plan === undefined || plan.answer === 'serve' ? serve(call) : plan.answer
    const body = answer.body === undefined || typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body)
    response.writeHead(answer.status, { ...(body === undefined ? {} : { 'content-type': answer.type ?? 'application/json;charset=UTF-8' }), ...answer.headers }).end(body)
  }

  function serve ({ route, headers, body }: FusionAuthCall): FusionAuthAnswer {
    if (headers.authorization !== server.apiKey) return { status: 401 }
    const isScoped = /^POST \/api\/application|\/api\/user/.test(route)
    if (isScoped && server.tenants.length > 1 && !server.tenants.some(({ id }) => id === headers['x-fusionauth-tenantid'])) {
      return refused({}, { '[TenantIdRequired]': 'A Tenant Id is required to complete this request.' })
    }
    const [method, path] = route.split(' ') as [string, string]
    const [, , kind, ...rest] = new URL(path, origin).pathname.split('/')
    const answer = answerOf(`${method} ${[kind, ...rest.map((part) => /^[\da-f-]{36}$/.test(part) ? ':id' : part)].join('/')}`, rest, body as Json, path, headers['content-type'])
    if (answer.status === 200 && method !== 'GET' && kind !== undefined && !path.endsWith('/search')) server.changes.push(route)
    return answer
  }

  function answerOf (operation: string, rest: string[], body: Json, path: string, type: string | undefined): FusionAuthAnswer {
    const id = rest.at(-1)!
    const { keys, applications, tenants, users, registrations } = server
    switch (operation) {
      case 'GET tenant': return ok({ tenants })
      case 'PATCH tenant/:id': return patched('tenant', tenants.find((tenant) => tenant.id === id), body, type)
      case 'GET key/:id': return found('key', keys.get(id))
      case 'POST key/generate/:id': return created('key', keys, id, body)
      case 'GET application/:id': return found('application', applications.get(id))
      case 'POST application/:id': return created('application', applications, id, body)
      case 'PATCH application/:id': return patched('application', applications.get(id), body, type)
      case 'POST user/search': return ok({ total: users.length, ...(users.length === 0 ? {} : { users }) })
      case 'GET user': return found('user', users.find(({ email }) => email === new URL(path, origin).searchParams.get('email')))
      case 'PATCH user/:id': return patched('user', users.find((user) => user.id === id), body, type)
      case 'GET user/registration/:id/:id': return found('registration', registrations.has(rest.slice(1).join('/')) ? { applicationId: id } : undefined)
      case 'POST user/registration/:id': {
        const { applicationId } = body.registration as Json
        if (registrations.has(`${id}/${String(applicationId)}`)) return refused({ registration: '[duplicate]registration' })
        if (!users.some((user) => user.id === id) || !applications.has(String(applicationId))) return NOT_FOUND
        registrations.add(`${id}/${String(applicationId)}`)
        return ok({ registration: { applicationId } })
      }
      default: return { status: 405 }
    }
  }

  return server
}

function ok (body: Json): FusionAuthAnswer {
  return { status: 200, body }
}

function found (member: string, value: Json | undefined): FusionAuthAnswer {
  return value === undefined ? NOT_FOUND : ok({ [member]: value })
}

function created (member: string, all: Map<string, Json>, id: string, body: Json): FusionAuthAnswer {
  const value: Json = { id, ...body[member] as Json }
  if (all.has(id)) return refused({ [`${member}.id`]: `[duplicate]${member}.id` })
  if ([...all.values()].some(({ name }) => name === value.name)) return refused({ [`${member}.name`]: `[duplicate]${member}.name` })
  all.set(id, value)
  return ok({ [member]: value })
}

function patched (member: string, value: Json | undefined, body: Json, type: string | undefined): FusionAuthAnswer {
  if (value === undefined) return NOT_FOUND
  merge(value, body[member] as Json, type === 'application/merge-patch+json')
  return ok({ [member]: value })
}

// FusionAuth's own kind of PATCH, with application/json, appends to lists
function merge (target: Json, patch: Json, isMergePatch: boolean): void {
  for (const [name, value] of Object.entries(patch)) {
    const had = target[name]
    if (Array.isArray(value) && Array.isArray(had) && !isMergePatch) target[name] = [...had, ...value]
    else if (typeof value === 'object' && value !== null && !Array.isArray(value) && typeof had === 'object' && had !== null) merge(had as Json, value as Json, isMergePatch)
    else target[name] = value
  }
}
