import { Child } from '../child.js'
import { Connection } from './connection.js'
import { Requests } from './requests.js'

const file = new URL('server.js', import.meta.url)
/** Connections to each server. */
export const connections = 8

/**
 * Sends the same `count` requests to every server, each a fresh process, and resolves with the memory of each.
 *
 * @param kind `valid` or `garbage`
 * @param servers `label`, `guarded`, and the `status` every request must get
 */
export async function measure (kind, servers, count, issuer) {
  const began = performance.now()
  const requests = new Requests(kind, count, issuer)
  const started = []
  try {
    for (const server of servers) started.push(await start(server, issuer))
    const lanes = Array.from({ length: connections }, (_, lane) => sendAll(requests, started, lane))
    await Promise.all(lanes)
    const measured = []
    for (const server of started) measured.push(await finish(server, count))
    return { measured, seconds: (performance.now() - began) / 1000 }
  } finally {
    for (const { child } of started) child.stop()
    await requests.stop()
  }
}

async function start (server, { issuer, audience }) {
  const child = await Child.start(file, [JSON.stringify({ guarded: server.guarded, issuer, audience })], ['--expose-gc'])
  const before = await child.ask('before')
  const open = await Promise.all(Array.from({ length: connections }, () => Connection.open(child.port)))
  return { ...server, child, before, open }
}

// A batch goes to every server, and the next follows when all have answered: they get the same bytes.
async function sendAll (requests, servers, lane) {
  for (;;) {
    const made = await requests.next()
    if (made.requests === 0) return
    await Promise.all(servers.map(({ open, status }) => open[lane].ask(made, status)))
  }
}

async function finish ({ label, guarded, status, child, before, open }, count) {
  for (const connection of open) connection.close()
  const { peak, after, stats } = await child.ask('after')
  if (guarded) checkStats(stats, status, count)
  return { label, count, before, peak, after }
}

// A token that came twice, or one the server did not look at, would make the figure a better one than it is.
function checkStats ({ accepted, cached, refused }, status, count) {
  const expected = status === 200 ? [count, 0, 0] : [0, 0, count]
  const found = [accepted, cached, Object.values(refused).reduce((sum, number) => sum + number, 0)]
  if (String(found) !== String(expected)) {
    throw new Error(`expected ${expected} tokens accepted, of those cached, and refused; the server counted ${found}`)
  }
}
