import { measureAttack, renderAttack } from './attack.js'
import { measureFetches, renderFetches } from './fetches.js'
import { measureRedis, renderRedis } from './redis.js'
import { measureStartup, renderStartup } from './startup.js'
import { measureThroughput, renderThroughput } from './throughput.js'

/** What is measured beside CPU time, each with its amounts in plan.js under its id and the section it belongs to. */
export const parts = [
  { id: 'throughput', section: 'Throughput and latency', measure: measureThroughput, render: renderThroughput },
  { id: 'attack', section: 'Throughput and latency', measure: measureAttack, render: renderAttack },
  { id: 'startup', section: 'Start-up', measure: measureStartup, render: renderStartup },
  { id: 'fetches', section: 'Fetches of the key set', measure: measureFetches, render: renderFetches },
  { id: 'redis', section: 'Round trips of a session in Redis', measure: measureRedis, render: renderRedis }
]
