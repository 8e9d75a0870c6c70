// The child process: remembers proofs and tells its memory. Needs --expose-gc. The guard against replays gets what a proof that
// was checked comes to; signing and verifying a million of them would be all the time it takes, and changes nothing here.
import { createReplayGuard } from '../../dist/lib/binding/replay.js'
import { memoryStore } from '../../dist/lib/store/memory.js'

/** What lib/bindings.ts gives proofs by default, and how long it has them remembered at most. */
const room = 500_000
const window = 360
/** Every so many proofs another client comes that made none yet. */
const often = 10_000
const sampled = 10_000

const { count, keys } = JSON.parse(process.argv[2])
const store = memoryStore({ max: room })
const newGuard = () => createReplayGuard({ store, window, acceptsWithoutStore: false })
const useOnce = newGuard()
const thumbprints = Array.from({ length: keys }, (_, index) => thumbprint(index))
const proof = (index, jkt = thumbprints[index % keys]) => ({ jkt, jti: `${String(index).padStart(12, '0')}-4b1d-9c7e-0a5b3d8f2e64`, uri: 'https://api.example.com/orders', nextNonce: undefined })

async function run () {
  // What is loaded and compiled on first use is not to be weighed.
  await use(proof(-1, 'another client'))
  const accepted = new Uint8Array(count)
  const before = settledMemory()
  const statuses = {}
  const honest = { asked: 0, served: 0 }
  const began = performance.now()
  for (let index = 0; index < count; index++) {
    const status = await use(proof(index))
    statuses[status] = (statuses[status] ?? 0) + 1
    if (status === 200) accepted[index] = 1
    if ((index + 1) % often === 0) {
      honest.asked++
      if (await use(proof(index, `honest ${index}`)) === 200) honest.served++
    }
  }
  const microseconds = (performance.now() - began) * 1000 / count
  const after = settledMemory()
  const replays = await replay(accepted, statuses[200])
  return { before, after, statuses, honest, replays, microseconds, isOver: performance.now() - began >= window * 1000 }
}

/** Sends again some of those that were accepted, from the first to the last. */
async function replay (accepted, total) {
  const step = Math.max(1, Math.floor(total / sampled))
  const replays = { asked: 0, refused: 0 }
  // One to which no key has made too many yet: what it knows is what the store remembers.
  const useAgain = newGuard()
  for (let index = 0, nth = 0; index < accepted.length; index++) {
    if (accepted[index] === 0 || nth++ % step !== 0) continue
    replays.asked++
    if (await use(proof(index), useAgain) === 401) replays.refused++
  }
  return replays
}

async function use (proof, guard = useOnce) {
  try {
    await guard(proof)
    return 200
  } catch (error) {
    return error.statusCode
  }
}

function thumbprint (index) {
  return Buffer.from(`client ${index}`.padEnd(32)).toString('base64url')
}

function settledMemory () {
  for (let i = 0; i < 3; i++) globalThis.gc()
  const { heapUsed, external, rss } = process.memoryUsage()
  return { heapUsed, external, rss }
}

process.on('message', async () => process.send(await run()))
process.on('disconnect', () => process.exit())
process.send({ port: 0 })
