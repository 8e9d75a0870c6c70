import { once } from 'node:events'
import { connect } from 'node:net'
import { AnswerReader } from '../answer-reader.js'

const deadline = 60_000

/** A keep-alive connection on which several requests are sent at once (HTTP pipelining). */
export class Connection {
  #socket
  #answers = new AnswerReader()
  #pending

  static async open (port) {
    const connection = new Connection()
    connection.#socket = connect({ port, host: '127.0.0.1', noDelay: true })
    await once(connection.#socket, 'connect')
    connection.#listen()
    return connection
  }

  /** Sends ready-made requests and resolves when all are answered with `status`. */
  ask ({ bytes, requests }, status) {
    return new Promise((resolve, reject) => {
      this.#pending = { left: requests, status, resolve, reject }
      this.#socket.write(bytes)
    })
  }

  close () {
    this.#pending = undefined
    this.#socket.destroy()
  }

  #listen () {
    const fail = (error) => this.#pending?.reject(error)
    this.#socket.setTimeout(deadline)
      .on('data', (chunk) => {
        try {
          this.#read(chunk)
        } catch (error) {
          fail(error)
        }
      })
      .on('error', fail)
      .on('close', () => fail(new Error('the server closed a connection')))
      .on('timeout', () => fail(new Error(`no answer within ${deadline} ms`)))
  }

  #read (chunk) {
    this.#pending.left -= this.#answers.take(chunk, this.#pending.status)
    if (this.#pending.left < 0) throw new Error('more answers than requests')
    if (this.#pending.left === 0) this.#pending.resolve()
  }
}
