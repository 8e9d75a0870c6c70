import { once } from 'node:events'
import { connect } from 'node:net'
import { isComplete } from './load.js'

/**
 * Sends requests at a constant rate over a few connections, whether answers are late or not, until `signal` aborts or
 * the requests end. Resolves to the latency of each in milliseconds; standing in line for its connection counts.
 */
export async function sendAtRate (port, requests, { connections, rate, status, signal }) {
  const lanes = await Promise.all(Array.from({ length: connections }, () => Lane.open(port, status)))
  try {
    const answered = []
    const begin = performance.now()
    for (const request of requests) {
      while (performance.now() < begin + answered.length * 1000 / rate) await new Promise((resolve) => { setTimeout(resolve, 1) })
      if (signal?.aborted) break
      answered.push(lanes[answered.length % connections].ask(request))
    }
    return await Promise.all(answered)
  } finally {
    for (const lane of lanes) lane.close()
  }
}

// One connection; what is due while it waits for an answer stands in line.
class Lane {
  #socket
  #line = []
  #answer = ''
  #status

  static async open (port, status) {
    const lane = new Lane()
    lane.#status = status
    lane.#socket = connect({ port, host: '127.0.0.1', noDelay: true })
    await once(lane.#socket, 'connect')
    lane.#socket
      .on('data', (chunk) => lane.#read(chunk))
      .on('error', (error) => lane.#fail(error))
      .on('close', () => lane.#fail(new Error('the server closed a connection')))
    return lane
  }

  ask (request) {
    const answered = new Promise((resolve, reject) => {
      this.#line.push({ request, resolve, reject, due: performance.now() })
    })
    // Whoever waits for all of them hears of it.
    answered.catch(() => {})
    if (this.#line.length === 1) this.#socket.write(request)
    return answered
  }

  close () {
    this.#line = []
    this.#socket.destroy()
  }

  #read (chunk) {
    this.#answer += chunk.latin1Slice()
    if (!isComplete(this.#answer)) return
    if (!this.#answer.startsWith(`HTTP/1.1 ${this.#status} `)) return this.#fail(new Error(`expected status ${this.#status}, got:\n${this.#answer}`))
    this.#answer = ''
    const { resolve, due } = this.#line.shift()
    resolve(performance.now() - due)
    if (this.#line.length > 0) this.#socket.write(this.#line[0].request)
  }

  #fail (error) {
    for (const { reject } of this.#line.splice(0)) reject(error)
  }
}
