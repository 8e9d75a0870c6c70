import { readFileSync } from 'node:fs'
import { cpus, loadavg, totalmem } from 'node:os'
import { peers } from './install-peers.js'

const version = (path) => JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8')).version

// Other programs on the same cores make every server dearer, and the dear ones most.
const isBusy = (load) => load > 0.5 * cpus().length

/** How many processes ran or wanted to, over the last minute. Ask before the run, which adds two itself. */
export const currentLoad = () => loadavg()[0]

/** One line each: the machine, its load before the run, the software, the date. */
export function describeRun (load) {
  const [{ model }, ...others] = cpus()
  const packages = {
    'fastify-gatehouse': version('../package.json'),
    fastify: version('../node_modules/fastify/package.json'),
    ...peers
  }
  return [
    `Machine: ${model.trim()}, ${others.length + 1} cores, ${Math.round(totalmem() / 2 ** 30)} GB`,
    `Load before the run: ${load.toFixed(1)}${isBusy(load) ? ' (other programs were running: do not trust these numbers)' : ''}`,
    `Versions: Node.js ${process.versions.node}, ${Object.entries(packages).map((entry) => entry.join(' ')).join(', ')}`,
    `Date: ${new Date().toISOString().slice(0, 10)}`
  ]
}
