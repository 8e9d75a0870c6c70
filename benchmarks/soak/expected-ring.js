/** After a key set was delivered, the ring must hold exactly it within this time. Until then old and new are both right. */
const settle = 1_000
/** An age of 60 s, and 5 s for the fetch. */
const longestHeld = 65_000
/** After an outage: the pause after six failures is 32 s at most (15 s leave no room for a seventh), and 5 s for the fetch. */
const longestRecovery = 37_000

/** What the plugin's key ring must look like, judged by what the key server delivered and when it failed. */
export class ExpectedRing {
  #keyServer

  constructor (keyServer) {
    this.#keyServer = keyServer
  }

  /** Whether a key is held from one moment to another: `yes` all the time, `no` at no time, else `unsure`. */
  holds (kid, from, until) {
    const sets = this.sets(from, until)
    if (sets.every((kids) => kids.includes(kid))) return 'yes'
    return sets.some((kids) => kids.includes(kid)) ? 'unsure' : 'no'
  }

  /** The key sets the ring may hold from one moment to another. */
  sets (from, until) {
    const { deliveries } = this.#keyServer
    const inForce = deliveries.findLastIndex(({ finished }) => finished + settle <= from)
    return deliveries.slice(Math.max(0, inForce)).filter(({ begun }) => begun <= until).map(({ kids }) => kids)
  }

  /** Whether the last fetch may have failed: from the start of an outage until keys were delivered after it. */
  mayFail (from, until) {
    const { deliveries, outages } = this.#keyServer
    return outages.some((outage) => {
      const recovery = deliveries.find(({ begun }) => begun >= outage.until)?.finished ?? Infinity
      return outage.from <= until && from <= recovery + settle
    })
  }

  /** The last moment at which a ring may hold what changed at `moment`. */
  dueAfter (moment) {
    let due = moment + longestHeld
    for (const { from, until } of this.#keyServer.outages) {
      if (from < due && until > moment) due = Math.max(due, until + longestRecovery)
    }
    return due
  }

  /** Since when the ring should have fetched again; undefined if it did in time. */
  overdueSince (now) {
    const due = this.dueAfter(this.#keyServer.deliveries.at(-1).begun)
    return now > due ? due : undefined
  }
}
