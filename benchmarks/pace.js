import { once } from 'node:events'
import { connect } from 'node:net'
import { AnswerReader } from './answer-reader.js'

const deadline = 60_000

/**
 * Sends requests at a constant rate over a few connections, whether answers are late or not, until `signal` aborts or
 * the requests end. Resolves to the latency of each in milliseconds, from the moment it was due by the schedule: to
 * stand in line for its connection counts, and so does a client that comes late.
 */
export async function sendAtRate (port, requests, { connections, rate, status, signal }) {
  const lanes = await Promise.all(Array.from({ length: connections }, () => Lane.open(port, status)))
  try {
    const answered = []
    const begin = performance.now()
    for (const request of requests) {
      const due = begin + answered.length * 1000 / rate
      while (performance.now() < due) await new Promise((resolve) => { setTimeout(resolve, 1) })
      if (signal?.aborted) break
      answered.push(lanes[answered.length % connections].ask(request, due))
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
  #answers = new AnswerReader()
  #status
  #broken

  static async open (port, status) {
    const lane = new Lane()
    lane.#status = status
    lane.#socket = connect({ port, host: '127.0.0.1', noDelay: true })
    await once(lane.#socket, 'connect')
    lane.#socket.setTimeout(deadline)
      .on('data', (chunk) => lane.#read(chunk))
      .on('error', (error) => lane.#fail(error))
      .on('close', () => lane.#fail(new Error('the server closed a connection')))
      .on('timeout', () => lane.#fail(new Error(`no answer within ${deadline} ms`)))
    return lane
  }

  /** Throws if the connection is broken. */
  ask (request, due) {
    if (this.#broken) throw this.#broken
    const answered = new Promise((resolve, reject) => {
      this.#line.push({ request, resolve, reject, due })
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
    try {
      for (let left = this.#answers.take(chunk, this.#status); left > 0; left--) this.#next()
    } catch (error) {
      this.#fail(error)
    }
  }

  #next () {
    if (this.#line.length === 0) throw new Error('more answers than requests')
    const { resolve, due } = this.#line.shift()
    resolve(performance.now() - due)
    if (this.#line.length > 0) this.#socket.write(this.#line[0].request)
  }

  #fail (error) {
    this.#broken ??= error
    for (const { reject } of this.#line.splice(0)) reject(error)
  }
}
