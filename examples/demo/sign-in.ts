/** Where people sign in at the demo's provider: one form that asks for a name, and for consent. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import { SessionNotFound } from 'oidc-provider/lib/helpers/errors.js'
import type { Interaction, Provider } from 'oidc-provider/lib/provider.js'
import { contentPolicy, stylesheet } from './layout.js'
import { accountOf, nameOf } from './people.js'
import { errorPage, signInPage } from './provider-pages.js'

const OIDC_SCOPES = ['openid', 'profile', 'email', 'offline_access']

/** Answers requests for the form and its stylesheet, and says so; the rest is the protocol's. */
export function signIn (provider: Provider): (request: IncomingMessage, response: ServerResponse) => boolean {
  return (request, response) => {
    const path = request.url ?? '/'
    if (path === '/style.css') {
      response.writeHead(200, { 'content-type': 'text/css' }).end(stylesheet)
    } else if (path.startsWith('/interaction/')) {
      interact(provider, request, response).catch((error: unknown) => { sendError(response, error) })
    } else {
      return false
    }
    return true
  }
}

async function interact (provider: Provider, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const interaction = await provider.interactionDetails(request, response)
  const { params, session } = interaction
  const known = session === undefined ? undefined : nameOf(session.accountId)
  if (request.method !== 'POST') return show(response, interaction, known)

  const form = new URLSearchParams(await text(request))
  if (form.get('decision') === 'cancel') {
    return provider.interactionFinished(request, response, { error: 'access_denied', error_description: 'The person cancelled' })
  }
  const name = known ?? form.get('name') ?? ''
  if (name.trim() === '') return show(response, interaction, known)
  const accountId = accountOf(name)
  await provider.interactionFinished(request, response, {
    login: { accountId },
    consent: { grantId: await grant(provider, accountId, params) }
  })
}

async function grant (provider: Provider, accountId: string, { client_id: clientId, scope, resource }: Interaction['params']): Promise<string> {
  const grant = new provider.Grant({ accountId, clientId })
  const scopes = scope.split(' ')
  grant.addOIDCScope(scopes.filter((name) => OIDC_SCOPES.includes(name)).join(' '))
  if (resource !== undefined) grant.addResourceScope(resource, scopes.filter((name) => !OIDC_SCOPES.includes(name)).join(' '))
  return grant.save()
}

function show (response: ServerResponse, { params }: Interaction, known: string | undefined): void {
  send(response, 200, String(signInPage(params.scope.split(' '), known)), params.redirect_uri)
}

function sendError (response: ServerResponse, error: unknown): void {
  // Without its cookie, or an hour later, nobody knows what the form was about
  if (error instanceof SessionNotFound) return send(response, 400, String(errorPage('This sign-in is over. Go back to the app and start again.')))
  console.error(error)
  if (response.headersSent) response.destroy()
  else send(response, 500, String(errorPage('The provider made a mistake. Its terminal says which.')))
}

function send (response: ServerResponse, status: number, page: string, formTarget?: string): void {
  response.writeHead(status, {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': contentPolicy(formTarget),
    'cache-control': 'no-store'
  }).end(page)
}
