const host = 'api.example.com'
const head = `GET / HTTP/1.1\r\nHost: ${host}\r\nUser-Agent: benchmark\r\nAccept: application/json\r\n`

/** The URI every request asks for. */
export const target = `http://${host}/`

/** A request with a token, as bytes. */
export function requestWith (token) {
  return request(`Authorization: Bearer ${token}`)
}

function requestWithKey (key) {
  return request(`X-API-Key: ${key}`)
}

function requestWithProof ({ token, proof }) {
  return request(`Authorization: DPoP ${token}\r\nDPoP: ${proof}`)
}

function requestWithCookie (cookie) {
  return request(`Cookie: ${cookie}`)
}

function request (credential) {
  return Buffer.from(`${head}Connection: keep-alive\r\n${credential}\r\n\r\n`)
}

/** What callers send, by the name the scenarios use. */
export function makeTraffic ({ rs256, es256, eddsa, dpop, forged, garbage, lookalike }) {
  return {
    seen: new Traffic(rs256.slice(0, 1), { repeats: true }),
    thousand: new Traffic(rs256.slice(0, 1000), { repeats: true }),
    opaque: new Traffic(['2YotnFZFEjr1zCsicMWpAA2YotnFZFEjr1zCsicMWpAA'], { repeats: true }),
    apikey: new Traffic(['acme_2YotnFZFEjr1zCsicMWpAA2YotnFZFEjr1zCsicMWpAA'], { repeats: true, write: requestWithKey }),
    rs256: new Traffic(rs256),
    es256: new Traffic(es256),
    eddsa: new Traffic(eddsa),
    dpop: new Traffic(dpop, { write: requestWithProof }),
    forged: new Traffic(forged, { valid: false }),
    garbage: new Traffic(garbage, { valid: false }),
    lookalike: new Traffic(lookalike, { valid: false })
  }
}

// Seconds. After a minute a request is answered with a new cookie, or written to the store: once, where the browser
// takes the cookie, but every time in a row of the same bytes.
const sessionLasts = 55

/** What a browser with a session sends; it must have logged in a moment ago. */
export function sessionTraffic (cookie) {
  return new Traffic([cookie], { repeats: true, write: requestWithCookie, seconds: sessionLasts })
}

/** A row of requests. Every server of a scenario gets the same bytes in the same order. */
class Traffic {
  #tokens
  #write
  #ends

  /**
   * `repeats`: the row starts again at its end; otherwise every token is sent once.
   * `valid`: a guarded route answers 200, otherwise 401. `write` makes a request of a token. `seconds`: how long from
   * now on the row may be sent.
   */
  constructor (tokens, { repeats = false, valid = true, write = requestWith, seconds = Infinity } = {}) {
    this.#tokens = tokens
    this.#write = write
    this.#ends = performance.now() + seconds * 1000
    this.repeats = repeats
    this.valid = valid
  }

  /** `count` requests, beginning with the one at `from`. */
  requests (from, count) {
    return this.tokens(from, count).map(this.#write)
  }

  /** The tokens of those requests. */
  tokens (from, count) {
    const tokens = this.#tokens
    if (performance.now() > this.#ends) throw new Error('this took too long: the tokens are no longer what is to be measured')
    if (!this.repeats && from + count > tokens.length) throw new Error(`only ${tokens.length} tokens were made, each is sent once`)
    return Array.from({ length: count }, (_, i) => tokens[(from + i) % tokens.length])
  }
}
