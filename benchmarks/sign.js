// A worker thread: signs its share of the tokens, so that no server process ever signs one.
import { sign } from 'node:crypto'
import { parentPort, workerData } from 'node:worker_threads'
import { signingInput } from './claims.js'

const { privateKey, header, issuer, audience, from, count } = workerData
const key = { key: privateKey, dsaEncoding: 'ieee-p1363' }

const tokens = Array.from({ length: count }, (_, i) => {
  const input = signingInput(header, { issuer, audience, serial: from + i })
  return `${input}.${sign('sha256', Buffer.from(input), key).toString('base64url')}`
})
parentPort.postMessage(tokens)
