import { Agent, get } from 'node:http'

/** Longer than the plugin may wait for keys (5 s). */
const deadline = 15_000

/** Sends requests over keep-alive connections, one at a time on each, and as many connections as that takes. */
export class Client {
  #port
  #agent = new Agent({ keepAlive: true, maxFreeSockets: 1024 })

  constructor (port) {
    this.#port = port
  }

  /** Resolves with what an answer tells, or with the `error` instead of one. Never rejects. */
  send (token) {
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` }
    return new Promise((resolve) => {
      const options = { host: '127.0.0.1', port: this.#port, agent: this.#agent, headers, signal: AbortSignal.timeout(deadline) }
      const fail = (error) => resolve({ error: `no answer: ${error.code ?? error.message}` })
      get(options, (response) => read(response).then(resolve, fail)).on('error', fail)
    })
  }

  close () {
    this.#agent.destroy()
  }
}

async function read (response) {
  let text = ''
  for await (const chunk of response.setEncoding('utf8')) text += chunk
  const { statusCode: status, headers } = response
  return {
    status,
    found: status === 200 ? JSON.parse(text).sub : undefined,
    challenge: headers['www-authenticate'],
    retryAfter: headers['retry-after']
  }
}
