import { setTimeout as sleep } from 'node:timers/promises'
import { audience } from '../issuer.js'
import { Child } from '../child.js'
import { Client } from './client.js'
import { ExpectedRing } from './expected-ring.js'
import { HealthWatch } from './health-watch.js'
import { Judge } from './judge.js'
import { KeyServer } from './key-server.js'
import { Mix } from './mix.js'
import { signingKey } from './schedule.js'
import { Tokens } from './tokens.js'
import { sendSteadily } from './traffic.js'

const minute = 60_000
const mostComplaints = 100

/**
 * Runs the soak for so many minutes.
 *
 * @param print is called with a line each minute, and for each finding
 */
export async function soak (minutes, print) {
  const clock = startClock()
  const keyServer = await KeyServer.start(clock)
  const child = await Child.start(new URL('server.js', import.meta.url), [JSON.stringify({ issuer: keyServer.issuer, audience })])
  const client = new Client(child.port)
  const judge = new Judge(new ExpectedRing(keyServer), complainer(print))
  const watch = new HealthWatch(child, clock, (snapshot) => judge.settle(snapshot, watch))
  const marks = []
  const mark = () => {
    marks.push(takeMark(clock, judge, watch.latest))
    print(describeMark(marks.at(-1)))
  }
  const timer = setInterval(mark, minute)
  try {
    const mix = new Mix(new Tokens(keyServer.issuer, clock), clock)
    const sending = sendSteadily({ mix, client, clock, until: minutes * minute, each: (answer) => judge.add(answer) })
    await Promise.race([sending, watch.broken])
    while (judge.unjudged > 0) await Promise.race([sleep(50), watch.broken])
    await watch.stop()
    mark()
    const { outages, deliveries } = keyServer
    const keySets = new Set(deliveries.map(({ kids }) => kids.join())).size
    return { minutes, judge, marks, outages, deliveries: deliveries.length, keySets, rotations: signingKey(clock.now()), last: watch.latest }
  } finally {
    clearInterval(timer)
    child.stop()
    client.close()
    keyServer.stop()
  }
}

/** A clock that shows milliseconds since now. */
function startClock () {
  const start = performance.now()
  return { now: () => performance.now() - start }
}

function takeMark (clock, { requests, wrong, unserved, misreported }, { health, rss, heapUsed }) {
  const { fetches, failures } = health
  return { minutes: clock.now() / minute, requests, wrong, unserved, misreported, fetches, failures, rss, heapUsed }
}

function describeMark ({ minutes, requests, wrong, unserved, misreported, fetches, failures, rss, heapUsed }) {
  return `minute ${minutes.toFixed(1)}: ${requests} requests, ${wrong} wrong decisions, ${unserved} 5xx for held keys, ` +
    `${misreported} wrong health, ${fetches} fetches (${failures} failed), ` +
    `RSS ${Math.round(rss / 2 ** 20)} MB, heapUsed ${Math.round(heapUsed / 2 ** 20)} MB`
}

function complainer (print) {
  let complaints = 0
  return (what, details) => {
    if (complaints++ < mostComplaints) print(`${what}: ${JSON.stringify(details)}`)
    else if (complaints === mostComplaints + 1) print('more findings are counted, but not printed')
  }
}
