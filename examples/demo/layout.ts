/** What all pages of the demo have in common, the provider's and the app's: frame, stylesheet and content policy. */
import { readFileSync } from 'node:fs'
import { html, type Html } from '../html.js'

export const stylesheet = readFileSync(new URL('style.css', import.meta.url), 'utf8')
export const script = readFileSync(new URL('script.js', import.meta.url), 'utf8')

export interface Frame {
  title: string
  /** Whose page it is. */
  site: Html
  /** What stands at the right of it. */
  navigation?: Html
  hasScript?: boolean
}

export function layout ({ title, site, navigation, hasScript = false }: Frame, main: Html): Html {
  return html`<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>${title}</title>
    <link rel="stylesheet" href="/style.css">
    ${hasScript && html`<script src="/script.js" defer></script>`}
  </head>
  <body>
    <header>
      <p class="site">${site}</p>
      ${navigation}
    </header>
    <main>
      ${main}
    </main>
  </body>
</html>
`
}

/**
 * Nothing inline, nothing from elsewhere, in nobody's frame.
 *
 * @param formTarget where forms lead in the end; browsers ask for redirects too
 */
export function contentPolicy (formTarget?: string): string {
  const targets = formTarget === undefined ? '' : ` ${new URL(formTarget).origin}`
  return `default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; form-action 'self'${targets}; base-uri 'none'; frame-ancestors 'none'`
}
