import { setTimeout as sleep } from 'node:timers/promises'
import { changesOf, newApplication } from './application.js'
import { list, object, SetupError, type Ask, type Json } from './client.js'
import type { Checked } from './options.js'

/** What became of a step, in a word and for people. */
export type Done = readonly [outcome: 'found' | 'created' | 'changed' | 'unchanged', detail: string]

/** The signing key's id, the guide's own: with a fixed one, a second run finds the key of the first. */
export const KEY_ID = '356a6624-b33c-471a-b707-48bbfcfbc593'

/** The tenant that is meant, or the only one. Never the first of several. */
export async function findTenant (ask: Ask, { tenantId }: Checked): Promise<{ tenant: Json, isOnlyOne: boolean, done: Done }> {
  const step = 'find the tenant'
  const tenants = list((await ask({ step, route: 'GET /api/tenant' }))?.tenants)
  const names = tenants.map(({ name, id }) => `${String(name)} (${String(id)})`)
  if (tenantId === undefined && tenants.length > 1) throw new SetupError(step, `there are several, set FUSIONAUTH_TENANT_ID to the id of one: ${names.join(', ')}`)
  const index = tenants.findIndex(({ id }) => tenantId === undefined || id === tenantId.toLowerCase())
  const tenant = tenants[index]
  if (tenant === undefined) throw new SetupError(step, `FUSIONAUTH_TENANT_ID is ${tenantId ?? 'not set'}, and the tenants are: ${names.join(', ') || 'none'}`)
  return { tenant, isOnlyOne: tenants.length === 1, done: ['found', names[index]!] }
}

export async function setIssuer (ask: Ask, { issuer }: Checked, tenant: Json): Promise<Done> {
  if (tenant.issuer === issuer) return ['unchanged', issuer]
  await ask({ step: 'set the issuer', route: `PATCH /api/tenant/${String(tenant.id)}`, body: { tenant: { issuer } } })
  return ['changed', `${String(tenant.issuer ?? 'none')} became ${issuer}`]
}

export async function createKey (ask: Ask): Promise<Done> {
  const step = 'create the signing key'
  const look = { step, route: `GET /api/key/${KEY_ID}` }
  let found = await ask({ ...look, expect: 404 })
  if (found === undefined) {
    const body = { key: { algorithm: 'RS256', name: 'For FastifyExampleApp', length: 2048 } }
    if (await ask({ step, route: `POST /api/key/generate/${KEY_ID}`, body, expect: 'duplicate' }) !== undefined) return ['created', KEY_ID]
    // Another run was faster, or another key has the name: then this is a 404
    found = await ask(look)
  }
  const { algorithm } = object(found?.key)
  if (algorithm !== 'RS256') throw new SetupError(step, `${KEY_ID} exists and is a key for ${String(algorithm)}, not RS256: delete it in Settings > Key Master`)
  return ['unchanged', KEY_ID]
}

export async function createApplication (ask: Ask, settings: Checked): Promise<Done> {
  const step = 'create the application'
  const path = `/api/application/${settings.clientId}`
  const wanted = newApplication(settings, KEY_ID)
  let found = await ask({ step, route: `GET ${path}`, expect: 404 })
  if (found === undefined) {
    if (await ask({ step, route: `POST ${path}`, body: { application: wanted }, expect: 'duplicate' }) !== undefined) return ['created', settings.clientId]
    found = await ask({ step, route: `GET ${path}` })
  }
  const { names, patch } = changesOf(object(found?.application), wanted)
  if (names.length === 0) return ['unchanged', settings.clientId]
  // A PATCH of application/json appends to some lists and replaces others; a merge patch (RFC 7396) replaces
  await ask({ step, route: `PATCH ${path}`, body: { application: patch }, type: 'application/merge-patch+json' })
  return ['changed', `${settings.clientId}: ${names.join(', ')}`]
}

/** The user that is meant, or the only one. Never the first of several. */
export async function findUser (ask: Ask, { userEmail, url, pause = sleep }: Checked): Promise<{ user: Json, done: Done }> {
  const step = 'find the user'
  const found = (user: Json) => ({ user, done: ['found', `${String(user.email ?? user.username ?? 'without address')} (${String(user.id)})`] as const })
  const add = `add one at ${url}/admin/user/`
  if (userEmail !== undefined) {
    const reply = await ask({ step, route: `GET /api/user?email=${encodeURIComponent(userEmail)}`, expect: 404 })
    if (reply === undefined) throw new SetupError(step, `nobody has the address ${userEmail}: ${add}`)
    return found(object(reply.user))
  }
  // Elasticsearch shows a new user some hundred milliseconds late
  for (const delay of [250, 500, 1_000, 2_000, undefined]) {
    const users = list((await ask({ step, route: 'POST /api/user/search', body: { search: { queryString: '*' } } }))?.users)
    if (users.length > 1) throw new SetupError(step, 'there are several: set USER_EMAIL to the address of the one to register')
    if (users[0] !== undefined) return found(users[0])
    if (delay !== undefined) await pause(delay)
  }
  throw new SetupError(step, `there is none: ${add}`)
}

export async function nameUser (ask: Ask, { id, firstName, lastName, fullName, email, username }: Json): Promise<Done> {
  if (fullName) return ['unchanged', String(fullName)]
  const name = [firstName, lastName].filter(Boolean).join(' ') || email || username
  if (!name) return ['unchanged', 'there is nothing to name the user by']
  await ask({ step: 'name the user', route: `PATCH /api/user/${String(id)}`, body: { user: { fullName: name } } })
  return ['changed', String(name)]
}

export async function registerUser (ask: Ask, { clientId }: Checked, { id }: Json): Promise<Done> {
  const step = 'register the user'
  const path = `/api/user/registration/${String(id)}`
  const isRegistered = await ask({ step, route: `GET ${path}/${clientId}`, expect: 404 }) !== undefined ||
    await ask({ step, route: `POST ${path}`, body: { registration: { applicationId: clientId } }, expect: 'duplicate' }) === undefined
  return [isRegistered ? 'unchanged' : 'created', `for ${clientId}`]
}
