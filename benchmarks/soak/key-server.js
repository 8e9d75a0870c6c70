import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { keyPair } from './keys.js'
import { outageLength, outageOf, outageWindow, publishedKeys } from './schedule.js'

/** The shortest life of a key set that the plugin takes, in seconds. */
const maxAge = 60
const discovery = '/.well-known/openid-configuration'
const keySet = '/jwks'

/** An issuer on loopback that rotates its keys and fails as scheduled, and notes what it delivered. */
export class KeyServer {
  /** Key sets answered: `begun`, `finished` (undefined until the answer is written), `kids`. */
  deliveries = []
  /** As they came to pass: `from`, `until` (Infinity while it lasts), `mode`. */
  outages = []
  #clock
  #server = createServer((request, response) => this.#answer(request, response))
  #port
  #mode
  #timer

  static async start (clock) {
    const keyServer = new KeyServer()
    keyServer.#clock = clock
    await keyServer.#listen()
    keyServer.#timer = setInterval(() => keyServer.#follow(), 20)
    return keyServer
  }

  get issuer () {
    return `http://127.0.0.1:${this.#port}`
  }

  stop () {
    clearInterval(this.#timer)
    this.#server.close()
    this.#server.closeAllConnections()
  }

  // Below the ports that outgoing connections get: after an outage the port must still be free.
  async #listen () {
    for (let attempt = 0; attempt < 20; attempt++) {
      this.#port = randomInt(20_000, 30_000)
      try {
        this.#server.listen(this.#port, '127.0.0.1')
        await once(this.#server, 'listening')
        this.#server.on('error', () => {})
        return
      } catch (error) {
        if (error.code !== 'EADDRINUSE') throw error
      }
    }
    throw new Error('no free port for the key server')
  }

  // An outage begins before the server changes and ends after: what the oracle takes for it is never too short.
  #follow () {
    const now = this.#clock.now()
    const mode = this.#plannedMode(now)
    if (mode !== undefined && this.#mode === undefined) this.outages.push({ from: now, until: Infinity, mode })
    if (mode === 'refused' && this.#server.listening) {
      this.#server.close()
      this.#server.closeAllConnections()
    }
    if (mode !== 'refused' && !this.#server.listening) this.#server.listen(this.#port, '127.0.0.1')
    if (mode === undefined && this.#mode !== undefined) {
      if (!this.#server.listening) return
      this.outages.at(-1).until = now
    }
    this.#mode = mode
  }

  // One outage a minute; undefined: it answers.
  #plannedMode (now) {
    const last = this.outages.at(-1)
    if (last !== undefined && now < last.from + outageLength) return last.mode
    const minute = Math.floor(now / 60_000)
    if (last !== undefined && Math.floor(last.from / 60_000) === minute) return undefined
    const { mode, wait } = outageOf(minute)
    const { from, until } = outageWindow
    const second = now % 60_000
    const due = now - (this.deliveries.at(-1)?.begun ?? now) >= wait
    return second >= until || (second >= from && due) ? mode : undefined
  }

  #answer ({ url }, response) {
    if (this.#mode === 'hang') return
    if (this.#mode === '500') return response.writeHead(500).end()
    if (url === discovery) return send(response, { issuer: this.issuer, jwks_uri: `${this.issuer}${keySet}` })
    if (url !== keySet) return response.writeHead(404).end()

    const now = this.#clock.now()
    const keys = publishedKeys(now).map((index) => keyPair(index).jwk)
    const delivery = { begun: now, finished: undefined, kids: keys.map(({ kid }) => kid) }
    this.deliveries.push(delivery)
    response.on('finish', () => { delivery.finished = this.#clock.now() })
    send(response, { keys })
  }
}

function send (response, document) {
  response.writeHead(200, { 'content-type': 'application/json', 'cache-control': `max-age=${maxAge}` })
  response.end(JSON.stringify(document))
}
