// A worker thread: signs its share of the tokens, so that no server process ever signs one.
import { parentPort, workerData } from 'node:worker_threads'
import { signToken } from './signed-token.js'

const { key, config, from, count } = workerData
parentPort.postMessage(Array.from({ length: count }, (_, i) => signToken(key, config, from + i)))
