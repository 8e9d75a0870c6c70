import { readFileSync } from 'node:fs'
import { cpus, loadavg, totalmem } from 'node:os'

const version = (path) => JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8')).version

/** The conditions of a run. Make one before the run, which adds to the load itself, and print it after. */
export class Conditions {
  #load = loadavg()[0]

  /** Whether other programs were running: on the same cores they make every server dearer, and the dear ones most. */
  get isBusy () {
    return this.#load > 0.5 * cpus().length
  }

  /** The machine in a few words. */
  get machine () {
    const [{ model }, ...more] = cpus()
    return `Machine: ${model.trim()}, ${more.length + 1} cores, ${Math.round(totalmem() / 2 ** 30)} GB`
  }

  /** A list of the machine, its load, the software (`others`: packages and their versions) and the date, as Markdown. */
  describe (others = {}) {
    const packages = {
      'fastify-gatehouse': version('../package.json'),
      fastify: version('../node_modules/fastify/package.json'),
      ...others
    }
    const warning = this.isBusy ? ' (other programs were running: do not trust these numbers)' : ''
    return [
      this.machine,
      `Load before the run: ${this.#load.toFixed(1)}${warning}; after: ${loadavg()[0].toFixed(1)}, which the run itself adds to`,
      `Versions: Node.js ${process.versions.node}, ${Object.entries(packages).map((entry) => entry.join(' ')).join(', ')}`,
      `Date: ${new Date().toISOString().slice(0, 10)}`
    ].map((line) => `- ${line}`).join('\n')
  }
}
