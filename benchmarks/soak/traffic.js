import { setTimeout as sleep } from 'node:timers/promises'

/** Requests in a second. */
export const rate = 400
const pause = 10

/** Sends what the mix chooses, steadily, until that time on the clock; resolves when all is answered. */
export async function sendSteadily ({ mix, client, clock, until, each }) {
  const underWay = new Set()
  const start = clock.now()
  let sent = 0
  while (clock.now() < until) {
    for (; sent < (clock.now() - start) * rate / 1000; sent++) {
      const answered = sendOne(mix.next()).finally(() => underWay.delete(answered))
      underWay.add(answered)
    }
    await sleep(pause)
  }
  await Promise.all(underWay)

  // The oracle needs all but the token, and what cannot be kept cannot be printed.
  async function sendOne ({ text, ...known }) {
    const from = clock.now()
    const answer = await client.send(text)
    each({ ...known, ...answer, from, until: clock.now() })
  }
}
