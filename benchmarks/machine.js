import { readFileSync } from 'node:fs'
import { cpus, loadavg, totalmem } from 'node:os'

const version = (path) => JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8')).version

// Other programs on the same cores make every server dearer, and the dear ones most.
const isBusy = (load) => load > 0.5 * cpus().length

/**
 * A list of the machine, its load, the software (`others`: packages and their versions) and the date. Ask before
 * the run, which adds to the load itself.
 */
export function describeConditions (others = {}) {
  const [load] = loadavg()
  const [{ model }, ...more] = cpus()
  const packages = {
    'fastify-gatehouse': version('../package.json'),
    fastify: version('../node_modules/fastify/package.json'),
    ...others
  }
  return [
    `Machine: ${model.trim()}, ${more.length + 1} cores, ${Math.round(totalmem() / 2 ** 30)} GB`,
    `Load before the run: ${load.toFixed(1)}${isBusy(load) ? ' (other programs were running: do not trust these numbers)' : ''}`,
    `Versions: Node.js ${process.versions.node}, ${Object.entries(packages).map((entry) => entry.join(' ')).join(', ')}`,
    `Date: ${new Date().toISOString().slice(0, 10)}`
  ].map((line) => `- ${line}`).join('\n')
}
