/** A port nobody listens on: an app people log in to must know its address before it listens. */
import { randomInt } from 'node:crypto'
import { createServer } from 'node:net'

/** None of those the system gives away by itself: a connection somebody opens in the meantime could take one. */
export async function freePort (): Promise<number> {
  const port = randomInt(11_000, 30_000)
  return await isFree(port) ? port : freePort()
}

async function isFree (port: number): Promise<boolean> {
  const server = createServer()
  const isListening = await new Promise<boolean>((resolve) => {
    server.once('error', () => { resolve(false) }).listen(port, '127.0.0.1', () => { resolve(true) })
  })
  if (isListening) await new Promise((resolve) => { server.close(resolve) })
  return isListening
}
