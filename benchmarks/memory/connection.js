import { once } from 'node:events'
import { connect } from 'node:net'

const deadline = 60_000

/** A keep-alive connection on which several requests are sent at once (HTTP pipelining). */
export class Connection {
  #socket
  #text = ''
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
    this.#text += chunk.latin1Slice()
    let at = 0
    for (let end; (end = endOfAnswer(this.#text, at)) !== -1; at = end) this.#check(this.#text.slice(at, end))
    this.#text = this.#text.slice(at)
    if (this.#pending?.left === 0) this.#pending.resolve()
  }

  #check (answer) {
    const { status } = this.#pending
    if (!answer.startsWith(`HTTP/1.1 ${status} `)) throw new Error(`expected status ${status}, got:\n${answer}`)
    if (--this.#pending.left < 0) throw new Error('more answers than requests')
  }
}

// Every server here answers with a Content-Length.
function endOfAnswer (text, at) {
  const end = text.indexOf('\r\n\r\n', at)
  if (end === -1) return -1
  const length = /\ncontent-length: (\d+)/i.exec(text.slice(at, end))?.[1]
  if (length === undefined) throw new Error('an answer without Content-Length')
  const whole = end + 4 + Number(length)
  return whole <= text.length ? whole : -1
}
