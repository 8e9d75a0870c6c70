import { lastFetchFailed } from './health-watch.js'
import { allowedStatuses, faultOf } from './oracle.js'

/** Holds every answer, and everything `health()` says, against what is right, and counts. */
export class Judge {
  /** By kind of request and whether its key was held: `kind`, how many, by status, and how many wrong. */
  kinds = new Map()
  requests = 0
  accepted = 0
  wrong = 0
  /** 5xx, or no answer, for a good token whose key is held. */
  unserved = 0
  /** Answers for which more than one status was right. */
  lenient = 0
  /** Times `health()` said what the key server knows better. */
  misreported = 0
  #ring
  #waiting = []
  #complain

  /** @param complain is called with every finding */
  constructor (ring, complain) {
    this.#ring = ring
    this.#complain = complain
  }

  /** Takes an answer; it is judged once a later snapshot of the plugin's health is here. */
  add (answer) {
    this.#waiting.push(answer)
  }

  settle (snapshot, watch) {
    this.#checkHealth(snapshot)
    const ripe = this.#waiting.filter(({ until }) => until <= snapshot.asked)
    this.#waiting = this.#waiting.filter(({ until }) => until > snapshot.asked)
    for (const answer of ripe) this.#check(answer, snapshot, watch)
  }

  get unjudged () {
    return this.#waiting.length
  }

  #check (answer, { health }, watch) {
    const { kind, kid, status, from, until, dies } = answer
    const failing = this.#ring.mayFail(from, until) && watch.saysFailing(from, until)
    const allowed = allowedStatuses(answer, this.#ring, failing)
    const fault = faultOf(answer)
    const right = fault === undefined && allowed.includes(status)
    const mustServe = allowed.length === 1 && allowed[0] === 200
    const unserved = mustServe && !(status < 500)
    const held = kid === undefined ? undefined : this.#ring.holds(kid, from, until)
    this.#count(kind, held, status, right)
    if (unserved) this.unserved++
    if (allowed.length > 1) this.lenient++
    if (right) return
    const times = { sent: seconds(from), answered: seconds(until), dies: seconds(dies) }
    this.#complain('wrong decision', { kind, kid, status, fault, allowed, held, failing, ...times, health })
  }

  #count (kind, held, status, right) {
    const text = describe(kind, held)
    const counts = this.kinds.get(text) ?? { kind, requests: 0, wrong: 0, byStatus: {} }
    this.kinds.set(text, counts)
    counts.requests++
    counts.byStatus[status ?? 'none'] = (counts.byStatus[status ?? 'none'] ?? 0) + 1
    this.requests++
    if (status === 200) this.accepted++
    if (right) return
    counts.wrong++
    this.wrong++
  }

  #checkHealth ({ asked, answered, health }) {
    const faults = []
    const said = String([...health.keys].sort())
    const possible = this.#ring.sets(asked, answered)
    if (!possible.some((kids) => String([...kids].sort()) === said)) faults.push('keys the ring cannot hold')
    if (lastFetchFailed(health) && !this.#ring.mayFail(asked, answered)) faults.push('a failed fetch while the key server answered')
    const overdue = this.#ring.overdueSince(asked)
    if (overdue !== undefined) faults.push(`no fetch, due at ${seconds(overdue)} s`)
    if (faults.length === 0) return
    this.misreported++
    this.#complain('wrong health', { faults, asked: seconds(asked), possible, health })
  }
}

// Which keys are held decides about these.
function describe (kind, held) {
  if (!/^(?:valid|forged)/.test(kind) || held === 'yes') return kind
  return `${kind}; ${held === 'no' ? 'key not held' : 'key on its way'}`
}

const seconds = (milliseconds) => milliseconds === undefined ? undefined : Math.round(milliseconds) / 1000
