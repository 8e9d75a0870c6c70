/** The pages people see at the demo's provider. */
import { html, markup, type Html } from '../html.js'
import { layout } from './layout.js'

const SITE = html`Demo provider`

/** What a scope means to a person. */
const MEANINGS: Readonly<Record<string, string>> = {
  profile: 'See your name',
  email: 'See your e-mail address',
  offline_access: 'Stay signed in while you are away',
  'read:messages': 'Read your messages'
}

/** @param known who is signed in already, and is asked for consent only */
export function signInPage (scopes: readonly string[], known: string | undefined): Html {
  return layout({ title: 'Sign in', site: SITE }, html`
      <h1>${known === undefined ? 'Sign in' : `Welcome back, ${known}`}</h1>
      <form method="post" class="narrow">
        ${known === undefined && html`
        <label for="name">Name</label>
        <input id="name" name="name" maxlength="40" autocomplete="off" required autofocus aria-describedby="name-hint">
        <p id="name-hint" class="quiet">Any name will do. There is no password.</p>`}
        <h2>The demo app would like to</h2>
        <ul>${scopes.filter((scope) => scope !== 'openid').map((scope) => html`
          <li>${MEANINGS[scope] ?? scope} <code>${scope}</code></li>`)}
        </ul>
        <p class="actions">
          <button name="decision" value="allow">${known === undefined ? 'Sign in and allow' : 'Allow'}</button>
          <button name="decision" value="cancel" class="secondary" formnovalidate>Cancel</button>
        </p>
      </form>`)
}

/** @param form markup of the provider's, which the buttons submit */
export function signOutPage (form: string): Html {
  return layout({ title: 'Sign out', site: SITE }, html`
      <h1>Sign out here, too?</h1>
      <p>You are signed out of the demo app. As long as you stay signed in at the provider, one click brings you back.</p>
      ${markup(form)}
      <p class="actions">
        <button form="op.logoutForm" name="logout" value="yes" autofocus>Sign out</button>
        <button form="op.logoutForm" class="secondary">Stay signed in</button>
      </p>`)
}

export function signedOutPage (): Html {
  return layout({ title: 'Signed out', site: SITE }, html`
      <h1>You are signed out</h1>`)
}

export function errorPage (message: string): Html {
  return layout({ title: 'Something is wrong', site: SITE }, html`
      <h1>Something is wrong</h1>
      <p>${message}</p>`)
}
