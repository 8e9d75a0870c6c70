import { createServer } from 'node:http'
import type { RequestListener } from 'node:http'

/** An HTTP server on loopback. */
export interface LoopbackServer {
  /** `http://127.0.0.1:port` */
  readonly origin: string
  /** Stops listening and destroys every socket, answered or not. */
  close (): Promise<void>
}

/** Listens on a free port of 127.0.0.1, and keeps no process alive. */
export async function listen (listener: RequestListener): Promise<LoopbackServer> {
  const server = createServer(listener)
  server.on('connection', (socket) => socket.unref())
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve)
  })
  server.unref()
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('expected a TCP address')
  return {
    origin: `http://127.0.0.1:${address.port}`,
    close: () => new Promise((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  }
}
