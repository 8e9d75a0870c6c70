/** HTML in template literals: what is put into them is escaped. */
import type { FastifyReply } from 'fastify'

/** Markup that may be sent as it is. Only `html` and `markup` make it. */
class Html {
  readonly #markup: string

  constructor (markup: string) {
    this.#markup = markup
  }

  toString (): string {
    return this.#markup
  }
}
export type { Html }

/** Text is escaped, markup is not; of a list each item. `undefined` and `false` leave nothing. */
export type HtmlValue = Html | string | number | false | undefined | readonly HtmlValue[]

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }

/**
 * Quote attributes: `<a href="${url}">`. Values do not belong into scripts, styles or names.
 *
 * @example html`<h1>${name}</h1>`
 */
export function html (parts: TemplateStringsArray, ...values: readonly HtmlValue[]): Html {
  return new Html(parts.reduce((before, part, index) => `${before}${markupOf(values[index - 1])}${part}`))
}

/** Markup from elsewhere, taken as it is: only what cannot hold anybody's words. */
export function markup (text: string): Html {
  return new Html(text)
}

/** Sends it as a page. */
export function sendHtml (reply: FastifyReply, page: Html, status = 200): FastifyReply {
  return reply.code(status).type('text/html; charset=utf-8').send(String(page))
}

function markupOf (value: HtmlValue): string {
  if (value === undefined || value === false) return ''
  if (value instanceof Html) return String(value)
  if (typeof value === 'object') return value.map(markupOf).join('')
  return String(value).replaceAll(/[&<>"']/g, (character) => ESCAPES[character]!)
}
