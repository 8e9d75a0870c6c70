// A worker thread: makes requests, a batch whenever one is asked for, so that no server process ever signs a token.
import { parentPort, workerData } from 'node:worker_threads'
import { garbage, lookalike, partLengths } from '../random-token.js'
import { signToken } from '../signed-token.js'
import { requestWith } from '../traffic.js'

const { kind, count, batch, issuer, audience, key } = workerData
const valid = (serial) => signToken(key, { issuer, audience }, serial)
const lengths = partLengths(valid(0))
const makers = {
  valid,
  garbage: (serial) => serial % 2 === 0 ? garbage(lengths) : lookalike(lengths)
}
let made = 0

// A copy: small buffers share their memory, which then could not be handed over.
function nextBatch () {
  const requests = Math.min(batch, count - made)
  const bytes = Buffer.concat(Array.from({ length: requests }, () => requestWith(makers[kind](made++))))
  return { requests, bytes: new Uint8Array(bytes) }
}

parentPort.on('message', () => {
  const { requests, bytes } = nextBatch()
  parentPort.postMessage({ requests, bytes }, [bytes.buffer])
})
