/** The pages of the demo's web app. */
import type { RequestAuth } from 'fastify-gatehouse'
import { html, type Html } from '../html.js'
import { layout } from './layout.js'

const SITE = html`<a href="/">Gatehouse demo</a>`

/** What the buttons ask for, and what the routes demand. */
const CALLS = [
  { url: '/api/hello', demand: 'a session' },
  { url: '/api/messages', demand: 'the scope read:messages' },
  { url: '/api/admin', demand: 'the scope admin:write' }
]

export function homePage (auth: RequestAuth): Html {
  return layout({ title: 'Gatehouse demo', site: SITE, navigation: navigation(auth), hasScript: true }, html`
      <h1>${auth.isAuthenticated ? `Hello, ${nameOf(auth)}` : 'Hello, guest'}</h1>
      ${auth.isAuthenticated
        ? html`<p>You are signed in: the browser holds a sealed cookie that no script can read. <a href="/profile">Your profile</a> shows what the app knows of you.</p>`
        : html`<p>This page is for everybody. <a href="/profile">Your profile</a> is not: open it, and you are asked to sign in first.</p>
      <p><a class="button" href="/login">Sign in</a></p>`}
      <section aria-labelledby="calls">
        <h2 id="calls">Call the API ${auth.isAuthenticated ? 'with the session' : 'without a session'}</h2>
        <p>Each button fetches a route of this app. ${auth.isAuthenticated ? 'The cookie goes along by itself.' : 'All of them refuse a guest.'}</p>
        <ul class="calls">${CALLS.map(({ url, demand }) => html`
          <li><button type="button" class="secondary" data-url="${url}">GET ${url}</button> <span class="quiet">needs ${demand}</span></li>`)}
        </ul>
        <pre id="answer" role="status" aria-label="Answer">No call yet.</pre>
      </section>`)
}

export function profilePage (auth: RequestAuth): Html {
  const { user, expiresAt } = auth.session
  return layout({ title: 'Profile', site: SITE, navigation: navigation(auth) }, html`
      <h1>${nameOf(auth)}</h1>
      <p>What the provider said when you signed in, and what that lets you do.</p>
      <dl>
        ${Object.entries(user).map(([name, value]) => html`
        <dt>${name}</dt>
        <dd>${String(value)}</dd>`)}
        <dt>Scopes</dt>
        <dd>${auth.scopes.join(' ')}</dd>
        <dt>Provider</dt>
        <dd>${auth.provider}</dd>
        <dt>Signed in until</dt>
        <dd><time datetime="${new Date(expiresAt * 1000).toISOString()}">${new Date(expiresAt * 1000).toUTCString()}</time>, if you do not come back before</dd>
      </dl>`)
}

/** @param loginUrl where another try begins */
export function loginErrorPage (message: string, loginUrl: string): Html {
  return layout({ title: 'Not signed in', site: SITE }, html`
      <h1>You are not signed in</h1>
      <p>${message}.</p>
      <p><a class="button" href="${loginUrl}">Try again</a></p>`)
}

function navigation (auth: RequestAuth): Html {
  if (!auth.isAuthenticated) return html`<nav aria-label="Account"><a href="/login">Sign in</a></nav>`
  // A button, for it changes something: links may be followed before anybody clicks
  return html`<nav aria-label="Account">
        <a href="/profile">Profile</a>
        <form method="post" action="/logout"><button class="link">Sign out</button></form>
      </nav>`
}

function nameOf ({ session, subject }: RequestAuth): string {
  return String(session.user.name ?? subject)
}
