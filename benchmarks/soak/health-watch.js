import { setTimeout as sleep } from 'node:timers/promises'

const every = 100
/** Longer than any request waits. */
const kept = 60_000

/** While the address of the key set is known, trouble with the discovery document fails no fetch. */
export function lastFetchFailed ({ lastError }) {
  return lastError !== undefined && !lastError.includes('/.well-known/openid-configuration: ')
}

/** Asks the server again and again for `health()`, and keeps its latest answers. */
export class HealthWatch {
  #snapshots = []
  #running = true
  #done
  /** Never resolves; rejects if the server ended. */
  broken

  /** @param each is called with every snapshot: `asked`, `answered`, `health`, `stats`, `rss`, `heapUsed` */
  constructor (child, clock, each) {
    this.#done = this.#watch(child, clock, each)
    this.broken = new Promise((resolve, reject) => this.#done.catch(reject))
  }

  async stop () {
    this.#running = false
    await this.#done
  }

  get latest () {
    return this.#snapshots.at(-1)
  }

  /** Whether the plugin says, before, after or between, that its last fetch failed. Call it once a later snapshot is here. */
  saysFailing (from, until) {
    const before = this.#snapshots.findLastIndex(({ answered }) => answered <= from)
    const after = this.#snapshots.findIndex(({ asked }) => asked >= until)
    const around = this.#snapshots.slice(Math.max(0, before), after + 1).map(({ health }) => health)
    return before === -1 || around.some((health) => lastFetchFailed(health) || health.failures !== around[0].failures)
  }

  async #watch (child, clock, each) {
    while (this.#running) {
      const asked = clock.now()
      const answer = await child.ask('health')
      this.#snapshots.push({ ...answer, asked, answered: clock.now() })
      while (this.#snapshots[0].answered < asked - kept) this.#snapshots.shift()
      each(this.latest)
      await sleep(every)
    }
  }
}
