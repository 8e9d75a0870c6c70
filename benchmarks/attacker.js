// A worker thread: sends what it was given over 50 connections, at a rate or as fast as it is answered.
import { once } from 'node:events'
import { parentPort, workerData } from 'node:worker_threads'
import { Load } from './load.js'
import { sendAtRate } from './pace.js'

const connections = 50
const { port, requests, status, rate, passes } = workerData

const load = rate === undefined && await Load.open(port, connections)
parentPort.postMessage('ready')
await once(parentPort, 'message')

const begin = performance.now()
if (rate !== undefined) await sendAtRate(port, requests, { connections, rate, status })
else for (let pass = 0; pass < passes; pass++) await load.send(requests, status)
parentPort.postMessage(performance.now() - begin)
if (load) load.close()
