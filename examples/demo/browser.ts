/** A browser without a screen, for checks and tests: keeps cookies, goes where it is sent, fills in forms, runs no script. */
import { request as send, type IncomingHttpHeaders } from 'node:http'
import { text } from 'node:stream/consumers'

export interface Page {
  readonly url: string
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
}

/** Where a form leads and what it says. */
export interface Form {
  readonly action: string
  readonly fields: Readonly<Record<string, string>>
}

export class Browser {
  /** By host, as in browsers: ports share them. Paths are not looked at. */
  readonly #cookies = new Map<string, Map<string, string>>()

  /** Opens a page by its address, and goes on to where that leads. */
  open (url: string): Promise<Page> {
    return this.#follow(url, 'GET')
  }

  /** Sends the first form of a page. @param fields what the person filled in, and the button */
  submit (page: Page, fields: Record<string, string> = {}): Promise<Page> {
    const form = formOf(page)
    if (form === undefined) throw new Error(`there is no form at ${page.url}: ${page.status} ${page.text.slice(0, 200)}`)
    return this.#follow(form.action, 'POST', new URLSearchParams({ ...form.fields, ...fields }).toString())
  }

  /** Opens a page and fills in the forms of other sites on the way, until it is back at this one. */
  async signIn (url: string, fields: Record<string, string>): Promise<Page> {
    let page = await this.open(url)
    for (let forms = 0; forms < 5 && new URL(page.url).origin !== new URL(url).origin; forms++) page = await this.submit(page, fields)
    return page
  }

  /** Fetches as a script of the site's own page does: without going anywhere. */
  fetch (url: string, method = 'GET'): Promise<Page> {
    return this.#request(url, method, undefined, { accept: '*/*', 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty', 'sec-fetch-site': 'same-origin' })
  }

  /** The Cookie header for a site. */
  cookies (url: string): string {
    return cookieHeader(this.#jar(url))
  }

  async #follow (url: string, method: 'GET' | 'POST', form?: string): Promise<Page> {
    const navigation = { accept: 'text/html', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' }
    let page = await this.#request(url, method, form, { ...navigation, 'sec-fetch-site': method === 'GET' ? 'none' : 'same-origin' })
    for (let hops = 0; page.headers.location !== undefined; hops++) {
      if (hops === 20) throw new Error(`redirects without end at ${page.url}`)
      page = await this.#request(new URL(page.headers.location, page.url).href, 'GET', undefined, { ...navigation, 'sec-fetch-site': 'same-site' })
    }
    return page
  }

  /** On a connection of its own, so that of several processes another may answer. */
  #request (url: string, method: string, form: string | undefined, headers: Record<string, string>): Promise<Page> {
    return new Promise((resolve, reject) => {
      const outgoing = send(url, { agent: false, method, headers: { ...headers, cookie: this.cookies(url), ...(form === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' }) } }, (response) => {
        keepCookies(this.#jar(url), response.headers['set-cookie'] ?? [])
        text(response).then((body) => { resolve({ url, status: response.statusCode!, headers: response.headers, text: body }) }, reject)
      })
      outgoing.on('error', reject)
      outgoing.end(form)
    })
  }

  #jar (url: string): Map<string, string> {
    const { hostname } = new URL(url)
    const jar = this.#cookies.get(hostname) ?? new Map<string, string>()
    this.#cookies.set(hostname, jar)
    return jar
  }
}

/** Takes Set-Cookie lines into the cookies of a site, values by name. */
export function keepCookies (jar: Map<string, string>, lines: readonly string[]): void {
  for (const line of lines) {
    const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
    if (value === '' || /; *max-age=0/i.test(line)) jar.delete(name)
    else jar.set(name, value)
  }
}

export function cookieHeader (jar: ReadonlyMap<string, string>): string {
  return Array.from(jar, ([name, value]) => `${name}=${value}`).join('; ')
}

/** The first form; its action may be left out, its fields are those that are hidden. */
export function formOf ({ url, text }: Pick<Page, 'url' | 'text'>): Form | undefined {
  const [form, attributes] = /<form([^>]*)>.*?<\/form>/s.exec(text) ?? []
  if (form === undefined) return undefined
  const action = / action="([^"]*)"/.exec(attributes!)?.[1] ?? url
  const hidden = form.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)"/g)
  return { action: new URL(unescaped(action), url).href, fields: Object.fromEntries(Array.from(hidden, ([, name, value]) => [name!, unescaped(value!)])) }
}

/** Undoes what `html` does to text. */
export function unescaped (text: string): string {
  return text.replaceAll('&quot;', '"').replaceAll('&#39;', "'").replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&')
}
