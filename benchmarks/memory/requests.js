import { on } from 'node:events'
import { Worker } from 'node:worker_threads'

/** Requests in one batch. */
export const batch = 50
/** Batches made ahead of being sent: the client's memory stays small. */
const ahead = 20

/**
 * A row of `count` requests, no two alike, made in a worker thread while others are being sent.
 *
 * @param kind `valid` or `garbage`
 */
export class Requests {
  #worker
  #arriving

  constructor (kind, count, { issuer, audience, keys }) {
    const key = keys.find(({ alg }) => alg === 'ES256')
    const workerData = { kind, count, batch, issuer, audience, key }
    this.#worker = new Worker(new URL('maker.js', import.meta.url), { workerData })
    this.#arriving = on(this.#worker, 'message')
    for (let i = 0; i < ahead; i++) this.#worker.postMessage('more')
  }

  /** The next batch: its bytes, and how many requests they are; 0 at the end. */
  async next () {
    const { value: [made] } = await this.#arriving.next()
    this.#worker.postMessage('more')
    return made
  }

  stop () {
    return this.#worker.terminate()
  }
}
