// A worker thread: makes requests, a batch whenever one is asked for, so that no server process ever signs a token.
import { randomBytes, sign } from 'node:crypto'
import { parentPort, workerData } from 'node:worker_threads'
import { signingInput } from '../claims.js'

const { kind, count, batch, issuer, audience, key: { alg, kid, privateKey } } = workerData
const key = { key: privateKey, dsaEncoding: 'ieee-p1363' }
const head = 'GET / HTTP/1.1\r\nHost: api.example.com\r\nUser-Agent: benchmark\r\nAccept: application/json\r\n'

const makers = { valid, garbage }
const lengths = valid(0).split('.').map(({ length }) => length)
let made = 0

function valid (serial) {
  const input = signingInput({ alg, typ: 'at+jwt', kid }, { issuer, audience, serial })
  return `${input}.${sign('sha256', Buffer.from(input), key).toString('base64url')}`
}

// As long as a valid token, three parts of random characters. Every second one begins as a token does, which takes
// it a few checks further.
function garbage (serial) {
  const text = lengths.map((length) => randomBytes(length).toString('base64url').slice(0, length)).join('.')
  return serial % 2 === 0 ? text : `eyJ${text.slice(3)}`
}

function nextBatch () {
  const requests = Math.min(batch, count - made)
  const texts = Array.from({ length: requests }, () => `${head}Authorization: Bearer ${makers[kind](made++)}\r\n\r\n`)
  return { requests, bytes: new TextEncoder().encode(texts.join('')) }
}

parentPort.on('message', () => {
  const { requests, bytes } = nextBatch()
  parentPort.postMessage({ requests, bytes }, [bytes.buffer])
})
